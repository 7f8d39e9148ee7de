"""Compute the last day of a term: days, working days, months and hours; extensions, pauses, zones, holidays. Pure.

The day of receipt does not count (Regulation (EEC) 1182/71, Art. 3(1)); it is the day in the controller's zone. A term
of days or months ends with the last instant of its last day there. Months go to the day of the same number, or the last
day of a shorter month (Art. 3(2)(c)). Hours are elapsed hours from the very moment, whatever the clocks on the wall do:
the stricter reading of Art. 3(1), which would leave out the hour that has begun.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from policies.clocks import Clock, Term, Unit
from policies.errors import BadInputError
from policies.periods import parse_period

_DAY = dt.timedelta(days=1)


class WorkingDays(Protocol):
    """Knows on which days work is done."""

    def is_working(self, day: dt.date) -> bool:
        """Whether a day is neither a weekend nor a public holiday nor closed."""
        ...


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock stood."""

    since: dt.datetime
    """When the person was asked, aware."""
    until: dt.datetime
    """When the person answered, aware."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a term ends."""

    day: dt.date
    """Its last day, in the controller's zone."""
    late_from: dt.datetime
    """The first moment that is too late, in UTC."""


def deadline(
    clock: Clock,
    received: dt.datetime,
    *,
    zone: ZoneInfo,
    days: WorkingDays,
    extended: bool = False,
    pauses: Sequence[Pause] = (),
) -> Deadline | None:
    """When a clock that began at a moment has run out; None for one whose length nobody has set.

    An extension counts from receipt too: one month and two are three months from that day. Raises BadInputError for a
    moment without a zone.
    """
    if clock.limit is None:
        return None
    if received.tzinfo is None:
        raise BadInputError(
            "received", found="a moment without a zone", expected="an aware datetime", next_step="give its zone"
        )
    more = clock.extension.amount if extended and clock.extension is not None else 0
    amount, unit = clock.limit.amount + more, clock.limit.unit
    if unit is Unit.HOURS:
        stood = sum(((each.until - each.since) for each in pauses), dt.timedelta())
        moment = received.astimezone(dt.UTC) + dt.timedelta(hours=amount) + stood
        return Deadline(moment.astimezone(zone).date(), moment)
    last = _last_day(received.astimezone(zone).date(), amount, unit, days)
    for each in pauses:
        last = _moved(last, each, unit, zone, days)
    while clock.rolls and not days.is_working(last):
        last += _DAY
    return Deadline(last, _end_of(last, zone))


def _last_day(start: dt.date, amount: int, unit: Unit, days: WorkingDays) -> dt.date:
    if unit is Unit.DAYS:
        return start + amount * _DAY
    if unit is Unit.MONTHS:
        return parse_period(f"P{amount}M").after(start)
    return _working_days_on(start, amount, days)


def _working_days_on(start: dt.date, amount: int, days: WorkingDays) -> dt.date:
    day = start
    while amount:
        day += _DAY
        amount -= days.is_working(day)
    return day


def _moved(last: dt.date, pause: Pause, unit: Unit, zone: ZoneInfo, days: WorkingDays) -> dt.date:
    """The last day after a pause: the days from being asked to the answer do not count."""
    since, until = pause.since.astimezone(zone).date(), pause.until.astimezone(zone).date()
    if unit is not Unit.BUSINESS_DAYS:
        return last + (until - since)
    stood = sum(days.is_working(since + number * _DAY) for number in range(1, (until - since).days + 1))
    return _working_days_on(last, stood, days)


def _end_of(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day + _DAY, dt.time(), zone).astimezone(dt.UTC)


def again_from(term: Term, moment: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The first day on which one may ask again when a term of months or days has to pass first, in that zone."""
    start = moment.astimezone(zone).date()
    text = f"P{term.amount}{'M' if term.unit is Unit.MONTHS else 'D'}"
    return parse_period(text).after(start) + _DAY
