"""Guarded connections for asyncio: the guarded connection itself, in a thread of its own.

    AsyncEngine --greenlet--> AsyncConnection (here) --its thread--> GuardedConnection --> driver

There is no second guard: each call becomes the same call of a `GuardedConnection`, one after the other, in one thread
per connection, while the event loop goes on. The thread sees the context variables of the task that called.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NoReturn, TypeVar

from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.util.concurrency import await_only

from governance.guard.connection import GuardedConnection, TransactionInfo
from governance.guard.cursor import CLOSED_OFF, GuardedCursor
from governance.guard.kept import Kept
from governance.guard.plans import Parameters
from governance.guard.session import GuardedSession

_Given = TypeVar("_Given")
_KEPT = 256


class AsyncConnection:
    """What an asynchronous dialect takes for a connection; its calls wait in the event loop, not in the thread."""

    __slots__ = ("__guarded", "__thread", "__weakref__")

    def __init__(self, check_out: Callable[[], GuardedConnection]) -> None:
        self.__thread = ThreadPoolExecutor(1, thread_name_prefix="guarded-store")
        try:
            self.__guarded: GuardedConnection = self._wait(check_out)
        except BaseException:
            self.__thread.shutdown(wait=False)
            raise

    def __repr__(self) -> str:
        return f"Async{self.__guarded!r}"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a guarded connection " + CLOSED_OFF)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"`{name}` " + CLOSED_OFF)

    def cursor(self, *named: object, server_side: bool = False, **_: object) -> AsyncCursor:
        """A cursor that holds all rows when a statement is done; a named or `server_side` one streams them."""
        return AsyncCursor(self, self.__guarded.cursor(), streams=bool(named) or server_side)

    def commit(self) -> None:
        """End the transaction."""
        self._wait(self.__guarded.commit)

    def rollback(self) -> None:
        """Give the transaction up."""
        self._wait(self.__guarded.rollback)

    def close(self) -> None:
        """Give the driver's connection back, and let the thread end."""
        try:
            self._wait(self.__guarded.close)
        finally:
            self.__thread.shutdown(wait=False)

    @property
    def isolation_level(self) -> Any:
        """As the guarded connection has it."""
        return self.__guarded.isolation_level

    @isolation_level.setter
    def isolation_level(self, level: Any) -> None:
        self._wait(lambda: setattr(self.__guarded, "isolation_level", level))

    @property
    def in_transaction(self) -> bool:
        """As the guarded connection has it."""
        return self.__guarded.in_transaction

    @property
    def info(self) -> TransactionInfo:
        """As the guarded connection has it."""
        return self.__guarded.info

    @property
    def autocommit(self) -> Any:
        """As the guarded connection has it."""
        return self.__guarded.autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._wait(lambda: setattr(self.__guarded, "autocommit", value))

    @property
    def read_only(self) -> bool:
        """As the guarded connection has it."""
        return self.__guarded.read_only

    @property
    def closed(self) -> bool:
        """As the guarded connection has it."""
        return self.__guarded.closed

    @property
    def broken(self) -> bool:
        """As the guarded connection has it."""
        return self.__guarded.broken

    def _wait(self, act: Callable[[], _Given]) -> _Given:
        """Do something in the thread, in the context of the task, while the event loop goes on."""
        run = copy_context().run
        return await_only(asyncio.get_running_loop().run_in_executor(self.__thread, run, act))


class AsyncCursor:
    """A guarded cursor behind an asynchronous connection."""

    __slots__ = ("__connection", "__guarded", "__rows", "__streams", "__weakref__")

    def __init__(self, connection: AsyncConnection, guarded: GuardedCursor, *, streams: bool) -> None:
        self.__connection = connection
        self.__guarded = guarded
        self.__streams = streams
        self.__rows: deque[Any] = deque()

    def __repr__(self) -> str:
        return "AsyncGuardedCursor()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a guarded cursor " + CLOSED_OFF)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"`{name}` " + CLOSED_OFF)

    @property
    def description(self) -> Any:
        """As the guarded cursor has it."""
        return self.__guarded.description

    @property
    def rowcount(self) -> int:
        """As the guarded cursor has it."""
        return self.__guarded.rowcount

    @property
    def lastrowid(self) -> int | None:
        """As the guarded cursor has it."""
        return self.__guarded.lastrowid

    @property
    def omitted(self) -> tuple[Any, ...]:
        """As the guarded cursor has it."""
        return self.__guarded.omitted

    @property
    def arraysize(self) -> int:
        """Rows of `fetchmany` without a number."""
        return self.__guarded.arraysize

    @arraysize.setter
    def arraysize(self, size: int) -> None:
        self.__guarded.arraysize = size

    def execute(self, operation: str, parameters: Parameters = None, *_: object, **__: object) -> AsyncCursor:
        """As the guarded cursor, and read all rows unless it streams. Raises as that."""

        def run() -> list[Any]:
            self.__guarded.execute(operation, parameters)
            return self.__guarded.fetchall() if self.__guarded.description and not self.__streams else []

        self.__rows = deque(self._wait(run))
        return self

    def executemany(self, operation: str, parameters: Sequence[Parameters], *_: object) -> AsyncCursor:
        """As the guarded cursor. Raises as that."""
        self.__rows.clear()
        self._wait(lambda: self.__guarded.executemany(operation, parameters))
        return self

    def fetchone(self) -> Any:
        """The next row, or None."""
        if self.__streams:
            return self._wait(self.__guarded.fetchone)
        return self.__rows.popleft() if self.__rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows; an empty list when there are none left."""
        wanted = self.arraysize if size is None else size
        if self.__streams:
            return self._wait(lambda: self.__guarded.fetchmany(wanted))
        return [self.__rows.popleft() for _ in range(min(wanted, len(self.__rows)))]

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        if self.__streams:
            return self._wait(self.__guarded.fetchall)
        rows = list(self.__rows)
        self.__rows.clear()
        return rows

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        """Record how far a stream was read, and forget the rows. One that holds all rows has ended already."""
        self.__rows.clear()
        if self.__streams:
            self._wait(self.__guarded.close)

    async def _async_soft_close(self) -> None:
        """SQLAlchemy asks for this when rows are held and read without waiting; nothing is left to close."""

    def setinputsizes(self, sizes: object) -> None:
        """Nothing, as PEP 249 allows."""

    def setoutputsize(self, size: object, column: object = None) -> None:
        """Nothing, as PEP 249 allows."""

    def _wait(self, act: Callable[[], _Given]) -> _Given:
        return self.__connection._wait(act)  # noqa: SLF001 the two are one unit


def async_session(engine: AsyncEngine) -> AsyncSession:
    """A session for asyncio whose engine cannot be changed. Objects stay readable after a commit."""
    return AsyncSession(sync_session_class=_Session, bind=engine)


class _Session(GuardedSession):
    def __init__(self, bind: Engine, **_: object) -> None:
        super().__init__(bind)
        self.expire_on_commit = False


class AsyncDialects:
    """The asynchronous twin of each guarded dialect. May be shared by threads."""

    def __init__(self) -> None:
        self._kept: Kept[Dialect, Dialect] = Kept(_KEPT)

    def of(self, dialect: Dialect) -> Dialect:
        """The twin of a dialect; the same one each time."""
        found = self._kept.get(dialect)
        if found is None:
            found = _twin(dialect)
            self._kept.put(dialect, found)
        return found


def _twin(dialect: Dialect) -> Dialect:
    """An equal dialect that says it is asynchronous, and opens a stream where SQLAlchemy asks for one."""
    running = type(dialect).execution_ctx_cls
    streams = type(running.__name__, (running,), {"create_server_side_cursor": _stream})
    known: Iterable[tuple[str, Any]] = vars(dialect).items()
    own = {"is_async": True, "supports_server_side_cursors": True, "execution_ctx_cls": streams}
    kind = type(type(dialect).__name__, (type(dialect),), {**own, "supports_statement_cache": True})
    made: Dialect = kind(dbapi=dialect.loaded_dbapi)
    vars(made).update({name: value for name, value in known if isinstance(value, str | int | float | tuple | None)})
    return made


def _stream(running: Any) -> Any:
    return running._dbapi_connection.cursor(server_side=True)  # noqa: SLF001 as SQLAlchemy's own asynchronous dialects
