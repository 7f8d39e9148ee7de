"""The report on impact assessments: what asks for one and why, how each stands, what changed since it was signed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import (
    Code,
    Count,
    Fact,
    Facts,
    Missing,
    NotSeen,
    Option,
    Report,
    Section,
    Tag,
    Task,
    Text,
    Tone,
    Verdict,
    text,
)
from audits.reports.dpia_facts import STATES, changes_of, counting, is_high, worked_out
from audits.reports.dpia_tables import TONES, activities_table, assessment_blocks, groups_table, triggers_table
from audits.reports.ropa_items import law_name

SCHEMA = "governance.dpia/1"
"""The form of the document and of the JSON."""
_TASKS = ("missing", "open", "stale", "lapsed", "ask")
_UNSEEN = ("content", "declared", "scale", "start")
"""What the report never knows."""

_Facts = Mapping[str, Any]


def dpia_report(evidence: Evidence, document: _Facts) -> Report:
    """The report on a document in the form `governance.dpia/1`; see docs/json/dpia.md."""
    found = worked_out(document, evidence.as_of.astimezone(ZoneInfo(evidence.zone)).date())
    table = activities_table(found, document)
    return Report(
        kind="dpia",
        title=text("dpia.title"),
        verdict=_verdict(found, document),
        sections=tuple(_sections(found, document)),
        flat=table,
        data=dict(document)
        | {
            "activities": found,
            "assessments": [dict(each) | {"changes": _changed(each, document)} for each in document["assessments"]],
        },
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
        filter=tuple(Option(key, text(f"dpia.state_{key}"), TONES[key]) for key in STATES),
        filter_title=text("dpia.state"),
    )


def _changed(each: _Facts, document: _Facts) -> list[dict[str, Any]]:
    return changes_of(document, each) if each["closing"] is None else []


def _sections(found: Sequence[_Facts], document: _Facts) -> Iterator[Section]:
    yield Section("overview", text("report.overview"), (_overview(found, document), groups_table(document)))
    yield Section("activities", text("dpia.activities"), (activities_table(found, document),), marks=(len(found),))
    yield Section("triggers", text("dpia.triggers"), (triggers_table(found),))
    for at, each in enumerate(reversed(document["assessments"]), 1):
        blocks = tuple(assessment_blocks(each, document))
        title = text("dpia.assessment_of", purpose=Code(each["purpose"]), id=Code(each["id"]))
        state = _own_state(each, found)
        marks = (Tag(text(f"dpia.state_{state}"), TONES.get(state, Tone.PLAIN)),)
        yield Section(f"assessment-{at}", title, blocks, marks=marks, folded=state not in ("open", "stale"))
    yield Section("not-seen", text("report.not_seen"), (NotSeen(tuple(_not_seen(document))),))


def _own_state(each: _Facts, found: Sequence[_Facts]) -> str:
    """`closed`, `open`, `replaced` (a later one of the purpose is signed), or how its activity stands."""
    if each["closing"] is not None:
        return "closed"
    if each["signature"] is None:
        return "open"
    state: str = next((one["state"] for one in found if one["assessment"] == each["id"]), "replaced")
    return state


def _verdict(found: Sequence[_Facts], document: _Facts) -> Verdict:
    tasks = tuple(_tasks(found, document))
    bad = sum(TONES[each["state"]] is Tone.BAD for each in found)
    needed = sum(each["need"] == "needed" for each in found)
    if bad:
        return Verdict(Tone.BAD, text("dpia.bad", count=bad, needed=needed), tasks)
    if any(task.what.key == "dpia.task_consult" for task in tasks):
        return Verdict(Tone.BAD, text("dpia.high", needed=needed), tasks)
    if tasks:
        return Verdict(Tone.WARN, text("dpia.warn", needed=needed), tasks)
    if not needed:
        return Verdict(Tone.GOOD, text("dpia.none", count=len(found)))
    return Verdict(Tone.GOOD, text("dpia.good", needed=needed))


def _tasks(found: Sequence[_Facts], document: _Facts) -> Iterator[Task]:
    """By state, most urgent first, then owner; the owner of an activity sees to it, or the officer."""
    for state in _TASKS:
        grouped: dict[str | None, list[str]] = {}
        for each in found:
            if each["state"] == state:
                grouped.setdefault(each["owner"], []).append(each["id"])
        for owner, names in grouped.items():
            what = text(f"dpia.task_{state}", count=len(names), first=Code(names[0]))
            by: dt.date | Text = text("report.now") if state != "ask" else text("report.next_review")
            yield Task(what, by, owner or text("report.officer"), "activities")
    for each in _high(found, document):
        what = text("dpia.task_consult", purpose=Code(each["purpose"]))
        yield Task(what, text("report.now"), text("report.officer"), "activities")
    if document["not_seen"]:
        what = text("ropa.task_unseen", count=len(document["not_seen"]))
        yield Task(what, text("report.now"), text("report.engineer"), "not-seen")


def _high(found: Sequence[_Facts], document: _Facts) -> Iterator[_Facts]:
    """Signed assessments that count, leave a high risk, and on which no authority was consulted."""
    for activity in found:
        each = counting(document["assessments"], activity["id"])
        if each is None or each["signature"] is None or each["signature"]["authority_consulted"]:
            continue
        if any(is_high(risk, document["rules"], residual=True) for risk in each["signature"]["risks"]):
            yield each


def _overview(found: Sequence[_Facts], document: _Facts) -> Facts:
    states = Counter(each["state"] for each in found)
    facts = [Fact(text(f"dpia.state_{key}"), states[key], TONES[key] if states[key] else Tone.PLAIN) for key in STATES]
    events = tuple(dict.fromkeys([document["look"]["event"], *(each["event"] for each in document["counts"].values())]))
    people = max((each["people"] for each in document["counts"].values()), default=0)
    largest = Fact(text("dpia.largest"), Count(people, events))
    return Facts((*facts, largest, Fact(text("dpia.threshold"), document["rules"]["large_scale"]["people"])))


def _not_seen(document: _Facts) -> Iterator[Missing]:
    for each in document["not_seen"]:
        yield Missing(each["place"], Text(each["found"], (), each["found"]))
    for law in document["laws_without"]:
        yield Missing("", text("dpia.law_without", law=law_name(law)))
    for law in document["laws_unknown"]:
        yield Missing("", text("dpia.law_unknown", law=law_name(law)))
    for key in _UNSEEN:
        yield Missing("", text(f"dpia.not_seen_{key}"))
