"""Rows of a database, raw, by statements whose values are bound; encrypted identifiers through their blind index."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Engine

from connectors.sql.faults import translated
from governance.protect.protector import Protector
from governance.protect.reading import Reading
from governance.requests.forms import Form
from governance.requests.sql_candidates import as_text, field_candidate, text_candidate
from governance.requests.store_rows import Row, written
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import RecordKey, Unreached
from policies.errors import BadInputError, CatalogError, DecryptionError, KeyringError
from policies.nouns import Scalar

Item = TypeVar("Item")

AT_ONCE = 400
"""So many values go into one statement."""
FETCHED = 1_000
"""So many rows are fetched together."""
_LARGEST = 2**63


class SqlRows:
    """One database. It only reads."""

    def __init__(self, engine: Engine, protector: Protector | None) -> None:
        self.unreached: list[Unreached] = []
        self._engine = engine
        self._protector = protector
        self._tables: dict[str, sa.Table] = {}

    def matching(
        self, dataset: DatasetMap, fields: Sequence[str], values: Collection[RecordKey], needed: Sequence[str]
    ) -> Iterator[Row]:
        """As `Rows.matching`."""
        wanted = {written(each) for each in values}
        if any(dataset.encrypted(name) for name in fields):
            return
        table = self._table(dataset)
        for lot in _lots(list(values), AT_ONCE):
            condition = _among([table.c[name] for name in fields], lot)
            if condition is not None:
                for row in self._rows(dataset, table, condition, [*needed, *fields]):
                    if written([row.values[name] for name in fields]) in wanted:
                        yield row

    def identified(
        self, dataset: DatasetMap, sought: Mapping[str, Sequence[Form]], needed: Sequence[str]
    ) -> Iterator[tuple[Row, str, Form]]:
        """As `Rows.identified`."""
        table = self._table(dataset)
        for name, forms in sought.items():
            if dataset.encrypted(name):
                yield from self._sealed(dataset, table, name, forms, needed)
                continue
            for lot in _lots(forms, AT_ONCE // 8):
                condition = sa.or_(*(field_candidate(table.c[name], each, self._engine.dialect.name) for each in lot))
                for row in self._rows(dataset, table, condition, [*needed, name]):
                    yield from ((row, name, form) for form in lot if form.matches(row.values[name]))

    def mentioning(self, dataset: DatasetMap, forms: Sequence[Form]) -> Iterator[tuple[Row, str]]:
        """As `Rows.mentioning`."""
        table = self._table(dataset)
        for lot in _lots(forms, AT_ONCE // 16):
            condition = sa.or_(*(text_candidate(table.c[name], form) for name in dataset.texts for form in lot))
            for row in self._rows(dataset, table, condition, dataset.texts, as_texts=True):
                for name in dataset.texts:
                    text = row.values[name]
                    if text is not None and any(form.stands_in(str(text)) for form in lot):
                        yield Row(row.key, {}), name
                        break

    def _sealed(
        self, dataset: DatasetMap, table: sa.Table, name: str, forms: Sequence[Form], needed: Sequence[str]
    ) -> Iterator[tuple[Row, str, Form]]:
        for form in forms:
            cells = self._cells(dataset, name, form)
            if not cells:
                continue
            index = dataset.entry.fields[name].blind_index
            condition = table.c[index.field if index is not None else name].in_(cells)
            for row in self._rows(dataset, table, condition, [*needed, name]):
                if form.matches(row.values[name]):
                    yield row, name, form

    def _cells(self, dataset: DatasetMap, name: str, form: Form) -> list[bytes]:
        entry = dataset.entry.fields[name]
        place = str(dataset.field(name))
        if self._protector is None or (entry.blind_index is None and entry.cipher != "siv"):
            self._say(place, "encrypted_without_index")
            return []
        if entry.blind_index is not None and entry.blind_index.path is not None:
            self._say(place, "index_of_a_member")
            return []
        if entry.blind_index is None or entry.blind_index.normalise == "exact":
            self._say(place, "exact_index")
        found: list[bytes] = []
        try:
            for each in form.spellings:
                found += self._protector.search_cells(dataset.field(name), each, "string")
        except (BadInputError, CatalogError, KeyringError):
            self._say(place, "index_unusable")
        return found

    def _rows(
        self,
        dataset: DatasetMap,
        table: sa.Table,
        condition: ColumnElement[bool],
        names: Sequence[str],
        *,
        as_texts: bool = False,
    ) -> Iterator[Row]:
        """The rows of a condition; only what is needed of them is read."""
        sealed = [name for name in dict.fromkeys(names) if dataset.encrypted(name)]
        keys = dataset.entry.record_key if sealed else ()
        plain = [name for name in dict.fromkeys(names) if name not in sealed]
        columns = [self._selected(table.c[each]) for each in (*dataset.key, *keys, *sealed)]
        columns += [as_text(table.c[each]) if as_texts else self._selected(table.c[each]) for each in plain]
        query = sa.select(*(each.label(f"c{number}") for number, each in enumerate(columns))).where(condition)
        first, second = len(dataset.key), len(dataset.key) + len(keys)
        with translated(str(dataset.ref)), self._engine.connect() as connection:
            kept = {"postgresql_readonly": True} if connection.dialect.name == "postgresql" else {}
            options = connection.execution_options(stream_results=True, yield_per=FETCHED, **kept)
            for rows in options.execute(query).partitions():
                opened = self._opened(dataset, sealed, rows, first, second)
                for place, row in enumerate(rows):
                    values = dict(zip(plain, map(_scalar, row[second + len(sealed) :]), strict=True))
                    values |= {name: opened[name][place] for name in sealed}
                    yield Row(tuple(map(_scalar, row[:first])), values)

    def _opened(
        self, dataset: DatasetMap, sealed: Sequence[str], rows: Sequence[Any], first: int, second: int
    ) -> dict[str, Sequence[Any]]:
        """The clear values of encrypted fields; None where one does not open."""
        found: dict[str, Sequence[Any]] = {}
        for number, name in enumerate(sealed):
            nothing: Sequence[Any] = [None] * len(rows)
            found[name] = nothing
            if self._protector is None:
                continue
            tokens = [row[second + number] for row in rows]
            try:
                keys = [tuple(row[first:second]) for row in rows]
                found[name] = Reading(self._protector).decrypt_column(dataset.field(name), tokens, keys)
            except (BadInputError, DecryptionError, KeyringError):
                self._say(str(dataset.field(name)), "does_not_decrypt")
        return found

    def _selected(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A column as it is read: SQLite keeps texts in fields that are declared as dates."""
        return sa.type_coerce(column, sa.types.NullType()) if self._engine.dialect.name == "sqlite" else column

    def _table(self, dataset: DatasetMap) -> sa.Table:
        name = dataset.ref.dataset
        if name not in self._tables:
            schema, _, bare = name.rpartition(".")
            with translated(str(dataset.ref)):
                self._tables[name] = sa.Table(
                    bare, sa.MetaData(), schema=schema or None, autoload_with=self._engine, resolve_fks=False
                )
        return self._tables[name]

    def _say(self, place: str, reason: str) -> None:
        note = Unreached(place, reason)
        if note not in self.unreached:
            self.unreached.append(note)


def _lots(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _among(columns: Sequence[ColumnElement[Any]], values: Sequence[RecordKey]) -> ColumnElement[bool] | None:
    """The condition that columns hold one of some keys; None where none of them has the columns' types."""
    if len(columns) == 1:
        (column,) = columns
        side, parts = _typed(column, [each[0] for each in values])
        return side.in_(parts) if parts else None
    each_of = []
    for value in values:
        sides = [_typed(column, [part]) for column, part in zip(columns, value, strict=True)]
        if all(parts for _, parts in sides):
            each_of.append(sa.and_(*(side == parts[0] for side, parts in sides)))
    return sa.or_(*each_of) if each_of else None


def _typed(column: ColumnElement[Any], parts: Sequence[Scalar]) -> tuple[ColumnElement[Any], list[Any]]:
    """A column with the values that can be compared with it, in its type or both as text."""
    if isinstance(column.type, sa.Integer):
        found = [number for each in parts if (number := _whole(each)) is not None]
        return sa.type_coerce(column, sa.BigInteger), found
    return as_text(column), [text for each in parts if "\x00" not in (text := written([each])[0])]


def _whole(value: Scalar) -> int | None:
    try:
        number = int(str(value)) if not isinstance(value, bool) else int(value)
    except ValueError:
        return None
    return number if -_LARGEST <= number < _LARGEST else None


def _scalar(value: Any) -> Scalar:
    """A value of a driver as a key or identifier holds it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
