"""MariaDB's driver as the guard uses it: settings of a session, and a cursor that takes numbered parameters.

Only MariaDB is spoken to: that a LIMIT keeps conditions out of a derived table, and what raises there, was tried on it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from governance.guard.bounds import mysql_setting
from governance.guard.placeholders import cut_mysql
from policies.errors import ConfigError

SQL_MODE = (
    "ANSI_QUOTES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,"
    "ONLY_FULL_GROUP_BY,SIMULTANEOUS_ASSIGNMENT,STRICT_ALL_TABLES"
)
"""The grammar of what the guard generates: backslashes escape, `||` is OR, text that does not fit is an error."""
LOWEST = (10, 6)
"""The version of MariaDB from which on the guard speaks to it."""

_SETTINGS = (
    f"SET SESSION sql_mode = '{SQL_MODE}'",
    "SET NAMES utf8mb4",
    # The cache of sub-queries takes two spellings for one value, whatever the sub-query compares by.
    "SET SESSION optimizer_switch = 'condition_pushdown_for_derived=off,split_materialized=off,subquery_cache=off'",
    "SET SESSION group_concat_max_len = 1048576",
    "SET SESSION max_sort_length = 65536",
    "SET SESSION sql_select_limit = DEFAULT",
    "SET SESSION sql_auto_is_null = 0",
    "SET SESSION tx_isolation = DEFAULT",
)
_PLAIN: Sequence[tuple[type, Callable[[Any], Any]]] = (
    (bool, bool),
    (int, int),
    (float, float),
    (str, str.__str__),
    (bytes, bytes),
    (bytearray, bytes),
    (memoryview, bytes),
    (uuid.UUID, str),
)
_AS_THEY_ARE = (dt.datetime, dt.date, dt.time, dt.timedelta, type(None))


def check_server(store: str, dialect: Any) -> None:
    """Return when a server is a MariaDB that the guard speaks to. Raises ConfigError."""
    version = tuple(dialect.server_version_info or ())[:2]
    if not dialect.is_mariadb or version < LOWEST:
        raise ConfigError(
            f"store {store}",
            found="MariaDB before 10.6" if dialect.is_mariadb else "a MySQL server",
            expected="MariaDB 10.6 or later, on which the guard was tried",
            next_step="move the store to MariaDB, or read it without the guard only where no policy asks for one",
        )


def prepare(raw: Any, seconds: float) -> None:
    """Set a new session up: what it reads and writes must mean the same on every server."""
    with raw.cursor() as cursor:
        for setting in (*_SETTINGS, mysql_setting(seconds)):
            cursor.execute(setting)
    set_writing(raw, writes=False)


def set_writing(raw: Any, *, writes: bool) -> None:
    """Let the transactions to come write, or not."""
    with raw.cursor() as cursor:
        cursor.execute(f"SET SESSION TRANSACTION READ {'WRITE' if writes else 'ONLY'}")


def given_back(raw: Any, seconds: float) -> None:
    """End what a connection left open, and set it up anew."""
    raw.rollback()
    raw.autocommit(False)
    prepare(raw, seconds)


class NumberedCursor:
    """A cursor of the driver's that takes numbered parameters, each of them one value and no part of a statement."""

    def __init__(self, raw: Any) -> None:
        self._cursor = raw.cursor()

    @property
    def description(self) -> Any:
        """The columns."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """As the driver has it."""
        return int(self._cursor.rowcount)

    @property
    def lastrowid(self) -> int | None:
        """The key that was generated; None for none."""
        return self._cursor.lastrowid or None

    def execute(self, sql: str, values: Sequence[Any] | None = None) -> NumberedCursor:
        """Run a statement of the guard's. Raises what the driver raises, and TypeError for a value of another type."""
        if values:
            texts, places = _cut(sql)
            written = [self._cursor.mogrify("%s", (_value(each),)) for each in values]
            sql = texts[0] + "".join(written[place] + text for place, text in zip(places, texts[1:], strict=True))
        self._cursor.execute(sql)
        return self

    def fetchone(self) -> Any:
        """The next row, or None."""
        return self._cursor.fetchone()

    def fetchmany(self, size: int) -> Sequence[Any]:
        """The next rows."""
        return self._cursor.fetchmany(size) or ()

    def fetchall(self) -> Sequence[Any]:
        """All rows that are left."""
        return self._cursor.fetchall() or ()

    def close(self) -> None:
        """Let the driver's cursor go."""
        self._cursor.close()


_cut = lru_cache(maxsize=500)(cut_mysql)


def _value(value: Any) -> Any:
    """A value of exactly one of the types that the driver writes as one constant; a list would become several."""
    if type(value) in _AS_THEY_ARE:
        return value
    for kind, plain in _PLAIN:
        if isinstance(value, kind):
            return plain(value)
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return decimal.Decimal(value)
    if isinstance(value, Mapping | Sequence) or not hasattr(value, "isoformat"):
        raise TypeError("a parameter of another type")
    return str(value.isoformat())
