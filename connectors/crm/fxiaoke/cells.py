"""A record as the vendor gives it, as cells of the fields asked for, and cells as the vendor takes them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from connectors.base import Field
from connectors.cells import text_column, text_of
from connectors.crm.base import Record
from connectors.files.arrow_shapes import json_text

ZONE = dt.timezone(dt.timedelta(hours=8))
"""Days are those of China, as `time_zone` of the vendor's descriptions says."""
_START = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SHAPES = {"boolean": pa.bool_(), "date": pa.date32(), "datetime": pa.timestamp("ms", "UTC")}
_MASKED = re.compile(r"\*{3,}")
"""How a value looks of which the vendor's rules of display hide a part."""


def derived(name: str) -> bool:
    """Whether the vendor makes a field from another one, so that it can only be read."""
    return "." in name or name.endswith("__o")


def asked_of_vendor(fields: Sequence[Field]) -> list[str] | None:
    """What an answer may be narrowed to; None where the pages do not say that it would then hold what is asked."""
    if any(derived(each.name) for each in fields):
        return None
    return list(dict.fromkeys(["_id", *(each.name for each in fields)]))


def cell(record: Mapping[str, Any], field: Field) -> Any:
    """The value of a field; None where there is none, or one that is not of the field's type."""
    head, _, part = field.name.partition(".")
    value = _employee(record, head).get(part) if part else record.get(head)
    if value is None or value in ("", []):
        return None
    read: Callable[[Any], Any] = _READERS.get(field.type, _text)
    return read(value)


def _employee(record: Mapping[str, Any], head: str) -> Mapping[str, Any]:
    """What stands beside a field of employees: an object, a list of them, or the name alone."""
    found = record.get(head) or record.get(f"{head.removesuffix('__r')}__l")
    if isinstance(found, list):
        found = found[0] if found else None
    if isinstance(found, str):
        return {"name": found}
    return found if isinstance(found, Mapping) else {}


def row(record: Mapping[str, Any], fields: Sequence[Field]) -> Record:
    """The record's cells by field."""
    return {each.name: cell(record, each) for each in fields}


def batch(records: Sequence[Mapping[str, Any]], fields: Sequence[Field]) -> pa.RecordBatch:
    """The records' cells as Arrow columns, in the order of the fields."""
    columns = []
    for each in fields:
        values = [cell(record, each) for record in records]
        shape = _SHAPES.get(each.type)
        columns.append(text_column(values) if shape is None else pa.array(values, shape))
    schema = pa.schema([(each.name, _SHAPES.get(each.type, pa.string())) for each in fields])
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def masked(records: Sequence[Mapping[str, Any]], field: Field) -> int:
    """How many of the records hold a value that the vendor shows in part only."""
    if field.native_type not in {"phone_number", "email", "text"}:
        return 0
    return sum(isinstance(value := each.get(field.name), str) and bool(_MASKED.search(value)) for each in records)


def _text(value: Any) -> str | None:
    return json_text(value) if isinstance(value, (dict, list)) else text_of(value)


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return _START + dt.timedelta(milliseconds=int(value))
    except (ValueError, OverflowError):
        return None


def _date(value: Any) -> dt.date | None:
    moment = _moment(value)
    return None if moment is None else moment.astimezone(ZONE).date()


def _time(value: Any) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.time().isoformat()


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "json": _json,
    "time": _time,
}


def written(field: Field, value: Any) -> Any:
    """A cell as the vendor takes it: numbers as text, moments in milliseconds, lists as lists."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return round((moment - _START) / dt.timedelta(milliseconds=1))
    if isinstance(value, dt.date):
        return written(field, dt.datetime.combine(value, dt.time(), ZONE))
    if isinstance(value, str) and field.type in _PARSERS:
        return written(field, _PARSERS[field.type](value))
    return json.loads(value) if isinstance(value, str) and field.type == "json" else _plain(field, value)


def _plain(field: Field, value: Any) -> Any:
    if field.type == "time" and isinstance(value, str):
        moment = dt.time.fromisoformat(value)
        return (moment.hour * 3600 + moment.minute * 60 + moment.second) * 1000 + moment.microsecond // 1000
    return value if isinstance(value, (list, dict)) else text_of(value)


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: text.lower() == "true",
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
}
