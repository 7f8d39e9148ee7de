"""The report on training: who attested what, when it lapses, and who is kept out of which purposes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence, ids
from audits.report import (
    Code,
    Column,
    Count,
    Fact,
    Facts,
    Listing,
    Missing,
    NotSeen,
    Option,
    Report,
    Row,
    Section,
    Table,
    Tag,
    Task,
    Text,
    Tone,
    Value,
    Verdict,
    text,
)

SCHEMA = "governance.training/1"
"""The form of the document and of the JSON."""
SOON_DAYS = 30
"""From how many days before its end an attestation is named as lapsing soon."""
STATES = {"never": Tone.BAD, "lapsed": Tone.BAD, "soon": Tone.WARN, "valid": Tone.GOOD}
"""How an attestation can stand, with its tone."""

_COLUMNS = (
    Column("user", text("grants.user")),
    Column("course", text("training.course"), "code"),
    Column("state", text("training.state"), "tag"),
    Column("day", text("training.day")),
    Column("until", text("training.until")),
    Column("purposes", text("audit.purposes"), "code"),
    Column("refused", text("audit.denials"), "number"),
)


def training_report(evidence: Evidence, document: Mapping[str, Any]) -> Report:
    """The report on a document in the form `governance.training/1`; see docs/json/training.md."""
    today = evidence.as_of.astimezone(ZoneInfo(evidence.zone)).date()
    people = [dict(each) | {"state": state_of(each, today)} for each in document["people"]]
    refused = [each for each in evidence.events if each["kind"] == "decision" and document["rule"] in each["rules"]]
    table = Table(_COLUMNS, tuple(_row(each, refused) for each in people), text("training.people"))
    return Report(
        kind="training",
        title=text("training.title"),
        verdict=_verdict(people, today),
        sections=(
            Section("overview", text("report.overview"), (_overview(people, refused),)),
            Section("people", text("training.people"), (table,), marks=(len(people),)),
            Section("attestations", text("training.attestations"), (_attestations(evidence, document),)),
            Section("not-seen", text("report.not_seen"), (NotSeen((Missing("", text("training.not_seen")),)),)),
        ),
        flat=table,
        data=dict(document) | {"people": people, "refused": list(ids(*refused))},
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
        filter=tuple(Option(key, text(f"training.state_{key}"), tone) for key, tone in STATES.items()),
        filter_title=text("training.state"),
    )


def state_of(person: Mapping[str, Any], today: dt.date) -> str:
    """`never`, `lapsed`, `soon` or `valid`, as of a day; the last day of the period is still valid."""
    if person["until"] is None:
        return "never"
    until = dt.date.fromisoformat(person["until"])
    if until < today:
        return "lapsed"
    return "soon" if until - today < dt.timedelta(days=SOON_DAYS) else "valid"


def _verdict(people: Sequence[Mapping[str, Any]], today: dt.date) -> Verdict:
    out = [each for each in people if each["state"] in ("never", "lapsed")]
    soon = [each for each in people if each["state"] == "soon"]
    tasks = [_task("task_out", each, today) for each in out]
    tasks += [_task("task_soon", each, dt.date.fromisoformat(each["until"])) for each in soon]
    if out:
        kept_out = len({each["user"] for each in out})
        return Verdict(Tone.BAD, text("training.out", count=kept_out), tuple(tasks))
    if soon:
        return Verdict(Tone.WARN, text("training.soon", count=len(soon)), tuple(tasks))
    if not people:
        return Verdict(Tone.GOOD, text("training.none"))
    return Verdict(Tone.GOOD, text("training.good", count=len({each["user"] for each in people})))


def _task(key: str, person: Mapping[str, Any], day: dt.date) -> Task:
    return Task(text(f"training.{key}", course=Code(person["course"])), day, person["user"], "people")


def _overview(people: Sequence[Mapping[str, Any]], refused: Sequence[Mapping[str, Any]]) -> Facts:
    counted = {key: sum(each["state"] == key for each in people) for key in STATES}
    facts = [
        Fact(text(f"training.state_{key}"), counted[key], tone if counted[key] else Tone.PLAIN)
        for key, tone in STATES.items()
    ]
    return Facts((*facts, Fact(text("training.refused"), Count(len(refused), ids(*refused)))))


def _row(person: Mapping[str, Any], refused: Sequence[Mapping[str, Any]]) -> Row:
    state, purposes = person["state"], person["purposes"]
    theirs = [
        each for each in refused if each["principal"] == person["principal"] and each["purpose"] in person["purposes"]
    ]
    cells: tuple[Value, ...] = (
        person["user"],
        Code(person["course"]),
        Tag(text(f"training.state_{state}"), STATES[state]),
        _day(person["day"]),
        _day(person["until"]),
        Listing(tuple(Code(each) for each in purposes)),
        Count(len(theirs), ids(*theirs)),
    )
    return Row(cells, facets=(state,))


def _attestations(evidence: Evidence, document: Mapping[str, Any]) -> Table:
    heads: tuple[tuple[str, Text, str], ...] = (
        ("person", text("audit.person"), "text"),
        ("course", text("training.course"), "code"),
        ("day", text("training.day"), "text"),
        ("until", text("training.until"), "text"),
        ("recorded", text("training.recorded"), "time"),
        ("event", text("audit.event"), "code"),
    )
    rows = tuple(
        Row(
            (
                evidence.person(each["person"]),
                Code(each["course"]),
                _day(each["day"]),
                _day(each["until"]),
                dt.datetime.fromisoformat(each["recorded"]),
                Code(each["event"]),
            )
        )
        for each in document["attestations"]
    )
    return Table(tuple(Column(key, title, kind) for key, title, kind in heads), rows, text("training.attestations"))


def _day(written: str | None) -> dt.date | None:
    return dt.date.fromisoformat(written) if written else None
