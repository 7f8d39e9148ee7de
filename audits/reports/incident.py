"""The report on incidents: whom they concern, which clocks run until when, and drafts of the notices."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.evidence import Evidence
from audits.report import (
    Code,
    Fact,
    Facts,
    Missing,
    NotSeen,
    Option,
    Report,
    Section,
    Task,
    Text,
    Tone,
    Verdict,
    text,
)
from audits.reports.incident_drafts import drafts, gaps
from audits.reports.incident_facts import CLOCKS, clock_state, incident_state
from audits.reports.incident_tables import (
    CLOCK_TONES,
    STATES,
    clocks_table,
    fields_table,
    incidents_table,
    people_table,
    steps_table,
)

SCHEMA = "governance.incident/1"
"""The form of the document and of the JSON."""


def incident_report(evidence: Evidence, document: Mapping[str, Any]) -> Report:
    """The report on a document in the form `governance.incident/1`; see docs/json/incident.md."""
    found = [_worked_out(each, evidence.as_of) for each in document["incidents"]]
    clocks, running = clocks_table(found), [each for each in found if each["state"] != "closed"]
    return Report(
        kind="incident",
        title=text("incident.title"),
        verdict=_verdict(found, document["organisation"]),
        sections=(
            Section("overview", text("report.overview"), (_overview(found),)),
            Section("incidents", text("incident.incidents"), (incidents_table(found),), marks=(len(found),)),
            Section("clocks", text("incident.clocks"), (clocks,), marks=(len(clocks.rows),)),
            Section("people", text("incident.people"), (people_table(found),)),
            Section("fields", text("incident.fields"), (fields_table(found),)),
            Section("steps", text("incident.steps"), (steps_table(found, document["names"]),)),
            drafts(running, document["organisation"]),
            Section("not-seen", text("report.not_seen"), (NotSeen(tuple(_not_seen(found, document))),)),
        ),
        flat=clocks,
        data=dict(document) | {"incidents": found},
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
        filter=tuple(Option(key, text(f"incident.state_{key}"), tone) for key, tone in STATES.items()),
        filter_title=text("incident.state"),
    )


def _worked_out(incident: Mapping[str, Any], as_of: dt.datetime) -> dict[str, Any]:
    clocks = [dict(each) | {"state": clock_state(incident, each, as_of)} for each in incident["clocks"]]
    return dict(incident) | {"clocks": clocks, "state": incident_state(incident, as_of)}


def _verdict(found: Sequence[Mapping[str, Any]], organisation: Mapping[str, Any]) -> Verdict:
    tasks = tuple(_tasks(found, organisation))
    late = _counted(found)["overdue"]
    open_ = sum(each["state"] != "closed" for each in found)
    if late:
        return Verdict(Tone.BAD, text("incident.overdue", count=late), tasks)
    if any(task.by == text("report.now") for task in tasks):
        return Verdict(Tone.BAD, text("incident.now", count=open_), tasks)
    if tasks:
        return Verdict(Tone.WARN, text("incident.open", count=open_), tasks)
    if not found:
        return Verdict(Tone.GOOD, text("incident.none"))
    return Verdict(Tone.GOOD, text("incident.good", count=len(found)))


def _tasks(found: Sequence[Mapping[str, Any]], organisation: Mapping[str, Any]) -> Iterator[Task]:
    officer, now = text("report.officer"), text("report.now")
    running = [each for each in found if each["state"] != "closed"]
    for state in ("overdue", "at_once", "running", "judge"):
        for incident in running:
            for clock in incident["clocks"]:
                if clock["state"] == state:
                    by: dt.date | Text = now if state != "running" else dt.datetime.fromisoformat(clock["ends"])
                    told = text(f"incident.task_{state}", clock=Code(clock["name"]), incident=Code(incident["id"]))
                    yield Task(told, by, officer, "clocks")
    for incident in running:
        yield from _own_tasks(incident, officer, now, gaps(incident, organisation))


def _own_tasks(incident: Mapping[str, Any], officer: Text, now: Text, missing: int) -> Iterator[Task]:
    name = Code(incident["id"])
    if incident["state"] == "open":
        yield Task(text("incident.task_contain", incident=name), now, text("report.engineer"), "steps")
    if any(each["state"] == "waiting" for each in incident["clocks"]):
        yield Task(text("incident.task_assess", incident=name), now, officer, "clocks")
    if incident["figures"]["not_seen"]:
        yield Task(text("incident.task_not_seen", incident=name), now, text("report.engineer"), "not-seen")
    if incident["state"] == "notified":
        yield Task(text("incident.task_close", incident=name), text("report.next_review"), officer, "incidents")
    elif missing:
        yield Task(text("incident.task_gaps", count=missing, incident=name), now, officer, "drafts")


def _counted(found: Sequence[Mapping[str, Any]]) -> Counter[str]:
    return Counter(clock["state"] for each in found if each["state"] != "closed" for clock in each["clocks"])


def _overview(found: Sequence[Mapping[str, Any]]) -> Facts:
    states, clocks = Counter(each["state"] for each in found), _counted(found)
    late = sum(clock["state"] == "told_late" for each in found for clock in each["clocks"])
    facts = [Fact(text(f"incident.state_{key}"), states[key], tone) for key, tone in STATES.items()]
    facts += [
        Fact(text(f"incident.clock_{key}"), clocks[key], CLOCK_TONES[key] if clocks[key] else Tone.PLAIN)
        for key in CLOCKS
        if key in ("overdue", "running", "at_once")
    ]
    return Facts((*facts, Fact(text("incident.clock_told_late"), late, Tone.WARN if late else Tone.PLAIN)))


def _not_seen(found: Sequence[Mapping[str, Any]], document: Mapping[str, Any]) -> Iterator[Missing]:
    for incident in found:
        for each in incident["figures"]["not_seen"]:
            yield Missing(each["place"], each["found"])
    for law in document["laws_without_clock"]:
        yield Missing("", text("incident.no_clock", law=Code(law)))
    for key in ("stores", "whole_column", "window", "judged", "moment"):
        yield Missing("", text(f"incident.not_seen_{key}"))
