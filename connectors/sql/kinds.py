"""The word of `Field.type` for a column type of a database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql

_WORDS: tuple[tuple[tuple[type[Any], ...], str], ...] = (
    ((types.JSON,), "json"),
    ((types.Boolean,), "boolean"),
    ((types._Binary, postgresql.BYTEA), "binary"),  # noqa: SLF001 the only common parent of SQLAlchemy's binary types
    ((types.Uuid, postgresql.INET, postgresql.CIDR, postgresql.MACADDR, postgresql.MACADDR8), "string"),
    ((mysql.YEAR, types.Integer), "integer"),
    ((types.Float,), "float"),
    ((types.Numeric,), "decimal"),
    ((types.DateTime,), "datetime"),
    ((types.Date,), "date"),
    ((types.Time,), "time"),
    ((types.Interval, postgresql.INTERVAL), "other"),
    ((types.String,), "string"),
)
"""Tried in order: a float is a number in SQLAlchemy, and an enumeration a string."""


def word_for(kind: types.TypeEngine[Any]) -> str:
    """One of the words of `Field.type`; `other` for arrays, ranges and what SQLAlchemy does not know."""
    if isinstance(kind, postgresql.DOMAIN):
        return word_for(kind.data_type)
    if isinstance(kind, mysql.TINYINT) and kind.display_width == 1:
        return "boolean"
    if isinstance(kind, mysql.BIT):
        return "other"
    for parents, word in _WORDS:
        if isinstance(kind, parents):
            return word
    return "other"


def native_word(kind: types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    """The store's own word for a type, such as `VARCHAR(80)`; empty when it has none.

    Labels of an enumeration are left out: they are values.
    """
    if isinstance(kind, (types.NullType, types.Enum, mysql.SET)):
        return type(kind).__name__.upper() if not isinstance(kind, types.NullType) else ""
    try:
        return str(kind.compile(dialect=dialect))
    except sa.exc.SQLAlchemyError:
        return type(kind).__name__.upper()
