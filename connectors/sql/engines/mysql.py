"""MariaDB and MySQL: consistent snapshots, unbuffered cursors, every n-th row by a counting variable."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.base import DatasetKind, Field, ReadLimits, Sample
from connectors.sampling import EveryNth, EveryRow, Reservoir
from connectors.sql.engines.base import (
    Keyed,
    Plan,
    Snapshot,
    Table,
    counted_up_to,
    integer_key,
    key_ranges,
    key_slices,
    prime_up_to,
)
from connectors.sql.silent import silenced

_ARROW = {
    "integer": pa.int64(),
    "boolean": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}
_SHAPES = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")
_OWN_WORDS = {
    **dict.fromkeys((*_SHAPES, "geometrycollection", "geomcollection", "vector"), "binary"),
    **dict.fromkeys(("uuid", "inet4", "inet6"), "string"),
}
_RANGES_ROWS = 5_000_000
"""From so many rows on, a table with a dense integer key is sampled by stretches of it instead of a walk over all."""
_SLICE_ROWS = 50_000


class _MysqlSnapshot:
    """Cells come as the text that the server sends: Arrow converts whole columns quicker than the driver each cell."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.decoders = {}

    def one(self, statement: str) -> Sequence[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() or (None,)

    def stream(self, statement: str, size: Callable[[], int]) -> Generator[Sequence[Sequence[Any]], None, None]:
        from pymysql.cursors import SSCursor  # type: ignore[import-untyped]

        cursor = self._connection.cursor(SSCursor)
        try:
            cursor.execute(statement)
            while rows := cursor.fetchmany(size()):
                yield rows
        finally:
            self._abandon(cursor)

    def _abandon(self, cursor: Any) -> None:
        """Close a cursor without reading its remaining rows; the connection is closed with the pass."""
        result = self._connection._result  # noqa: SLF001 the driver has no public way to leave rows unread
        if result is not None and result.unbuffered_active:
            result.unbuffered_active = False
            self._connection._force_close()  # noqa: SLF001 as above
        cursor.close()


class MysqlBackend:
    """A MariaDB or MySQL database: the one that the address names."""

    kind = "mysql"

    def __init__(self, url: sa.URL, limits: ReadLimits) -> None:
        if "connect_timeout" not in url.query:
            url = url.update_query_dict({"connect_timeout": "10"})
        self.engine = silenced(sa.create_engine(url, poolclass=sa.NullPool))
        self._seconds = limits.statement_seconds

    def schemas(self, inspector: sa.Inspector) -> list[str | None]:  # noqa: ARG002 the protocol's form
        """The address's database only."""
        return [None]

    def left_out(self, connection: sa.Connection) -> set[tuple[str | None, str]]:  # noqa: ARG002 the protocol's form
        """Nothing."""
        return set()

    def words(self, connection: sa.Connection) -> dict[tuple[str, str], str]:
        """JSON, which MariaDB keeps as text with a check that it is valid, and types that SQLAlchemy does not know."""
        columns = connection.exec_driver_sql(
            "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = database()"
        )
        words = {(table, column): word for table, column, kind in columns if (word := _OWN_WORDS.get(kind.lower()))}
        if getattr(connection.dialect, "is_mariadb", False):
            checks = connection.exec_driver_sql(
                "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS"
                " WHERE CONSTRAINT_SCHEMA = database() AND CHECK_CLAUSE LIKE 'json_valid(%%'"
            )
            words |= dict.fromkeys(checks, "json")
        return words

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A read-only transaction with a consistent snapshot."""
        with self.engine.connect() as connection:
            mariadb = getattr(connection.dialect, "is_mariadb", False)
            raw = connection.connection.driver_connection
            if raw is None:
                raise sa.exc.InvalidRequestError("no connection")
            with raw.cursor() as cursor:
                if mariadb:
                    cursor.execute(f"SET SESSION max_statement_time = {self._seconds}")
                else:
                    cursor.execute(f"SET SESSION max_execution_time = {self._seconds * 1000}")
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            try:
                yield _MysqlSnapshot(raw)
            finally:
                # The session has settings of ours and perhaps unread rows: it must not be rolled back or reused.
                connection.invalidate()

    def arrow_type(self, field: Field) -> pa.DataType:
        """Integers, floats, dates and times of day and date have their own type; the rest is text.

        A `tinyint(1)` is listed as boolean and read as an integer, since any small number may stand in it.
        """
        if field.type == "integer" and "UNSIGNED" in field.native_type:
            return pa.uint64()
        return _ARROW.get(field.type, pa.string())

    def expression(self, field: Field) -> str:
        """The column, as text where the driver would hand out bytes."""
        return f"CAST({_quoted(field.name)} AS CHAR)" if field.type == "other" else _quoted(field.name)

    def plan(self, snapshot: Snapshot, table: Table, selected: str, sample: Sample) -> Plan:
        """Every n-th row counted by the server; stretches of a dense key in huge tables; a reservoir over views."""
        source = _quoted(table.name)
        everything = f"SELECT {selected} FROM {source}"  # noqa: S608 names are quoted
        name = integer_key(table)
        key = None if name is None else _quoted(name)
        slices = (
            key_slices(snapshot, source=source, selected=selected, key=key, rows=lambda: _SLICE_ROWS)
            if key
            else iter([everything])
        )
        if sample.rows is None:
            return Plan(slices, EveryRow(), None, whole=True)
        if table.dataset.kind is DatasetKind.VIEW:
            return Plan(iter([everything]), Reservoir(sample.rows, seed=sample.seed), None, whole=True)
        total = counted_up_to(snapshot, source)
        if total is not None and total <= sample.rows:
            return Plan(slices, EveryRow(), total, whole=True)
        if total is None:
            estimate = _estimate(snapshot, table)
            bounds = _dense_bounds(snapshot, source, key, estimate)
            if key and bounds and estimate >= _RANGES_ROWS:
                ranges = key_ranges(
                    snapshot, source=source, selected=selected, key=key, bounds=bounds, wanted=sample.rows
                )
                return Plan(ranges, EveryRow("key_ranges"), estimate, whole=False)
            total = int(snapshot.one(f"SELECT count(*) FROM {source}")[0])  # noqa: S608 names are quoted
        return _every_nth(snapshot, everything, total, sample)

    def keyed(self, snapshot: Snapshot, table: Table) -> Keyed | None:  # noqa: ARG002 the protocol's form
        """A primary key of one integer."""
        key = integer_key(table)
        return Keyed(_quoted(table.name), _quoted(key), lambda: _SLICE_ROWS) if key is not None else None


def _every_nth(snapshot: Snapshot, everything: str, total: int, sample: Sample) -> Plan:
    wanted = sample.rows or 0
    step = prime_up_to(max(1, total // max(1, wanted)))
    first = sample.seed % step
    snapshot.one("SELECT @gov_row := -1")
    statement = f"{everything} WHERE (@gov_row := @gov_row + 1) % {step} = {first}"
    drawn = max(0, (total - 1 - first) // step + 1)
    return Plan(iter([statement]), EveryNth(drawn, wanted, seed=sample.seed, method="every_nth"), total, whole=False)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _estimate(snapshot: Snapshot, table: Table) -> int:
    name = table.name.replace("\\", "\\\\").replace("'", "''")
    row = snapshot.one(
        "SELECT TABLE_ROWS FROM information_schema.TABLES"  # noqa: S608 the name is quoted
        f" WHERE TABLE_SCHEMA = database() AND TABLE_NAME = '{name}'"
    )
    return int(row[0] or 0)


def _dense_bounds(snapshot: Snapshot, source: str, key: str | None, rows: int) -> tuple[int, int] | None:
    """Least and greatest key when at least every tenth number between is taken."""
    if key is None or rows == 0:
        return None
    least, greatest = snapshot.one(f"SELECT min({key}), max({key}) FROM {source}")  # noqa: S608 names are quoted
    bounds = int(least), int(greatest)
    return bounds if (bounds[1] - bounds[0] + 1) / rows <= 10 else None
