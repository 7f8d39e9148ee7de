"""Break-glass in the report on access: every opening, who approved it, and what was used under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.evidence import Evidence, moment
from audits.report import Code, Column, Count, Notes, Row, Section, Table, Tag, Tone, Value, text
from audits.reports.access_leaves import Shape
from audits.reports.access_tally import Group, counted, left_out

MOST_OPENINGS = 100
"""Openings that are listed, the newest."""

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
    under: Group
    """Uses by the same person for the same purpose from then on, up to their next opening that was not refused."""

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


class Openings:
    """Openings as the events come, and the uses under each."""

    def __init__(self) -> None:
        self._opened: list[tuple[Mapping[str, Any], Group]] = []
        self._later: dict[tuple[str, str | None], Mapping[str, Any]] = {}
        self._active: dict[tuple[str | None, str | None], int] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """Read one of KINDS."""
        if event["kind"] != KINDS[0]:
            if event["outcome"] == "done":
                self._later[event["kind"], event["refs"].get("opening")] = event
            return
        if event["outcome"] != "refused":
            self._active[event["principal"], event["purpose"]] = len(self._opened)
        self._opened.append((event, Group()))

    def under(self, shape: Shape) -> int:
        """The opening that a granted use falls under; -1 for none."""
        return self._active.get((shape.principal, shape.purpose), -1) if self._active else -1

    def add(self, opening: int, group: Group) -> None:
        """Count uses under an opening."""
        if opening >= 0:
            self._opened[opening][1].merge(group)

    def all(self) -> tuple[Glass, ...]:
        """Every opening in the order of the ledger, those that were refused included."""
        later = self._later
        return tuple(
            Glass(each, later.get((KINDS[1], opening)), later.get((KINDS[2], opening)), group)
            for each, group in self._opened
            for opening in (each["refs"].get("opening"),)
        )


def glass_sections(evidence: Evidence, found: Sequence[Glass]) -> list[Section]:
    """The section on openings; none when there was none."""
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
    table = Table(columns, tuple(_row(evidence, each) for each in found[-MOST_OPENINGS:]), text("audit.glass"))
    note = Notes((text("audit.glass_text"),), Tone.WARN)
    more = left_out(len(found) - len(table.rows))
    return [Section("break-glass", text("audit.glass"), (note, table, *more), marks=(len(found),))]


def glass_data(found: Sequence[Glass]) -> list[dict[str, Any]]:
    """The newest openings as plain data; people and reasons stand as references."""
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
            "uses": counted(each.under.uses.count),
            "rows": counted(each.under.rows.count),
            "evidence": list(each.evidence),
        }
        for each in found[-MOST_OPENINGS:]
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
        glass.under.uses.count,
        glass.under.rows.count,
        Code(note) if note else None,
    )
    return Row(cells)
