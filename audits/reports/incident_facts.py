"""What the report on incidents works out: how each clock stands, and the state of an incident."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

CLOCKS = ("overdue", "told_late", "running", "at_once", "waiting", "judge", "by_order", "told", "not_needed")
"""How a clock can stand, most urgent first."""
OPEN_CLOCKS = frozenset({"overdue", "running", "at_once", "waiting", "judge"})
"""Those that somebody has to answer."""


def clock_state(incident: Mapping[str, Any], clock: Mapping[str, Any], as_of: dt.datetime) -> str:
    """One of CLOCKS. The end itself is too late."""
    answer = answer_to(incident, clock["name"])
    ends = dt.datetime.fromisoformat(clock["ends"]) if clock["ends"] else None
    if answer is not None and answer["kind"] == "not_needed":
        return "not_needed"
    if answer is not None:
        return "told_late" if ends is not None and dt.datetime.fromisoformat(answer["at"]) >= ends else "told"
    if clock["unit"] == "by_order":
        return "by_order"
    if clock["start"] is None:
        return "waiting"
    if clock["below"]:
        return "judge"
    if ends is None:
        return "at_once"
    return "overdue" if as_of >= ends else "running"


def answer_to(incident: Mapping[str, Any], clock: str) -> Mapping[str, Any] | None:
    """The step that answered a clock."""
    found: Mapping[str, Any] | None = next((each for each in incident["steps"] if each["clock"] == clock), None)
    return found


def open_clocks(incident: Mapping[str, Any], as_of: dt.datetime) -> tuple[str, ...]:
    """The names of the clocks that somebody has to answer."""
    return tuple(each["name"] for each in incident["clocks"] if clock_state(incident, each, as_of) in OPEN_CLOCKS)


def incident_state(incident: Mapping[str, Any], as_of: dt.datetime) -> str:
    """`open`, `contained`, `notified` (contained, and every clock answered) or `closed`."""
    kinds = {each["kind"] for each in incident["steps"] if not each["clock"]}
    if "closed" in kinds:
        return "closed"
    if "contained" not in kinds:
        return "open"
    return "contained" if open_clocks(incident, as_of) else "notified"
