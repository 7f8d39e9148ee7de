"""What changed between the reviewed catalog, or the baseline of labels, and a fresh scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import Code, Column, Row, Section, Table, Tag, Text, Tone, text

TONES = {
    "new": Tone.NOTE,
    "gone": Tone.NOTE,
    "changed_type": Tone.WARN,
    "contradicted": Tone.BAD,
    "labelled": Tone.WARN,
    "unlabelled": Tone.BAD,
    "relabelled": Tone.WARN,
    "precision": Tone.BAD,
}
"""How to take each kind of change."""


def drift_section(drift: Sequence[Mapping[str, Any]] | None) -> Section | None:
    """The chapter on drift; None when no catalog was compared or nothing differs."""
    return _section("drift", "scan.drift", drift)


def baseline_section(drift: Sequence[Mapping[str, Any]] | None) -> Section | None:
    """The chapter on labels that changed since the baseline; None when none was compared or nothing differs."""
    return _section("baseline", "scan.baseline", drift)


def _section(name: str, title: str, drift: Sequence[Mapping[str, Any]] | None) -> Section | None:
    if not drift:
        return None
    columns = (
        Column("place", text("report.place"), "code"),
        Column("kind", text("scan.drift_kind"), "tag"),
        Column("detail", text("report.reason")),
    )
    rows = tuple(_row(each) for each in sorted(drift, key=lambda each: (each["place"], each["kind"])))
    return Section(name, text(title), (Table(columns, rows, text(title)),), marks=(len(drift),))


def _row(change: Mapping[str, Any]) -> Row:
    kind = str(change["kind"])
    tag = Tag(Text(f"scan.drift_{kind}", (), kind), TONES.get(kind, Tone.NOTE))
    return Row((Code(str(change["place"])), tag, str(change.get("detail", "")) or None))
