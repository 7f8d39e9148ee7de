"""When a request is due: the clocks of its law, in the controller's zone, over the working days of its calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from governance.requests.moves import Move
from governance.requests.request import RequestEvent, moment_of
from policies.clocks import Clock, Clocks
from policies.deadlines import Deadline, Pause, WorkingDays, deadline
from policies.errors import PackError


@dataclass(frozen=True, slots=True)
class Timing:
    """Computes deadlines for one project."""

    clocks: Clocks
    """The pack in force."""
    zone: ZoneInfo
    """The controller's zone."""
    working_days: Callable[[str], WorkingDays]
    """The working days of a law."""

    def clock(self, name: str) -> Clock:
        """A clock by its id. Raises PackError for one that this release does not have."""
        found = self.clocks.clocks.get(name)
        if found is None:
            raise PackError(
                "pack clocks",
                found="a request under a clock that the pack does not have",
                expected="the clocks of the release that took the request down",
                next_step="use that release or a later one",
            )
        return found

    def due(
        self, name: str, received: dt.datetime, *, extended: bool = False, pauses: Sequence[Pause] = ()
    ) -> Deadline:
        """When a clock that began at a moment has run out. Raises PackError for a clock without a length."""
        clock = self.clock(name)
        days = self.working_days(clock.law)
        found = deadline(clock, received, zone=self.zone, days=days, extended=extended, pauses=pauses)
        if found is None:
            raise PackError(
                f"pack clocks, {name}",
                found="a clock whose length nobody has set",
                expected="a limit",
                next_step="use a release whose pack has one",
            )
        return found

    def day(self, moment: dt.datetime) -> dt.date:
        """The day of a moment in the controller's zone."""
        return moment.astimezone(self.zone).date()


def pauses_in(history: Iterable[RequestEvent]) -> list[Pause]:
    """The pauses that have ended, in order; being sure of the person ends a pause for identity."""
    found: list[Pause] = []
    since: RequestEvent | None = None
    for each in history:
        if each.kind == Move.PAUSE:
            since = each
        elif since is not None and (
            each.kind == Move.RESUME or (each.kind == Move.VERIFY and since.code == "identity")
        ):
            found.append(Pause(moment_of(since.at), moment_of(each.at)))
            since = None
    return found
