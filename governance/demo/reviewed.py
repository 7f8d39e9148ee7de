"""The demo's reviewed catalog: what a careful officer would have decided, and a few things as life leaves them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from connectors.base import Dataset
from governance.demo.truth import TRUTH
from governance.flows.scan.catalog_editing import About, Decision, decide
from policies.nouns import DatasetRef, FieldRef, LabelStatus

REVIEWER = "dora"
"""Who decided: the privacy officer."""
REVIEWED_ON = dt.date(2026, 9, 21)
"""The day of the review."""
UNREVIEWED = frozenset({"orders.extra", "v_customer_contact"})
"""Fields and datasets that came after the review: nobody has looked at them, so they are closed."""
_WRONG = {"audit_log.detail": ("none", "only a technical log")}
_REASONS = {
    "customers.profile": "allergies stand in it",
    "marketing_contacts.utm_url": "addresses of people stand in it",
    "tickets.body": "people write anything here",
}


def reviewed_catalog(template: str, store: str, datasets: Sequence[Dataset]) -> str:
    """The text of `catalog.yaml`: a template with the decisions on all the fields that a store really has.

    Raises CatalogError when the template is no catalog.
    """
    about = {DatasetRef(store, each.name): About(each.primary_key) for each in datasets if each.name not in UNREVIEWED}
    return decide(template, list(_decisions(store, datasets)), about)


def _decisions(store: str, datasets: Sequence[Dataset]) -> Iterator[Decision]:
    types = {(each.name, field.name): field.type for each in datasets for field in each.fields}
    labels = {place: truth.category for place, truth in TRUTH.items()} | _REFUND_LABELS
    for (dataset, field), category in labels.items():
        place, column = f"{dataset}.{field}", field.partition(":")[0]
        if dataset in UNREVIEWED or f"{dataset}.{column}" in UNREVIEWED or (dataset, column) not in types:
            continue
        label, why = _WRONG.get(place, (category, _REASONS.get(place)))
        seen = types.get((dataset, field))
        ref = FieldRef(store, dataset, field)
        yield Decision(ref, label, LabelStatus.CONFIRMED, REVIEWER, REVIEWED_ON, why, seen)


_REFUND_LABELS = {
    ("refund_accounts", "id"): "none",
    ("refund_accounts", "customer_id"): "user.unique_id",
    ("refund_accounts", "account"): "user.financial.bank_account",
    ("refund_accounts", "named_on"): "none",
}
