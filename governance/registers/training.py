"""Attestations of training: who stated to have taken which course on which day. They are only ever added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from governance.ledger.events import EventDraft
from governance.registers.book import Book
from governance.registers.recorder import EventRecorder
from governance.registers.tables import ATTESTATION


@dataclass(frozen=True, slots=True)
class Attestation:
    """One statement that somebody took a course."""

    id: str
    """Its id."""
    person: str
    """Reference of who took it."""
    course: str
    """The course, as `training.courses` of governance.yaml names it."""
    day: dt.date
    """The day on which it was taken, in the project's time zone."""
    recorded: str
    """When it was stated, as events write times."""
    recorded_by: str
    """Reference of the service or OS user through whom."""
    event: str
    """Id of the event in the ledger."""


class Attestations:
    """The attestations in the records database. Methods raise RecordsError when it cannot be read or written."""

    def __init__(self, records: sa.Engine) -> None:
        self._book = Book("attestations of training", records)

    def add(self, row: Mapping[str, str], draft: EventDraft, ledger: EventRecorder) -> None:
        """Add one with its event, both or neither; `row` has the columns of the table but the event's."""
        with self._book.written() as connection:
            event = ledger.append_in(connection, draft)
            connection.execute(ATTESTATION.insert().values(**row, event=event.id))

    def all(self) -> tuple[Attestation, ...]:
        """All of them, oldest first."""
        return tuple(self._read(sa.true()))

    def latest(self, person: str) -> dict[str, dt.date]:
        """Of one person, by course the latest day on which it was taken."""
        found: dict[str, dt.date] = {}
        for each in self._read(ATTESTATION.c.person == person):
            found[each.course] = max(each.day, found.get(each.course, each.day))
        return found

    def _read(self, where: sa.ColumnElement[bool]) -> Iterator[Attestation]:
        query = sa.select(ATTESTATION).where(where).order_by(ATTESTATION.c.recorded, ATTESTATION.c.id)
        with self._book.read() as connection:
            rows = connection.execute(query).mappings().all()
        return (Attestation(**(dict(row) | {"day": dt.date.fromisoformat(row["day"])})) for row in rows)
