"""Numbers about requests: shares on time with their intervals, differences between tiers, days as CCPA 7102 asks. Pure.

Counted are requests that were answered, partly answered or refused, and open ones that are late; what the person
withdrew and duplicates are not. An open request whose time has not run out says nothing yet.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from governance.requests.request import Request, moment_of
from governance.scan.intervals import wilson

DIMENSIONS = ("type", "law", "store", "cause", "tier")
"""By what shares on time are told."""
CCPA_TYPES = ("erasure", "rectification", "access", "opt_out", "limit")
"""The types of 11 CCR 7102(a): delete, correct, know, opt out, limit."""
FEWEST = 10
"""How many requests both sides of a difference must have: the interval is too narrow for fewer."""


@dataclass(frozen=True, slots=True)
class OnTime:
    """How many of some requests were answered in time."""

    settled: int
    """Answered, refused, or open and late."""
    on_time: int
    """Answered or refused in time."""

    @property
    def share(self) -> float | None:
        """The part on time; None when there is nothing."""
        return self.on_time / self.settled if self.settled else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of that part."""
        return wilson(self.on_time, self.settled)

    def to_json(self) -> dict[str, Any]:
        """The numbers."""
        low, high = self.interval
        return {"settled": self.settled, "on_time": self.on_time, "share": self.share, "low": low, "high": high}


def on_time_of(requests: Iterable[Request], now: str) -> OnTime:
    """The count over some requests."""
    settled = [each for each in requests if each.on_time is not None or each.is_late(now)]
    return OnTime(len(settled), sum(each.on_time is True for each in settled))


def grouped(requests: Iterable[Request], keys: Callable[[Request], Iterable[str]]) -> dict[str, list[Request]]:
    """Requests by key, the keys sorted; one with several keys stands under each, one without stands nowhere."""
    found: dict[str, list[Request]] = {}
    for each in requests:
        for key in keys(each):
            found.setdefault(key, []).append(each)
    return dict(sorted(found.items()))


def tier_differences(requests: Sequence[Request], now: str) -> list[dict[str, Any]]:
    """Each tier against all others that have one: the difference of the parts on time with Newcombe's 95 % interval.

    `unequal` when both sides have `FEWEST` and the interval leaves out zero: that is hard to explain by chance.
    """
    by_tier = grouped(requests, lambda each: (each.tier,) if each.tier else ())
    found = []
    for tier, own in by_tier.items():
        mine = on_time_of(own, now)
        rest = on_time_of((each for other, lot in by_tier.items() if other != tier for each in lot), now)
        if mine.share is None or rest.share is None:
            continue
        low, high = newcombe(mine, rest)
        difference = mine.share - rest.share
        unequal = min(mine.settled, rest.settled) >= FEWEST and (low > 0 or high < 0)
        numbers = {"difference": difference, "low": low, "high": high, "unequal": unequal}
        sizes = {"settled": mine.settled, "on_time": mine.on_time}
        sizes |= {"others_settled": rest.settled, "others_on_time": rest.on_time}
        found.append({"tier": tier} | sizes | numbers)
    return found


def newcombe(one: OnTime, other: OnTime) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares, by Newcombe's hybrid score; neither may be empty."""
    if one.share is None or other.share is None:
        return -1.0, 1.0
    (low, high), (other_low, other_high) = one.interval, other.interval
    difference = one.share - other.share
    down = math.hypot(one.share - low, other_high - other.share)
    up = math.hypot(high - one.share, other.share - other_low)
    return max(-1.0, difference - down), min(1.0, difference + up)


def days_to_answer(request: Request, zone: ZoneInfo) -> int | None:
    """Days of the calendar from receipt to answer or refusal; None without one."""
    if request.answered is None:
        return None
    ends = (moment_of(text).astimezone(zone).date() for text in (request.received, request.answered))
    first, last = ends
    return (last - first).days


def ccpa_metrics(requests: Iterable[Request], year: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """11 CCR 7102(a): what came in a calendar year under the CCPA, by type, its outcomes, and days to the answer."""
    came = [each for each in requests if each.law == "ccpa" and _year(each, zone) == year]
    found = []
    for kind in CCPA_TYPES:
        own = [each for each in came if each.type == kind]
        days = [number for each in own if (number := days_to_answer(each, zone)) is not None]
        outcomes = {
            name: sum(each.outcome == outcome for each in own)
            for name, outcome in (("complied", "answered"), ("partly", "partly"), ("denied", "refused"))
        }
        spans: dict[str, float | None] = {"median_days": None, "mean_days": None}
        if days:
            spans = {"median_days": statistics.median(days), "mean_days": round(statistics.mean(days), 1)}
        found.append({"type": kind, "received": len(own)} | outcomes | spans)
    return found


def _year(request: Request, zone: ZoneInfo) -> int:
    return moment_of(request.received).astimezone(zone).year


def shares(requests: Sequence[Request], places: Mapping[str, Sequence[str]], now: str) -> list[dict[str, Any]]:
    """The part on time by every dimension and key; `places` gives the stores of a request by its id."""
    ways: dict[str, Callable[[Request], Iterable[str]]] = {
        "type": lambda each: (each.type,),
        "law": lambda each: (each.law,),
        "store": lambda each: places.get(each.id, ()),
        "cause": lambda each: (each.cause,) if each.cause else (),
        "tier": lambda each: (each.tier,) if each.tier else (),
    }
    return [
        {"by": name, "key": key} | counted.to_json()
        for name in DIMENSIONS
        for key, own in grouped(requests, ways[name]).items()
        if (counted := on_time_of(own, now)).settled
    ]


def late_days(request: Request, today: dt.date) -> int:
    """By how many days it is late today; 0 for one that is not."""
    return max(0, (today - dt.date.fromisoformat(request.due_day)).days)
