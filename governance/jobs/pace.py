"""How hard a job may work: rows in a transaction, rows in a second, and the hours in which it runs."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from policies.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the day, in the zone of the project; one that ends before it begins passes midnight."""

    begins: dt.time
    """The first moment inside."""
    ends: dt.time
    """The first moment outside."""

    @classmethod
    def parse(cls, text: str) -> Window:
        """The window of a text such as `22:00-06:00`. Raises ConfigError."""
        begins, dash, ends = text.partition("-")
        try:
            window = cls(*(dt.datetime.strptime(each.strip(), "%H:%M").time() for each in (begins, ends)))  # noqa: DTZ007 a time of day
        except ValueError:
            dash = ""
        if not dash or window.begins == window.ends:
            raise ConfigError(
                "jobs.window",
                found="a text of another form",
                expected="two different times of day, as in 22:00-06:00",
                next_step="correct the window, or leave it out: jobs then run at any hour",
            )
        return window

    def is_open(self, local: dt.datetime) -> bool:
        """Whether a moment lies inside."""
        now = local.time()
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def opens_next(self, local: dt.datetime) -> dt.datetime:
        """When it opens after a moment outside, in the moment's zone."""
        today = local.replace(hour=self.begins.hour, minute=self.begins.minute, second=0, microsecond=0, fold=0)
        return today if today > local else today + dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a job may work."""

    batch_rows: int = 500
    """Rows in a transaction, at most."""
    rows_per_second: float | None = None
    """Rows in a second over the whole run; None for as many as the store takes."""
    window: Window | None = None
    """The hours in which batches may begin; None for any."""
    sleep: Callable[[float], object] = time.sleep
    """Waits for some seconds."""
    seconds: Callable[[], float] = time.monotonic
    """Gives seconds that only grow."""


class Throttle:
    """Keeps a run at or below its rows per second, counted from the start of the run."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._began = pace.seconds()
        self._rows = 0

    def spend(self, rows: int) -> None:
        """Wait until so many more rows were due."""
        self._rows += rows
        if self._pace.rows_per_second:
            early = self._began + self._rows / self._pace.rows_per_second - self._pace.seconds()
            if early > 0:
                self._pace.sleep(early)
