"""By when an incident must be told to whom: the clocks of the laws, from the pack, and when they end. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, Protocol, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model


class WorkingDays(Protocol):
    """The working days of a place, weekends and holidays left out."""

    def after(self, day: dt.date, count: int) -> dt.date:
        """The day on which so many working days after a day are over."""
        ...


class IncidentClock(FileModel):
    """One duty to tell of an incident."""

    law: str
    """The law that it belongs to."""
    tell: Literal["authority", "persons"]
    """Whom to tell."""
    starts: Literal["aware", "assessed"]
    """From when it runs: somebody knows of the incident, or knows that it must be told."""
    limit: int | None = Field(default=None, ge=1)
    """How many of the unit; None for `at_once` and `by_order`."""
    unit: Literal["hours", "calendar_days", "working_days", "at_once", "by_order"]
    """What is counted; `at_once` has no number in the law, `by_order` none yet."""
    persons_from: int | None = Field(default=None, ge=1)
    """From how many people it is sure to run; None where their number does not decide."""
    unless: str = ""
    """When it does not run, which a person judges."""
    article: str
    """The article."""
    as_of: dt.date
    """The day from which the text of that article holds."""
    confidence: Literal["text", "secondary", "memory"]
    """`text` (read in the act itself), `secondary` or `memory`."""

    @model_validator(mode="after")
    def _number_where_counted(self) -> Self:
        if (self.limit is None) != (self.unit in ("at_once", "by_order")):
            raise ValueError("`limit` for hours and days, and only for them")
        return self

    def ends(
        self, start: dt.datetime, zone: str = "UTC", working_days: WorkingDays | None = None
    ) -> dt.datetime | None:
        """The first moment that is too late, aware, in UTC; None where the law has no number or it cannot be counted.

        Hours run through weekends and changes of the clock. Days are those of a zone; the day of the start does not
        count and the last one counts whole. Working days need their calendar. Raises ValueError for a naive `start`.
        """
        if start.tzinfo is None:
            raise ValueError("an aware datetime")
        if self.limit is None:
            return None
        if self.unit == "hours":
            return start.astimezone(dt.UTC) + dt.timedelta(hours=self.limit)
        day = start.astimezone(ZoneInfo(zone)).date()
        if self.unit == "calendar_days":
            return _end_of(day + dt.timedelta(days=self.limit), zone)
        return None if working_days is None else _end_of(working_days.after(day, self.limit), zone)


class _Clocks(FileModel):
    clocks: dict[str, IncidentClock]
    """By name."""


def incident_clocks(on: dt.date, laws: Iterable[str] | None = None) -> dict[str, IncidentClock]:
    """The clocks in force on a day, of some laws or all, by name. Raises PackError."""
    found = check_model(_Clocks, load_pack("incident_clocks", on).body, "pack incident_clocks", error=PackError).clocks
    wanted = None if laws is None else set(laws)
    return {name: each for name, each in sorted(found.items()) if wanted is None or each.law in wanted}


def _end_of(day: dt.date, zone: str) -> dt.datetime:
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZoneInfo(zone))
    return midnight.astimezone(dt.UTC)
