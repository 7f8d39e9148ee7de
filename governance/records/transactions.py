"""Transactions on the records database: `writing` takes the write lock at once, `reading` never waits for one."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

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
