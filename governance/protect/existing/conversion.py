"""The job that converts a column: begin, fill, check every row, switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.key_order import among, labelled, pages
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch, Intended, Key
from governance.protect.existing.statements import STATEMENTS, Statements, Words, is_watched, run_all, words_of
from governance.protect.existing.target import Target
from governance.protect.existing.turning import Cells, Turning
from policies.errors import StalePlanError, StoreError
from policies.nouns import DatasetRef

PURPOSE = "governance.protect"
"""The purpose under which columns are converted."""
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Conversion:
    """One column and what it is to become."""

    kind: str
    """`protect.encrypt` or `protect.decrypt`."""
    target: Target
    """The column as the plan saw it."""
    turning: Turning
    """Turns its cells."""
    type_: str
    """The type of the new column, in the store's own words."""
    by_subject: bool
    """Whether the keys are those of persons, so that the subject key is read too."""
    fingerprint: str
    """Of the target when it was planned."""
    planned: int
    """Cells that the plan counted."""

    @property
    def table(self) -> sa.Table:
        """The table with the new column."""
        names = [each.name for each in self.target.table.columns if each.name != self.target.new_name]
        columns = [sa.Column(name, sa.types.NullType()) for name in (*names, self.target.new_name)]
        return sa.Table(self.target.table.name, sa.MetaData(), *columns, schema=self.target.table.schema)

    def cells(self, payload: Sequence[tuple[Any, ...]]) -> Cells:
        """The cells of some rows: value, record key, and subject key where it was read."""
        keys = len(self.target.record_key)
        subjects = [row[1 + keys] if len(row) == keys + 2 else row[1 + keys :] for row in payload]
        return Cells(
            [row[0] for row in payload],
            [row[1 : 1 + keys] for row in payload],
            subjects if self.by_subject else (),
        )

    def statements(self, connection: Connection) -> tuple[Statements, Words]:
        """What the store must be told."""
        return STATEMENTS[connection.dialect.name], words_of(connection, self.target)

    def has_column(self, connection: Connection) -> bool:
        """Whether the new column stands beside the old one."""
        found = sa.inspect(connection).get_columns(self.target.table.name, schema=self.target.table.schema)
        return self.target.new_name in {each["name"] for each in found}

    def is_watched(self, connection: Connection) -> bool:
        """Whether the trigger stands."""
        return is_watched(connection, *self.statements(connection))


class Begin:
    """Adds the new column and the trigger, each where it is missing: not every store does both or neither."""

    action = "write"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self.name = f"begin {conversion.target.field}"
        self.dataset: DatasetRef = conversion.target.field.of

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch until it is done."""
        del after, limit
        return None if self._is_done(connection) else Batch()

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Begin. The trigger comes last: what was filled without it could be stale."""
        del batch
        statements, words = self._conversion.statements(connection)
        if not self._conversion.has_column(connection):
            run_all(connection, statements.add(words, self._conversion.type_))
        run_all(connection, statements.watch(words))
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether column and trigger stand."""
        del intended
        return self._is_done(connection)

    def _is_done(self, connection: Connection) -> bool:
        return self._conversion.has_column(connection) and self._conversion.is_watched(connection)


@dataclass(frozen=True, kw_only=True)
class Fill(TableStep):
    """Fills the new column, and reads back what it wrote."""

    conversion: Conversion
    """The conversion."""

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Turn the cells of some rows and check each in the same transaction. Raises StoreError for a wrong one."""
        fill(connection, self.conversion, batch)
        return len(batch.keys)


def fill_step(conversion: Conversion) -> Fill:
    """The step that fills a conversion's new column."""
    target, table = conversion.target, conversion.table
    return Fill(
        name=f"fill {target.field}",
        dataset=target.field.of,
        action="write",
        table=table,
        key=[table.c[name] for name in target.primary_key],
        needs=sa.and_(table.c[target.field.field].is_not(None), table.c[target.new_name].is_(None)),
        subject=[table.c[name] for name in target.subject_key],
        columns=_payload(conversion, table),
        conversion=conversion,
    )


def fill(connection: Connection, conversion: Conversion, batch: Batch) -> None:
    """Turn the cells of a batch and check each of them, in the open transaction."""
    table, target = conversion.table, conversion.target
    cells = conversion.cells(batch.payload)
    turned = conversion.turning.turn(cells)
    keys = [table.c[name] for name in target.primary_key]
    same = sa.and_(*(column == sa.bindparam(f"k{number}") for number, column in enumerate(keys)))
    written = {target.new_name: turned.cells}
    if target.index_field is not None and turned.beside is not None:
        written[target.index_field] = turned.beside
    change = sa.update(table).where(same).values({name: sa.bindparam(f"v{n}") for n, name in enumerate(written)})
    rows = [
        {f"v{number}": cell for number, cell in enumerate(cells)}
        | {f"k{number}": part for number, part in enumerate(key)}
        for key, *cells in zip(batch.keys, *written.values(), strict=True)
    ]
    connection.execute(change, rows)
    check(connection, conversion, batch)


def check(connection: Connection, conversion: Conversion, batch: Batch) -> None:
    """Return when the new cells of a batch say what the old ones say. Raises StoreError."""
    table, target = conversion.table, conversion.target
    keys = [table.c[name] for name in target.primary_key]
    query = sa.select(*labelled([table.c[target.new_name], *_payload(conversion, table)]))
    query = query.where(among(keys, batch.keys))
    found = [tuple(row) for row in connection.execute(query)]
    if len(found) != len(batch.keys):
        raise _unverified(conversion, "rows that went away while they were converted")
    _check_rows(conversion, found)


def _check_rows(conversion: Conversion, rows: Sequence[tuple[Any, ...]]) -> None:
    if not conversion.turning.right(conversion.cells([row[1:] for row in rows]), [row[0] for row in rows]):
        raise _unverified(conversion, "cells that do not say what they were made from")


class Verify:
    """Compares every cell of the new column with the old one, page by page; nothing is locked or changed."""

    action = "read"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._done = False
        self.name = f"verify {conversion.target.field}"
        self.dataset: DatasetRef = conversion.target.field.of

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch until it is done in this run."""
        del connection, after, limit
        return None if self._done else Batch()

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Verify. Raises StoreError for the first wrong cell; the clear column stays as it is."""
        del batch
        conversion, table = self._conversion, self._conversion.table
        keys = [table.c[name] for name in conversion.target.primary_key]
        filled = table.c[conversion.target.new_name]
        for rows in pages(connection, keys, [filled, *_payload(conversion, table)], filled.is_not(None), _PAGE):
            _check_rows(conversion, rows)
        self._done = True
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """No: what a killed run verified is verified again."""
        del connection, intended
        return False


class Switch:
    """Fills what is still empty, drops the old column and gives the new one its name, with writers kept out."""

    action = "write"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self.name = f"switch {conversion.target.field}"
        self.dataset: DatasetRef = conversion.target.field.of

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch until it is done."""
        del after, limit
        return Batch() if self._conversion.has_column(connection) else None

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Switch.

        Where a kill took the trigger away before the old column, writers may have passed unseen: all is filled anew.
        """
        del batch
        conversion = self._conversion
        statements, words = conversion.statements(connection)
        run_all(connection, statements.lock(words))
        try:
            if not conversion.is_watched(connection):
                connection.execute(sa.update(conversion.table).values({conversion.target.new_name: None}))
            self._catch_up(connection)
            run_all(connection, statements.switch(words, conversion.type_))
        finally:
            run_all(connection, statements.unlock)
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether the new column has the old one's name; it was there when the step began."""
        del intended
        return not self._conversion.has_column(connection)

    def _catch_up(self, connection: Connection) -> None:
        step = fill_step(self._conversion)
        batch = step.batch(connection, None, _PAGE)
        while batch is not None:
            fill(connection, self._conversion, batch)
            batch = step.batch(connection, batch.keys[-1], _PAGE)


@dataclass(frozen=True, slots=True)
class ConvertWork:
    """The whole job."""

    conversion: Conversion
    """The column and what it is to become."""
    over: bool
    """Whether the new column has the old one's name already."""
    held: bool = False
    """Whether rows of the dataset are held: they stay as they are, and so the old column stays."""

    @property
    def kind(self) -> str:
        """The kind of plan and job."""
        return self.conversion.kind

    @property
    def purpose(self) -> str:
        """The purpose."""
        return PURPOSE

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule that it carries out."""
        return (self.conversion.kind.replace(".", ":"),)

    @property
    def steps(self) -> tuple[Begin, Fill, Verify, Switch]:
        """Begin, fill, verify, switch."""
        made = self.conversion
        return (Begin(made), fill_step(made), Verify(made), Switch(made))

    def check(self, connection: Connection) -> None:
        """Return when the table is as the plan saw it, whether or not the conversion has begun or is over."""
        del connection
        made = self.conversion
        if self.over:
            return
        if self.held:
            raise StalePlanError(
                str(made.target.field),
                found="rows of the dataset that a hold keeps as they are",
                expected="a dataset without holds: its old column is dropped at the end",
                next_step="see `governance retention holds`; release them, or wait",
            )
        made.target.check(made.fingerprint)

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """Cells of each form, and where old values may be left."""
        made = self.conversion
        statements, _ = made.statements(connection)
        column = sa.Column(made.target.field.field, sa.types.NullType())
        table = sa.Table(made.target.table.name, sa.MetaData(), column, schema=made.target.table.schema)
        query = sa.select(sa.func.count(column), sa.func.count()).select_from(table)
        filled, rows = connection.execute(query).one()
        return {
            "rows": int(rows),
            "cells": int(filled),
            "null": int(rows) - int(filled),
            "not_null_kept": made.target.nullable or statements.not_null,
            "indexes_dropped": list(made.target.indexes),
            "old_values_may_remain_in": ["free_pages", "write_ahead_log", "replicas", "backups"],
            "run_to_remove_from_free_pages": statements.residue,
        }


def _payload(conversion: Conversion, table: sa.Table) -> list[sa.ColumnElement[Any]]:
    names = [conversion.target.field.field, *conversion.target.record_key]
    names += conversion.target.subject_key if conversion.by_subject else ()
    return [table.c[name] for name in names]


def _unverified(conversion: Conversion, found: str) -> StoreError:
    return StoreError(
        str(conversion.target.field),
        found=found,
        expected="new cells that say what the old ones say; the old column was left as it is",
        next_step="find out who else changes the new column, empty its wrong cells, then start the job again",
    )
