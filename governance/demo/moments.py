"""Days and moments of the demo; every moment is naive and in UTC, as the shop's columns hold them."""

from __future__ import annotations

import datetime as dt
from random import Random


def moment(rng: Random, first: dt.date, last: dt.date) -> dt.datetime:
    """A moment between two days, the first included; more often by day than by night."""
    days = max((last - first).days, 1)
    day = first + dt.timedelta(days=rng.randrange(days))
    clock = dt.time(int(rng.triangular(0, 24, 14)), rng.randrange(60), rng.randrange(60))
    return dt.datetime.combine(day, clock)


def later(rng: Random, start: dt.datetime, max_hours: int, last: dt.date) -> dt.datetime:
    """A moment some hours after another, though not after the last day."""
    return min(
        start + dt.timedelta(minutes=rng.randrange(1, max_hours * 60)), dt.datetime.combine(last, dt.time(23, 59))
    )


def some_day(rng: Random, first: dt.date, last: dt.date) -> dt.date:
    """A day between two days, the first included."""
    return first + dt.timedelta(days=rng.randrange(max((last - first).days, 1)))


def years_before(day: dt.date, years: float) -> dt.date:
    """The day so many years of 365.25 days earlier."""
    return day - dt.timedelta(days=int(years * 365.25))
