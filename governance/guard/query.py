"""One SQL text run for `governance query`: names of columns, rows as they come, and what `*` left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from governance.guard.base import UseContext
from governance.guard.engine import GuardedStore
from governance.protect.encrypted_type import Plain
from policies.nouns import FieldRef

ROWS_AT_ONCE = 500
"""Rows fetched together."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gives."""

    columns: tuple[str, ...]
    """Names of the columns."""
    rows: Iterator[tuple[Any, ...]]
    """The rows, read as they are asked for; closing the iterator ends the use."""
    omitted: tuple[FieldRef, ...]
    """Fields that `*` left out."""


def run_query(store: GuardedStore, context: UseContext, sql: str) -> Answer:
    """Run one SELECT for a principal and purpose.

    Raises StatementRefusedError, AccessRefusedError, SchemaDriftError, LedgerError or StoreError. The decision is
    recorded before this returns.
    """
    connection = store.connect(context)
    try:
        cursor = connection.cursor().execute(sql)
    except BaseException:
        connection.close()
        raise

    def rows() -> Iterator[tuple[Any, ...]]:
        try:
            while batch := cursor.fetchmany(ROWS_AT_ONCE):
                yield from (_clear(row) for row in batch)
        finally:
            cursor.close()
            connection.close()

    return Answer(tuple(each[0] for each in cursor.description), rows(), cursor.omitted)


def _clear(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.value if isinstance(value, Plain) else value for value in row)
