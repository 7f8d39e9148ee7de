"""How many cells of a table's columns are NULL, tokens, or anything else, counted by the store itself.

A token is told by its form: version, algorithm and length (`tokens.py`). Only its first ten bytes leave the store, and
no other value does. Whether it decrypts is not tried here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Dialect, Engine

from connectors.sql.faults import translated
from connectors.sql.kinds import native_word, word_for
from governance.protect import deterministic
from governance.protect.keyring.base import KEY_ID_BYTES
from governance.protect.tokens import HEADER, SHORTEST
from policies.errors import StoreError
from policies.nouns import DatasetRef

NEW = "gov_new_"
"""What the name of a column begins with that is filled beside another one; the id of the field follows."""
FORMS = ((HEADER, SHORTEST), (deterministic.HEADER, deterministic.SHORTEST))
"""Leading bytes and shortest length of each form of token."""
_HEAD = len(HEADER) + KEY_ID_BYTES
_AT_ONCE = 1_000
_COLUMNS_AT_ONCE = 100


def _cut(function: str) -> Callable[[Any, int], ColumnElement[bytes]]:
    """The leading bytes of a cell, by a function that takes the first place and the length."""
    return lambda cell, size: getattr(sa.func, function)(cell, 1, size, type_=sa.LargeBinary)


_LEADING: Mapping[str, Callable[[Any, int], ColumnElement[bytes]]] = {
    "mysql": _cut("substring"),
    "postgresql": _cut("substring"),
    "sqlite": _cut("substr"),
}
_LENGTH = {"mysql": sa.func.length, "postgresql": sa.func.octet_length, "sqlite": sa.func.length}


@dataclass(frozen=True, slots=True)
class ColumnCells:
    """What the cells of one column are."""

    native: str
    """The column's type in the store's own words."""
    nulls: int
    """How many are NULL."""
    tokens: int
    """How many have the form of a token."""
    clear: int
    """How many are anything else, empty text included."""


@dataclass(frozen=True, slots=True)
class TableCells:
    """What the cells of one table are, as of one moment."""

    rows: int
    """How many rows it has."""
    columns: Mapping[str, ColumnCells]
    """By name; a column that the table does not have is left out."""


class TableCount:
    """One table within one snapshot of its store."""

    def __init__(self, connection: Connection, ref: DatasetRef) -> None:
        self._connection = connection
        self._ref = ref
        self._dialect = connection.dialect
        schema, name = _found(connection, ref)
        described = sa.inspect(connection).get_columns(name, schema=schema)
        self._types = {str(each["name"]): each["type"] for each in described}
        self._table = sa.table(name, *(sa.column(each, sa.LargeBinary) for each in self._types), schema=schema)

    @property
    def under_way(self) -> Mapping[str, str]:
        """The columns that are being filled beside others: id of the field to the column's name."""
        return {name.removeprefix(NEW): name for name in self._types if name.startswith(NEW)}

    def cells(self, names: Sequence[str]) -> TableCells:
        """What the cells of some columns are; one pass over the table for each hundred columns."""
        known = [name for name in names if name in self._types]
        rows, found = 0, {}
        for start in range(0, max(1, len(known)), _COLUMNS_AT_ONCE):
            some = known[start : start + _COLUMNS_AT_ONCE]
            counts = [count for name in some for count in self._counts(name)]
            counted = self._connection.execute(sa.select(sa.func.count(), *counts).select_from(self._table)).one()
            rows = int(counted[0])
            for name, full, tokens in zip(some, counted[1::2], counted[2::2], strict=True):
                native = native_word(self._types[name], self._dialect)
                found[name] = ColumnCells(native, rows - full, int(tokens), full - int(tokens))
        return TableCells(rows, found)

    def key_ids(self, name: str) -> Iterator[dict[str, int]]:
        """How many tokens of a column name which key, some keys at a time, so that persons' keys need no memory."""
        head = _LEADING[self._dialect.name](self._table.c[name], _HEAD)
        query = sa.select(head, sa.func.count()).where(self._is_token(name)).group_by(sa.literal_column("1"))
        streamed = self._connection.execution_options(stream_results=True, max_row_buffer=_AT_ONCE)
        with streamed.execute(query.select_from(self._table)) as result:
            for part in result.partitions(_AT_ONCE):
                yield {bytes(head)[len(HEADER) :].hex(): int(count) for head, count in part}

    def _counts(self, name: str) -> tuple[ColumnElement[int], ColumnElement[int]]:
        token = sa.case((self._is_token(name), 1), else_=0)
        return sa.func.count(self._table.c[name]), sa.func.coalesce(sa.func.sum(token), 0)

    def _is_token(self, name: str) -> ColumnElement[bool]:
        cell, dialect = self._table.c[name], self._dialect.name
        if dialect != "sqlite" and word_for(self._types[name]) != "binary":
            return sa.false()
        forms = (
            sa.and_(_LENGTH[dialect](cell) >= least, _LEADING[dialect](cell, len(head)) == head)
            for head, least in FORMS
        )
        bytes_only = sa.func.typeof(cell) == "blob" if dialect == "sqlite" else sa.true()
        return sa.and_(bytes_only, sa.or_(*forms))


@contextmanager
def snapshot(engine: Engine, place: str) -> Iterator[Connection]:
    """A connection that sees one moment of a store and changes nothing. Raises StoreError."""
    _check_kind(engine.dialect, place)
    with translated(place), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            options = {"isolation_level": "REPEATABLE READ"}
            connection = connection.execution_options(**options)  # noqa: PLW2901 the same connection
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        yield connection
        connection.rollback()


def _check_kind(dialect: Dialect, place: str) -> None:
    if dialect.name not in _LEADING:
        raise StoreError(
            place,
            found=f"a store of kind {dialect.name}",
            expected="one of " + ", ".join(sorted(_LEADING)),
            next_step="leave it out",
        )


def _found(connection: Connection, ref: DatasetRef) -> tuple[str | None, str]:
    """Schema and name of a dataset's table. Raises StoreError when it is not there."""
    inspector = sa.inspect(connection)
    schema, dot, bare = ref.dataset.partition(".")
    for place, name in ((None, ref.dataset), (schema, bare) if dot else (None, ref.dataset)):
        if inspector.has_table(name, schema=place):
            return place, name
    raise StoreError(
        str(ref),
        found="no such table",
        expected="the table that the catalog describes",
        next_step="scan the store again, and correct the catalog",
    )
