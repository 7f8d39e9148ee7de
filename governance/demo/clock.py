"""The demo's own time and ids, so that the same seed gives the same life on every machine and day."""

from __future__ import annotations

import datetime as dt
from random import Random

STEP = dt.timedelta(milliseconds=137)
"""How far the clock moves on at each look."""


class DemoClock:
    """A clock that stands where it was set and moves on a little at each look; never backwards."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start

    def __call__(self) -> dt.datetime:
        """The present of the demo, aware, in UTC."""
        self._now += STEP
        return self._now

    def move_to(self, moment: dt.datetime) -> None:
        """Let time pass until a moment; one that is over changes nothing."""
        self._now = max(self._now, moment)


class DemoIds:
    """Ids of 32 hexadecimal digits from a seed."""

    def __init__(self, seed: str) -> None:
        self._rng = Random(seed)

    def __call__(self) -> str:
        """The next id."""
        return f"{self._rng.getrandbits(128):032x}"
