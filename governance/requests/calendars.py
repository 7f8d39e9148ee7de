"""Working days of a country or part of one, from the `holidays` package, with the project's own closed days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from policies.config import GovernanceConfig
from policies.errors import ConfigError

if TYPE_CHECKING:
    from holidays import HolidayBase


class WorkCalendar:
    """Says which days are worked. Without a name every day from Monday to Friday is, but for the closed ones.

    Working Saturdays that a country swaps for a bridge day count as worked. Holidays that a state sets anew every year
    are known as far as they are published. Raises ConfigError for a name that the package does not have.
    """

    def __init__(self, name: str | None = None, closed: Collection[dt.date] = ()) -> None:
        self.name = name
        """As in `DE-BY`; None for weekends alone."""
        self._closed = frozenset(closed)
        self._known = _load(name) if name is not None else None

    def is_working(self, day: dt.date) -> bool:
        """Whether a day is neither a weekend nor a public holiday nor closed."""
        if day in self._closed:
            return False
        return day.weekday() < 5 if self._known is None else self._known.is_working_day(day)


def calendars_of(config: GovernanceConfig) -> Callable[[str], WorkCalendar]:
    """Gives the working days of a law, as the configuration names them; a calendar is loaded when it is first used."""
    known: dict[str | None, WorkCalendar] = {}

    def working_days(law: str) -> WorkCalendar:
        name = config.calendars.get(law, config.calendar)
        if name not in known:
            known[name] = WorkCalendar(name, config.closed_days)
        return known[name]

    return working_days


def _load(name: str) -> HolidayBase:
    from holidays import country_holidays  # 50 ms: only where a deadline is computed

    country, _, part = name.partition("-")
    try:
        return country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        raise ConfigError(
            "governance.yaml, calendar",
            found="a country or part that the package `holidays` does not know",
            expected="an ISO 3166 code such as DE, DE-BY, GB-ENG, US-CA, CN, TW",
            next_step="correct it, or leave it out and list closed_days",
        ) from None
