"""What the records of a CRM say of lawful basis and of the age of consent, counted dataset by dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.crm.base import CrmStore
from governance.flows.consent.counting_crm import Flagged, date_of, flagged_fields, older, paged, value_counts
from governance.retention.store_tables import find_table
from policies.crm_facts import CrmConsent, last_part
from policies.nouns import DatasetRef, FieldRef
from policies.purposes import PurposesFile

if TYPE_CHECKING:
    from governance.app import Governance

NO_BASIS = "crm_use.not_seen_no_basis"
"""Why the basis of a dataset's records was not counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of one reviewed dataset that tell of basis and consent."""

    ref: DatasetRef
    """The dataset."""
    basis: tuple[str, ...]
    """Fields that hold the lawful basis."""
    dated: tuple[tuple[Flagged, str], ...]
    """Flags with the field that holds the day of their consent."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted({*self.basis, *(name for flag, date in self.dated for name in (flag.field, date))}))


def asked_of(gov: Governance, store: CrmStore, known: CrmConsent) -> tuple[Asked, ...]:
    """What can be asked of each reviewed dataset that names persons."""
    entry = gov.catalog.stores.get(store.name)
    shapes = {each.name: [one.name for one in each.fields] for each in store.datasets()}
    reviewed = entry.datasets if entry is not None else {}
    return tuple(
        Asked(
            DatasetRef(store.name, name),
            tuple(one for one in shapes[name] if last_part(one) in known.basis),
            tuple(
                (flag, date)
                for flag in flagged_fields(dataset, known)
                if flag.field in shapes[name] and (date := date_of(flag.field, shapes[name], known)) is not None
            ),
        )
        for name, dataset in reviewed.items()
        if dataset.subject_key and name in shapes
    )


def basis_findings(
    gov: Governance, store: CrmStore, asked: Sequence[Asked], known: CrmConsent
) -> Iterator[tuple[str, FieldRef, int]]:
    """Rule, field and how many records, where there are any; each dataset is paged once. Raises StoreError."""
    wanted: Mapping[str, Sequence[str]] = {each.ref.dataset: each.fields for each in asked if each.fields}
    if not wanted:
        return
    with paged(gov, store, wanted) as connection:
        for each in asked:
            if each.fields:
                yield from _of(connection, each, known, gov.policy_files.purposes)


def _of(
    connection: sa.Connection, asked: Asked, known: CrmConsent, purposes: PurposesFile
) -> Iterator[tuple[str, FieldRef, int]]:
    table = find_table(connection, asked.ref)
    for name in asked.basis:
        counts = value_counts(connection, table, name)
        missing = sum(count for value, count in counts.items() if not known.has_basis(value))
        if missing:
            yield "crm.basis_missing", FieldRef(asked.ref.store, asked.ref.dataset, name), missing
    for flag, date in asked.dated:
        late = older(connection, table, flag, date, purposes)
        if late:
            yield "crm.consent_older_than_purpose", FieldRef(asked.ref.store, asked.ref.dataset, flag.field), late
