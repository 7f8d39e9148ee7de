"""Values as drivers give them, in the form that their field's type means.

SQLite keeps dates, times, decimals and JSON as texts and numbers, MariaDB truth values as numbers and times as spans;
what is encrypted must not depend on that.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from policies.errors import StoreError
from policies.nouns import FieldRef


def typed_values(field: FieldRef, values: Sequence[Any], word: str, *, parsed_json: bool) -> list[Any]:
    """The values of one field of a type; None stays None. `parsed_json`: the driver has read JSON already.

    Raises StoreError, without the value, for one that its type cannot hold.
    """
    if word == "json" and parsed_json:
        return list(values)
    read = _READERS[word]
    try:
        return [None if value is None else read(value) for value in values]
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        raise misfit(field, word) from None


def misfit(field: FieldRef, word: str) -> StoreError:
    """The error of a value that is not of its field's type."""
    return StoreError(
        str(field),
        found="a value that is not of the field's type",
        expected=f"values of type {word}, or NULL",
        next_step="correct the value, or the type of the column, and plan again",
    )


def fits(value: Any, word: str) -> bool:
    """Whether a value is of a type, or NULL."""
    try:
        return value is None or _READERS[word](value) is not None
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return False


def _boolean(value: Any) -> bool:
    if value in (0, 1):
        return bool(value)
    raise ValueError


def _integer(value: Any) -> int:
    if isinstance(value, bool | str | bytes) or value != int(value):
        raise ValueError
    return int(value)


def _decimal(value: Any) -> Decimal:
    found = Decimal(str(value))
    if isinstance(value, bool) or not found.is_finite():
        raise ValueError
    return found


def _float(value: Any) -> float:
    if isinstance(value, str | bytes | bool):
        raise TypeError
    return float(value)


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        raise TypeError
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _datetime(value: Any) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


def _time(value: Any) -> dt.time:
    if isinstance(value, dt.timedelta):
        if not dt.timedelta(0) <= value < dt.timedelta(days=1):
            raise ValueError
        return (dt.datetime.min.replace(tzinfo=dt.UTC) + value).time()
    return value if isinstance(value, dt.time) else dt.time.fromisoformat(value)


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError


def _binary(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise TypeError


def _json(value: Any) -> Any:
    """A JSON text whose every member and number can be written again: no name twice, nothing beyond a float."""
    return json.loads(value, object_pairs_hook=_members, parse_constant=_no_number, parse_float=_finite)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_: str) -> Any:
    raise ValueError


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise ValueError
    return found


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "binary": _binary,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
    "float": _float,
    "integer": _integer,
    "json": _json,
    "string": _string,
    "time": _time,
}
