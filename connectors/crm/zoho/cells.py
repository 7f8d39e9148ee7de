"""A record as the vendor gives it, as cells of the fields asked for."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from connectors.base import Field
from connectors.cells import text_column, text_of
from connectors.crm.base import Record

_SHAPES = {
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
}
"""The Arrow type for ours; every other one is text."""


def needed(fields: Sequence[Field]) -> list[str]:
    """The vendor's names of what must be asked for, each once."""
    return list(dict.fromkeys(each.name.split(".", 1)[0] for each in fields if each.name != "id"))


def cell(record: Mapping[str, Any], field: Field) -> Any:
    """The value of a field; None where there is none, or one that is not of the field's type."""
    value: Any = record
    for part in field.name.split(".", 1):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None or value == "":
        return None
    return _READERS.get(field.type, text_of)(value)


def row(record: Mapping[str, Any], fields: Sequence[Field]) -> Record:
    """The record's cells by field."""
    return {each.name: cell(record, each) for each in fields}


def batch(records: Sequence[Mapping[str, Any]], fields: Sequence[Field]) -> pa.RecordBatch:
    """The records' cells as Arrow columns, in the order of the fields."""
    columns = [_column([cell(record, each) for record in records], each) for each in fields]
    return pa.RecordBatch.from_arrays(columns, schema=schema(fields))


def schema(fields: Sequence[Field]) -> pa.Schema:
    """The Arrow schema of some fields."""
    return pa.schema([pa.field(each.name, _SHAPES.get(each.type, pa.string())) for each in fields])


def _column(values: Sequence[Any], field: Field) -> pa.Array:
    shape = _SHAPES.get(field.type)
    return text_column(values) if shape is None else pa.array(values, shape)


def _integer(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError):
        return None
    return number if -(2**63) <= number < 2**63 else None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())


def _date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _moment(value: Any) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _json(value: Any) -> str | None:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "json": _json,
}


def written(field: Field, value: Any) -> Any:
    """A value as the vendor takes it."""
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if field.type == "json" and isinstance(value, str):
        return json.loads(value)
    return value
