"""Errors of database drivers as StoreError: codes and kinds come through, texts never do.

A driver's text can hold the value of a row, the statement or the password, so none of it is passed on or chained.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from policies.errors import StoreError

_TIME_OUT = ("a statement that ran into its time-out", "give the store more seconds, or read a smaller sample")
_LOGIN = ("a refused login", "check user and password of the store's address")
_RIGHTS = ("a missing right to read", "grant SELECT on the dataset to the user of the store's address")
_LOCKED = ("a lock that another program holds", "try again when the other program is done")
_GONE = ("a table, view or column that is no longer there or cannot be used", "scan the store again")
_DOWN = ("no answer, or a connection that broke", "check that the store runs and its address is right")

_MEANINGS = {
    "57014": _TIME_OUT,
    "55P03": _LOCKED,
    "28000": _LOGIN,
    "28P01": _LOGIN,
    "42501": _RIGHTS,
    "42P01": _GONE,
    "42703": _GONE,
    "3D000": ("no database of that name", "check the database in the store's address"),
    "1969": _TIME_OUT,
    "3024": _TIME_OUT,
    "1045": _LOGIN,
    "1142": _RIGHTS,
    "1143": _RIGHTS,
    "1044": _RIGHTS,
    "1049": ("no database of that name", "check the database in the store's address"),
    "1146": _GONE,
    "1356": _GONE,
    "1205": _LOCKED,
    "2003": _DOWN,
    "2006": _DOWN,
    "2013": _DOWN,
    "SQLITE_INTERRUPT": _TIME_OUT,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_CANTOPEN": ("a file that cannot be opened", "check the path and that it may be read"),
    "SQLITE_NOTADB": ("a file that is no SQLite database, or an encrypted one", "check the path"),
    "SQLITE_CORRUPT": ("a damaged SQLite file", "restore it, or run `PRAGMA integrity_check`"),
    "SQLITE_ERROR": _GONE,
}
"""By SQLSTATE, MySQL error number or SQLite error name: what was found and what to do."""


def code_of(error: BaseException) -> str:
    """The driver's code for an error, or an empty string; never a part of its text."""
    first = error.args[0] if error.args else None
    if isinstance(first, int):
        return str(first)
    state = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return state if isinstance(state, str) else ""


def store_error(place: str, error: BaseException) -> StoreError:
    """The StoreError for a driver's error. Raise it `from None`."""
    original = getattr(error, "orig", None) or error
    code = code_of(original)
    found, next_step = _MEANINGS.get(code) or (("a connection or statement that failed", _DOWN[1]))
    return StoreError(
        place,
        found=f"{found} ({type(original).__name__}{', ' + code if code else ''})",
        expected="a store that answers",
        next_step=next_step,
    )


def _driver_errors() -> tuple[type[BaseException], ...]:
    kinds: list[type[BaseException]] = [sa.exc.SQLAlchemyError, sqlite3.Error, OSError, UnicodeError]
    try:
        import psycopg

        kinds.append(psycopg.Error)
    except ImportError:
        pass
    try:
        import pymysql  # type: ignore[import-untyped] # it publishes none

        kinds.append(pymysql.Error)
    except ImportError:
        pass
    return tuple(kinds)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """A block whose driver errors leave as StoreError with that place."""
    try:
        yield
    except _driver_errors() as error:
        raise store_error(place, error) from None
