"""Treat plain records, such as the answer of an API, as the guard would treat the same rows; recorded like any read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from governance.guard.base import UseContext
from governance.guard.filter import Meets, RecordFilter
from governance.ledger.events import EventDraft, EventObject
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef, FieldRef

if TYPE_CHECKING:
    from governance.access.permits import DatasetPermit
    from governance.app import Governance


def filter_records(
    gov: Governance, records: Iterable[Mapping[str, Any]], dataset: DatasetRef, context: UseContext
) -> list[dict[str, Any]]:
    """The visible records in their order, each with its visible fields treated.

    The decision is in the ledger before anything is given. Raises AccessRefusedError, and StoreError when consent that
    the purpose needs cannot be looked up.
    """
    try:
        permit = gov.policy_files.permit(context.principal, context.purpose, context.action, dataset)
        meets = _consent(gov, dataset, context.purpose)
    except AccessRefusedError as refusal:
        gov.ledger.decide(_draft(gov, context, "refused", (EventObject(str(dataset)),), refusal.rule_ids))
        raise
    decision = gov.ledger.decide(_draft(gov, context, "allowed", _objects(permit), _rules(permit)))
    entry = gov.catalog.dataset(dataset)
    fields = entry.fields if entry is not None else {}
    outcome, rows = "failed", 0
    try:
        kept = RecordFilter(
            permit,
            context.principal.attributes,
            {name: each.type or "string" for name, each in fields.items()},
            encrypted=frozenset(name for name, each in fields.items() if each.encrypted),
            meets=meets,
        ).filter(records)
        outcome, rows = "done", len(kept)
        return kept
    finally:
        gov.ledger.close(decision.id, outcome, {"rows": rows})


def _consent(gov: Governance, dataset: DatasetRef, purpose: str) -> Meets | None:
    """What the purpose asks of consent, looked up for all records at once; None when it asks for nothing."""
    live = gov.consent_conditions
    live.prepare(dataset.store, purpose)
    conditions = live.conditions(dataset, purpose)
    if not conditions:
        return None

    def meets(records: Sequence[Mapping[str, Any]]) -> list[bool]:
        met = [True] * len(records)
        for condition in conditions:
            (field,) = condition.match.values()
            keys = [record.get(field) for record in records]
            standing = live.standing(dataset.store, condition, keys)
            met = [one and key in standing for one, key in zip(met, keys, strict=True)]
        return met

    return meets


def _objects(permit: DatasetPermit) -> tuple[EventObject, ...]:
    ref = permit.dataset
    return tuple(
        EventObject(str(FieldRef(ref.store, ref.dataset, name)), treatment)
        for name, each in permit.fields.items()
        for treatment in each.treatments
    )


def _rules(permit: DatasetPermit) -> tuple[str, ...]:
    found = {rule.rule_id for rule in (*permit.allow, *permit.deny, *permit.special)}
    for each in permit.fields.values():
        found |= {rule.rule_id for rule in each.rules} | {rule.rule_id for rule in each.denies}
    return tuple(sorted(found))


def _draft(
    gov: Governance, context: UseContext, outcome: str, objects: tuple[EventObject, ...], rules: tuple[str, ...]
) -> EventDraft:
    return EventDraft(
        kind="decision",
        actor=gov.actor_ref,
        principal=gov.ledger.refer("principal", context.principal.name),
        purpose=context.purpose if context.purpose in gov.policy_files.purposes.purposes else None,
        action=context.action.value,
        outcome=outcome,
        objects=objects,
        rules=rules,
        versions=gov.versions(),
    )
