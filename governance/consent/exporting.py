"""Writes the events of people out: as 27560 records, as JSON lines or as CSV, person by person at flat memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from governance.consent import event_log
from governance.consent.events import ConsentEvent
from governance.consent.intake.fields import FIELDS, SCHEMA, fields_of
from governance.consent.records.basis import RecordBasis
from governance.consent.records.record import record_of
from governance.consent.tables import EVENTS
from governance.ledger.base import KeyedHash

FORMS = ("27560", "jsonl", "csv")
"""`27560` has one JSON-LD record a line, the others one event a line."""


@dataclass(slots=True)
class Exported:
    """How much was written; grows while it is written."""

    people: int = 0
    """People whose events are in it."""
    lines: int = 0
    """Records or events."""


def histories(connection: Connection, subject_ref: str | None = None) -> Iterator[list[ConsentEvent]]:
    """The events of each person in order of time; people by reference, or one alone. Nobody without events is given."""
    refs = iter([[subject_ref]]) if subject_ref is not None else _people(connection)
    for page in refs:
        found = event_log.events_of(connection, page)
        yield from (found[ref] for ref in page if found[ref])


def places_of(history: Iterable[ConsentEvent]) -> list[list[ConsentEvent]]:
    """A person's events by purpose and channel, each in order of time; the place with the earliest last event first.

    Where two events of one moment stand at two places, reading them back in this order keeps which of them was later.
    """
    found: dict[tuple[str, str], list[ConsentEvent]] = {}
    for each in history:
        found.setdefault((each.purpose, each.channel), []).append(each)
    return sorted(found.values(), key=lambda events: events[-1].order)


def export_lines(
    people: Iterable[list[ConsentEvent]], form: str, basis: RecordBasis, keyed_hash: KeyedHash, done: Exported
) -> Iterator[str]:
    """The lines of an export, each with its end; counts them in `done`. Raises ConfigError as `record_of`."""
    if form == "csv":
        yield _row(FIELDS)
    for history in people:
        done.people += 1
        for line in _lines(history, form, basis, keyed_hash):
            done.lines += 1
            yield line


def _lines(history: list[ConsentEvent], form: str, basis: RecordBasis, keyed_hash: KeyedHash) -> Iterator[str]:
    if form == "27560":
        for events in places_of(history):
            yield _json(record_of(events, basis, keyed_hash))
        return
    for event in history:
        told = fields_of(event, basis.key_check)
        yield (
            _row(told.values())
            if form == "csv"
            else _json({"schema": SCHEMA} | {name: value for name, value in told.items() if value})
        )


def _people(connection: Connection) -> Iterator[list[str]]:
    after = ""
    while True:
        query = select(EVENTS.c.subject_ref).where(EVENTS.c.subject_ref > after).distinct()
        page = list(connection.execute(query.order_by(EVENTS.c.subject_ref).limit(event_log.PAGE)).scalars())
        if not page:
            return
        yield page
        after = page[-1]


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
