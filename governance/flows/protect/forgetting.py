"""What goes with a person's key: cells of blind indexes in the store, and pairs of pseudonyms; and what keeps it.

Neither is encrypted under the person's key, so destroying that key would leave them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.sql.faults import translated
from governance.copies.pairs import forget_pairs
from governance.flows.opening.offices import ROW_LISTS, office_of, writable_store
from governance.flows.protect.copying import pseudonym_key
from governance.jobs.holds import Stop
from governance.protect.existing.persons import Person, PersonRows
from policies.catalog import CatalogDataset
from policies.copy_rules import CopyRules, read_copy_rules
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased with the keys of some persons."""

    index_cells: int = 0
    """Cells of blind indexes that were emptied."""
    pairs: int = 0
    """Pairs of values and pseudonyms that were forgotten."""

    @property
    def counts(self) -> Mapping[str, int]:
        """For the ledger."""
        return {"index_cells": self.index_cells, "pairs": self.pairs}


def refuse_held(gov: Governance, store: str, people: Sequence[Person]) -> None:
    """Return when no hold keeps a record of these persons. Raises AccessRefusedError, StoreError."""
    holds = office_of(gov).holds
    held = {ref: holds.stop(ref) for ref, _ in _datasets(gov, store, people) if holds.standing(ref)}
    for ref, stop in held.items():
        if stop.everything or any(stop.holds((), one) for one in people) or _holds_record(gov, ref, stop, people):
            raise AccessRefusedError(
                str(ref),
                found="a person whose records a hold keeps as they are",
                expected="no hold: without its key a record is lost",
                next_step="see `governance retention holds`, and release it first",
                rule_ids=("key.held",),
            )


def forget_traces(
    gov: Governance, store: str, people: Sequence[Person], *, within: sa.Connection | None = None
) -> Forgotten:
    """Empty the blind-index cells of these persons' rows, and forget the pseudonyms of the values in them.

    Each dataset in a transaction of its own, or all `within` one that is open; done again it changes nothing. Raises
    StoreError, DecryptionError.
    """
    rules_file = gov.project.policy_file("masks.yaml")
    rules = read_copy_rules(rules_file) if rules_file.exists() else CopyRules()
    cells = pairs = 0
    for ref, entry in _datasets(gov, store, people):
        indexes = [each.blind_index.field for each in entry.fields.values() if each.blind_index is not None]
        domains = _domains(rules, ref.dataset, entry)
        if not indexes and not domains:
            continue
        with _rows(gov, ref, entry, people, within) as rows:
            folder, key = gov.project.keyring_path.parent / ROW_LISTS, pseudonym_key(gov)
            for domain, field in domains:
                values = [row[0] for row in rows.values([field])]
                pairs += forget_pairs(folder, key, domain, rules.domains[domain], values)
            cells += sum(rows.empty(each) for each in indexes)
    return Forgotten(cells, pairs)


def _datasets(gov: Governance, store: str, people: Sequence[Person]) -> Iterator[tuple[DatasetRef, CatalogDataset]]:
    """The datasets of a store whose subject key has the form of these."""
    sizes = {len(each) for each in people}
    for name, entry in gov.catalog.stores[store].datasets.items():
        if entry.subject_key and {len(entry.subject_key)} == sizes:
            yield DatasetRef(store, name), entry


def _holds_record(gov: Governance, ref: DatasetRef, stop: Stop, people: Sequence[Person]) -> bool:
    entry = gov.catalog.stores[ref.store].datasets[ref.dataset]
    if not any(scope == "record" for scope, _ in stop.digests) or not entry.record_key:
        return False
    with _rows(gov, ref, entry, people) as rows:
        return any(stop.holds(key, ()) for key in rows.values(entry.record_key))


def _domains(rules: CopyRules, dataset: str, entry: CatalogDataset) -> list[tuple[str, str]]:
    """The domains whose pairs are kept, with each clear field of a dataset that has pseudonyms of it."""
    said = rules.datasets.get(dataset)
    return [
        (each.name, field)
        for field, each in (said.fields.items() if said is not None else ())
        if each.kind == "pseudonym" and rules.domains[each.name].one_to_one and not _is_encrypted(entry, field)
    ]


def _is_encrypted(entry: CatalogDataset, field: str) -> bool:
    return field in entry.fields and bool(entry.fields[field].encrypted)


@contextmanager
def _rows(
    gov: Governance,
    ref: DatasetRef,
    entry: CatalogDataset,
    people: Sequence[Person],
    within: sa.Connection | None = None,
) -> Iterator[PersonRows]:
    if within is not None:
        yield PersonRows(within, ref, entry.subject_key, people)
        return
    with writable_store(gov, ref.store) as engine, translated(str(ref)):
        connection: sa.Connection
        with engine.begin() as connection:
            yield PersonRows(connection, ref, entry.subject_key, people)
