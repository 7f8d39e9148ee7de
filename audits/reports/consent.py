"""The report on consent in use: rows with and without a basis, flags that say otherwise, and the events on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from audits.report import (
    Block,
    Code,
    Column,
    Fact,
    Facts,
    Missing,
    Notes,
    NotSeen,
    Report,
    Row,
    Section,
    Table,
    Tag,
    Task,
    Text,
    Tone,
    Verdict,
    text,
)

_COVERAGE = (
    Column("dataset", text("consent_use.dataset"), "code"),
    Column("purpose", text("consent_use.purpose"), "code"),
    Column("rows", text("consent_use.rows"), "number"),
    Column("basis", text("consent_use.basis"), "number"),
    Column("without", text("consent_use.without"), "number"),
    Column("restricted", text("consent_use.restricted"), "number"),
    Column("objected", text("consent_use.objected"), "number"),
    Column("unknown_law", text("consent_use.unknown_law"), "number"),
)
_DRIFT = (
    Column("field", text("consent_use.field"), "code"),
    Column("purpose", text("consent_use.purpose"), "code"),
    Column("channel", text("consent_use.channel"), "code"),
    Column("both", text("consent_use.both"), "number"),
    Column("flag_only", text("consent_use.flag_only"), "number"),
    Column("consent_only", text("consent_use.consent_only"), "number"),
    Column("neither", text("consent_use.neither"), "number"),
)
_STATES = (
    Column("field", text("consent_use.field"), "code"),
    Column("purpose", text("consent_use.purpose"), "code"),
    Column("channel", text("consent_use.channel"), "code"),
    Column("says", text("consent_use.says")),
    Column("on_record", text("consent_use.on_record")),
    Column("rows", text("consent_use.rows"), "number"),
    Column("differs", text("consent_use.differs"), "tag"),
)
_EVENTS = (
    Column("purpose", text("consent_use.purpose"), "code"),
    Column("channel", text("consent_use.channel"), "code"),
    Column("law", text("consent_use.law"), "code"),
    Column("kind", text("consent_use.kind")),
    Column("events", text("consent_use.events"), "number"),
)
_FLAT = (
    Column("place", text("consent_use.place"), "code"),
    *_COVERAGE[1:],
    *_DRIFT[2:],
)


def consent_report(document: Mapping[str, Any], *, as_of: dt.datetime, zone: str = "UTC") -> Report:
    """The report on a document in the form `governance.consent-use/1`; see docs/json/consent.md."""
    return Report(
        kind="consent",
        title=text("consent_use.title"),
        verdict=_verdict(document),
        sections=tuple(_sections(document)),
        flat=Table(_FLAT, tuple(_flat(document)), text("consent_use.coverage")),
        data=document,
        as_of=as_of,
        zone=zone,
        made_from=(
            (text("audit.catalog"), Code(document["catalog"][:12])),
            (text("audit.policy"), Code(document["policy"][:12])),
        ),
    )


def _verdict(document: Mapping[str, Any]) -> Verdict:
    flagged = sum(each["flag_only"] for each in document["drift"])
    if flagged:
        task = Task(text("consent_use.task_flags", count=flagged), text("report.now"), text("report.officer"), "drift")
        return Verdict(Tone.BAD, text("consent_use.verdict_flags", count=flagged), (task,))
    if document["not_seen"]:
        return Verdict(Tone.WARN, text("consent_use.verdict_unseen", count=len(document["not_seen"])))
    return Verdict(Tone.GOOD, text("consent_use.verdict_good"))


def _sections(document: Mapping[str, Any]) -> Iterator[Section]:
    parts = document["parts"]
    yield Section("overview", text("report.overview"), tuple(_overview(document)))
    if "coverage" in parts:
        rows = tuple(
            Row((Code(each["dataset"]), Code(each["purpose"]), *_counts(each))) for each in document["coverage"]
        )
        yield Section("coverage", text("consent_use.coverage"), (Table(_COVERAGE, rows),), marks=(len(rows),))
    if "drift" in parts:
        drift = tuple(
            Row((Code(each["field"]), Code(each["purpose"]), Code(each["channel"]), *_flags(each)))
            for each in document["drift"]
        )
        yield Section("drift", text("consent_use.drift"), (Table(_DRIFT, drift),), marks=(len(drift),))
    if document.get("states"):
        states = tuple(_state(each) for each in document["states"])
        yield Section("states", text("consent_use.states"), (Table(_STATES, states),), marks=(len(states),))
    if "events" in parts:
        events = tuple(
            Row(
                (
                    Code(each["purpose"]),
                    Code(each["channel"]),
                    Code(each["law"]) if each["law"] else None,
                    each["kind"],
                    each["events"],
                )
            )
            for each in document["events"]
        )
        yield Section("events", text("consent_use.recorded"), (Table(_EVENTS, events),), marks=(len(events),))
    missing = tuple(Missing(each["place"], each["found"]) for each in document["not_seen"])
    always = (Missing("", text("consent_use.not_seen_files")), Missing("", text("consent_use.not_seen_persons")))
    unmapped = (Missing(each, text("crm_use.not_seen_unmapped")) for each in document.get("unmapped", ()))
    others = (Missing(each, text("consent_use.not_seen_others")) for each in document.get("other_persons", ()))
    yield Section("not-seen", text("report.not_seen"), (NotSeen((*missing, *unmapped, *others, *always)),))


def _overview(document: Mapping[str, Any]) -> Iterator[Block]:
    coverage, drift = document["coverage"], document["drift"]
    facts = []
    if "coverage" in document["parts"]:
        facts += [
            Fact(text("consent_use.without"), sum(_without(each) for each in coverage)),
            Fact(text("consent_use.unknown_law"), sum(each["unknown_law"] for each in coverage)),
        ]
    if "drift" in document["parts"]:
        flagged = sum(each["flag_only"] for each in drift)
        facts += [
            Fact(text("consent_use.flag_only"), flagged, Tone.BAD if flagged else Tone.GOOD),
            Fact(text("consent_use.consent_only"), sum(each["consent_only"] for each in drift)),
        ]
    late = document["withdrawals"]
    if late is not None:
        facts.append(Fact(text("consent_use.withdrawals"), late["count"]))
        if late["count"]:
            median, most = text("consent_use.seconds", seconds=late["median_seconds"]), late["slowest_seconds"]
            facts.append(Fact(text("consent_use.lateness"), median, note=text("consent_use.at_most", seconds=most)))
    yield Facts(tuple(facts))
    yield Notes((text("consent_use.left_out"),))


def _counts(each: Mapping[str, Any]) -> tuple[int, ...]:
    return each["rows"], each["basis"], _without(each), each["restricted"], each["objected"], each["unknown_law"]


def _state(each: Mapping[str, Any]) -> Row:
    differs = Tag(text("consent_use.differs"), Tone.BAD) if each["differs"] else None
    says = text(f"consent.shown_{each['says']}") if each["says"] else text("consent_use.says_nothing")
    recorded = Text(f"consent.shown_{each['on_record']}", (), each["on_record"])
    place = (Code(each["field"]), Code(each["purpose"]), Code(each["channel"]))
    return Row((*place, says, recorded, each["rows"], differs))


def _without(each: Mapping[str, Any]) -> int:
    return int(each["rows"] - each["basis"])


def _flags(each: Mapping[str, Any]) -> tuple[int, ...]:
    return each["both"], each["flag_only"], each["consent_only"], each["neither"]


def _flat(document: Mapping[str, Any]) -> Iterator[Row]:
    for each in document["coverage"]:
        yield Row((Code(each["dataset"]), Code(each["purpose"]), *_counts(each), None, *(None,) * 4))
    for each in document["drift"]:
        counts = (each["rows"], *(None,) * 5)
        yield Row((Code(each["field"]), Code(each["purpose"]), *counts, Code(each["channel"]), *_flags(each)))
