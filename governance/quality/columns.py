"""The columns of one batch as checks take them: folded text, days and moments, numbers; each made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.normalise import fold_all

_MOMENT = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?$"
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Columns:
    """A batch, looked at column by column. What is made of a column is kept until the next batch."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self.rows: int = batch.num_rows
        """How many rows the batch has."""
        self._kept: dict[tuple[str, str], Any] = {}

    def text(self, name: str) -> pa.Array:
        """The column as text: width and odd signs folded, no blanks at the ends, empty as NULL."""
        return self._once("text", name, self._text)

    def filled(self, name: str) -> np.ndarray:
        """Where the column holds anything but NULL and blanks."""
        found: np.ndarray = self._once("filled", name, lambda each: where(pc.is_valid(self.text(each))))
        return found

    def lower(self, name: str) -> pa.Array:
        """The column as text in lower case."""
        return self._once("lower", name, lambda each: pc.utf8_lower(self.text(each)))

    def signs(self, name: str) -> pa.Array:
        """Letters and digits of the column alone, in capitals."""
        return self._once(
            "signs", name, lambda each: pc.utf8_upper(pc.replace_substring_regex(self.text(each), r"[^0-9A-Za-z]", ""))
        )

    def moments(self, name: str) -> np.ndarray:
        """The column as moments to the second, NaT for what is none; a zone that is written is left out of account."""
        found: np.ndarray = self._once("moments", name, self._moments)
        return found

    def numbers(self, name: str) -> np.ndarray:
        """The column as floats, NaN for what is none."""
        found: np.ndarray = self._once("numbers", name, self._numbers)
        return found

    def _once(self, kind: str, name: str, make: Callable[[str], Any]) -> Any:
        key = (kind, name)
        if key not in self._kept:
            self._kept[key] = make(name)
        return self._kept[key]

    def _text(self, name: str) -> pa.Array:
        column = self.batch.column(name)
        text = column if pa.types.is_string(column.type) else column.cast(pa.string())
        text = pc.utf8_trim_whitespace(fold_all(text))
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)

    def _moments(self, name: str) -> np.ndarray:
        column = self.batch.column(name)
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            return np.asarray(column.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False))
        return _read_moments(self.text(name))

    def _numbers(self, name: str) -> np.ndarray:
        column = self.batch.column(name)
        if not pa.types.is_string(column.type):
            return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        text = self.text(name)
        written = pc.match_substring_regex(text, r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")
        plain = pc.if_else(pc.fill_null(written, False), text, pa.scalar(None, pa.string()))
        return np.asarray(plain.cast(pa.float64()).to_numpy(zero_copy_only=False))


def where(found: pa.Array) -> np.ndarray:
    """Where an Arrow column of booleans is true; NULL is not."""
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def written_as_day(text: pa.Array) -> np.ndarray:
    """Where a text is a day with its year first, whether or not the calendar has that day."""
    return where(pc.match_substring_regex(text, _MOMENT))


def _read_moments(text: pa.Array) -> np.ndarray:
    found = np.full(len(text), "NaT", dtype="datetime64[s]")
    parts = pc.extract_regex(text, _NAMED)
    place = np.flatnonzero(where(pc.is_valid(parts)))
    if not len(place):
        return found
    year, month, day, hour, minute, second = (_part(parts, name, place) for name in _PARTS)
    with_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    in_year = (year >= 1) & (month >= 1) & (month <= 12)
    longest = np.array((0, *_DAYS, 0))[np.clip(month, 0, 13)] + ((month == 2) & with_leap)
    real = in_year & (day >= 1) & (day <= longest) & (hour < 24) & (minute < 60) & (second < 60)
    months = (year - 1970) * 12 + (month - 1)
    start = months[real].astype("datetime64[M]").astype("datetime64[s]")
    seconds = ((day[real] - 1) * 24 + hour[real]) * 3600 + minute[real] * 60 + second[real]
    found[place[real]] = start + seconds.astype("timedelta64[s]")
    return found


_PARTS = ("year", "month", "day", "hour", "minute", "second")
_NAMED = _MOMENT
for _name in _PARTS:
    _NAMED = _NAMED.replace("(\\d", f"(?P<{_name}>\\d", 1)


def _part(parts: pa.StructArray, name: str, place: np.ndarray) -> np.ndarray:
    text = pc.fill_null(parts.field(name), "0").take(pa.array(place))
    return np.asarray(pc.if_else(pc.equal(text, ""), "0", text).cast(pa.int64()).to_numpy(zero_copy_only=False))
