"""The steps of a copy: make the tables, copy each one in key order, then foreign keys and indexes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import AddConstraint, CreateTable

from governance.copies.closure import Kept
from governance.copies.rules import kept_links
from governance.copies.source import SourceTable
from governance.copies.state import Positions, begin, reach, state_of
from governance.copies.target import later_indexes, later_keys
from governance.copies.treating import Subjects, Treater, as_texts
from governance.jobs.key_order import behind
from governance.jobs.work import Batch, Intended, Key
from policies.copy_rules import CopyDataset, CopyRules
from policies.errors import StoreError
from policies.nouns import DatasetRef

ACTION = "export"
"""A copy takes rows out of the store."""


@dataclass(frozen=True, kw_only=True)
class MakeTables:
    """Drops the tables of an earlier copy and makes those of this one."""

    dataset: DatasetRef
    """The first dataset of the source."""
    plan: str
    """The id of the plan."""
    made: sa.MetaData
    """The tables."""
    name: str = "make tables"
    """The step's name."""
    action: str = ACTION
    """As the ledger has it."""

    def batch(self, connection: Connection, _after: Key | None, _limit: int) -> Batch | None:
        """One batch without rows until the tables are there."""
        return None if state_of(connection, self.plan) in {"made", "done"} else Batch()

    def apply(self, connection: Connection, _batch: Batch) -> int:
        """Where tables are made outside of transactions, a kill leaves the state `making`, and all is made anew."""
        for name in begin(connection, self.plan, list(self.made.tables)):
            _drop(connection, name)
        for table in self.made.tables.values():  # in any order: no foreign key has to be there yet
            connection.execute(CreateTable(table))
        reach(connection, self.plan, "made")
        return 0

    def applied(self, connection: Connection, _intended: Intended) -> bool:
        """Whether the tables are there."""
        return state_of(connection, self.plan) in {"made", "done"}


@dataclass(frozen=True, kw_only=True)
class CopyRows:
    """Copies the rows of one table."""

    dataset: DatasetRef
    """The dataset of the source."""
    source: Connection
    """To the source, for reading."""
    table: SourceTable
    """The table there."""
    target: sa.Table
    """The table of the copy."""
    rules: CopyDataset
    """What becomes of its fields."""
    treater: Treater
    """Treats columns."""
    subject: tuple[str, ...]
    """The fields that identify a person; empty where the catalog names none."""
    subject_domain: str
    """The domain by which dates are moved."""
    kept: Kept | None
    """The rows that are copied; None for all."""
    positions: Positions
    """Where the copy stands."""
    action: str = ACTION
    """As the ledger has it."""

    @property
    def name(self) -> str:
        """The step's name."""
        return f"copy {self.dataset}"

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """The next rows of the source; at first those behind the last one that was copied."""
        after = after if after is not None else self.positions.read(connection, self.name)
        for rows in self._pages(after, limit):
            keys = self._cut(rows, self.table.key)
            places = self.kept.places(self.table, keys) if self.kept else range(len(rows))
            found = Batch(keys, self._cut(rows, self.subject) if self.subject else None, None, rows)
            if places:
                return found.only(list(places))
        return None

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Insert the treated rows and note the position."""
        cells = dict(zip(self._read_fields, zip(*batch.payload, strict=True), strict=True))
        names, columns = [], []
        for field, entry in self.rules.fields.items():
            if entry.kind != "drop":
                subjects = self._subjects(cells) if entry.kind == "shift" else None
                columns.append(self.treater.column(entry, self.table.words[field], cells[field], subjects))
                names.append(field)
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        try:
            connection.execute(sa.insert(self.target), rows)
        except (SQLAlchemyError, ValueError, TypeError) as cause:
            raise self._refused(type(cause).__name__) from None
        self.positions.write(connection, self.name, batch.keys[-1])
        return len(rows)

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether the last key that was copied is one of the batch."""
        found = self.positions.read(connection, self.name)
        return found is not None and found in intended

    @property
    def _read_fields(self) -> list[str]:
        """What is read: a field that is dropped stays where it is, unless it is needed to find a row or its person."""
        needed = {*self.table.key, *self.subject, self.rules.subject}
        return [each for each in self.table.types if each in needed or self.rules.fields[each].kind != "drop"]

    def _pages(self, after: Key | None, limit: int) -> Iterator[list[tuple[Any, ...]]]:
        source = self.table.table
        key = [source.c[each] for each in self.table.key]
        while True:
            query = sa.select(*(source.c[each] for each in self._read_fields)).order_by(*key).limit(limit)
            rows = self._read(query if after is None else query.where(behind(key, after)))
            if not rows:
                return
            yield rows
            after = self._cut(rows[-1:], self.table.key)[0]

    def _read(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Rows of the source; a driver's words about a value never come out."""
        try:
            return [tuple(row) for row in self.source.execute(query)]
        except (SQLAlchemyError, ValueError, TypeError) as cause:
            raise StoreError(
                str(self.dataset),
                found=f"{type(cause).__name__} while it was read, such as a date that is none",
                expected="cells of the types that the table declares",
                next_step="mend the data, or drop the field; then start the job again",
            ) from None

    def _cut(self, rows: Sequence[tuple[Any, ...]], fields: Sequence[str]) -> list[Key]:
        names = self._read_fields
        places = [names.index(each) for each in fields]
        return [tuple(row[place] for place in places) for row in rows]

    def _subjects(self, cells: Mapping[str, Sequence[Any]]) -> Subjects | None:
        field = self.rules.subject or (self.subject[0] if self.subject else None)
        return Subjects(self.subject_domain, as_texts(cells[field])) if field else None

    def _refused(self, word: str) -> StoreError:
        return StoreError(
            str(self.dataset),
            found=f"{word} when rows were written to the copy: a value that does not fit, or one that is there twice",
            expected="values that the target's types hold, and keys that stay apart",
            next_step="see docs/safe-copies.md; change the treatment or the domain, and make a new plan",
        )


@dataclass(frozen=True, kw_only=True)
class CloseTables:
    """Leaves out rows whose parent is not there, adds foreign keys and indexes."""

    dataset: DatasetRef
    """The first dataset of the source."""
    plan: str
    """The id of the plan."""
    made: sa.MetaData
    """The tables of the copy."""
    tables: Mapping[str, SourceTable]
    """Those of the source."""
    rules: CopyRules
    """The rules."""
    name: str = "add foreign keys"
    """The step's name."""
    action: str = ACTION
    """As the ledger has it."""

    def batch(self, connection: Connection, _after: Key | None, _limit: int) -> Batch | None:
        """One batch without rows until all is there."""
        return None if state_of(connection, self.plan) == "done" else Batch()

    def apply(self, connection: Connection, _batch: Batch) -> int:
        """Do it; what is there already after a kill stays."""
        reach(connection, self.plan, "made", orphans=self._leave_out_orphans(connection))
        inspector = sa.inspect(connection)
        if connection.dialect.name != "sqlite":
            there = {key["name"] for name in self.tables for key in inspector.get_foreign_keys(name)}
            for key in later_keys(self.made, self.tables, self.rules):
                if key.name not in there:
                    connection.execute(AddConstraint(key))
        for index in later_indexes(self.made, self.tables):
            if index.table is not None and index.name not in {
                i["name"] for i in inspector.get_indexes(index.table.name)
            }:
                index.create(connection)
        reach(connection, self.plan, "done")
        return 0

    def applied(self, connection: Connection, _intended: Intended) -> bool:
        """Whether all is there."""
        return state_of(connection, self.plan) == "done"

    def _leave_out_orphans(self, connection: Connection) -> int:
        total = 0
        while True:
            gone = sum(self._orphans(connection, name) for name in self.tables)
            if not gone:
                return total
            total += gone

    def _orphans(self, connection: Connection, name: str) -> int:
        child, gone = self.made.tables[name], 0
        for link in kept_links(name, self.tables, self.rules):
            parent = self.made.tables[link.parent]
            there = sa.select(*(parent.c[each] for each in link.referred)).distinct().subquery("gov_parent")
            pairs = zip(link.fields, link.referred, strict=True)
            match = sa.exists(sa.select(sa.literal(1)).where(*(there.c[to] == child.c[one] for one, to in pairs)))
            filled = [child.c[each].is_not(None) for each in link.fields]
            gone += connection.execute(sa.delete(child).where(*filled, sa.not_(match))).rowcount
        return gone


def _drop(connection: Connection, name: str) -> None:
    """Drop a table of an earlier copy, whatever refers to it."""
    quoted = connection.dialect.identifier_preparer.quote(name)
    if connection.dialect.name in {"mysql", "mariadb"}:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted}")
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
        return
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted}{cascade}")
