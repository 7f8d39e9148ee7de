"""How quickly a host may be called: calls in a span, waits that the vendor asks for, backoff between tries."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from connectors.crm.http.calls import CallError


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, which tests replace."""

    sleep: Callable[[float], object] = time.sleep
    """Waits for some seconds."""
    seconds: Callable[[], float] = time.monotonic
    """Gives seconds that only grow; the clock of the wall may be wrong or be set."""
    chance: Callable[[], float] = random.random
    """Gives a number from 0 up to 1, so that many callers do not try again in one moment."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What a vendor allows."""

    calls: int
    """At most so many calls or credits ..."""
    seconds: float
    """... in any span of so many seconds."""


class _Span:
    """The calls of one quota's span, with their sum, so that a long span costs no more than a short one."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def wait(self, now: float, cost: int) -> float:
        """Seconds until a call of that cost is within the quota; one beyond the whole quota waits for an empty span."""
        while self._taken and self._taken[0][0] <= now - self.quota.seconds:
            self._sum -= self._taken.popleft()[1]
        over = self._sum + min(cost, self.quota.calls) - self.quota.calls
        for when, each in self._taken:
            if over <= 0:
                break
            over -= each
            if over <= 0:
                return when + self.quota.seconds - now
        return 0.0

    def take(self, now: float, cost: int) -> None:
        """Count a call."""
        self._taken.append((now, cost))
        self._sum += cost


class Pace:
    """Keeps all threads of one host within its quotas."""

    def __init__(
        self, place: str, quotas: tuple[Quota, ...], clock: Clock | None = None, longest_wait_seconds: float = 300
    ) -> None:
        self._place = place
        self._clock = clock or Clock()
        self._longest = longest_wait_seconds
        self._spans = [_Span(each) for each in quotas]
        self._held_until = 0.0
        self._lock = threading.Lock()
        self.spent = 0
        """Calls or credits since the store was opened."""

    def spend(self, cost: int = 1) -> None:
        """Wait until a call of that cost is within all quotas, and count it.

        Raises CallError when that would take longer than the longest wait.
        """
        waited = 0.0
        while (wait := self._take(cost)) > 0:
            waited += wait
            if waited > self._longest:
                raise CallError(
                    self._place,
                    found=f"the calls of the span used up; the next is due in {wait:.0f} seconds",
                    next_step="start it again later: it goes on where it stopped; or raise the store's limit of calls",
                )
            self._clock.sleep(wait)

    def _take(self, cost: int) -> float:
        """Seconds to wait; 0 when the call was counted."""
        with self._lock:
            now = self._clock.seconds()
            wait = max([self._held_until - now, *(span.wait(now, cost) for span in self._spans)])
            if wait > 0:
                return wait
            for span in self._spans:
                span.take(now, cost)
            self.spent += cost
            return 0.0

    def hold(self, seconds: float) -> None:
        """Let no thread call before so many seconds are over: the vendor asked for it."""
        if seconds > self._longest:
            raise CallError(
                self._place,
                found=f"a vendor that wants {seconds:.0f} seconds of rest",
                next_step="start it again after that time: it goes on where it stopped",
            )
        with self._lock:
            self._held_until = max(self._held_until, self._clock.seconds() + seconds)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 10.2.3: seconds or a date); None when it asks for nothing readable.

    A date counts from the `Date` of the same answer, so that a wrong clock on either side does not matter.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(min(int(asked[:9]), 10**9))
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(headers["date"])
        return max(0.0, (until - now).total_seconds())
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def backoff(attempt: int, chance: float, *, base_seconds: float = 0.5, cap_seconds: float = 30) -> float:
    """Seconds before the next try: a part by chance of a bound that doubles, from the first attempt, counted as 0."""
    bound = min(cap_seconds, base_seconds * 2.0 ** min(attempt, 30))
    return bound * (0.5 + chance / 2)
