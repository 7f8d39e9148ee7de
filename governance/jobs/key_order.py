"""Rows in the order of their key: which come behind one, which are among some, and all of them page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.jobs.work import Key


def among(key: Sequence[ColumnElement[Any]], keys: Sequence[Key]) -> ColumnElement[bool]:
    """Whether a row is one of these."""
    if len(key) == 1:
        return key[0].in_([each[0] for each in keys])
    return sa.tuple_(*key).in_(keys)


def behind(key: Sequence[ColumnElement[Any]], after: Key) -> ColumnElement[bool]:
    """Whether a row comes after a key; written out, because few planners use an index for a row comparison."""
    (first, *rest), (value, *values) = key, after
    condition: ColumnElement[bool] = first > value
    if not rest:
        return condition
    return sa.and_(first >= value, sa.or_(condition, behind(rest, tuple(values))))


def pages(
    connection: Connection,
    key: Sequence[ColumnElement[Any]],
    columns: Sequence[ColumnElement[Any]],
    where: ColumnElement[bool],
    limit: int,
) -> Iterator[list[tuple[Any, ...]]]:
    """Some columns of every row of a condition, in key order, `limit` rows at once.

    No result stays open, so that other statements may run in between.
    """
    query = sa.select(*labelled((*columns, *key))).where(where).order_by(*key).limit(limit)
    rows = [tuple(row) for row in connection.execute(query)]
    while rows:
        yield [row[: len(columns)] for row in rows]
        more = query.where(behind(key, rows[-1][len(columns) :])) if len(rows) == limit else None
        rows = [tuple(row) for row in connection.execute(more)] if more is not None else []


def labelled(columns: Sequence[ColumnElement[Any]]) -> list[sa.Label[Any]]:
    """Columns under names of their own, so that one may come twice."""
    return [column.label(f"k{number}") for number, column in enumerate(columns)]
