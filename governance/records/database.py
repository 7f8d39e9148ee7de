"""Creates and opens the records database; what is missing or of another version is refused, never made in silence."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from governance.records.transactions import BUSY_SECONDS, WRITE_OPTION, writing
from policies.errors import RecordsError

_MIGRATION_LOCK = 0x676F7652  # any number that nobody else locks
_MIGRATIONS = Path(__file__).parent / "migrations"
_SQLITE_SETTINGS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=FULL",  # WAL would default to a commit that a power cut can lose
    "PRAGMA secure_delete=ON",  # an erased name must not stay in a free page
)


def create_records(url: str) -> Engine:
    """An engine on a database that stands at the newest migration; creates it, and the folder of a SQLite file.

    An existing database is upgraded; nothing that it holds is lost. Raises RecordsError.
    """
    target = _target(url)
    engine = _engine(target, create=True)
    try:
        if target.get_backend_name() == "sqlite":
            _database_path(target).parent.mkdir(parents=True, exist_ok=True)
        with writing(engine) as connection:
            if target.get_backend_name() == "postgresql":  # two `init` at once: the second waits and finds it done
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            command.upgrade(_config(connection), "head")
    except CommandError:
        raise _wrong_version(_place(target), "records of a newer release") from None
    except (SQLAlchemyError, OSError):
        raise _unreachable(target) from None
    finally:
        engine.dispose()
    return open_records(url)


def open_records(url: str) -> Engine:
    """An engine on an existing database of exactly this version; statements hide their parameters in errors.

    Raises RecordsError when the database is missing, older or newer; nothing is created or changed.
    """
    target = _target(url)
    if target.get_backend_name() == "sqlite" and not _database_path(target).is_file():
        raise RecordsError(
            _place(target),
            found="no database",
            expected="the records that `governance init` creates",
            next_step="run `governance init`, or correct records.url in governance.yaml",
        )
    engine = _engine(target, create=False)
    try:
        with engine.connect() as connection:
            standing = MigrationContext.configure(connection).get_current_heads()
        _check_version(_place(target), standing)
    except SQLAlchemyError:
        engine.dispose()
        raise _unreachable(target) from None
    except RecordsError:
        engine.dispose()
        raise
    return engine


def _check_version(place: str, standing: tuple[str, ...]) -> None:
    newest = _newest()
    if standing == (newest,):
        return
    if not standing:
        raise RecordsError(
            place,
            found="a database without our tables",
            expected=f"records at version {newest}",
            next_step="run `governance init`, or correct records.url in governance.yaml",
        )
    raise _wrong_version(place, f"records at version {', '.join(standing)}, not {newest}")


@cache
def _newest() -> str | None:
    """The version of the newest migration of this release."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def _wrong_version(place: str, found: str) -> RecordsError:
    return RecordsError(
        place,
        found=found,
        expected="the version that this release was made for",
        next_step="run `governance doctor`; `governance init` upgrades older records, newer ones need a newer release",
    )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _target(url: str) -> URL:
    try:
        target = make_url(url)
    except ArgumentError:
        raise _wrong_url("a text that is no database URL") from None
    if target.get_backend_name() == "postgresql":
        return target.set(drivername="postgresql+psycopg")
    if target.get_backend_name() != "sqlite":
        raise _wrong_url(f"a URL of {target.get_backend_name()}")
    if not target.database or target.database == ":memory:":
        raise _wrong_url("a SQLite database in memory, which would forget the ledger")
    return target


def _wrong_url(found: str) -> RecordsError:
    return RecordsError(
        "records.url in governance.yaml",
        found=found,
        expected="sqlite:///FILE or postgresql://HOST/DATABASE",
        next_step="write one of these",
    )


def _unreachable(target: URL) -> RecordsError:
    return RecordsError(
        _place(target),
        found="a database that does not answer, or refuses",
        expected="a database that this user may read and write",
        next_step="run `governance doctor`",
    )


def _place(target: URL) -> str:
    return f"records database {target.render_as_string(hide_password=True)}"


def _database_path(target: URL) -> Path:
    return Path(target.database or "")


def _engine(target: URL, *, create: bool) -> Engine:
    if target.get_backend_name() == "postgresql":
        engine = create_engine(target, hide_parameters=True)
        event.listen(engine, "connect", _set_up_postgresql)
        return engine
    path = _database_path(target).absolute()
    uri = f"file:{quote(str(path))}?mode={'rwc' if create else 'rw'}"  # plain paths would create a missing file

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )

    engine = create_engine(target, creator=connect, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    if create:  # the file remembers it; a file that is only opened may be somebody else's and stays as it is
        event.listen(engine, "connect", _keep_write_ahead)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    for setting in _SQLITE_SETTINGS:
        connection.execute(setting)


def _keep_write_ahead(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITE_OPTION)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgresql(connection: Any, _: object) -> None:
    """Make a commit durable where a role or database switched that off; stronger settings stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()
