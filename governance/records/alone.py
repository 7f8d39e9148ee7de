"""A lock by name that one process at a time holds, and that its death gives back at once, kill -9 included."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import OperationalError

from policies.errors import RecordsError, StalePlanError

_PATIENCE_SECONDS = 5
"""How long PostgreSQL is given to notice that a holder was killed."""
_LOCK_TIMEOUT = "55P03"


@contextmanager
def alone(records: Engine, name: str) -> Iterator[None]:
    """Hold the lock of a name for as long as the block lasts; the name is an id of ours.

    PostgreSQL keeps it with a connection. SQLite keeps it on a file beside the records, which is removed afterwards.
    Raises StalePlanError when somebody else holds it, RecordsError when it cannot be asked for.
    """
    held = _on_server(records, name) if records.dialect.name == "postgresql" else _on_file(records, name)
    with held:
        yield


@contextmanager
def _on_server(records: Engine, name: str) -> Iterator[None]:
    number = int.from_bytes(hashlib.sha256(f"governance.{name}".encode()).digest()[:8], "big", signed=True)
    with records.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.execute(select(func.set_config("lock_timeout", f"{_PATIENCE_SECONDS}s", False)))
            connection.execute(select(func.pg_advisory_lock(number)))
        except OperationalError as cause:
            if getattr(cause.orig, "sqlstate", None) != _LOCK_TIMEOUT:
                raise
            raise _taken(name) from None
        finally:
            connection.execute(text("RESET lock_timeout"))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(number)))


@contextmanager
def _on_file(records: Engine, name: str) -> Iterator[None]:
    path = Path(f"{records.url.database}.{name}.lock")
    try:
        lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error:
        raise _unasked() from None
    try:
        _begin(lock, name)
        yield
        path.unlink(missing_ok=True)  # another one may hold the file that is gone: it finds the job as it now stands
    finally:
        lock.close()


def _begin(lock: sqlite3.Connection, name: str) -> None:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as cause:
        if getattr(cause, "sqlite_errorname", "") != "SQLITE_BUSY":
            raise _unasked() from None
        raise _taken(name) from None


def _taken(name: str) -> StalePlanError:
    return StalePlanError(
        f"job {name}",
        found="another run of the same plan",
        expected="one run at a time",
        next_step="wait until it has ended; if it was killed, start again",
    )


def _unasked() -> RecordsError:
    return RecordsError(
        "the folder of the records",
        found="a lock file that cannot be made",
        expected="a folder that this user may write",
        next_step="run `governance doctor`",
    )
