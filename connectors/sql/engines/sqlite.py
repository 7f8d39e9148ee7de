"""SQLite: opened read-only, one snapshot in WAL mode, short statements otherwise so that writers are never held up.

SQLite declares types without enforcing them, so every column is read as text: one schema holds for the whole pass and
no value is lost for standing in a column of another type.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa

from connectors.base import DatasetKind, Field, ReadLimits, Sample
from connectors.sampling import EveryNth, EveryRow, Reservoir
from connectors.sql.engines.base import Keyed, Plan, Snapshot, Table, key_ranges, key_slices, prime_up_to
from connectors.sql.silent import silenced
from policies.errors import StoreError

_RANGES_ROWS = 5_000_000
"""From so many rows on, a table with dense row ids is sampled by stretches of them instead of a walk over all."""
_FIRST_SLICE_ROWS = 256
_ROWID_NAMES = ("rowid", "_rowid_", "oid")


class _SqliteSnapshot:
    def __init__(self, connection: sqlite3.Connection, seconds: int) -> None:
        self._connection = connection
        self._seconds = seconds
        self._deadline = 0.0
        self._size: Callable[[], int] = lambda: _FIRST_SLICE_ROWS
        connection.text_factory = bytes
        connection.set_progress_handler(self._is_late, 10_000)
        self.isolated = connection.execute("PRAGMA journal_mode").fetchone()[0] == b"wal"
        self._wind()
        if self.isolated:
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()

    def _wind(self) -> None:
        self._deadline = time.monotonic() + self._seconds

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def one(self, statement: str) -> Sequence[Any]:
        self._wind()
        row: Sequence[Any] | None = self._connection.execute(statement).fetchone()
        return row or (None,)

    def slice_rows(self) -> int:
        """How many rows to read in one short statement: as many as the batch before suggests."""
        return self._size()

    def stream(self, statement: str, size: Callable[[], int]) -> Generator[Sequence[Sequence[Any]], None, None]:
        self._wind()
        self._size = size
        cursor = self._connection.execute(statement)
        if not self.isolated:
            # Nobody can commit while a statement is open, so it ends before its rows are used.
            rows = cursor.fetchall()
            if rows:
                yield rows
            return
        try:
            while rows := cursor.fetchmany(size()):
                yield rows
                self._wind()
        finally:
            cursor.close()


class SqliteBackend:
    """A SQLite file."""

    kind = "sqlite"

    def __init__(self, url: sa.URL, limits: ReadLimits, place: str) -> None:
        self._seconds = limits.statement_seconds
        self._place = place
        self._path = url.database or ""
        if self._path in {"", ":memory:"} or self._path.startswith("file:"):
            raise StoreError(
                place,
                found="a SQLite address without the path of a file",
                expected="sqlite:///relative/path.db or sqlite:////absolute/path.db",
                next_step="name the file by its path; a database in memory belongs to one program only",
            )
        self.engine = silenced(sa.create_engine("sqlite://", creator=self._connect, poolclass=sa.NullPool))

    def _connect(self) -> sqlite3.Connection:
        path = Path(self._path).absolute()
        if not path.is_file():
            raise StoreError(
                self._place,
                found="no file at the path of the address",
                expected="a SQLite file",
                next_step="check the path; relative ones start at the current folder",
            )
        address = f"file:{quote(str(path))}?mode=ro"
        connection = sqlite3.connect(
            address, uri=True, isolation_level=None, timeout=min(30, self._seconds), check_same_thread=False
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    def schemas(self, inspector: sa.Inspector) -> list[str | None]:  # noqa: ARG002 the protocol's form
        """The main one."""
        return [None]

    def left_out(self, connection: sa.Connection) -> set[tuple[str | None, str]]:  # noqa: ARG002 the protocol's form
        """Nothing."""
        return set()

    def words(self, connection: sa.Connection) -> dict[tuple[str, str], str]:  # noqa: ARG002 the protocol's form
        """None."""
        return {}

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A connection that cannot write, in one transaction in WAL mode."""
        connection = self._connect()
        try:
            yield _SqliteSnapshot(connection, self._seconds)
        finally:
            connection.close()

    def arrow_type(self, field: Field) -> pa.DataType:  # noqa: ARG002 the protocol's form
        """Text, whatever is declared."""
        return pa.string()

    def expression(self, field: Field) -> str:
        """The column itself."""
        return _quoted(field.name)

    def plan(self, snapshot: Snapshot, table: Table, selected: str, sample: Sample) -> Plan:
        """Row ids by a prime step; stretches of them in huge tables; a reservoir over views."""
        source = _quoted(table.name)
        key = _row_id(snapshot, table, source)
        statements = _everything(snapshot, source, selected, key)
        if sample.rows is None:
            return Plan(statements, EveryRow(), None, whole=True)
        if table.dataset.kind is DatasetKind.VIEW:
            return Plan(statements, Reservoir(sample.rows, seed=sample.seed), None, whole=True)
        total = int(snapshot.one(f"SELECT count(*) FROM {source}")[0])  # noqa: S608 names are quoted
        if total <= sample.rows:
            return Plan(statements, EveryRow(), total, whole=True)
        if key is None:
            return Plan(statements, EveryNth(total, sample.rows, seed=sample.seed), total, whole=True)
        bounds = tuple(snapshot.one(f"SELECT min({key}), max({key}) FROM {source}"))  # noqa: S608 names are quoted
        if total >= _RANGES_ROWS and (bounds[1] - bounds[0] + 1) / total <= 10:
            ranges = key_ranges(snapshot, source=source, selected=selected, key=key, bounds=bounds, wanted=sample.rows)
            return Plan(ranges, EveryRow("key_ranges"), total, whole=False)
        return _every_nth(snapshot, source, selected, (key, total), sample)

    def keyed(self, snapshot: Snapshot, table: Table) -> Keyed | None:
        """The row id."""
        source = _quoted(table.name)
        key = _row_id(snapshot, table, source)
        if key is None or not isinstance(snapshot, _SqliteSnapshot):
            return None
        return Keyed(source, key, snapshot.slice_rows)


def _every_nth(snapshot: Snapshot, source: str, selected: str, keyed: tuple[str, int], sample: Sample) -> Plan:
    """Rows whose id has one remainder by a prime; a smaller prime where ids with gaps give too few."""
    key, total = keyed
    wanted = sample.rows or 0
    step = prime_up_to(max(1, total // max(1, wanted)))
    while True:
        where = f"{source} WHERE {key} % {step} = {sample.seed % step}"
        drawn = int(snapshot.one(f"SELECT count(*) FROM {where}")[0])  # noqa: S608 names are quoted
        if drawn >= wanted or step == 1:
            break
        step = prime_up_to(step // 2)
    chooser = EveryNth(drawn, wanted, seed=sample.seed)
    chooser.method = "every_nth"
    return Plan(iter([f"SELECT {selected} FROM {where}"]), chooser, total, whole=False)  # noqa: S608 names are quoted


def _everything(snapshot: Snapshot, source: str, selected: str, key: str | None) -> Iterator[str]:
    """All rows: at one go in a snapshot; otherwise in slices, since an open statement keeps writers from committing."""
    if not isinstance(snapshot, _SqliteSnapshot) or snapshot.isolated:
        yield f"SELECT {selected} FROM {source}"  # noqa: S608 names are quoted
    elif key is not None:
        yield from key_slices(snapshot, source=source, selected=selected, key=key, rows=snapshot.slice_rows)
    else:
        total = int(snapshot.one(f"SELECT count(*) FROM {source}")[0])  # noqa: S608 names are quoted
        start = 0
        while start < total:
            rows = snapshot.slice_rows()
            yield f"SELECT {selected} FROM {source} LIMIT {rows} OFFSET {start}"  # noqa: S608 names are quoted
            start += rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _row_id(snapshot: Snapshot, table: Table, source: str) -> str | None:
    """A name for the table's row id; None for views and tables without one."""
    if table.dataset.kind is DatasetKind.VIEW:
        return None
    taken = {field.name.lower() for field in table.dataset.fields}
    name = next((name for name in _ROWID_NAMES if name not in taken), None)
    if name is None:
        return None
    try:
        snapshot.one(f"SELECT {name} FROM {source} LIMIT 0")  # noqa: S608 names are quoted
    except sqlite3.OperationalError:
        return None
    return name
