"""What a store holds of persons, found by their subject keys: rows, and cells that no key of theirs protects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.protect.existing.target import reflected_table
from policies.nouns import DatasetRef

Person = tuple[str, ...]
"""A subject key: a text for each of its fields, in the order of the catalog."""


class PersonRows:
    """The rows of some persons in one table."""

    def __init__(
        self, connection: Connection, ref: DatasetRef, subject_key: Sequence[str], people: Sequence[Person]
    ) -> None:
        """Raises StoreError for a table that is not there."""
        self._connection = connection
        self._table = reflected_table(connection, ref)
        keys = [self._table.c[name] for name in subject_key]
        self._theirs: ColumnElement[bool] = sa.or_(
            *(sa.and_(*(_holds(key, part) for key, part in zip(keys, one, strict=True))) for one in people)
        )

    def values(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Some fields of each row."""
        query = sa.select(*(self._table.c[name] for name in names)).where(self._theirs)
        return [tuple(row) for row in self._connection.execute(query)]

    def empty(self, name: str) -> int:
        """Set a field of each row to NULL; gives how many held something."""
        column = self._table.c[name]
        change = sa.update(self._table).where(self._theirs, column.is_not(None)).values({column: None})
        return int(self._connection.execute(change).rowcount)


def _holds(column: sa.Column[Any], text: str) -> ColumnElement[bool]:
    """Whether a key field has this value; what a column of whole numbers cannot hold, no row has."""
    if not isinstance(column.type, sa.Integer):
        return column == text
    return column == int(text) if text.removeprefix("-").isdecimal() else sa.false()
