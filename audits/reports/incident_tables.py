"""The tables of the report on incidents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import Code, Column, Count, Listing, Row, Table, Tag, Text, Tone, Value, text
from audits.reports.incident_facts import answer_to

STATES = {"open": Tone.BAD, "contained": Tone.WARN, "notified": Tone.NOTE, "closed": Tone.GOOD}
"""How an incident can stand, with its tone."""
CLOCK_TONES = {
    "overdue": Tone.BAD,
    "told_late": Tone.WARN,
    "running": Tone.WARN,
    "at_once": Tone.BAD,
    "waiting": Tone.WARN,
    "judge": Tone.WARN,
    "by_order": Tone.NOTE,
    "told": Tone.GOOD,
    "not_needed": Tone.PLAIN,
}
"""How a clock can stand, with its tone."""
FIELDS = {
    "clear": Tone.BAD,
    "partly": Tone.BAD,
    "undeclared": Tone.BAD,
    "compromised": Tone.BAD,
    "unknown_key": Tone.BAD,
    "through_guard": Tone.BAD,
    "unread": Tone.WARN,
    "missing": Tone.WARN,
    "empty": Tone.PLAIN,
    "protected": Tone.GOOD,
}
"""How a leaked field was stored, with its tone; only `protected` cannot be read by whoever has it."""

Incidents = Sequence[Mapping[str, Any]]


def incidents_table(found: Incidents) -> Table:
    """Every incident, newest first."""
    columns = (
        Column("incident", text("incident.incident"), "code"),
        Column("state", text("incident.state"), "tag"),
        Column("aware", text("incident.aware"), "time"),
        Column("people", text("incident.people"), "number"),
        Column("records", text("incident.records"), "number"),
        Column("open", text("incident.open_clocks"), "number"),
        Column("places", text("incident.places"), "code"),
        Column("what", text("incident.what"), "code"),
    )
    rows = tuple(
        Row(
            (
                Code(each["id"]),
                Tag(text(f"incident.state_{each['state']}"), STATES[each["state"]]),
                _moment(each["aware"]),
                Count(each["figures"]["people"], (each["decision"],)),
                Count(sum(each["figures"]["records"].values()), (each["decision"],)),
                sum(clock["state"] in ("overdue", "running", "at_once") for clock in each["clocks"]),
                _places(each["scope"]),
                Code(each["note"]),
            ),
            facets=(each["state"],),
        )
        for each in reversed(found)
    )
    return Table(columns, rows, text("incident.incidents"))


def clocks_table(found: Incidents) -> Table:
    """Every clock of every incident."""
    columns = (
        Column("clock", text("incident.clock"), "code"),
        Column("incident", text("incident.incident"), "code"),
        Column("state", text("incident.clock_state"), "tag"),
        Column("tell", text("incident.tell")),
        Column("start", text("incident.start"), "time"),
        Column("ends", text("incident.ends"), "time"),
        Column("limit", text("incident.limit")),
        Column("told", text("incident.told_at"), "time"),
        Column("article", text("incident.article")),
        Column("unless", text("incident.unless")),
        Column("confidence", text("incident.confidence")),
    )
    rows = tuple(Row(tuple(_clock(each, clock)), facets=(each["state"],)) for each in found for clock in each["clocks"])
    return Table(columns, rows, text("incident.clocks"))


def _clock(incident: Mapping[str, Any], clock: Mapping[str, Any]) -> Iterator[Value]:
    answer = answer_to(incident, clock["name"])
    yield Code(clock["name"])
    yield Code(incident["id"])
    yield Tag(text(f"incident.clock_{clock['state']}"), CLOCK_TONES[clock["state"]])
    yield text(f"incident.tell_{clock['tell']}")
    yield _moment(clock["start"])
    yield _moment(clock["ends"])
    yield _limit(clock)
    yield _moment(answer["at"]) if answer and answer["kind"] == "told" else None
    yield clock["article"]
    yield clock["unless"] or None
    yield text(f"incident.confidence_{clock['confidence']}")


def _limit(clock: Mapping[str, Any]) -> Text:
    unit = text(f"incident.unit_{clock['unit']}", count=clock["limit"])
    if clock["persons_from"] is None:
        return unit
    return text("incident.limit_from", limit=unit, count=clock["persons_from"])


def people_table(found: Incidents) -> Table:
    """Distinct people by law and by data category, and records by dataset."""
    columns = (
        Column("incident", text("incident.incident"), "code"),
        Column("kind", text("incident.by")),
        Column("name", text("incident.name"), "code"),
        Column("count", text("incident.count"), "number"),
    )
    rows = (
        Row((Code(each["id"]), text(f"incident.by_{kind}"), name, Count(count, (each["decision"],))))
        for each in found
        for kind, name, count in _numbers(each["figures"])
    )
    return Table(columns, tuple(rows), text("incident.people"))


def _numbers(figures: Mapping[str, Any]) -> Iterator[tuple[str, Value, int]]:
    for law, people in figures["laws"].items():
        yield "law", Code(law), people
    if figures["unknown"]:
        yield "law", text("incident.law_unknown"), figures["unknown"]
    for category, people in figures["categories"].items():
        yield "category", Code(category), people
    for dataset, rows in figures["records"].items():
        yield "records", Code(dataset), rows
    if figures["nobody"]:
        yield "records", text("incident.nobody"), figures["nobody"]


def fields_table(found: Incidents) -> Table:
    """Every leaked personal field, and whether whoever has it can read it."""
    columns = (
        Column("field", text("incident.field"), "code"),
        Column("incident", text("incident.incident"), "code"),
        Column("category", text("incident.category"), "code"),
        Column("state", text("incident.stored"), "tag"),
    )
    rows = (
        Row(
            (
                Code(field["field"]),
                Code(each["id"]),
                Code(field["category"]),
                Tag(text(f"incident.field_{field['state']}"), FIELDS[field["state"]]),
            )
        )
        for each in found
        for field in each["figures"]["fields"]
    )
    return Table(columns, tuple(rows), text("incident.fields"))


def steps_table(found: Incidents, names: Mapping[str, str]) -> Table:
    """What was done about each, oldest first."""
    columns = (
        Column("incident", text("incident.incident"), "code"),
        Column("step", text("incident.step")),
        Column("clock", text("incident.clock"), "code"),
        Column("at", text("incident.at"), "time"),
        Column("recorded", text("incident.recorded"), "time"),
        Column("by", text("incident.recorded_by")),
        Column("reason", text("audit.reason"), "code"),
        Column("event", text("audit.event"), "code"),
    )
    rows = (
        Row(
            (
                Code(each["id"]),
                text(f"incident.step_{step['kind']}"),
                Code(step["clock"]) if step["clock"] else None,
                _moment(step["at"]),
                _moment(step["recorded"]),
                names.get(step["recorded_by"]) or Code(step["recorded_by"]),
                Code(step["note"]) if step["note"] else None,
                Code(step["event"]),
            )
        )
        for each in found
        for step in each["steps"]
    )
    return Table(columns, tuple(rows), text("incident.steps"))


def _places(scope: Mapping[str, Any]) -> Value:
    places = [Code(each) for each in scope["places"]]
    if scope["access"] is not None:
        return text("incident.places_window", uses=len(scope["access"]["decisions"]), rows=scope["access"]["rows"])
    listed = Listing(tuple(places))
    return listed if scope["rows"] is None else text("incident.places_rows", places=listed, rows=Code(scope["rows"]))


def _moment(stamp: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(stamp) if stamp else None
