"""Measure an incident in the raw stores as purpose `governance.incident`: counts and codes, recorded like any use."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from governance.flows.audits.counting_incident import Leak, column_of, count_people, count_records, leaked_rows
from governance.flows.audits.incident_scope import ALL_KEYS, Leaked, Scope
from governance.flows.opening.offices import store_snapshot
from governance.flows.opening.recorded_use import recorded_use
from governance.protect.key_tally import tally
from governance.protect.keyring.base import KeyInfo
from governance.protect.token_counts import ColumnCells, TableCount
from governance.retention.store_tables import find_table
from policies.config import Medium
from policies.errors import InstallationError, StoreError
from policies.nouns import DatasetRef
from policies.taxonomy import HARMLESS

if TYPE_CHECKING:
    from governance.app import Governance

PURPOSE = "governance.incident"
"""The purpose under which stores are read."""
RULE = "registers.incident"
"""The rule that the decision names."""


@dataclass(slots=True)
class _Figures:
    """What was counted so far."""

    people: int = 0
    unknown: int = 0
    laws: dict[str, int] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    nobody: int = 0
    fields: list[dict[str, Any]] = field(default_factory=list)
    not_seen: list[dict[str, str]] = field(default_factory=list)


def measure_incident(gov: Governance, leaked: Leaked, scope: Scope) -> tuple[str, dict[str, Any]]:
    """Id of the decision, and how many people and records leaked, by law and category, and how fields were encrypted.

    People are distinct within a store and added up over stores. A store that does not answer is in `not_seen`. Raises
    PredicateError, LedgerError, KeyringError.
    """
    found = _Figures(not_seen=[{"place": each, "found": "not in the catalog"} for each in scope.unknown])
    names = [f"{ref}.{name}" for ref, each in scope.fields.items() for name in each]
    with recorded_use(gov, PURPOSE, names, rules=(RULE,)) as use:
        for store in dict.fromkeys(ref.store for ref in scope.fields):
            own = {ref: names for ref, names in scope.fields.items() if ref.store == store}
            _measure_store(gov, store, own, leaked, found)
            use.counts = {"rows": sum(found.records.values()), "people": found.people}
        use.whole = not found.not_seen
    return use.decision, {
        "people": found.people,
        "unknown": found.unknown,
        "laws": dict(sorted(found.laws.items())),
        "categories": dict(sorted(found.categories.items())),
        "records": dict(sorted(found.records.items())),
        "nobody": found.nobody,
        "fields": [each for each in found.fields if each["category"] != HARMLESS],
        "not_seen": found.not_seen,
    }


def _measure_store(
    gov: Governance, store: str, scope: Mapping[DatasetRef, tuple[str, ...]], leaked: Leaked, found: _Figures
) -> None:
    try:
        with store_snapshot(gov, _of_database(gov, store)) as connection:
            leaks = [_leak(gov, connection, ref, names, leaked) for ref, names in scope.items()]
            records = {str(leak.ref): count_records(connection, leak) for leak in leaks}
            people = count_people(connection, leaks)
            fields = [each for leak in leaks for each in _fields(gov, connection, leak, leaked)]
    except (StoreError, InstallationError) as cause:
        found.not_seen.append({"place": store, "found": cause.found})
        found.fields += [_said(gov, ref, name, "unread") for ref, names in scope.items() for name in names]
        return
    found.people += people.total
    found.unknown += people.unknown
    _add(found.laws, people.laws)
    _add(found.categories, people.categories)
    found.records |= {ref: rows for ref, (rows, _) in records.items()}
    found.nobody += sum(nobody for _, nobody in records.values())
    found.fields += fields


def _add(sums: dict[str, int], more: Mapping[str, int]) -> None:
    for name, number in more.items():
        sums[name] = sums.get(name, 0) + number


def _leak(gov: Governance, connection: sa.Connection, ref: DatasetRef, names: tuple[str, ...], leaked: Leaked) -> Leak:
    table = find_table(connection, ref)
    entry = gov.catalog.stores[ref.store].datasets[ref.dataset]
    gone = [name for name in entry.subject_key if name not in table.c]
    if gone:
        raise StoreError(
            str(ref),
            found="a table without its subject key",
            expected="the table that the catalog describes",
            next_step="scan the store again, and correct the catalog",
        )
    return Leak(ref, entry, table, leaked_rows(connection, table, leaked.rows), names)


def _fields(gov: Governance, connection: sa.Connection, leak: Leak, leaked: Leaked) -> Iterator[dict[str, Any]]:
    count = TableCount(connection, leak.ref)
    cells = count.cells(sorted({column_of(each) for each in leak.fields})).columns
    infos = {each.id: each for each in gov.keyring.list()}
    key_of = f"{gov.catalog.stores[leak.ref.store].id}/{leak.entry.id}"
    for name in leak.fields:
        column = cells.get(column_of(name))
        declared = bool(leak.entry.fields[name].encrypted)
        state = _state(column, declared=declared, through_guard=leaked.access is not None)
        if state == "encrypted":
            parts = list(count.key_ids(column_of(name)))
            state = _by_keys(gov, parts, key_of, infos, leaked.compromised_keys)
        yield _said(gov, leak.ref, name, state)


def _state(column: ColumnCells | None, *, declared: bool, through_guard: bool) -> str:
    if column is None:
        return "missing"
    if not column.tokens and not column.clear:
        return "empty"
    if through_guard:  # whoever asks the guard gets what it decrypts
        return "through_guard"
    if not column.tokens:
        return "clear"
    if column.clear:
        return "partly"
    return "encrypted" if declared else "undeclared"


def _by_keys(
    gov: Governance,
    parts: Sequence[Mapping[str, int]],
    key_of: str,
    infos: Mapping[str, KeyInfo],
    compromised: Collection[str],
) -> str:
    """`protected` when the keyring knows every key of a field's tokens and none of them is compromised."""
    if ALL_KEYS in compromised or any(key in compromised for part in parts for key in part):
        return "compromised"
    keys = tally(parts, key_of=key_of, keys=infos, person_states=gov.keyring.person_states)
    return "unknown_key" if keys.unknown or keys.elsewhere else "protected"


def _said(gov: Governance, ref: DatasetRef, name: str, state: str) -> dict[str, Any]:
    entry = gov.catalog.stores[ref.store].datasets[ref.dataset].fields[name]
    return {"field": f"{ref}.{name}", "category": entry.category, "state": state}


_UNCOUNTED = {Medium.FILES: "files, which are not counted", Medium.CRM: "a CRM, which takes no SQL to count by"}


def _of_database(gov: Governance, store: str) -> str:
    medium = gov.project.store(store).medium
    if medium is not Medium.DATABASE:
        raise StoreError(store, found=_UNCOUNTED[medium], expected="a database", next_step="count them by hand")
    return store
