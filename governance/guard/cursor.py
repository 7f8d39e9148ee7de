"""The guarded cursor: PEP 249's names and no others, each statement rewritten and recorded before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Self

from governance.guard.plans import Parameters
from governance.guard.recording import Use
from governance.guard.writing import Written
from policies.errors import GovernanceError, StatementRefusedError

if TYPE_CHECKING:
    from governance.guard.connection import GuardedConnection

CLOSED_OFF = "is closed off by the guard: docs/guard.md lists what a guarded connection offers"


class GuardedCursor:
    """Runs statements of one guarded connection and hands out their rows."""

    __slots__ = ("__connection", "__cursor", "__omitted", "__use", "__weakref__", "arraysize")

    def __init__(self, connection: GuardedConnection) -> None:
        self.__connection = connection
        self.__cursor: Any = None
        self.__use: Use | None = None
        self.__omitted: tuple[Any, ...] = ()
        self.arraysize = 1

    def __repr__(self) -> str:
        return "GuardedCursor()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a guarded cursor " + CLOSED_OFF)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"`{name}` " + CLOSED_OFF)

    @property
    def omitted(self) -> tuple[Any, ...]:
        """The fields that `*` left out of the last statement, as FieldRef."""
        return self.__omitted

    @property
    def description(self) -> Any:
        """The columns of the last statement, as PEP 249 has them."""
        found = self.__cursor.description if self.__cursor is not None else None
        return None if found is None else tuple(map(tuple, found))

    @property
    def rowcount(self) -> int:
        """The number of rows of the last statement where the driver knows it, else -1."""
        return int(self.__cursor.rowcount) if self.__cursor is not None else -1

    @property
    def lastrowid(self) -> int | None:
        """The key that SQLite generated for the one row of the last INSERT, where this use may write that key."""
        return self.__cursor.lastrowid if isinstance(self.__cursor, Written) else None

    @property
    def connection(self) -> GuardedConnection:
        """The guarded connection."""
        return self.__connection

    def execute(self, operation: str, parameters: Parameters = None, *_: object, **options: object) -> GuardedCursor:
        """Run one statement in its guarded form.

        Raises StatementRefusedError, AccessRefusedError, SchemaDriftError, LedgerError or StoreError; then nothing ran.
        """
        del options  # the driver's own hints, such as psycopg's `prepare`
        self.__end("partial")
        if not isinstance(operation, str):
            raise _wrong("a statement that is no text")
        self.__cursor, self.__use, self.__omitted = self.__connection._guarded_run(operation, parameters)  # noqa: SLF001
        return self

    def executemany(self, operation: str, parameters: Sequence[Parameters], *_: object) -> GuardedCursor | int:
        """Run one INSERT, UPDATE or DELETE for each set of parameters, all of them or none.

        Gives this cursor; over MariaDB the number of rows, as SQLAlchemy expects of its drivers. Raises as `execute`.
        """
        self.__end("partial")
        if not isinstance(operation, str):
            raise _wrong("a statement that is no text")
        if isinstance(parameters, str | bytes | Mapping) or not isinstance(parameters, Iterable):
            raise _wrong("parameters that are no sequence of sets")
        self.__cursor, self.__use, self.__omitted = self.__connection._guarded_many(operation, list(parameters))  # noqa: SLF001
        return self.rowcount if self.__connection._counts else self  # noqa: SLF001 the two are one unit

    def fetchone(self) -> Any:
        """The next row, or None."""
        row = self.__fetch("fetchone")
        if row is None:
            self.__end("done")
        elif self.__use is not None:
            self.__use.rows += 1
        return row

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows; an empty list when there are none left."""
        wanted = self.arraysize if size is None else size
        rows = list(self.__fetch("fetchmany", wanted))
        if self.__use is not None:
            self.__use.rows += len(rows)
        if len(rows) < wanted:
            self.__end("done")
        return rows

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows = list(self.__fetch("fetchall"))
        if self.__use is not None:
            self.__use.rows += len(rows)
        self.__end("done")
        return rows

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        """Record how far the statement was read, and let the driver's cursor go; a second call does nothing."""
        try:
            self.__end("partial")
        finally:
            cursor, self.__cursor = self.__cursor, None
            if cursor is not None:
                cursor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def setinputsizes(self, sizes: object) -> None:
        """Nothing, as PEP 249 allows."""

    def setoutputsize(self, size: object, column: object = None) -> None:
        """Nothing, as PEP 249 allows."""

    def __del__(self) -> None:
        use = self.__use
        if use is not None:
            use.abandon()

    def __fetch(self, how: str, *size: int) -> Any:
        if self.__cursor is None:
            raise _wrong("a cursor without a statement")
        if self.__connection.closed:
            self.__end("partial")
            raise _wrong("a cursor of a connection that was given back")
        failure: GovernanceError | None = None
        rows: Any = None
        self.__connection._begin()  # noqa: SLF001 the two are one unit
        try:
            rows = getattr(self.__cursor, how)(*size)
        except GovernanceError as error:
            failure = error
        except self.__connection._driver_errors as error:  # noqa: SLF001 the two are one unit
            failure = self.__connection._neutral(error)  # noqa: SLF001
        if failure is not None:
            self.__end("failed")
            raise failure
        return rows

    def __end(self, outcome: str) -> None:
        use, self.__use = self.__use, None
        if use is not None:
            use.close(outcome)


def _wrong(found: str) -> StatementRefusedError:
    return StatementRefusedError(
        "cursor",
        found=found,
        expected="execute() with one statement, executemany() with one that writes",
        next_step="see docs/guard.md",
        rule_ids=("guard.cursor",),
    )
