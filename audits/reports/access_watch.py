"""What unusual use is measured by: days, hours, fields and refusals of each person, as far back as that needs."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from audits.reports.access_leaves import Shape
from audits.reports.access_tally import Group, Stamp, Tally

WINDOW_DAYS = 30
"""Days that are looked at, the day of the report included."""
BASELINE_DAYS = 90
"""Days before those that they are compared with."""


class Day:
    """One person's day."""

    __slots__ = ("refused", "rows", "uses")

    def __init__(self) -> None:
        self.uses = Tally(0)
        self.rows = Tally(0)
        self.refused = Tally(0)


class Watch:
    """The last 120 days of everybody, and when each person first used each field."""

    def __init__(self, today: dt.date) -> None:
        self.window = today - dt.timedelta(days=WINDOW_DAYS - 1)
        """The first day that is looked at."""
        self.start = self.window - dt.timedelta(days=BASELINE_DAYS)
        """The first day of the baseline."""
        self.today = today
        """The day of the report."""
        self.days: dict[str, dict[dt.date, Day]] = defaultdict(dict)
        """Person to their days."""
        self.hours: dict[str, dict[tuple[bool, int], Tally]] = defaultdict(dict)
        """Person to granted uses by whether they are looked at (or of the baseline) and hour of the day."""
        self.fields: dict[tuple[str, str], tuple[Stamp, dt.date]] = {}
        """Person and field to the first granted use of it and its day."""

    def take(self, shape: Shape, day: dt.date, group: Group) -> None:
        """Uses of one shape on one day."""
        person = str(shape.principal)
        if self.start <= day <= self.today:
            found = self.days[person].setdefault(day, Day())
            (found.uses if shape.granted else found.refused).merge(group.uses)
            if shape.granted:
                found.rows.merge(group.rows)
        first = group.uses.first
        if shape.granted and first is not None:
            for ref, _ in shape.fields:
                known = self.fields.get((person, ref))
                if known is None or first < known[0]:
                    self.fields[person, ref] = first, day

    def take_hour(self, person: str, day: dt.date, hour: int, uses: Tally) -> None:
        """Granted uses in one hour of one day."""
        if self.start <= day <= self.today:
            key = (day >= self.window, hour)
            found = self.hours[person].setdefault(key, Tally(0))
            found.merge(uses)
