"""The schema of a store as it is now: read again when it has changed, and asked often enough to notice."""

from __future__ import annotations

import datetime as dt
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from connectors.base import DatasetKind, ReadLimits
from connectors.sql.engines.base import Backend
from connectors.sql.engines.mysql import MysqlBackend
from connectors.sql.engines.postgresql import PostgresBackend
from connectors.sql.engines.sqlite import SqliteBackend
from connectors.sql.inventory import Inventory, take_inventory
from connectors.sql.silent import SILENT
from governance.guard import mysql_facts
from governance.guard.drift import History
from governance.guard.schema import Found, StoreSchema, make_schema
from governance.guard.writing_facts import read_writing_facts
from policies.catalog import CatalogStore
from policies.errors import StoreError

VERSION_SQL = {
    "mysql": mysql_facts.VERSION_SQL,
    "sqlite": "PRAGMA schema_version",
    "postgresql": """
        SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws('.', n.oid, n.nspname, c.oid, c.relname,
               c.relkind, a.attnum, a.attname, a.atttypid, a.atttypmod,
               CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.md5(pg_catalog.pg_get_viewdef(c.oid)) END),
               ',' ORDER BY c.oid, a.attnum)),
          (SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws('.', k.oid, k.contype, k.conrelid,
               k.confrelid, k.confdeltype, k.conkey, k.confkey), ',' ORDER BY k.oid)) FROM pg_catalog.pg_constraint k),
          (SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws('.', t.oid, t.tgrelid), ',' ORDER BY t.oid))
               FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal),
          (SELECT pg_catalog.count(*) FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN')
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'i')
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'""",
}
"""What changes whenever the schema does."""

_MARKS_SQL = {
    "mysql": mysql_facts.MARKS_SQL,
    "sqlite": "SELECT name, type, coalesce(sql, '') FROM sqlite_master WHERE type IN ('table', 'view')",
    "postgresql": """
        SELECT n.nspname, c.relname, pg_catalog.concat_ws('.', c.oid, c.relkind,
               CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.md5(pg_catalog.pg_get_viewdef(c.oid)) END),
               pg_catalog.json_object_agg(a.attname, a.attnum)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        GROUP BY n.nspname, c.relname, c.oid, c.relkind""",
}

AskVersion = Callable[[], Any]


def kind_of(url: sa.URL) -> str:
    """The kind of store behind an address: `mysql` for MariaDB under either name."""
    found = url.get_backend_name()
    return "mysql" if found == "mariadb" else found


class SchemaWatch:
    """Keeps the schema of one store up to date. May be shared by threads."""

    def __init__(
        self,
        store: str,
        url: sa.URL,
        catalog: CatalogStore,
        *,
        clock: Callable[[], dt.datetime],
        check_seconds: int,
    ) -> None:
        self._store = store
        self._kind = kind_of(url)
        self._backend = _backend(store, url)
        self._backend.engine.logger = self._backend.engine.pool.logger = SILENT
        self._catalog = catalog
        self._clock = clock
        self._every = dt.timedelta(seconds=check_seconds)
        self._lock = threading.Lock()
        self._schema: StoreSchema | None = None
        self._history = History()
        self._version: Any = None
        self._asked: dt.datetime | None = None

    @property
    def known(self) -> StoreSchema | None:
        """SQLite: the schema as it was last seen, for a read that asks for its version before it hands out a row."""
        return self._schema if self._kind == "sqlite" else None

    def current(self, ask: AskVersion, default_schema: str, *, now: bool = False) -> StoreSchema:
        """The schema; `ask` gives the store's version on the connection of the statement to come.

        SQLite is asked at each call, others at each new connection (`now`) and every `check_seconds`.
        """
        if self._schema is not None and not now and self._kind != "sqlite" and not self._is_due():
            return self._schema
        version = ask()
        known = self._schema
        if self._kind == "sqlite" and known is not None and known.version == version:
            return known
        with self._lock:
            self._asked = self._clock()
            if self._schema is None or version != self._version:
                self._schema = replace(self._read(default_schema), version=version)
                self._version = version
            return self._schema

    def _is_due(self) -> bool:
        return self._asked is None or self._clock() - self._asked >= self._every

    def _read(self, default_schema: str) -> StoreSchema:
        failed = False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sa.exc.SAWarning)
                inventory = take_inventory(self._store, self._backend)
                with self._backend.engine.connect() as connection:
                    facts = mysql_facts.read_writing_facts if self._kind == "mysql" else read_writing_facts
                    writing = facts(connection, default_schema)
                found = Found(inventory, self._indexed(inventory), self._marks(default_schema), writing)
        except sa.exc.SQLAlchemyError:
            failed = True
        if failed:
            raise StoreError(
                f"store {self._store}",
                found="a schema that could not be read",
                expected="a store that answers",
                next_step="run `governance doctor`",
            )
        return make_schema(self._store, self._kind, default_schema, found, self._catalog, self._history.departures)

    def _marks(self, default_schema: str) -> Mapping[tuple[str, str], tuple[str, bool, Mapping[str, int]]]:
        """By schema and name what tells a table or view from another, whether it collates, and its columns' numbers."""
        with self._backend.engine.connect() as connection:
            rows = connection.exec_driver_sql(_MARKS_SQL[self._kind]).all()
        if self._kind == "sqlite":
            return {
                (default_schema, name): (
                    kind + (sql if kind == "view" else ""),
                    kind == "view" or "collate" in sql.lower(),
                    {},
                )
                for name, kind, sql in rows
            }
        if self._kind == "mysql":
            return {(default_schema, name): (mark, False, {}) for name, mark in rows}
        return {(schema, name): (mark, False, dict(places)) for schema, name, mark, places in rows}

    def _indexed(self, inventory: Inventory) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """For each dataset of the catalog its indexes, in whose order the database could hand out rows."""
        found: dict[str, tuple[tuple[str, ...], ...]] = {}
        with self._backend.engine.connect() as connection:
            inspector = sa.inspect(connection)
            for name, table in inventory.tables.items():
                if name not in self._catalog.datasets or table.dataset.kind is DatasetKind.VIEW:
                    continue
                indexes = [
                    _plain_fields([*index["column_names"], *(index.get("include_columns") or ())])
                    for index in inspector.get_indexes(table.name, table.schema)
                ]
                unique = inspector.get_unique_constraints(table.name, table.schema)
                indexes += [tuple(constraint["column_names"]) for constraint in unique]
                found[name] = tuple(sorted(set(indexes)))
        return found


def _plain_fields(columns: Sequence[str | None]) -> tuple[str, ...]:
    plain = tuple(each for each in columns if each is not None)
    return plain if len(plain) == len(columns) else ()


def _backend(store: str, url: sa.URL) -> Backend:
    if kind_of(url) == "mysql":
        return MysqlBackend(url, ReadLimits())
    if kind_of(url) == "sqlite":
        return SqliteBackend(url, ReadLimits(), f"store {store}")
    return PostgresBackend(url, ReadLimits())
