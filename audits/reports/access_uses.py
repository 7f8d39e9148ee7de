"""Uses of personal data as the ledger tells them: a decision, and the closing event that says how it ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audits.evidence import ids, moment
from audits.report import Count, Tag, Text, Tone, text

CLEAR = "clear"
"""The treatment under which a value is given as it stands."""

WRITING = frozenset({"write", "delete"})
"""Actions that change rows."""


@dataclass(frozen=True, slots=True)
class Use:
    """One decision with what came of it."""

    decision: Mapping[str, Any]
    """The event of the decision."""
    closing: Mapping[str, Any] | None
    """The event that ended it; None when none is recorded."""

    @property
    def granted(self) -> bool:
        """Whether it was allowed; anything but a clear `allowed` counts as refused."""
        return bool(self.decision["outcome"] == "allowed")

    @property
    def open(self) -> bool:
        """Whether it was allowed and nothing says how it ended."""
        return self.granted and self.closing is None

    @property
    def failed(self) -> bool:
        """Whether it was allowed and ended in a failure."""
        return self.granted and self.closing is not None and self.closing["outcome"] != "done"

    @property
    def rows(self) -> int:
        """Rows handed out or changed, as the closing event counts them; 0 while that is unknown."""
        return int(self.closing["counts"].get("rows", 0)) if self.closing else 0

    @property
    def when(self) -> dt.datetime:
        """The moment of the decision."""
        return moment(self.decision)

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of both events."""
        return ids(self.decision, *([self.closing] if self.closing else []))

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Each object with its treatment, in the order of the decision; objects without one are left out."""
        return tuple((each["ref"], each["treatment"]) for each in self.decision["objects"] if each["treatment"])

    def fields_given(self, *, clear: bool) -> tuple[str, ...]:
        """Fields given in clear, or otherwise; sorted, each once."""
        return tuple(sorted({ref for ref, treatment in self.fields if (treatment == CLEAR) is clear}))


def uses_of(events: Iterable[Mapping[str, Any]]) -> tuple[Use, ...]:
    """Every decision in the order of the ledger, with its last closing event."""
    decisions: list[Mapping[str, Any]] = []
    closings: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event["kind"] == "decision":
            decisions.append(event)
        elif event["kind"] == "close" and "decision" in event["refs"]:
            closings[event["refs"]["decision"]] = event
    return tuple(Use(each, closings.get(each["id"])) for each in decisions)


def rows_of(uses: Iterable[Use]) -> Count:
    """How many rows, with the ids of the events that count them."""
    closed = [each for each in uses if each.closing is not None]
    return Count(sum(each.rows for each in closed), tuple(each.evidence[-1] for each in closed))


def treatment_tag(treatment: str) -> Tag:
    """How a field was given, as a coloured word."""
    if treatment == CLEAR:
        return Tag(text("audit.clear"), Tone.WARN)
    kind, _, name = treatment.partition(":")
    if kind == "mask":
        return Tag(text("audit.mask", name=name), Tone.GOOD)
    return Tag(Text(f"audit.{kind}", (), treatment), Tone.GOOD)


def outcome_tag(use: Use) -> Tag:
    """How a use ended, as a coloured word."""
    if not use.granted:
        return Tag(text("audit.refused"), Tone.WARN)
    if use.open:
        return Tag(text("audit.outcome_unknown"), Tone.BAD)
    return Tag(text("audit.outcome_failed"), Tone.WARN) if use.failed else Tag(text("audit.done"), Tone.GOOD)


def action_text(action: str | None) -> Text:
    """The name of an action; a verb of a command stands as it is."""
    return Text(f"audit.action_{action}", (), action or "")
