"""How the project's fields are protected as their stores have them now: counted there, judged by catalog and policy."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audits.report import Report
from audits.reports.protection import protection_report
from connectors.sql.faults import translated
from governance.access.grants import grants_to
from governance.flows.opening.offices import store_snapshot
from governance.flows.protect.judging_protection import (
    cell_counts,
    key_counts,
    migration,
    problems_of,
    said_of,
    state_of,
)
from governance.ledger.events import EventDraft, EventObject
from governance.protect.key_tally import KeyTally, tally
from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse
from governance.protect.token_counts import TableCount
from policies.config import Medium
from policies.errors import ConfigError, InstallationError, StoreError
from policies.nouns import DatasetRef, FieldRef

if TYPE_CHECKING:
    from governance.access.facts import FieldFacts
    from governance.app import Governance

SCHEMA = "governance.protection/1"
"""The form of the JSON."""
PURPOSE = "governance.protection"
"""What the stores are read for, as the ledger has it."""

Progress = Callable[[int, int | None, str], None]


@dataclass(slots=True)
class _Counted:
    """What was counted, and what could not be."""

    fields: list[dict[str, Any]] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    not_seen: list[dict[str, str | None]] = field(default_factory=list)
    rows: int = 0

    def miss(self, place: str, found: str | None) -> None:
        """Something that could not be counted: what was found there, None for files and CRMs, never encrypted."""
        self.not_seen.append({"place": place, "found": found})


def protection_status(gov: Governance, stores: Sequence[str] = (), *, on_progress: Progress | None = None) -> Report:
    """How each field of the catalog is protected, in the stores named or in all: a report with its machine form.

    Cells are counted by the stores, each in one snapshot; no value leaves them. Recorded before the first is read. A
    store that does not answer is named in the report, whose `data` has it in `not_seen`. Raises ConfigError for a store
    that the catalog or the configuration does not have, LedgerError, KeyringError.
    """
    names = _chosen(gov, stores)
    datasets = [DatasetRef(store, name) for store in names for name in gov.catalog.stores[store].datasets]
    begun = gov.ledger.append(_event(gov, "begun", datasets))
    shown, found = _shown(gov), _Counted()
    infos = {each.id: each for each in gov.keyring.list()}
    for at, store in enumerate(names):
        if on_progress is not None:
            on_progress(at, len(names), store)
        if gov.project.store(store).medium is not Medium.DATABASE:
            found.miss(store, None)
            for name in gov.catalog.stores[store].datasets:
                found.fields += _uncounted(gov, DatasetRef(store, name), shown)
            continue
        _count_store(gov, store, shown, infos, found)
    if on_progress is not None:
        on_progress(len(names), len(names), "")
    counts = {"fields": len(found.fields), "rows": found.rows}
    outcome = "failed" if any(each["found"] for each in found.not_seen) else "done"
    gov.ledger.append(_event(gov, outcome, datasets, counts=counts, refs={"begun": begun.id}))
    document = {
        "schema": SCHEMA,
        "catalog": gov.catalog.digest,
        "policy": gov.policy_files.policy.digest,
        "encrypt_from": gov.project.config.protection.encrypt_from,
        "stores": list(names),
        "fields": found.fields,
        "keys": list(_keys(gov, names, infos, found)),
        "not_seen": found.not_seen,
    }
    return protection_report(document, as_of=gov.clock(), zone=gov.project.config.time_zone)


def _chosen(gov: Governance, stores: Sequence[str]) -> tuple[str, ...]:
    known = [name for name in gov.catalog.stores if name in gov.project.config.stores]
    for name in stores:
        if name not in known:
            raise ConfigError(
                "protect status",
                found="a store that catalog and governance.yaml do not both have",
                expected=" or ".join(known) or "a reviewed store",
                next_step="see `governance catalog show`",
            )
    return tuple(dict.fromkeys(stores)) or tuple(known)


def _event(gov: Governance, outcome: str, datasets: Sequence[DatasetRef], **said: Any) -> EventDraft:
    return EventDraft(
        kind="report",
        actor=gov.actor_ref,
        purpose=PURPOSE,
        action="protect.status",
        outcome=outcome,
        objects=tuple(EventObject(str(each)) for each in datasets),
        versions=gov.versions(),
        **said,
    )


def _shown(gov: Governance) -> Mapping[FieldRef, set[str]]:
    """By field, the ways in which the policy shows it to anybody."""
    policy, found = gov.policy_files.policy, dict[FieldRef, set[str]]()
    for user in sorted(policy.principals.principals):
        for grant in grants_to(policy, user):
            found.setdefault(grant.field, set()).update(grant.treatments)
    return found


def _count_store(
    gov: Governance, store: str, shown: Mapping[FieldRef, set[str]], infos: Mapping[str, KeyInfo], found: _Counted
) -> None:
    left = [DatasetRef(store, name) for name in gov.catalog.stores[store].datasets]
    try:
        with store_snapshot(gov, store) as connection:
            while left:
                try:
                    with translated(str(left[0])), connection.begin_nested():
                        _count_dataset(gov, connection, left[0], shown, infos, found)
                except StoreError as cause:
                    found.miss(str(left[0]), cause.found)
                    found.fields += _uncounted(gov, left[0], shown)
                del left[0]
    except (StoreError, InstallationError) as cause:
        found.miss(store, cause.found)
    for ref in left:
        found.fields += _uncounted(gov, ref, shown)


def _count_dataset(
    gov: Governance,
    connection: sa.Connection,
    ref: DatasetRef,
    shown: Mapping[FieldRef, set[str]],
    infos: Mapping[str, KeyInfo],
    found: _Counted,
) -> None:
    entry, count = gov.catalog.stores[ref.store].datasets[ref.dataset], TableCount(connection, ref)
    under_way = count.under_way
    cells = count.cells([*entry.fields, *under_way.values()])
    key_of = f"{gov.catalog.stores[ref.store].id}/{entry.id}"
    rows = []
    for facts in _columns(gov, ref):
        name = facts.ref.field
        column = cells.columns.get(name)
        beside = cells.columns.get(under_way.get(entry.fields[name].id, ""))
        parts = (
            part
            for each, at in ((column, name), (beside, under_way.get(entry.fields[name].id, "")))
            if each is not None and each.tokens
            for part in count.key_ids(at)
        )
        keys = tally(parts, key_of=key_of, keys=infos, person_states=gov.keyring.person_states)
        found.tokens.update(keys.keys)
        rows.append(
            said_of(gov, facts, shown.get(facts.ref, set()))
            | cell_counts(cells, column)
            | migration(column, beside)
            | key_counts(keys, infos)
        )
    found.rows += cells.rows
    found.fields += [each | {"state": state_of(each), "problems": problems_of(each)} for each in rows]


def _columns(gov: Governance, ref: DatasetRef) -> Iterator[FieldFacts]:
    """The fields of a dataset that are columns; a column of JSON is as sensitive as the most sensitive path in it."""
    fields = gov.policy_files.policy.datasets[ref].fields
    for name, facts in fields.items():
        if ":" not in name:
            paths = [each for path, each in fields.items() if path.startswith(f"{name}:")]
            gravest = max((facts, *paths), key=lambda each: each.sensitivity)
            yield replace(facts, sensitivity=gravest.sensitivity, category=gravest.category)


def _uncounted(gov: Governance, ref: DatasetRef, shown: Mapping[FieldRef, set[str]]) -> Iterator[dict[str, Any]]:
    """The fields of a dataset that could not be read."""
    for facts in _columns(gov, ref):
        numbers = dict.fromkeys(("column", "rows", "nulls", "clear", "tokens", "migration"))
        said = said_of(gov, facts, shown.get(facts.ref, set())) | numbers | key_counts(KeyTally(), {})
        yield said | {"state": "unread", "problems": []}


def _keys(
    gov: Governance, names: Sequence[str], infos: Mapping[str, KeyInfo], found: _Counted
) -> Iterator[dict[str, Any]]:
    """The data keys of the datasets looked at, in the order of creation."""
    datasets = {
        f"{gov.catalog.stores[store].id}/{entry.id}": f"{store}.{name}"
        for store in names
        for name, entry in gov.catalog.stores[store].datasets.items()
    }
    unread = {each["field"].rpartition(".")[0] for each in found.fields if each["state"] == "unread"}
    for info in infos.values():
        if info.use is not KeyUse.DATA or info.of not in datasets:
            continue
        dataset = datasets[info.of]
        counted = dataset not in unread
        yield {
            "id": info.id,
            "dataset": dataset,
            "state": info.state.value,
            "created": info.created or None,
            "age_days": _age_days(gov, info),
            "uses": info.uses,
            "tokens": found.tokens[info.id] if counted else None,
            "idle": counted and info.state is KeyState.RETIRED and not found.tokens[info.id],
        }


def _age_days(gov: Governance, info: KeyInfo) -> int | None:
    return (gov.clock() - dt.datetime.fromisoformat(info.created)).days if info.created else None
