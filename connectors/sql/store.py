"""`SqlStore`: a database described by reflection and read in one read-only pass per dataset."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

import pyarrow as pa
import sqlalchemy as sa

from connectors.asked import dataset_asked, fields_asked
from connectors.base import Dataset, Field, NotSeen, ReadLimits, Sample
from connectors.notes import Notes
from connectors.passing import Opened, Pass
from connectors.sql.address import normalised, remote_without_tls
from connectors.sql.columns import BatchSize, Columns
from connectors.sql.engines.base import Backend, Plan, Snapshot, Table
from connectors.sql.engines.mysql import MysqlBackend
from connectors.sql.engines.postgresql import PostgresBackend
from connectors.sql.engines.sqlite import SqliteBackend
from connectors.sql.faults import translated
from connectors.sql.inventory import Inventory, take_inventory


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
        asked = fields_asked(self.name, table.dataset, fields)
        place = f"{self.name}.{dataset}"

        @contextmanager
        def opener(notes: Notes) -> Iterator[Opened]:
            readable = _readable(asked, place, notes)
            with translated(place), self._backend.snapshot() as snapshot:
                yield self._opened(snapshot, table, readable, sample, Columns(self._schema(readable), place, notes))

        return Pass(place, opener, self._limits)

    def _schema(self, fields: Sequence[Field]) -> pa.Schema:
        return pa.schema([(field.name, self._backend.arrow_type(field)) for field in fields])

    def _opened(
        self, snapshot: Snapshot, table: Table, fields: Sequence[Field], sample: Sample, columns: Columns
    ) -> Opened:
        # A pass over no readable field still counts its rows.
        selected = ", ".join(self._backend.expression(field) for field in fields) or "1"
        plan = self._backend.plan(snapshot, table, selected, sample)
        place = f"{self.name}.{table.dataset.name}"
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
