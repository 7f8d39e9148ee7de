"""Break-glass in the report on access: every opening, who approved it, and what was used under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.evidence import Evidence, moment
from audits.report import Code, Column, Count, Notes, Row, Section, Table, Tag, Tone, Value, text
from audits.reports.access_uses import Use, count_of, rows_of

KINDS = ("break_glass.opened", "break_glass.approved", "break_glass.closed")
"""The events of an opening, in the order in which they happen."""

_OUTCOMES = {
    "closed": ("glass_closed", Tone.GOOD),
    "begun": ("glass_begun", Tone.WARN),
    "waiting": ("glass_waiting", Tone.WARN),
    "refused": ("refused", Tone.RESTRICTED),
}


@dataclass(frozen=True, slots=True)
class Glass:
    """One opening with what came of it, or one that was refused."""

    opened: Mapping[str, Any]
    """The event by which it was asked for."""
    approved: Mapping[str, Any] | None
    """The event of the second person."""
    closed: Mapping[str, Any] | None
    """The event that ended it before its time."""
    uses: tuple[Use, ...]
    """Uses by the same person for the same purpose from then on, up to the next opening of theirs."""

    @property
    def outcome(self) -> str:
        """`closed`, `begun`, `waiting` or `refused`."""
        if self.opened["outcome"] == "refused":
            return "refused"
        if self.closed is not None:
            return "closed"
        return "begun" if self.approved is not None or self.opened["outcome"] == "done" else "waiting"

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of its events."""
        return tuple(each["id"] for each in (self.opened, self.approved, self.closed) if each is not None)


def glasses(evidence: Evidence, uses: Sequence[Use]) -> tuple[Glass, ...]:
    """Every opening in the order of the ledger, those that were refused included."""
    events = [each for each in evidence.events if each["kind"] in KINDS]
    later = {(each["kind"], each["refs"].get("opening")): each for each in events if each["outcome"] == "done"}
    opened = [each for each in events if each["kind"] == KINDS[0]]
    return tuple(
        Glass(
            each,
            later.get((KINDS[1], each["refs"].get("opening"))),
            later.get((KINDS[2], each["refs"].get("opening"))),
            _under(each, opened[place + 1 :], uses),
        )
        for place, each in enumerate(opened)
    )


def glass_sections(evidence: Evidence, uses: Sequence[Use]) -> list[Section]:
    """The section on openings; none when there was none."""
    found = glasses(evidence, uses)
    if not found:
        return []
    heads = (
        ("time", "time"),
        ("person", "text"),
        ("purpose", "code"),
        ("glass_minutes", "number"),
        ("glass_approver", "text"),
        ("outcome", "tag"),
        ("uses", "number"),
        ("rows", "number"),
        ("glass_note", "code"),
    )
    columns = tuple(Column(key, text(f"audit.{key}"), kind) for key, kind in heads)
    table = Table(columns, tuple(_row(evidence, each) for each in found), text("audit.glass"))
    note = Notes((text("audit.glass_text"),), Tone.WARN)
    return [Section("break-glass", text("audit.glass"), (note, table), marks=(len(found),))]


def glass_data(evidence: Evidence, uses: Sequence[Use]) -> list[dict[str, Any]]:
    """The openings as plain data; people and reasons stand as references."""
    return [
        {
            "opening": each.opened["refs"].get("opening"),
            "time": each.opened["time"],
            "principal": each.opened["principal"],
            "purpose": each.opened["purpose"],
            "minutes": each.opened["counts"].get("minutes"),
            "approver": each.approved["principal"] if each.approved else None,
            "outcome": each.outcome,
            "note": each.opened["note"],
            "uses": [use.decision["id"] for use in each.uses],
            "rows": sum(use.rows for use in each.uses),
            "evidence": list(each.evidence),
        }
        for each in glasses(evidence, uses)
    ]


def _row(evidence: Evidence, glass: Glass) -> Row:
    opened = glass.opened
    word, tone = _OUTCOMES[glass.outcome]
    note = opened["note"]
    cells: tuple[Value, ...] = (
        moment(opened),
        evidence.person(opened["principal"]),
        Code(str(opened["purpose"])),
        Count(int(opened["counts"].get("minutes", 0)), glass.evidence),
        evidence.person(glass.approved["principal"]) if glass.approved else None,
        Tag(text(f"audit.{word}"), tone),
        count_of(glass.uses),
        rows_of(glass.uses),
        Code(note) if note else None,
    )
    return Row(cells)


def _under(opened: Mapping[str, Any], later: Sequence[Mapping[str, Any]], uses: Sequence[Use]) -> tuple[Use, ...]:
    if opened["outcome"] == "refused":
        return ()
    who = (opened["principal"], opened["purpose"])
    ends = next((each["time"] for each in later if (each["principal"], each["purpose"]) == who), None)
    return tuple(
        each
        for each in uses
        if each.granted
        and (each.decision["principal"], each.decision["purpose"]) == who
        and opened["time"] <= each.decision["time"]
        and (ends is None or each.decision["time"] < ends)
    )
