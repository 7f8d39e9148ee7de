"""Transactions on the records database: `writing` takes the write lock at once, `reading` never waits for one.

`writing_plainly` is `writing` for statements so short that SQLAlchemy's way to them would cost more than they do.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, event

from policies.errors import RecordsError

BUSY_SECONDS = 30
"""How long a writer waits for another one on SQLite before it gives up."""

WRITE_OPTION = "governance_write"
"""Execution option that makes SQLite begin with its write lock; the engine's `begin` event reads it."""
_turns: weakref.WeakKeyDictionary[Engine, _Turn] = weakref.WeakKeyDictionary()


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
    with _turn(engine) as turn:
        raw = turn.connection(engine)
        try:
            raw.execute("BEGIN IMMEDIATE")
            yield Plain("sqlite", raw.execute, raw.executemany)
            raw.execute("COMMIT")
        except BaseException:
            turn.drop()
            raise


def plain(connection: Connection) -> Plain:
    """Plain statements in the transaction of a connection."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        return Plain("sqlite", raw.execute, raw.executemany)

    def run(sql: str, values: Sequence[Any]) -> Any:
        given = values if isinstance(values, list) else tuple(values)
        return connection.exec_driver_sql(sql.replace("?", "%s"), given)

    return Plain(connection.dialect.name, run, run)


class _Turn:
    """Whose turn it is to write to one SQLite database, and the connection that plain statements go by.

    That one stays checked out: to take it from the pool and give it back costs more than a short transaction.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._kept: tuple[int, PoolProxiedConnection] | None = None  # and the process that opened it

    def connection(self, engine: Engine) -> Any:
        """The driver's connection; a forked process takes one of its own."""
        if self._kept is None or self._kept[0] != os.getpid():
            self._kept = (os.getpid(), engine.raw_connection())
        return self._kept[1].driver_connection

    def drop(self) -> None:
        """Close the connection, and with it a transaction that it has open."""
        kept, self._kept = self._kept, None
        if kept is not None and kept[0] == os.getpid():
            kept[1].invalidate()

    def drop_idle(self, _: Engine) -> None:
        """The same when nobody writes any more."""
        if self.lock.acquire(timeout=BUSY_SECONDS):
            try:
                self.drop()
            finally:
                self.lock.release()


@contextmanager
def _turn(engine: Engine) -> Iterator[_Turn]:
    turn = _turns.get(engine)
    if turn is None:
        turn = _turns.setdefault(engine, _Turn())
        event.listen(engine, "engine_disposed", turn.drop_idle)
    if engine.dialect.name != "sqlite":
        yield turn
        return
    lock = turn.lock
    if not lock.acquire(timeout=BUSY_SECONDS):
        raise RecordsError(
            "records database",
            found=f"a write of this process that has lasted {BUSY_SECONDS} seconds, or one begun inside another",
            expected="short transactions, one at a time",
            next_step="run `governance doctor`",
        )
    try:
        yield turn
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
