"""Stored leaves of a period in the order of the log, straight from the driver: a verification reads all of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Table, func, select

from governance.ledger.tables import LOG, stored_bytes
from policies.errors import LedgerError

ROWS_AT_ONCE = 4096
"""Rows that are fetched and held at once."""
_BEYOND = 2**62


def leaf_pages(connection: Connection, period: int, *, below: int = _BEYOND) -> Generator[list[bytes], None, None]:
    """The leaves by the thousand, in flat memory; with `below`, only of places below that. Raises LedgerError.

    Tuples of the driver in the connection's own transaction: a row object for each would double the time.
    """
    try:
        for table in LOG:
            yield from _pages_of(table, connection, period, below)
    except connection.dialect.loaded_dbapi.Error:
        raise LedgerError(
            "ledger",
            found="events that could not be read",
            expected="the tables of the ledger, whole",
            next_step="run `governance doctor`",
        ) from None


def _pages_of(table: Table, connection: Connection, period: int, below: int) -> Iterator[list[bytes]]:
    query = f"SELECT leaf FROM {table.name} WHERE period = {period:d} AND seq < {below:d} ORDER BY seq"  # noqa: S608 ours
    named = {"name": "gov_ledger_leaves"} if connection.dialect.name == "postgresql" else {}  # else all rows at once
    with closing(connection.connection.cursor(**named)) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield [leaf if type(leaf) is bytes else stored_bytes(leaf) for (leaf,) in rows]


def sealed_rows(connection: Connection, period: int, *, since: int = 0) -> Iterator[tuple[int, Any, str]]:
    """Place, leaf as it is stored, and seal of the events of a period from a place on, in the order of the log."""
    for table in LOG:
        query = select(table.c.seq, table.c.leaf, table.c.seal).where(table.c.period == period, table.c.seq >= since)
        with connection.execute(query.order_by(table.c.seq), execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
            yield from ((row.seq, row.leaf, row.seal) for row in rows)


def places(connection: Connection, period: int) -> tuple[int, int] | None:
    """The first and the last place that events of a period have; None without events."""
    found = [
        (_place(low), _place(high))
        for table in LOG
        for low, high in connection.execute(
            select(func.min(table.c.seq), func.max(table.c.seq)).where(table.c.period == period)
        )
        if low is not None
    ]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _place(stored: Any) -> int:
    """A place, whatever an intruder put there: SQLite sorts a text behind all numbers."""
    return stored if type(stored) is int else _BEYOND
