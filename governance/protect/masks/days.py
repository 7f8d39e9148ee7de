"""Masks of dates: the year, as its first day, so that the field keeps its type."""

from __future__ import annotations

import datetime as dt
import re

import pyarrow as pa
import pyarrow.compute as pc

_DAY = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}.*", re.DOTALL)


class YearForm:
    """The first instant of the year. A store without dates of its own keeps them as ISO text, which stays text."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed

    def one(self, value: object) -> object | None:
        """The first day of the year of a day, or its first instant."""
        if isinstance(value, dt.datetime):
            return value.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0) if self._timed else None
        if isinstance(value, dt.date):
            return None if self._timed else value.replace(month=1, day=1)
        found = _DAY.fullmatch(value) if isinstance(value, str) else None
        return found and found[1] + ("-01-01 00:00:00.000000" if self._timed else "-01-01")

    def column(self, values: pa.Array) -> pa.Array:
        """The first day of the year for each."""
        if pa.types.is_temporal(values.type):
            return pc.floor_temporal(values, unit="year").cast(values.type)
        return pa.array([self.one(each.as_py()) for each in values], values.type)
