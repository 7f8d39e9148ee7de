"""What can be said of automated decisions from their register and the pack of laws. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

ASKS = ("ground", "special", "review", "notice", "opt_out", "assessment")
"""What a law can ask, in the order of reports."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a law asks of a procedure and that nobody declared."""

    law: str
    """The law."""
    ask: str
    """One of ASKS."""
    article: str
    """Where it asks."""
    since: dt.date
    """The day from which it asks."""

    def is_open(self, today: dt.date) -> bool:
        """Whether it is asked already."""
        return self.since <= today


def gaps_of(procedure: Mapping[str, Any], laws: Mapping[str, Mapping[str, Any]]) -> tuple[Gap, ...]:
    """The gaps of a procedure that still decides, by law."""
    if procedure["ended"] is not None:
        return ()
    return tuple(
        Gap(name, ask, law["asks"][ask]["article"], dt.date.fromisoformat(law["since"]))
        for name, law in sorted(laws.items())
        for ask in ASKS
        if ask in law["asks"] and procedure["effect"] in law["asks"][ask]["effects"]
        if _lacks(procedure, name, law, ask)
    )


def _lacks(procedure: Mapping[str, Any], name: str, law: Mapping[str, Any], ask: str) -> bool:
    ground = procedure["grounds"].get(name)
    if ask == "ground":
        return ground not in law["grounds"]
    if ask == "special":
        return bool(procedure["special"]) and ground not in law["special_grounds"]
    return not procedure["reviewer" if ask == "review" else ask]


def procedure_state(procedure: Mapping[str, Any], gaps: tuple[Gap, ...], today: dt.date) -> str:
    """`ended`, `gaps`, `later` when all gaps are of days to come, or `good`."""
    if procedure["ended"] is not None:
        return "ended"
    if any(each.is_open(today) for each in gaps) or procedure["gone"]:
        return "gaps"
    return "later" if gaps else "good"


def review_state(review: Mapping[str, Any], today: dt.date, zone: str) -> str:
    """`overdue`, `open`, `late` when it was decided after its day, or `decided`."""
    due = dt.date.fromisoformat(review["due"])
    if review["decided"] is None:
        return "overdue" if today > due else "open"
    day = dt.datetime.fromisoformat(review["decided"]).astimezone(ZoneInfo(zone)).date()
    return "late" if day > due else "decided"


def worked_out(
    document: Mapping[str, Any], as_of: dt.datetime, zone: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The document's procedures and reviews with what is said of each."""
    today = as_of.astimezone(ZoneInfo(zone)).date()
    found = []
    for each in document["procedures"]:
        gaps = gaps_of(each, document["laws"])
        told = [{"law": gap.law, "ask": gap.ask, "article": gap.article, "since": str(gap.since)} for gap in gaps]
        found.append(dict(each) | {"gaps": told, "state": procedure_state(each, gaps, today)})
    yield "procedures", found
    yield (
        "reviews",
        [dict(each) | {"state": review_state(each, today, zone)} for each in document["reviews"]],
    )
