"""Delete again, after a restore, what retention had deleted: the lists of the jobs that did it say which rows.

A list names rows by marks under the salt of its plan, which is given up after `certificate_days`; until then a backup
that brings deleted rows back can be compared with it. A row goes again when its key and the values on which it was
decided are those of the list. A row of a listed key with other values may be a new one: it stays and is counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from governance.jobs import plan as plans
from governance.jobs.engine import run_job
from governance.jobs.key_order import pages
from governance.jobs.marks import Marker
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome
from governance.jobs.pace import Pace
from governance.jobs.plan import Plan, PlanDraft, PlanLine, stale
from governance.jobs.registry import job_records
from governance.jobs.row_list import RowList, list_path, opened_rows, write_row_list
from governance.jobs.running import Progress
from governance.jobs.store_connection import connected
from governance.jobs.work import Batch, Key
from governance.retention.plan import KIND as DELETED_BY
from governance.retention.plan import PURPOSE, plan_path
from governance.retention.steps import Deletion
from governance.retention.store_tables import DIALECTS, Referrer, find_referrers, find_table, fingerprint, store_error
from policies.nouns import DatasetRef

KIND = "reapply"
"""The kind of plan and job."""
_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Restored:
    """One table that may hold deleted rows again."""

    dataset: DatasetRef
    """The dataset."""
    table: sa.Table
    """The table."""
    referrers: tuple[Referrer, ...]
    """What refers to it."""
    states: tuple[str, ...]
    """The fields on which it was decided, over all jobs."""

    @property
    def key(self) -> tuple[sa.Column[Any], ...]:
        """Its primary key."""
        return tuple(self.table.primary_key.columns)

    def columns(self, raw: bool) -> tuple[sa.ColumnElement[Any], ...]:  # noqa: FBT001 one of two ways to read a store
        """The fields of `states`, as the plans of the jobs read them."""
        found = (self.table.c[name] for name in self.states)
        return tuple(sa.type_coerce(each, sa.Text) if raw else each for each in found)


@dataclass(frozen=True, kw_only=True)
class Deleting(Deletion):
    """Deletes the rows of a list from one table; it looks at every row, page by page."""

    rows: RowList
    """The list."""
    marker: Marker
    """Names rows."""

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """The next rows of the list, locked."""
        while (found := super().batch(connection, after, max(limit, _PAGE))) is not None:
            known = self.rows.states([self.marker.mark(key) for key in found.keys])
            places = [place for place, state in enumerate(known) if state is not None][:limit]
            if places:
                return found.only(places)
            after = found.keys[-1]
        return None


@dataclass(frozen=True)
class Reapplying:
    """The work of one plan."""

    plan: Plan
    """The plan."""
    tables: Sequence[Restored]
    """The tables, those that refer to others first."""
    rows: RowList
    """The rows."""
    markers: Mapping[DatasetRef, Marker]
    """Name the rows of each table."""
    raw: bool
    """Whether values are read as the store has them."""

    @property
    def kind(self) -> str:
        """The kind of job."""
        return KIND

    @property
    def purpose(self) -> str:
        """The purpose under which it deletes."""
        return PURPOSE

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules by which the rows were deleted."""
        return tuple(self.plan.facts["rules"])

    @cached_property
    def steps(self) -> tuple[Deleting, ...]:
        """One deletion a table."""
        return tuple(
            Deleting(
                name=f"delete {each.dataset}",
                dataset=each.dataset,
                action="delete",
                table=each.table,
                key=each.key,
                needs=sa.and_(sa.true(), *(sa.not_(one.exists) for one in each.referrers)),
                states=each.columns(self.raw),
                layered=any(one.home == (each.table.schema, each.table.name) for one in each.referrers),
                rows=self.rows,
                marker=self.markers[each.dataset],
            )
            for each in self.tables
        )

    def check(self, connection: Connection) -> None:
        """Return when the tables have the schemas that the plan saw. Raises StalePlanError."""
        del connection
        if self.plan.versions["schema"] != _schema(self.tables):
            raise stale(self.plan, "a table whose schema was changed since")

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """Of which jobs rows were deleted again."""
        del connection
        return {"jobs": list(self.plan.facts["jobs"])}


def plan_reapply(office: Office, store_name: str, store: Engine) -> Plan | None:
    """What retention had deleted from a store and is there again, as a plan; None when no job is known that did.

    Recorded as `job.planned`; changes nothing in the store. Raises StoreError, TamperedError, LedgerError.
    """
    deleted = list(_deleted(office, store_name))
    if not deleted:
        return None
    slip = plans.new_slip(office)
    with connected(store, store_name) as connection, ExitStack() as stack:
        lists = [(each, stack.enter_context(opened_rows(office, each))) for each in deleted]
        tables = _tables(connection, deleted)
        counts = {each.dataset: [0, 0] for each in tables}

        def found() -> Iterator[tuple[str, str]]:
            for table in tables:
                marker = Marker(office.keyed_hash, slip.salt, table.dataset)
                for key, values, same in _again(office, connection, table, lists):
                    counts[table.dataset][0 if same else 1] += 1
                    if same:
                        yield marker.mark(key), marker.state(values)

        row_list = write_row_list(list_path(office, slip.id), found())
    draft = PlanDraft(
        kind=KIND,
        purpose=PURPOSE,
        place=store_name,
        lines=[_line(table, *counts[table.dataset]) for table in tables],
        facts={
            "jobs": [each.id for each in deleted],
            "rules": sorted({rule["rule"] for each in deleted for rule in each.facts["rules"]}),
            "tables": {str(each.dataset): list(each.states) for each in tables},
        },
        versions={"schema": _schema(tables)},
        rules=tuple(sorted({rule["rule"] for each in deleted for rule in each.facts["rules"]})),
        slip=slip,
        row_list=row_list,
    )
    return plans.make_plan(office, draft)


def run_reapply(
    office: Office, plan: Plan, store: Engine, *, pace: Pace | None = None, on_progress: Progress | None = None
) -> JobOutcome:
    """Delete what the plan lists and is as it was; raises as `governance.jobs.engine.run_job`."""
    salt = plans.salt_of(office, plan)
    with connected(store, plan.place) as connection, opened_rows(office, plan) as rows:
        tables = [_table(connection, _ref(name), names) for name, names in plan.facts["tables"].items()]
        tables.sort(key=lambda each: [line.dataset for line in plan.lines].index(str(each.dataset)))
        if rows is None:
            raise stale(plan, "a plan without a row list")
        markers = {each.dataset: Marker(office.keyed_hash, salt, each.dataset) for each in tables}
        work = Reapplying(plan, tables, rows, markers, connection.dialect.name == "sqlite")
        connection.rollback()
        return run_job(office, work, plan, store, pace=pace, on_progress=on_progress)


def _deleted(office: Office, store: str) -> Iterator[Plan]:
    """The plans of jobs that deleted rows of a store and whose lists can still be read."""
    for record in job_records(office):
        path = plan_path(office, record.id)
        mine = record.kind == DELETED_BY and record.place.split(".", 1)[0] == store
        if mine and record.state == "done" and path.exists() and list_path(office, record.id).exists():
            yield plans.read_plan(path.read_text(encoding="utf-8"), DELETED_BY, office.keyed_hash, str(path.name))


def _tables(connection: Connection, deleted: Sequence[Plan]) -> list[Restored]:
    """The tables from which rows were deleted, those that refer to others first."""
    names: dict[str, set[str]] = {}
    for plan in deleted:
        for line, facts in zip(plan.lines, plan.facts["rules"], strict=True):
            if line.action == "delete":
                names.setdefault(line.dataset, set()).update(facts["state"])
    found = {(each.table.schema, each.table.name): each for each in _each_table(connection, names)}
    graph = {home: {one.home for one in each.referrers if one.home in found} - {home} for home, each in found.items()}
    try:
        return [found[home] for home in TopologicalSorter(graph).static_order()]
    except CycleError:
        return list(found.values())  # what is referred to waits until the next plan


def _each_table(connection: Connection, names: Mapping[str, set[str]]) -> Iterator[Restored]:
    for name, states in sorted(names.items()):
        yield _table(connection, _ref(name), sorted(states))


def _table(connection: Connection, dataset: DatasetRef, states: Sequence[str]) -> Restored:
    if connection.dialect.name not in DIALECTS:
        raise store_error(dataset, f"a store of kind {connection.dialect.name}, which retention was not proved on")
    table = find_table(connection, dataset)
    if not table.primary_key.columns or any(name not in table.c for name in states):
        raise store_error(dataset, "a table without the fields that it had")
    return Restored(dataset, table, find_referrers(connection, table, dataset), tuple(states))


def _again(
    office: Office, connection: Connection, table: Restored, lists: Sequence[tuple[Plan, RowList | None]]
) -> Iterator[tuple[Key, Key, bool]]:
    """Key and values of each row whose key a list has, and whether its values are the list's too."""
    raw, split = connection.dialect.name == "sqlite", len(table.key)
    judges = [
        (Marker(office.keyed_hash, plans.salt_of(office, plan), table.dataset), rows, places)
        for plan, rows in lists
        for places in _places(plan, table)
        if rows is not None
    ]
    for page in pages(connection, table.key, (*table.key, *table.columns(raw)), sa.true(), _PAGE):
        for row in page:
            key, values = row[:split], row[split:]
            known = [
                (seen, marker.state(tuple(values[place] for place in places)))
                for marker, rows, places in judges
                for seen in rows.states([marker.mark(key)])
                if seen is not None
            ]
            if known:
                yield key, values, any(seen == now for seen, now in known)


def _places(plan: Plan, table: Restored) -> Iterator[tuple[int, ...]]:
    """Where in a table's values those of a plan's line on it stand."""
    for line, facts in zip(plan.lines, plan.facts["rules"], strict=True):
        if line.dataset == str(table.dataset) and line.action == "delete":
            yield tuple(table.states.index(name) for name in facts["state"])


def _line(table: Restored, again: int, changed: int) -> PlanLine:
    kept = {"changed": changed} if changed else {}
    return PlanLine(f"delete {table.dataset}", str(table.dataset), "delete", again, "retention.restored", kept)


def _schema(tables: Sequence[Restored]) -> str:
    said = " ".join(fingerprint(each.table, each.referrers) for each in tables)
    return hashlib.sha256(said.encode()).hexdigest()


def _ref(name: str) -> DatasetRef:
    store, _, dataset = name.partition(".")
    return DatasetRef(store, dataset)
