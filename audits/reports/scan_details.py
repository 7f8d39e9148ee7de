"""What opens under one field of a scan: its numbers, each finding, the signals for and against, masked examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report import (
    Block,
    Code,
    Column,
    Fact,
    Facts,
    Listing,
    Notes,
    Row,
    Share,
    Table,
    Tag,
    Text,
    Tone,
    Value,
    text,
)
from audits.reports.scan_facts import RARE, FieldFacts, category_text, entity_text, prevalence, unread_bound
from audits.reports.scan_reasons import reason_of

SIGNAL_COLUMNS = (
    Column("signal", text("scan.signal")),
    Column("speaks", text("scan.speaks"), "tag"),
    Column("weight", text("scan.weight"), "share"),
    Column("reason", text("scan.reason")),
)
"""The columns of the table of signals."""


def field_details(field: FieldFacts, *, first: str = "") -> tuple[Block, ...]:
    """Everything known of one field; findings of the entity `first` lead."""
    findings = sorted(field.entry["findings"], key=lambda each: each["entity"] != first)
    blocks: list[Block] = [_reading(field)]
    for number, finding in enumerate(findings, start=1):
        blocks.extend(_finding(number, finding))
    if not findings:
        blocks.append(Notes((text("scan.nothing_found"),)))
    return tuple(blocks)


def _reading(field: FieldFacts) -> Facts:
    entry = field.entry
    bound = unread_bound(entry["rows_read"], field.dataset["rows"])
    unread = Fact(text("scan.bound"), text("scan.bound_full"))
    if bound:
        unread = Fact(text("scan.bound"), Share(bound), note=text("scan.unseen_bound"))
    return Facts(
        (
            Fact(text("scan.type"), Code(entry["type"])),
            Fact(text("scan.rows_read"), entry["rows_read"]),
            Fact(text("scan.distinct"), entry["distinct"]),
            Fact(text("scan.nulls"), Share(entry["null_share"])),
            unread,
        )
    )


def _finding(number: int, finding: Mapping[str, Any]) -> tuple[Block, ...]:
    signals = Table(SIGNAL_COLUMNS, tuple(_signal(each) for each in finding["signals"]), title=text("scan.signals"))
    return _finding_facts(number, finding), signals


def _finding_facts(number: int, finding: Mapping[str, Any]) -> Facts:
    rare = 0 < finding["prevalence"] < RARE
    name = category_text(finding["category"])
    category: Value = Listing((name, Tag(text("scan.rare"), Tone.WARN))) if rare else name
    low, high = Share(finding["prevalence_low"]), Share(finding["prevalence_high"])
    examples: Value = Listing(tuple(Code(each) for each in finding["examples"]))
    return Facts(
        (
            Fact(text("scan.category"), category, note=text("scan.rare_note") if rare else None),
            Fact(text("scan.confidence"), Share(finding["confidence"])),
            Fact(text("scan.prevalence"), prevalence(finding), note=text("report.interval", low=low, high=high)),
            Fact(text("scan.examples"), examples if finding["examples"] else text("scan.no_examples")),
        ),
        title=text("scan.finding", number=number, entity=entity_text(finding["entity"])),
    )


def _signal(signal: Mapping[str, Any]) -> Row:
    speaks = Tag(text("scan.for"), Tone.GOOD) if signal["for"] else Tag(text("scan.against"), Tone.WARN)
    name = Text(f"signal.{signal['signal']}", (), signal["signal"])
    return Row((name, speaks, Share(signal["weight"]), reason_of(signal["reason"])))
