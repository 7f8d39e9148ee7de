"""The record of processing: one activity a purpose, what each law's form asks of it, gaps, and drift against stores."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import (
    Count,
    Fact,
    Facts,
    Missing,
    NotSeen,
    Report,
    Section,
    Tag,
    Task,
    Text,
    Tone,
    Value,
    Verdict,
    text,
)
from audits.reports.ropa_findings import DRIFT, RULES, Finding, findings_of
from audits.reports.ropa_items import law_name
from audits.reports.ropa_tables import (
    activities_table,
    drift_table,
    findings_table,
    forms_table,
    items_table,
    protection_facts,
)

SCHEMA = "governance.ropa/1"
"""The form of the document and of the JSON."""
_ENGINEERS = frozenset({"category_unheld", "dataset_gone", "field_gone"})
"""Findings that engineering mends; the owner or the officer sees to the others."""
_UNSEEN = ("contracts", "law", "origin", "people", "truth")
"""What a record never shows."""


def ropa_report(evidence: Evidence, document: Mapping[str, Any]) -> Report:
    """The report on a document in the form `governance.ropa/1`; see docs/json/ropa.md."""
    findings = findings_of(document, evidence.as_of.astimezone(ZoneInfo(evidence.zone)).date())
    table = activities_table(document, findings)
    return Report(
        kind="ropa",
        title=text("ropa.title"),
        verdict=_verdict(document, findings),
        sections=tuple(_sections(document, findings)),
        flat=table,
        data=dict(document) | {"findings": [each.to_json() for each in findings]},
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
    )


def _sections(document: Mapping[str, Any], findings: Sequence[Finding]) -> Iterator[Section]:
    activities, clients = document["activities"], document["clients"]
    gaps = [each for each in findings if each.rule not in DRIFT]
    yield Section("overview", text("report.overview"), (_overview(document, findings), forms_table(document)))
    yield Section("findings", text("ropa.findings"), (findings_table(gaps),), marks=(len(gaps),))
    yield Section("organisation", text("ropa.organisation"), (items_table(document, "organisation"),))
    yield Section(
        "activities", text("ropa.activities"), (activities_table(document, findings),), marks=(len(activities),)
    )
    for at, activity in enumerate(activities, 1):
        blocks = (items_table(document, "activity", activity), protection_facts(activity))
        yield Section(f"activity-{at}", activity["id"], blocks, marks=_marks(activity, findings), folded=True)
    for at, client in enumerate(clients, 1):
        yield Section(f"client-{at}", client["name"], (items_table(document, "client", client),), folded=True)
    drift = [each for each in findings if each.rule in DRIFT]
    yield Section("drift", text("ropa.drift"), (_look(document), drift_table(drift)), marks=(len(drift),))
    yield Section("not-seen", text("report.not_seen"), (NotSeen(tuple(_not_seen(document))),))


def _marks(activity: Mapping[str, Any], findings: Sequence[Finding]) -> tuple[Value, ...]:
    count = sum(each.activity == activity["id"] for each in findings)
    return (Tag(text("ropa.gaps", count=count), Tone.WARN),) if count else ()


def _verdict(document: Mapping[str, Any], findings: Sequence[Finding]) -> Verdict:
    tasks = (*_tasks(findings), *_unseen(document))
    bad = sum(RULES[each.rule] is Tone.BAD for each in findings)
    count = len(document["activities"])
    if bad:
        return Verdict(Tone.BAD, text("ropa.bad", count=bad, activities=count), tasks)
    if tasks:
        return Verdict(Tone.WARN, text("ropa.warn", count=len(findings), activities=count), tasks)
    if not count:
        return Verdict(Tone.WARN, text("ropa.none"))
    return Verdict(Tone.GOOD, text("ropa.good", activities=count))


def _tasks(findings: Sequence[Finding]) -> Iterator[Task]:
    """One task for each rule, owner and day."""
    grouped: dict[tuple[str, str | None, str | None], list[Finding]] = {}
    for each in findings:
        grouped.setdefault((each.rule, each.owner, each.due), []).append(each)
    for (rule, owner, due), found in grouped.items():
        places = {each.place for each in found}
        by: dt.date | Text = dt.date.fromisoformat(due) if due else text("report.now")
        what = text(f"ropa.task_{rule}", count=len(places), first=_place(found[0]))
        yield Task(what, by, owner or _who(rule), "drift" if rule in DRIFT else "findings")


def _place(finding: Finding) -> Value:
    return finding.place or text("ropa.organisation")


def _who(rule: str) -> Text:
    if rule in _ENGINEERS:
        return text("report.engineer")
    return text("report.store_owner") if rule in DRIFT else text("report.officer")


def _unseen(document: Mapping[str, Any]) -> Iterator[Task]:
    if document["not_seen"]:
        what = text("ropa.task_unseen", count=len(document["not_seen"]))
        yield Task(what, text("report.now"), text("report.engineer"), "not-seen")


def _overview(document: Mapping[str, Any], findings: Sequence[Finding]) -> Facts:
    activities, tones = document["activities"], Counter(RULES[each.rule] for each in findings)
    drift = sum(each.rule in DRIFT for each in findings)
    recipients = {each["name"] for activity in activities for each in activity["recipients"]}
    special = sum(bool(each["special"]) for each in activities)
    facts = [
        Fact(text("ropa.activities"), len(activities)),
        Fact(text("ropa.with_special"), special),
        Fact(text("ropa.recipients"), len(recipients)),
        Fact(text("ropa.must_mend"), tones[Tone.BAD], Tone.BAD if tones[Tone.BAD] else Tone.GOOD),
        Fact(text("ropa.look_at"), tones[Tone.WARN], Tone.WARN if tones[Tone.WARN] else Tone.GOOD),
        Fact(text("ropa.differences"), Count(drift, (document["look"]["event"],)), Tone.WARN if drift else Tone.GOOD),
    ]
    return Facts(tuple(facts))


def _look(document: Mapping[str, Any]) -> Facts:
    event, stores = (document["look"]["event"],), document["look"]["stores"]
    return Facts(
        (
            Fact(text("ropa.stores"), Count(len(stores), event)),
            Fact(text("ropa.datasets_seen"), Count(sum(each["datasets"] for each in stores), event)),
            Fact(text("ropa.fields_seen"), Count(sum(each["fields"] for each in stores), event)),
        )
    )


def _not_seen(document: Mapping[str, Any]) -> Iterator[Missing]:
    for each in document["not_seen"]:
        found = each["found"]
        yield Missing(each["place"], Text(found, (), found) if found.startswith("not_seen.") else found)
    covered = {law for form in document["forms"] for law in form["laws"]}
    for law in document["laws"]:
        if law not in covered:
            yield Missing("", text("ropa.no_form", law=law_name(law)))
    for key in _UNSEEN:
        yield Missing("", text(f"ropa.not_seen_{key}"))
