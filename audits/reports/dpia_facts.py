"""What the report on impact assessments works out: how each stands, what changed since, and which one counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from audits.reports.dpia_triggers import NEEDED, PERHAPS, need_of, triggers_of
from policies.periods import parse_period

STATES = ("missing", "open", "stale", "lapsed", "ask", "signed", "not_needed")
"""How an activity can stand, most urgent first."""

_Facts = Mapping[str, Any]


def worked_out(document: _Facts, today: dt.date) -> list[dict[str, Any]]:
    """Every activity with its triggers, whether an assessment is asked for, which one counts, and its state."""
    found = []
    for activity in document["activities"]:
        triggers = triggers_of(activity, document)
        needs = need_of(triggers, document["rules"])
        counts = counting(document["assessments"], activity["id"])
        need = NEEDED if NEEDED in needs.values() else PERHAPS if PERHAPS in needs.values() else "not_needed"
        about = {"triggers": triggers, "needs": needs, "need": need, "assessment": counts["id"] if counts else None}
        found.append(dict(activity) | about | {"state": state_of(document, counts, need, needs, today)})
    return found


def counting(assessments: Sequence[_Facts], purpose: str) -> _Facts | None:
    """The assessment of a purpose that counts: the last that is signed and not closed, else the last that is open."""
    standing = [each for each in assessments if each["purpose"] == purpose and each["closing"] is None]
    signed = [each for each in standing if each["signature"] is not None]
    return next(reversed(signed or standing), None)


def state_of(document: _Facts, counts: _Facts | None, need: str, needs: Mapping[str, str], today: dt.date) -> str:
    """One of STATES."""
    if counts is None:
        return {NEEDED: "missing", PERHAPS: "ask"}.get(need, "not_needed")
    if counts["signature"] is None:
        return "open"
    if changes_of(document, counts):
        return "stale"
    return "lapsed" if due_of(document, counts, needs) < today else "signed"


def due_of(document: _Facts, assessment: _Facts, needs: Mapping[str, str]) -> dt.date:
    """The last day on which a signature holds: the day that was named, or earlier by the period of a law that asks."""
    signed = dt.datetime.fromisoformat(assessment["signature"]["signed"]).date()
    days = [dt.date.fromisoformat(assessment["signature"]["review_by"])]
    for name, need in needs.items():
        period = document["rules"]["groups"][name]["review"]
        if need == NEEDED and period is not None:
            days.append(parse_period(period).after(signed))
    return min(days)


def changes_of(document: _Facts, assessment: _Facts) -> list[dict[str, Any]]:
    """What is otherwise than when an assessment looked at it, by place; fields of stores not seen now are left out."""
    if assessment["purpose"] not in document["now"]:
        return [{"kind": "removed", "place": f"purpose:{assessment['purpose']}", "before": "", "after": ""}]
    return changes(assessment["looked_at"], document["now"][assessment["purpose"]], document["unseen_stores"])


def changes(before: Mapping[str, str], after: Mapping[str, str], unseen: Collection[str] = ()) -> list[dict[str, Any]]:
    """`kind` (`added`, `removed`, `changed`), `place`, `before` and `after` of each difference."""
    hidden = tuple(f"field:{store}." for store in unseen)
    found = []
    for place in sorted({*before, *after}):
        if place.startswith(hidden) or before.get(place) == after.get(place):
            continue
        kind = "added" if place not in before else "removed" if place not in after else "changed"
        told = {"before": before.get(place, ""), "after": after.get(place, "")}
        found.append({"kind": kind, "place": place} | told)
    return found


def is_high(risk: _Facts, rules: _Facts, *, residual: bool) -> bool:
    """Whether a risk is high: likelihood times severity."""
    head = "residual_" if residual else ""
    weight: int = risk[f"{head}likelihood"] * risk[f"{head}severity"]
    high: int = rules["high_risk_from"]
    return weight >= high
