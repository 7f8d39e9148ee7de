"""`GuardedStore`: SQLAlchemy engines and sessions over one store, each for one principal and one purpose.

    raw pool (private) --check-out--> GuardedConnection(principal, purpose) --> Engine --> Session, pandas, Core, text

The driver's pool is shared by all; principal and purpose ride on the check-out and end with it. SQLAlchemy's dialect
and cache of compiled statements, on which listeners hang and in which values lie, belong to one principal and purpose.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cached_property
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.orm import Session

from connectors.sql.address import normalised
from connectors.sql.silent import SILENT, SilentEngine, SilentNullPool, SilentQueuePool
from governance.guard import mysql_driver
from governance.guard.ambient import AmbientConnection, Stay
from governance.guard.base import (
    Decryptor,
    Encryptor,
    NoConditions,
    Permits,
    Recorder,
    RowPredicate,
    UseContext,
)
from governance.guard.bounds import STATEMENT_SECONDS, bound_sqlite, postgres_setting
from governance.guard.connection import GuardedConnection
from governance.guard.dialects import Compiled, Dialects
from governance.guard.held import StopOf
from governance.guard.liveness import Liveness
from governance.guard.neutral import neutral_error
from governance.guard.parked import Parked
from governance.guard.paths import PathPermits
from governance.guard.plans import Planner
from governance.guard.recording import Drafts
from governance.guard.sealed import Sealing
from governance.guard.second_check import SecondCheck
from governance.guard.session import GuardedSession
from governance.guard.shared import Shared
from governance.guard.watch import VERSION_SQL, SchemaWatch, kind_of
from policies.catalog import CatalogStore
from policies.errors import AccessRefusedError, ConfigError, GovernanceError, StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from governance.guard.asynchronous import AsyncDialects

POOL_CONNECTIONS = 16
"""Driver connections kept open for one store."""

_SESSION_SETTINGS = (
    "SET search_path TO pg_catalog",
    "SET standard_conforming_strings TO on",
    "SET synchronize_seqscans TO off",
    "SET client_min_messages TO error",
)
"""Functions and operators are PostgreSQL's own, tables are named with their schema, and nothing is said on the side."""


class GuardedStore:
    """One store, reached only through the guard. May be shared by threads; closed at the end.

    Raises ConfigError for a kind of database that the guard does not speak, StoreError when the store does not answer.
    """

    def __init__(  # noqa: PLR0913 the parts that a guard is made of, all by name
        self,
        name: str,
        url: str,
        *,
        permits: Permits,
        catalog: CatalogStore,
        recorder: Recorder,
        clock: Callable[[], dt.datetime],
        predicate: RowPredicate | None = None,
        decryptor: Decryptor | None = None,
        encryptor: Encryptor | None = None,
        schema_check_seconds: int = 30,
        statement_seconds: float = STATEMENT_SECONDS,
        stop_of: StopOf | None = None,
    ) -> None:
        address = normalised(f"store {name}", url)
        kind = kind_of(address)
        if kind not in VERSION_SQL:
            raise ConfigError(
                f"store {name}",
                found=f"a {kind} database",
                expected="sqlite, postgresql or mariadb, which the guard speaks",
                next_step="read this store without the guard only where no policy asks for one",
            )
        if kind == "sqlite" and address.database and not Path(address.database).is_file():
            raise StoreError(
                f"store {name}",
                found="no database file",
                expected="the file of the store's url",
                next_step="correct the url; a store that is missing is never made",
            )
        self._raw = sa.create_engine(
            address,
            hide_parameters=True,
            poolclass=SilentQueuePool,
            pool_size=POOL_CONNECTIONS,
            max_overflow=POOL_CONNECTIONS,
            pool_pre_ping=kind == "mysql",
        )
        self._raw.logger = SILENT
        self._kind = kind
        self._clock = clock
        self._statement_seconds = statement_seconds
        self._liveness = Liveness(clock, self._is_answered)
        event.listen(self._raw, "connect", self._prepare_raw)
        if kind == "postgresql":
            event.listen(self._raw, "checkout", self._check_alive)
        self._errors: tuple[type[BaseException], ...] = (self._raw.dialect.loaded_dbapi.Error, sa.exc.SQLAlchemyError)
        self._name = name
        self._connected()
        self._parked = Parked(self._raw, POOL_CONNECTIONS)
        self._shared = Shared(
            name,
            kind,
            PathPermits(permits),
            predicate or NoConditions(),
            recorder,
            decryptor,
            encryptor,
            Planner(kind, _sealing(catalog, holds=stop_of is not None), clock=clock),
            SchemaWatch(name, address, catalog, clock=clock, check_seconds=schema_check_seconds),
            self._raw.dialect.default_schema_name or "main",
            self._errors,
            _CURSORS[kind],
            self._check_in,
            Drafts(),
            clock,
            stop_of,
        )
        default, tables = self._shared.default_schema, frozenset(catalog.datasets)
        self._dialects = Dialects(
            self._raw.dialect,
            lambda schema, table: (table if schema in (None, default) else f"{schema}.{table}") in tables,
        )

    def __repr__(self) -> str:
        return f"GuardedStore({self._name})"

    @property
    def plans(self) -> int:
        """How many plans are kept."""
        return len(self._shared.planner)

    def engine(self, context: UseContext, stay: Stay | None = None) -> Engine:
        """An engine for one principal and purpose. Raises AccessRefusedError without them.

        `stay` is called before each statement, and refuses it where the context is another one.
        """
        self._check_context(context)
        dialect, compiled = self._dialects.of(context)
        return self._engine(lambda: self._check_out(context, stay), dialect, compiled)

    def session(self, context: UseContext, stay: Stay | None = None) -> Session:
        """A session for one principal and purpose; its identity map is its own."""
        return GuardedSession(self.engine(context, stay))

    def async_engine(self, context: UseContext, stay: Stay | None = None) -> AsyncEngine:
        """As `engine`, for asyncio. Needs the extra `async`."""
        from sqlalchemy.ext.asyncio import AsyncEngine

        from governance.guard.asynchronous import AsyncConnection

        self._check_context(context)
        dialect, compiled = self._dialects.of(context)
        twin = self._async_dialects.of(dialect)
        return AsyncEngine(
            self._engine(lambda: AsyncConnection(lambda: self._check_out(context, stay)), twin, compiled)
        )

    def async_session(self, context: UseContext, stay: Stay | None = None) -> AsyncSession:
        """As `session`, for asyncio. Needs the extra `async`."""
        from governance.guard.asynchronous import async_session

        return async_session(self.async_engine(context, stay))

    def connect(self, context: UseContext, stay: Stay | None = None) -> GuardedConnection:
        """A PEP 249 connection for one principal and purpose."""
        return self._check_out(context, stay)

    def filter(self, records: Any, dataset: DatasetRef, context: UseContext) -> Any:
        """What a principal may see of records of a dataset, in their order, recorded like any read.

        For the forms of records see `governance.guard.records`. Raises AccessRefusedError, SchemaDriftError,
        LedgerError or StoreError; then nothing is handed out.
        """
        connection = self._check_out(context)
        try:
            return connection._guarded_filter(records, dataset)  # noqa: SLF001 one unit
        finally:
            connection.close()

    def close(self) -> None:
        """Close the driver's connections."""
        self._parked.close()
        self._raw.dispose()

    def _check_context(self, context: object) -> None:
        if not isinstance(context, UseContext):
            raise AccessRefusedError(
                f"store {self._name}",
                found="no principal and purpose",
                expected="both",
                next_step="name them when you open the store",
                rule_ids=("guard.context",),
            )

    def _engine(self, connect: Callable[[], Any], dialect: Dialect, compiled: Compiled) -> Engine:
        guarded = SilentNullPool(connect)
        guarded._dialect = dialect  # noqa: SLF001 as create_engine does
        bare = sa.URL.create(self._raw.url.drivername)  # no address: an engine's URL is shown in logs and copied
        return SilentEngine(
            guarded, dialect, bare, hide_parameters=True, execution_options={"compiled_cache": compiled}
        )

    @cached_property
    def _async_dialects(self) -> AsyncDialects:
        from governance.guard.asynchronous import AsyncDialects

        return AsyncDialects()

    def _check_out(self, context: UseContext, stay: Stay | None = None) -> GuardedConnection:
        self._check_context(context)
        failure: GovernanceError | None = None
        checkout: Any = None
        try:
            checkout = self._parked.take() if self._kind == "sqlite" else self._raw.raw_connection()
            if context.writes and self._kind == "postgresql":
                checkout.driver_connection.read_only = False
            elif context.writes and self._kind == "mysql":
                checkout.info["gov_changed"] = True
                mysql_driver.set_writing(checkout.driver_connection, writes=True)
        except self._errors as error:
            failure = neutral_error(self._name, getattr(error, "orig", None) or error)
        if failure is not None:
            raise failure
        if stay is not None:
            return AmbientConnection(self._shared, context, checkout, stay)
        return GuardedConnection(self._shared, context, checkout)

    def _check_in(self, checkout: Any) -> None:
        """Give a driver's connection back as it was found: no setting of one principal serves the next."""
        raw, level = checkout.dbapi_connection, checkout.info.get("gov_level")
        failed = False
        try:
            postgres = raw is not None and self._kind == "postgresql"
            if self._kind == "sqlite" and raw is not None and raw.isolation_level == level:
                self._parked.give(checkout)
                return
            if self._kind == "mysql":
                if raw is not None and checkout.info.pop("gov_changed", False):
                    mysql_driver.given_back(raw, self._statement_seconds)
            elif raw is not None and (
                raw.isolation_level != level or (postgres and (raw.autocommit or not raw.read_only))
            ):
                raw.rollback()
                raw.isolation_level = level
                if postgres:
                    raw.autocommit = False
                    raw.read_only = True
        except self._errors:
            failed = True
        if failed:
            checkout.invalidate()
        elif raw is not None and self._kind == "postgresql":
            self._liveness.seen(checkout.info)
        checkout.close()

    def _check_alive(self, raw: Any, record: Any, _: object) -> None:
        """Raise what makes the pool open its connections anew where this one is dead."""
        if not self._liveness.lives(raw, record.info):
            raise sa.exc.InvalidatePoolError

    def _is_answered(self, raw: Any) -> bool:
        try:
            return bool(self._raw.dialect.do_ping(raw))
        except self._errors:
            return False

    def _connected(self) -> None:
        """Connect once, so that the dialect learns the server's version on a connection without guard."""
        failure: GovernanceError | None = None
        try:
            with self._raw.connect():
                pass
        except self._errors as error:
            failure = neutral_error(self._name, getattr(error, "orig", None) or error)
        if failure is not None:
            raise failure
        if self._kind == "mysql":
            mysql_driver.check_server(self._name, self._raw.dialect)

    def _prepare_raw(self, raw: Any, record: Any) -> None:
        record.info["gov_fresh"] = True
        record.info["gov_level"] = getattr(raw, "isolation_level", None)
        self._liveness.seen(record.info)
        if self._kind == "mysql":
            mysql_driver.prepare(raw, self._statement_seconds)
            return
        if self._kind == "sqlite":
            check = SecondCheck()
            raw.execute("PRAGMA foreign_keys = ON")
            raw.set_authorizer(check)
            record.info["gov_check"] = check
            record.info["gov_time"] = bound_sqlite(raw, self._clock, self._statement_seconds)
            return
        with raw.cursor() as cursor:
            for setting in (*_SESSION_SETTINGS, postgres_setting(self._statement_seconds)):
                cursor.execute(setting)
        raw.commit()
        raw.read_only = True


def _sealing(catalog: CatalogStore, *, holds: bool) -> Sealing:
    encrypted = {
        name: frozenset(field for field, entry in dataset.fields.items() if entry.encrypted)
        for name, dataset in catalog.datasets.items()
    }
    keys = {name: dataset.record_key for name, dataset in catalog.datasets.items()}
    types = {
        (name, field): entry.type for name, each in catalog.datasets.items() for field, entry in each.fields.items()
    }
    indexes = {
        name: {field: entry.blind_index.field for field, entry in each.fields.items() if entry.blind_index is not None}
        for name, each in catalog.datasets.items()
    }
    persons = {
        name: frozenset(field for field, entry in dataset.fields.items() if entry.encrypted == "subject")
        for name, dataset in catalog.datasets.items()
    }
    subjects = {name: dataset.subject_key for name, dataset in catalog.datasets.items()}
    return Sealing(
        lambda name: encrypted.get(name, frozenset()),
        lambda name: keys.get(name, ()),
        lambda name, field: types.get((name, field)),
        lambda name: indexes.get(name, {}),
        lambda name: persons.get(name, frozenset()),
        lambda name: subjects.get(name, ()),
        holds,
    )


def _postgres_cursor(raw: Any) -> Any:
    import psycopg

    return psycopg.RawCursor(raw)


_CURSORS: Mapping[str, Callable[[Any], Any]] = {
    "mysql": mysql_driver.NumberedCursor,
    "postgresql": _postgres_cursor,
    "sqlite": methodcaller("cursor"),
}
"""By kind of store: opens a cursor of the driver's that takes numbered parameters."""
