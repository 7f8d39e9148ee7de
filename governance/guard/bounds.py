"""How much a statement may take of a database: time, and in SQLite the size of a value and of a statement."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

STATEMENT_SECONDS = 300
"""A statement that runs longer is broken off."""
VALUE_BYTES = 16_000_000
"""SQLite makes no longer text or blob."""

_STEPS = 20_000
"""Of SQLite's machine between two looks at the clock."""
_LIMITS: Mapping[int, int] = {
    sqlite3.SQLITE_LIMIT_LENGTH: VALUE_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 2_000_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 1_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}


class RunningTime:
    """Breaks off what SQLite works on when one call takes longer than it may; each call begins anew.

    Its time counts from the first look at the clock, some thousand steps of SQLite's machine after its start: a call
    that takes no longer than that never asks for the time.
    """

    def __init__(self, clock: Callable[[], dt.datetime], seconds: float) -> None:
        self._clock = clock
        self._most = dt.timedelta(seconds=seconds)
        self.end: dt.datetime | None = None
        """When the call is broken off; None, as at its beginning, until the first look at the clock."""

    def __call__(self) -> int:
        """Whether to break off, as SQLite asks: 0 goes on."""
        now = self._clock()
        if self.end is None:
            self.end = now + self._most
        return int(now > self.end)


def bound_sqlite(raw: Any, clock: Callable[[], dt.datetime], seconds: float) -> RunningTime:
    """Set the bounds of a driver's connection; gives what watches its time."""
    for limit, most in _LIMITS.items():
        raw.setlimit(limit, most)
    running = RunningTime(clock, seconds)
    raw.set_progress_handler(running, _STEPS)
    return running


def mysql_setting(seconds: float) -> str:
    """The statement that bounds a session's statements in MariaDB."""
    return f"SET SESSION max_statement_time = {max(0.001, round(seconds, 3))}"


def postgres_setting(seconds: float) -> str:
    """The statement that bounds a session's statements."""
    return f"SET statement_timeout TO {max(1, round(seconds * 1_000))}"
