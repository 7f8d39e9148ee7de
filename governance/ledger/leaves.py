"""Stored leaves of a period in the order of the log, straight from the driver: a verification reads all of them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from sqlalchemy import Connection

from governance.ledger.tables import stored_bytes
from policies.errors import LedgerError

ROWS_AT_ONCE = 4096
"""Rows that are fetched and held at once."""


def leaf_pages(connection: Connection, period: int, *, below: int = 2**62) -> Generator[list[bytes], None, None]:
    """The leaves by the thousand, in flat memory; with `below`, only of places below that. Raises LedgerError.

    Tuples of the driver in the connection's own transaction: a row object for each would double the time.
    """
    query = f"SELECT leaf FROM gov_ledger_event WHERE period = {period:d} AND seq < {below:d} ORDER BY seq"  # noqa: S608
    named = {"name": "gov_ledger_leaves"} if connection.dialect.name == "postgresql" else {}  # else all rows at once
    try:
        with closing(connection.connection.cursor(**named)) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield [leaf if type(leaf) is bytes else stored_bytes(leaf) for (leaf,) in rows]
    except connection.dialect.loaded_dbapi.Error:
        raise LedgerError(
            "ledger",
            found="events that could not be read",
            expected="the tables of the ledger, whole",
            next_step="run `governance doctor`",
        ) from None
