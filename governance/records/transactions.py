"""Transactions on the records database: `writing` takes the write lock at once, `reading` never waits for one.

`writing_plainly` is `writing` for statements so short that SQLAlchemy's way to them would cost more than they do.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
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


def writing_plainly(engine: Engine) -> AbstractContextManager[Plain]:
    """As `writing`, for plain statements. Raises RecordsError when the lock stays taken."""
    return plain_writer(engine)()


def plain_writer(engine: Engine) -> Callable[[], AbstractContextManager[Plain]]:
    """What begins a transaction of plain statements, for whoever begins many."""
    if engine.dialect.name == "sqlite":
        return partial(_PlainTurn, engine, _turn_of(engine))
    return partial(_plain_writing, engine)


@contextmanager
def _plain_writing(engine: Engine) -> Iterator[Plain]:
    with writing(engine) as connection:
        yield plain(connection)


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
        """Held by whoever writes."""
        self._kept: tuple[int, PoolProxiedConnection, Plain] | None = None  # and the process that opened it

    def take(self) -> None:
        """Wait for the turn. Raises RecordsError when it does not come."""
        if not self.lock.acquire(timeout=BUSY_SECONDS):
            raise RecordsError(
                "records database",
                found=f"a write of this process that has lasted {BUSY_SECONDS} seconds, or one begun inside another",
                expected="short transactions, one at a time",
                next_step="run `governance doctor`",
            )

    def plain(self, engine: Engine) -> Plain:
        """Plain statements by the connection that is kept; a forked process takes one of its own."""
        if self._kept is None or self._kept[0] != os.getpid():
            checkout = engine.raw_connection()
            raw: Any = checkout.driver_connection
            self._kept = (os.getpid(), checkout, Plain("sqlite", raw.execute, raw.executemany))
        return self._kept[2]

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


class _PlainTurn:
    """A transaction of plain statements on SQLite, in turn; no generator, which would take a tenth of its time."""

    __slots__ = ("_engine", "_plain", "_turn")

    def __init__(self, engine: Engine, turn: _Turn) -> None:
        self._engine = engine
        self._turn = turn

    def __enter__(self) -> Plain:
        if not self._turn.lock.acquire(blocking=False):
            self._turn.take()
        try:
            self._plain = self._turn.plain(self._engine)
            self._plain.execute("BEGIN IMMEDIATE", ())
        except BaseException:
            self._give_up()
            raise
        return self._plain

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._give_up()
            return
        try:
            self._plain.execute("COMMIT", ())
        except BaseException:
            self._give_up()
            raise
        self._turn.lock.release()

    def _give_up(self) -> None:
        try:
            self._turn.drop()
        finally:
            self._turn.lock.release()


def _turn_of(engine: Engine) -> _Turn:
    turn = _turns.get(engine)
    if turn is None:
        turn = _turns.setdefault(engine, _Turn())
        event.listen(engine, "engine_disposed", turn.drop_idle)
    return turn


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    turn = _turn_of(engine)
    if engine.dialect.name != "sqlite":
        yield
        return
    turn.take()
    try:
        yield
    finally:
        turn.lock.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, in one snapshot."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's transactions are snapshots anyway
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection
