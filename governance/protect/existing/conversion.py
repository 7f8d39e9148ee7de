"""A column and what it is to become: how its cells are turned and checked, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.key_order import among, labelled
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch
from governance.protect.existing.statements import STATEMENTS, Statements, Words, is_watched, words_of
from governance.protect.existing.target import Target
from governance.protect.existing.turning import Cells, Turning
from policies.errors import StoreError


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
        columns=payload(conversion, table),
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
    query = sa.select(*labelled([table.c[target.new_name], *payload(conversion, table)]))
    query = query.where(among(keys, batch.keys))
    found = [tuple(row) for row in connection.execute(query)]
    if len(found) != len(batch.keys):
        raise _unverified(conversion, "rows that went away while they were converted")
    check_rows(conversion, found)


def check_rows(conversion: Conversion, rows: Sequence[tuple[Any, ...]]) -> None:
    """Return when new cells, each before its old one and the keys, say what the old ones say. Raises StoreError."""
    if not conversion.turning.right(conversion.cells([row[1:] for row in rows]), [row[0] for row in rows]):
        raise _unverified(conversion, "cells that do not say what they were made from")


def payload(conversion: Conversion, table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """What is read of each row: the old cell, the record key, and the subject key where keys are those of persons."""
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
