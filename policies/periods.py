"""Spans of the calendar: ISO 8601 durations of days or more, added to a day and taken from one.

A period of months or years ends on the day of the same number, or on the last day of a shorter month (Regulation (EEC)
1182/71, Art. 3). The day of the event does not count: a record is due on the day after the period's last day.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

import isodate

_DURATION = re.compile(r"P(?=\d)(?:\d{1,4}Y)?(?:\d{1,4}M)?(?:\d{1,4}W)?(?:\d{1,5}D)?")


@dataclass(frozen=True, slots=True)
class Period:
    """A span of the calendar."""

    text: str
    """As an ISO 8601 duration, such as `P3Y`."""
    duration: isodate.Duration | dt.timedelta = field(compare=False)
    """The same, ready to be added to a day."""

    def __str__(self) -> str:
        return self.text

    def after(self, day: dt.date) -> dt.date:
        """The last day of the period that a day begins; `date.max` when the calendar ends before."""
        try:
            return day + self.duration
        except (OverflowError, ValueError):
            return dt.date.max

    def cutoff(self, today: dt.date) -> dt.date:
        """The first day whose records are not due today: a record is due when it began before it."""
        low, high = dt.date.min, today  # the day of the event never counts, so today's records are not due
        while low < high:
            middle = low + (high - low) // 2
            if self.after(middle) < today:
                low = middle + dt.timedelta(days=1)
            else:
                high = middle
        return low


def parse_period(text: str) -> Period:
    """The period of an ISO 8601 duration such as `P3Y`, `P6M`, `P1Y6M`, `P2W`, `P30D`. Raises ValueError."""
    if not _DURATION.fullmatch(text):
        raise ValueError("a period such as P3Y, P6M, P2W or P30D")
    duration = isodate.parse_duration(text)
    if not duration:
        raise ValueError("a period longer than nothing")
    return Period(text, duration)


def month_ends(first: dt.date, count: int) -> tuple[dt.date, ...]:
    """The last days of so many months, that of `first` included."""
    found, year, month = [], first.year, first.month
    for _ in range(count):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        found.append(dt.date(year, month, 1) - dt.timedelta(days=1))
    return tuple(found)
