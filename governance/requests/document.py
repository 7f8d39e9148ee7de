"""What is told of requests: one with its history, and the report's document, `governance.requests/1`.

See docs/json/requests.md.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from governance.ledger.events import stamp
from governance.requests.figures import ccpa_metrics, late_days, on_time_of, shares, tier_differences
from governance.requests.request import Request, RequestEvent, Task, moment_of
from governance.requests.timing import Timing
from policies.periods import parse_period

SCHEMA = "governance.requests/1"
SOON_DAYS = 7
"""What is due this week: today and so many days on."""
STEPS = ("received", "investigated", "resolved", "answered")
"""The steps of a complaint."""


def requests_document(
    requests: Sequence[Request],
    tasks: Sequence[Task],
    names: Mapping[str, str],
    *,
    now: dt.datetime,
    timing: Timing,
    year: int | None = None,
) -> dict[str, Any]:
    """The document as of a moment; `names` gives people by their reference, `year` is that of the CCPA's metrics.

    Without a year it is the last one that is over, for which metrics are published by 1 July.
    """
    moment, today = stamp(now), timing.day(now)
    waiting = sorted((each for each in requests if each.is_open), key=lambda each: (each.due, each.id))
    left = _open_tasks(tasks)
    shown = [_open(each, left.get(each.id, ()), names, moment, today) for each in waiting]
    asked = year if year is not None else today.year - 1
    return {
        "schema": SCHEMA,
        "pack": timing.clocks.version,
        "counts": _counts(shown, requests),
        "on_time": on_time_of(requests, moment).to_json(),
        "open": shown,
        "shares": shares(requests, _stores(tasks), moment),
        "tiers": tier_differences(requests, moment),
        "ccpa": {"year": asked, "types": ccpa_metrics(requests, asked, timing.zone)},
        "complaints": _complaints(requests),
        "expired": _expired(requests, timing, today),
    }


def references(request: Request, tasks: Sequence[Task], history: Sequence[RequestEvent]) -> set[str]:
    """Every reference of a name or text in a request, its tasks and history."""
    found = {each.owner for each in tasks} | {each.recorded_by for each in history}
    found |= {each.note for each in history if each.note} | ({request.contact} if request.contact else set())
    return found - {"system"}


def shown(
    request: Request, tasks: Sequence[Task], history: Sequence[RequestEvent], names: Mapping[str, str]
) -> dict[str, Any]:
    """One request with tasks and history; references stand as names and texts where those are still kept."""

    def told(ref: str | None) -> str | None:
        return None if ref is None else names.get(ref, ref)

    return request.to_json() | {
        "contact": told(request.contact),
        "tasks": [each.to_json() | {"owner": told(each.owner)} for each in tasks],
        "history": [
            each.to_json() | {"recorded_by": told(each.recorded_by), "note": told(each.note)} for each in history
        ],
    }


def _open(
    request: Request, tasks: Sequence[Task], names: Mapping[str, str], now: str, today: dt.date
) -> dict[str, Any]:
    due = dt.date.fromisoformat(request.due_day)
    soon = request.paused is None and not request.is_late(now) and due <= today + dt.timedelta(days=SOON_DAYS)
    told = ("id", "type", "law", "state", "received", "due_day", "ack_day", "cause", "tier")
    return {name: getattr(request, name) for name in told} | {
        "paused": request.paused is not None,
        "extended": request.extended is not None,
        "overdue": request.is_late(now),
        "late_days": late_days(request, today) if request.is_late(now) else 0,
        "unacknowledged": request.is_unacknowledged(now),
        "due_soon": soon,
        "owners": sorted({names.get(each.owner, each.owner) for each in tasks}),
        "places": sorted({each.place for each in tasks}),
    }


def _open_tasks(tasks: Sequence[Task]) -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = {}
    for each in tasks:
        if each.state == "open":
            found.setdefault(each.request, []).append(each)
    return found


def _counts(shown: Sequence[Mapping[str, Any]], requests: Sequence[Request]) -> dict[str, int]:
    flags = ("overdue", "unacknowledged", "due_soon", "paused", "extended")
    return {
        "requests": len(requests),
        "open": len(shown),
        **{flag: sum(each[flag] for each in shown) for flag in flags},
    }


def _stores(tasks: Sequence[Task]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for each in tasks:
        found.setdefault(each.request, set()).add(each.place.partition(".")[0])
    return {request: sorted(stores) for request, stores in found.items()}


def _complaints(requests: Sequence[Request]) -> dict[str, int]:
    """How many complaints stand at each step; refused and dropped ones apart, closed ones where they ended."""
    ended = Counter(
        each.outcome if each.state in ("closed", "refused") else each.state
        for each in requests
        if each.type == "complaint"
    )
    return {step: ended[step] for step in (*STEPS, "refused", "withdrawn", "duplicate")}


def _expired(requests: Sequence[Request], timing: Timing, today: dt.date) -> list[dict[str, Any]]:
    """Closed requests whose records are older than the law, or we, keep them."""
    found = []
    for each in requests:
        if each.closed is None:
            continue
        closed = timing.day(moment_of(each.closed))
        rule = timing.clocks.keeping(each.law, closed)
        if rule is not None and parse_period(rule.period).after(closed) < today:
            found.append({"id": each.id, "law": each.law, "closed": closed.isoformat(), "article": rule.article})
    return found
