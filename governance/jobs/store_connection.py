"""A connection to the store that a job changes: errors that carry no value, transactions that take their locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from policies.errors import StoreError

_LOCK_MS = 60_000
"""How long a job waits for SQLite's one lock: an application that writes in a loop can hold off others for a while."""


@contextmanager
def connected(store: Engine, place: str) -> Iterator[Connection]:
    """A connection to a store; the driver's errors come out as StoreErrors that carry no value."""
    try:
        with store.connect() as connection:
            _wait_for_locks(connection)
            yield connection
    except SQLAlchemyError as cause:
        raise StoreError(
            place,
            found=f"{type(cause).__name__} from the store",
            expected="a store that answers",
            next_step="run `governance doctor`, then start the job again; it goes on where it stood",
        ) from None


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """A transaction that on SQLite takes the write lock at once, as FOR UPDATE takes the rows elsewhere.

    Committed at the end of the block unless that was done inside, rolled back when it raises.
    """
    with connection.begin():
        driver = connection.connection.dbapi_connection
        if connection.dialect.name == "sqlite" and not getattr(driver, "in_transaction", True):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield


def _wait_for_locks(connection: Connection) -> None:
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.cursor().execute(f"PRAGMA busy_timeout = {_LOCK_MS}")
