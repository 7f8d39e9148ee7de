"""Transactions on the records database: `writing` takes the write lock at once, `reading` never waits for one.

`writing_plainly` is `writing` for statements so short that SQLAlchemy's way to them would cost more than they do.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from policies.errors import RecordsError

BUSY_SECONDS = 30
"""How long a writer waits for another one on SQLite before it gives up."""

WRITE_OPTION = "governance_write"
"""Execution option that makes SQLite begin with its write lock; the engine's `begin` event reads it."""
_turns: weakref.WeakKeyDictionary[Engine, threading.Lock] = weakref.WeakKeyDictionary()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write; committed at the end of the block, rolled back when it raises.

    SQLite begins it with BEGIN IMMEDIATE: a transaction that starts by reading and writes later would fail, not wait,
    when another process wrote in between. Threads of this process queue before that, because SQLite's own waiting is
    slow and unfair. Blocks do not nest. Raises RecordsError when the lock stays taken.
    """
    with _turn(engine), engine.connect().execution_options(**{WRITE_OPTION: True}) as connection, connection.begin():
        yield connection


@dataclass(frozen=True, slots=True)
class Plain:
    """Runs constant statements in a transaction, written with `?` for each value.

    On SQLite it is the driver itself, which raises its own errors; elsewhere SQLAlchemy's connection.
    """

    dialect: str
    """`sqlite` or `postgresql`."""
    execute: Callable[[str, Sequence[Any]], Any]
    """Runs a statement; what it gives has `fetchone`."""
    executemany: Callable[[str, Sequence[Sequence[Any]]], Any]
    """Runs a statement once for each set of values."""


@contextmanager
def writing_plainly(engine: Engine) -> Iterator[Plain]:
    """As `writing`, for plain statements. Raises RecordsError when the lock stays taken."""
    if engine.dialect.name != "sqlite":
        with writing(engine) as connection:
            yield plain(connection)
        return
    with _turn(engine):
        checkout = engine.raw_connection()
        raw: Any = checkout.driver_connection
        try:
            raw.execute("BEGIN IMMEDIATE")
            try:
                yield Plain("sqlite", raw.execute, raw.executemany)
                raw.execute("COMMIT")
            except BaseException:
                raw.rollback()
                raise
        finally:
            checkout.close()


def plain(connection: Connection) -> Plain:
    """Plain statements in the transaction of a connection."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        return Plain("sqlite", raw.execute, raw.executemany)

    def run(sql: str, values: Sequence[Any]) -> Any:
        given = values if isinstance(values, list) else tuple(values)
        return connection.exec_driver_sql(sql.replace("?", "%s"), given)

    return Plain(connection.dialect.name, run, run)


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    if engine.dialect.name != "sqlite":
        yield
        return
    lock = _turns.setdefault(engine, threading.Lock())
    if not lock.acquire(timeout=BUSY_SECONDS):
        raise RecordsError(
            "records database",
            found=f"a write of this process that has lasted {BUSY_SECONDS} seconds, or one begun inside another",
            expected="short transactions, one at a time",
            next_step="run `governance doctor`",
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, in one snapshot."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's transactions are snapshots anyway
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection
