"""A private, temporary copy of needed fields of a CRM's records, in which SQL can look and decide.

A CRM takes no SQL, and what it finds by itself is not all that is there. So its records are paged once into a SQLite
file, which nobody but this process can open: its mode is 0600, and its name goes as soon as it is open, so that a
process that is killed leaves nothing. Memory stays that of one page. Nothing that is done in it reaches the CRM.

Fields that were not asked for are NULL, or empty where the CRM wants a value.
"""

from __future__ import annotations

import datetime as dt
import decimal
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import pool
from sqlalchemy.schema import CreateTable

from connectors.base import Dataset
from connectors.crm.base import CrmStore, Record
from connectors.sql.faults import translated
from connectors.sql.silent import silenced
from policies.errors import StoreError

_TYPES: Mapping[str, type[sa.types.TypeEngine[Any]]] = {
    "boolean": sa.Boolean,
    "date": sa.Date,
    "datetime": sa.DateTime,
    "decimal": sa.Numeric,
    "float": sa.Float,
    "integer": sa.BigInteger,
}
"""The column of each word of `Field.type`; a text for every other."""
_EMPTY: Mapping[str, Any] = {"boolean": 0, "decimal": 0, "float": 0, "integer": 0}
"""What stands in a field that may not be empty and was not asked for; an empty text for every other word."""
_AT_ONCE = 500


class Mirror:
    """The records of one CRM, as far as they were asked for. Has one connection: for one thread."""

    def __init__(self, store: CrmStore, folder: Path, zone: str) -> None:
        """An empty mirror; `zone` is the IANA zone whose wall clock times are kept by. Raises StoreError."""
        self.store = store
        """The CRM."""
        self.filled: dict[str, tuple[str, ...]] = {}
        """The fields that were read of each dataset, by its name."""
        self._zone = ZoneInfo(zone)
        self._raw = _private(folder, store.name)
        self.engine = silenced(
            sa.create_engine(
                "sqlite://", creator=lambda: self._raw, poolclass=pool.StaticPool, pool_reset_on_return=None
            )
        )
        """Gives the one connection."""
        with translated(store.name):
            self._datasets = {each.name: each for each in store.datasets()}
            self._make_tables()

    def fill(self, dataset: str, fields: Iterable[str]) -> None:
        """Read some fields of every record of a dataset, unless that was done. Raises StoreError."""
        wanted = self._wanted(dataset, fields)
        if dataset in self.filled and set(wanted) <= set(self.filled[dataset]):
            return
        wanted = self._wanted(dataset, (*self.filled.get(dataset, ()), *wanted))
        for page in self.store.pages(dataset, wanted):
            self._put(dataset, wanted, page.rows.to_pylist())
            self._raw.commit()
        self.filled[dataset] = wanted

    def refresh(self, dataset: str, keys: Collection[str], fields: Iterable[str] | None = None) -> None:
        """Read some records again, with the fields that were read of the others or these; who is gone, goes here.

        Works in a transaction that may be open, else in one of its own. Raises StoreError.
        """
        alone = not self._raw.in_transaction
        wanted = self._wanted(dataset, self.filled.get(dataset, ()) if fields is None else fields)
        (key,), known = self._datasets[dataset].primary_key, sorted(set(keys))
        for start in range(0, len(known), _AT_ONCE):
            lot = known[start : start + _AT_ONCE]
            rows = list(self.store.records(dataset, lot, wanted))
            self._put(dataset, wanted, rows)
            gone = set(lot) - {str(row[key]) for row in rows}
            name, column = _quoted(dataset), _quoted(key)
            with translated(self.store.name):
                self._raw.executemany(f"DELETE FROM {name} WHERE {column} = ?", [(each,) for each in sorted(gone)])  # noqa: S608 quoted names
        if alone:
            self._raw.commit()

    def restore(self, dataset: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows back that were taken from here, as they were; works in a transaction that may be open."""
        for row in rows:
            names = ", ".join(map(_quoted, row))
            statement = f"INSERT OR REPLACE INTO {_quoted(dataset)} ({names}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608 quoted names
            with translated(self.store.name):
                self._raw.execute(statement, list(row.values()))

    def aware(self, value: Any) -> Any:
        """A value that SQL gave, as the CRM takes it: a moment by the wall clock of the zone gets that zone."""
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            return value.replace(tzinfo=self._zone)
        return value

    def wall_clock(self, value: Any) -> Any:
        """A value as SQL here compares it: a moment by the wall clock of the zone, without one."""
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return value.astimezone(self._zone).replace(tzinfo=None)
        return value

    def fields(self, dataset: str) -> tuple[str, ...]:
        """Every field of a dataset."""
        return tuple(each.name for each in self._described(dataset).fields)

    def close(self) -> None:
        """Let go of all of it."""
        self.engine.dispose()
        self._raw.close()

    def _described(self, dataset: str) -> Dataset:
        if dataset not in self._datasets:
            raise StoreError(
                f"{self.store.name}.{dataset}",
                found="no such module in the CRM",
                expected="a module that it lists",
                next_step="scan the store again",
            )
        return self._datasets[dataset]

    def _wanted(self, dataset: str, fields: Iterable[str]) -> tuple[str, ...]:
        described = self._described(dataset)
        wanted = {*described.primary_key, *fields}
        return tuple(each.name for each in described.fields if each.name in wanted)

    def _make_tables(self) -> None:
        metadata, tables = sa.MetaData(), dict[str, sa.Table]()
        for name, each in self._datasets.items():
            columns = [
                sa.Column(
                    one.name,
                    _TYPES.get(one.type, sa.Text)(),
                    primary_key=one.name in each.primary_key,
                    autoincrement=False,
                    nullable=one.nullable and one.name not in each.primary_key,
                )
                for one in each.fields
                if one.type != "binary"
            ]
            tables[name] = sa.Table(name, metadata, *columns)
        for name, each in self._datasets.items():
            for link in each.foreign_keys:
                to = tables.get(link.dataset)
                if to is not None and all(one in to.c for one in link.referred):
                    referred = [to.c[one] for one in link.referred]
                    tables[name].append_constraint(sa.ForeignKeyConstraint(list(link.fields), referred))
        with self.engine.begin() as connection:
            for table in tables.values():
                connection.execute(CreateTable(table))

    def _put(self, dataset: str, fields: Sequence[str], rows: Sequence[Record]) -> None:
        described = self._described(dataset)
        asked = {each.name: each.type for each in described.fields if each.name in fields and each.type != "binary"}
        needed = {each.name: each.type for each in described.fields if not each.nullable and each.type != "binary"}
        names = [*asked, *(name for name in needed if name not in asked)]
        keys = ", ".join(map(_quoted, described.primary_key))
        change = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in asked)
        statement = (
            f"INSERT INTO {_quoted(dataset)} ({', '.join(map(_quoted, names))}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 quoted names
            f" ON CONFLICT ({keys}) DO UPDATE SET {change}"
        )
        with translated(self.store.name):
            self._raw.executemany(statement, [self._row(row, names, asked, needed) for row in rows])

    def _row(self, row: Record, names: Sequence[str], asked: Mapping[str, str], needed: Mapping[str, str]) -> list[Any]:
        found = []
        for name in names:
            value = self._plain(row.get(name)) if name in asked else None
            found.append(_EMPTY.get(needed[name], "") if value is None and name in needed else value)
        return found

    def _plain(self, value: Any) -> Any:
        """A value as SQLite keeps it; moments by the wall clock of the zone."""
        if isinstance(value, dt.datetime):
            return str(self.wall_clock(value).isoformat(" "))
        if isinstance(value, dt.date | dt.time):
            return value.isoformat()
        if isinstance(value, bool):
            return int(value)
        return str(value) if isinstance(value, decimal.Decimal) else value


def _private(folder: Path, name: str) -> sqlite3.Connection:
    path = folder / f".mirror-{secrets.token_hex(8)}"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        raw = sqlite3.connect(path, check_same_thread=False)
        raw.execute("PRAGMA journal_mode = MEMORY")
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("PRAGMA user_version = 1")  # from here on the file is open
        raw.commit()
    except (OSError, sqlite3.Error):
        raise StoreError(
            name,
            found="a folder in which no private copy can be made",
            expected="a folder that this user may write",
            next_step="run `governance doctor`",
        ) from None
    finally:
        path.unlink(missing_ok=True)
    return raw


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
