"""The register of incidents: opened with what was counted, then contained, told and closed. Rows are only ever added.

Each step and its event are one transaction: neither is there without the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from governance.ledger.events import EventDraft
from governance.registers.book import Book, lock_row
from governance.registers.recorder import EventRecorder
from governance.registers.tables import INCIDENT, INCIDENT_STEP
from policies.errors import BadInputError

ASSESSED, CONTAINED, TOLD, NOT_NEEDED, CLOSED = "assessed", "contained", "told", "not_needed", "closed"
"""What can be done about an incident; `told` and `not_needed` are about one clock."""


@dataclass(frozen=True, slots=True)
class IncidentStep:
    """One thing done about an incident."""

    kind: str
    """`assessed`, `contained`, `told`, `not_needed` or `closed`."""
    clock: str
    """The clock that it answers; empty where it is about the whole incident."""
    at: str
    """When it was done, as events write times."""
    recorded: str
    """When it was taken down."""
    recorded_by: str
    """Reference of who took it down."""
    note: str
    """Reference of the reason; empty without one."""
    event: str
    """Id of the event in the ledger."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands."""

    id: str
    """Its id."""
    aware: str
    """When somebody knew of it, as events write times."""
    opened: str
    """When it was taken down."""
    opened_by: str
    """Reference of who took it down."""
    note: str
    """Reference of what happened, in words."""
    scope: Mapping[str, Any]
    """What leaked: places, references."""
    figures: Mapping[str, Any]
    """What was counted in the stores."""
    decision: str
    """Id of the event under which they were read."""
    event: str
    """Id of the event of its opening."""
    steps: tuple[IncidentStep, ...]
    """What was done, oldest first."""

    def step(self, kind: str) -> IncidentStep | None:
        """The step of a kind that is about the whole incident."""
        return next((each for each in self.steps if each.kind == kind and not each.clock), None)

    def answer(self, clock: str) -> IncidentStep | None:
        """How a clock was answered; None while it was not."""
        return next((each for each in self.steps if each.clock == clock), None)


class Incidents:
    """The incidents in the records database. Methods raise RecordsError when it cannot be read or written."""

    def __init__(self, records: sa.Engine, ledger: EventRecorder) -> None:
        self._book = Book("incidents", records)
        self._ledger = ledger

    def open(self, row: Mapping[str, Any], draft: EventDraft) -> None:
        """Add an incident; `row` has the columns of `gov_incident` but the event's."""
        with self._book.written() as connection:
            event = self._ledger.append_in(connection, draft)
            texts = {name: json.dumps(row[name], sort_keys=True) for name in ("scope", "figures")}
            connection.execute(INCIDENT.insert().values(**(dict(row) | texts), event=event.id))

    def add(self, incident: str, step: Mapping[str, str], draft: EventDraft) -> None:
        """Add a step. Raises BadInputError when the incident is closed, or another one was first."""
        with self._book.written() as connection:
            lock_row(connection, INCIDENT.c.id == incident)
            done = connection.execute(sa.select(INCIDENT_STEP).where(INCIDENT_STEP.c.incident == incident)).all()
            if any(each.kind == CLOSED for each in done):
                raise _late("an incident that is closed", "open another one when more is known")
            clock = step["clock"]
            if any(each.clock == clock and (clock or each.kind == step["kind"]) for each in done):
                raise _late("a step that was taken down already", "see `governance audit incident show`")
            event = self._ledger.append_in(connection, draft)
            connection.execute(INCIDENT_STEP.insert().values(incident=incident, event=event.id, **step))

    def all(self) -> tuple[Incident, ...]:
        """All incidents, oldest first."""
        with self._book.read() as connection:
            return tuple(_incidents(connection))


def _incidents(connection: sa.Connection) -> Iterator[Incident]:
    steps = dict[str, list[IncidentStep]]()
    ordered = sa.select(INCIDENT_STEP).order_by(
        INCIDENT_STEP.c.recorded, INCIDENT_STEP.c.kind, INCIDENT_STEP.c.clock, INCIDENT_STEP.c.incident
    )
    for found in connection.execute(ordered).mappings():
        made = IncidentStep(**{name: value for name, value in found.items() if name != "incident"})
        steps.setdefault(found["incident"], []).append(made)
    for row in connection.execute(sa.select(INCIDENT).order_by(INCIDENT.c.opened, INCIDENT.c.id)).mappings():
        texts = {name: json.loads(row[name]) for name in ("scope", "figures")}
        yield Incident(**(dict(row) | texts), steps=tuple(steps.get(row["id"], ())))


def _late(found: str, next_step: str) -> BadInputError:
    return BadInputError("incident", found=found, expected="a step that is still open", next_step=next_step)
