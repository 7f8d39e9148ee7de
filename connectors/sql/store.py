"""`SqlStore`: a database described by reflection and read in one read-only pass per dataset."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from connectors.asked import dataset_asked, fields_asked
from connectors.base import FULL, Dataset, Field, NotSeen, ReadLimits, Sample
from connectors.notes import Notes
from connectors.parts import PART_BYTES, ROW_BYTES
from connectors.passing import Opened, Pass
from connectors.sampling import EveryRow
from connectors.sql.address import normalised, remote_without_tls
from connectors.sql.columns import BatchSize, Columns
from connectors.sql.engines.base import Backend, Plan, Snapshot, Span, Table, key_slices
from connectors.sql.engines.mysql import MysqlBackend
from connectors.sql.engines.postgresql import PostgresBackend
from connectors.sql.engines.sqlite import SqliteBackend
from connectors.sql.faults import translated
from connectors.sql.inventory import Inventory, take_inventory
from connectors.sql.parts import SqlPart, spans_of
from policies.errors import StoreError

Planned = Callable[[Snapshot, str], Plan]
"""From a snapshot and the list of expressions, which statements are run."""


class SqlStore:
    """A PostgreSQL, MariaDB, MySQL or SQLite database.

    Arrow types of the columns: integers, floats, booleans, dates and date-times are Arrow's own in PostgreSQL and
    MariaDB, which enforce them; all else, decimals, times, arrays, UUIDs and addresses included, is text as the
    database writes it. SQLite's columns are all text. Binary fields are left out of batches and listed in `not_seen`.
    """

    def __init__(self, name: str, url: str, limits: ReadLimits | None = None) -> None:
        self.name = name
        self._limits = limits or ReadLimits()
        self._place = f"store {name}"
        self._url = normalised(self._place, url)
        self._backend = _backend(self._url, self._limits, self._place)
        self._inventory: Inventory | None = None

    def __repr__(self) -> str:
        return f"SqlStore({self.name!r}, {self.kind})"

    def __reduce__(self) -> tuple[Callable[..., SqlStore], tuple[str, str, ReadLimits]]:
        """Its address and limits, password included; the other side connects for itself."""
        url = self._url
        if self.kind == "sqlite" and url.database:
            url = url.set(database=str(Path(url.database).absolute()))
        return SqlStore, (self.name, url.render_as_string(hide_password=False), self._limits)

    @property
    def kind(self) -> str:
        """`sqlite`, `postgresql` or `mysql`."""
        return self._backend.kind

    @property
    def remote_without_tls(self) -> bool:
        """Whether the store lies across a network and its address does not demand TLS."""
        return remote_without_tls(self._url)

    def _described(self) -> Inventory:
        if self._inventory is None:
            with translated(self._place):
                self._inventory = take_inventory(self.name, self._backend)
        return self._inventory

    def datasets(self) -> Sequence[Dataset]:
        """Every table and view, sorted by name; described once, at the first call."""
        tables = self._described().tables
        return [tables[name].dataset for name in sorted(tables)]

    def not_seen(self) -> Sequence[NotSeen]:
        """Tables and views that could not be described."""
        return list(self._described().not_seen)

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        """A pass over some fields. Raises StoreError for an unknown dataset or field."""
        table = dataset_asked(self.name, self._described().tables, dataset)
        return self.read_table(table, tuple(fields_asked(self.name, table.dataset, fields)), sample)

    def parts(
        self, dataset: str, fields: Sequence[str], sample: Sample, *, size_bytes: int = PART_BYTES
    ) -> list[SqlPart]:
        """A pass as parts that other processes read: stretches of an integer key, else the table.

        Each part has a snapshot of its own. Raises StoreError for an unknown dataset or field, or a store that is down.
        """
        table = dataset_asked(self.name, self._described().tables, dataset)
        whole = SqlPart(self, table, tuple(fields_asked(self.name, table.dataset, fields)), sample)
        if not sample.full:
            return [whole]
        with translated(f"{self.name}.{dataset}"), self._backend.snapshot() as snapshot:
            keyed = self._backend.keyed(snapshot, table)
            spans = spans_of(snapshot, table, keyed, max(1, size_bytes // ROW_BYTES))
        return [replace(whole, span=span) for span in spans] if len(spans) > 1 else [whole]

    def read_table(self, table: Table, asked: Sequence[Field], sample: Sample = FULL, span: Span | None = None) -> Pass:
        """A pass over a table that was described before, or over the rows of a stretch of its key."""
        place = f"{self.name}.{table.dataset.name}"

        @contextmanager
        def opener(notes: Notes) -> Iterator[Opened]:
            readable = _readable(asked, place, notes)
            with translated(place), self._backend.snapshot() as snapshot:
                columns = Columns(self._schema(readable), place, notes)
                yield self._opened(snapshot, self._planned(table, sample, span), readable, columns, place)

        return Pass(place, opener, self._limits)

    def _schema(self, fields: Sequence[Field]) -> pa.Schema:
        return pa.schema([(field.name, self._backend.arrow_type(field)) for field in fields])

    def _planned(self, table: Table, sample: Sample, span: Span | None) -> Planned:
        """How the selected expressions are read."""
        if span is None:
            return lambda snapshot, selected: self._backend.plan(snapshot, table, selected, sample)

        def planned(snapshot: Snapshot, selected: str) -> Plan:
            keyed = self._backend.keyed(snapshot, table)
            if keyed is None:
                raise StoreError(
                    f"{self.name}.{table.dataset.name}",
                    found="no integer key any more",
                    expected="the table as it was described",
                    next_step="scan again while nobody changes its schema",
                )
            slices = key_slices(
                snapshot, source=keyed.source, selected=selected, key=keyed.key, rows=keyed.rows, span=span
            )
            return Plan(slices, EveryRow(), None, whole=True)

        return planned

    def _opened(
        self, snapshot: Snapshot, planned: Planned, fields: Sequence[Field], columns: Columns, place: str
    ) -> Opened:
        # A pass over no readable field still counts its rows.
        selected = ", ".join(self._backend.expression(field) for field in fields) or "1"
        plan = planned(snapshot, selected)
        return Opened(_batches(snapshot, plan, columns, place), plan.chooser, plan.rows_total, plan.whole)

    def close(self) -> None:
        """Release connections."""
        self._backend.engine.dispose()


def _readable(fields: Sequence[Field], place: str, notes: Notes) -> list[Field]:
    for field in fields:
        if field.type == "binary":
            notes.say(f"{place}.{field.name}", "not_seen.binary", field.native_type)
    return [field for field in fields if field.type != "binary"]


def _batches(snapshot: Snapshot, plan: Plan, columns: Columns, place: str) -> Generator[pa.RecordBatch, None, None]:
    size = BatchSize()
    with translated(place):
        for statement in plan.statements:
            with closing(snapshot.stream(statement, lambda: size.rows)) as lots:
                for rows in lots:
                    batch = columns.batch(rows)
                    size.learn(batch)
                    yield batch


def _backend(url: sa.URL, limits: ReadLimits, place: str) -> Backend:
    family = url.get_backend_name()
    if family == "postgresql":
        return PostgresBackend(url, limits)
    if family == "sqlite":
        return SqliteBackend(url, limits, place)
    return MysqlBackend(url, limits)
