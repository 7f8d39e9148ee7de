"""PostgreSQL: repeatable-read snapshots, server-side cursors, TABLESAMPLE."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.base import DatasetKind, Field, ReadLimits, Sample
from connectors.sampling import EveryNth, EveryRow, Reservoir
from connectors.sql.engines.base import COUNT_LIMIT_ROWS, Keyed, Plan, Snapshot, Table, counted_up_to, integer_key
from connectors.sql.silent import silenced

_ARROW = {
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}
_AS_SENT = frozenset({"integer", "float", "boolean"})
_PAGES_ROWS = 200_000
"""From so many rows on, pages are sampled instead of rows, so that the table is not read as a whole."""


class _PostgresSnapshot:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def one(self, statement: str) -> Sequence[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() or (None,)

    def stream(self, statement: str, size: Callable[[], int]) -> Generator[Sequence[Sequence[Any]], None, None]:
        with self._connection.cursor(name="gov_read") as cursor:
            cursor.execute(statement)
            while rows := cursor.fetchmany(size()):
                yield rows


class PostgresBackend:
    """A PostgreSQL database."""

    kind = "postgresql"

    def __init__(self, url: sa.URL, limits: ReadLimits) -> None:
        if "connect_timeout" not in url.query:
            url = url.update_query_dict({"connect_timeout": "10"})
        self.engine = silenced(sa.create_engine(url, poolclass=sa.NullPool))
        self._seconds = limits.statement_seconds

    def schemas(self, inspector: sa.Inspector) -> list[str | None]:
        """All but the system's; the default one as None."""
        default = inspector.default_schema_name
        names = [name for name in inspector.get_schema_names() if name != "information_schema"]
        return [None if name == default else name for name in names]

    def left_out(self, connection: sa.Connection) -> set[tuple[str | None, str]]:
        """Partitions: their rows are read through the table that is partitioned."""
        rows = connection.exec_driver_sql(
            "SELECT n.nspname, c.relname, n.nspname = current_schema() FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relispartition"
        )
        return {(None if default else schema, name) for schema, name, default in rows}

    def words(self, connection: sa.Connection) -> dict[tuple[str, str], str]:  # noqa: ARG002 the protocol's form
        """None."""
        return {}

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A read-only transaction at repeatable read, dates in ISO form and times in UTC."""
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is None:
                raise sa.exc.InvalidRequestError("no connection")
            milliseconds = self._seconds * 1000
            with raw.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY ISOLATION LEVEL REPEATABLE READ")
                cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
                cursor.execute(f"SET LOCAL lock_timeout = {min(milliseconds, 30_000)}")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                cursor.execute("SET LOCAL DateStyle = 'ISO, YMD'")
                cursor.execute("SET LOCAL TIME ZONE 'UTC'")
            yield _PostgresSnapshot(raw)

    def arrow_type(self, field: Field) -> pa.DataType:
        """Integers, floats, booleans, dates and times of day and date have their own type; the rest is text."""
        if field.type == "datetime" and field.native_type.endswith("WITH TIME ZONE"):
            return pa.timestamp("us", "UTC")
        return _ARROW.get(field.type, pa.string())

    def expression(self, field: Field) -> str:
        """Text is made by the server: its drivers refuse `infinity` and other dates that Python has no form for."""
        name = _quoted(field.name)
        if field.type in _AS_SENT or (field.type == "string" and "CHAR" in field.native_type):
            return name
        # A host's address is `10.0.0.1` to whoever looks for one, not `10.0.0.1/32`.
        return f"abbrev({name})" if field.native_type == "INET" else f"{name}::text"

    def plan(self, snapshot: Snapshot, table: Table, selected: str, sample: Sample) -> Plan:
        """TABLESAMPLE for tables, thinned to the sample; a reservoir over views and foreign tables."""
        source = _source(table)
        everything = f"SELECT {selected} FROM {source}"  # noqa: S608 names are quoted
        if sample.rows is None:
            return Plan(iter([everything]), EveryRow(), None, whole=True)
        if table.dataset.kind is DatasetKind.VIEW or not _can_be_sampled(snapshot, source):
            return Plan(iter([everything]), Reservoir(sample.rows, seed=sample.seed), None, whole=True)
        exact = counted_up_to(snapshot, source)
        if exact is not None and exact <= sample.rows:
            return Plan(iter([everything]), EveryRow(), exact, whole=True)
        total = exact or _estimate(snapshot, source)
        clause, drawn = _sampled(snapshot, source, total, sample)
        chooser = EveryNth(drawn, sample.rows, seed=sample.seed, method="tablesample")
        return Plan(iter([f"{everything} {clause}"]), chooser, total, whole=False)

    def keyed(self, snapshot: Snapshot, table: Table) -> Keyed | None:  # noqa: ARG002 the protocol's form
        """A primary key of one integer."""
        key = integer_key(table)
        return Keyed(_source(table), _quoted(key), lambda: _PAGES_ROWS) if key is not None else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _source(table: Table) -> str:
    return ".".join(_quoted(part) for part in (table.schema, table.name) if part is not None)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _can_be_sampled(snapshot: Snapshot, source: str) -> bool:
    literal = _literal(source)
    row = snapshot.one(f"SELECT relkind::text FROM pg_catalog.pg_class WHERE oid = {literal}::regclass")  # noqa: S608 quoted
    return row[0] in {"r", "p", "m"}


def _estimate(snapshot: Snapshot, source: str) -> int:
    """Rows by the planner's statistics, never below what was counted already."""
    literal = _literal(source)
    row = snapshot.one(f"SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = {literal}::regclass")  # noqa: S608 quoted
    return max(int(row[0] or 0), COUNT_LIMIT_ROWS)


def _sampled(snapshot: Snapshot, source: str, total: int, sample: Sample) -> tuple[str, int]:
    """A TABLESAMPLE clause that gives at least the rows wanted, and how many it gives.

    The same seed in the same snapshot draws the same rows, so they can be counted first and then thinned evenly.
    """
    wanted = sample.rows or 0
    pages = total > _PAGES_ROWS
    percent = min(100.0, 100.0 * wanted * (4.0 if pages else 1.3) / total)
    while percent < 100:
        clause = f"TABLESAMPLE {'SYSTEM' if pages else 'BERNOULLI'} ({percent:.6f}) REPEATABLE ({sample.seed})"
        drawn = int(snapshot.one(f"SELECT count(*) FROM {source} {clause}")[0])  # noqa: S608 names are quoted
        if drawn >= wanted:
            return clause, drawn
        percent *= 3
    return "", int(snapshot.one(f"SELECT count(*) FROM {source}")[0])  # noqa: S608 names are quoted
