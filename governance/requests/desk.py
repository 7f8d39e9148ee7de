"""What the register takes from outside, and the one way in which anything in it moves.

A move, its event and its entry in the ledger are one transaction: all of them are there or none. Of two processes that
move one request at once the second is told: SQLite lets it begin only after the first, so that it meets the new state,
and PostgreSQL finds no row of the version that it read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.events import Event, EventDraft, EventObject, stamp
from governance.records.transactions import reading, writing
from governance.requests import rows
from governance.requests.moves import Move, next_state, refused
from governance.requests.request import Request, RequestEvent, Task, moment_of
from governance.requests.timing import Timing
from policies.errors import BadInputError, RecordsError


class Recorder(Protocol):
    """What the register needs of the ledger."""

    def append_in(self, connection: Connection, draft: EventDraft) -> Event:
        """Record an event in a transaction that `writing(records)` began. Raises LedgerError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Records, ledger, clock and who acts."""

    records: Engine
    """The records database."""
    ledger: Recorder
    """Where every move is recorded."""
    clock: Callable[[], dt.datetime]
    """Gives aware times."""
    new_id: Callable[[], str]
    """Gives ids."""
    timing: Timing
    """Computes deadlines."""
    actor: str = "system"
    """The ledger's reference of who acts."""
    digest: str = "none"
    """Of the policy files in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What goes with a move."""

    at: dt.datetime | None = None
    """When it happened; now when it is left out."""
    code: str | None = None
    """A word that says more."""
    note: str | None = None
    """The reference of a free text."""
    task: Task | None = None
    """The task that it is about."""


NOTHING = Said()
"""A move without more."""


class Moving:
    """One request inside the transaction of one move."""

    def __init__(self, desk: Desk, connection: Connection, request: Request, move: Move, said: Said) -> None:
        self.desk = desk
        self.connection = connection
        self.request = request
        """As it stood before."""
        self.move = move
        self.said = said
        now = desk.clock()
        self.now = stamp(now)
        """The present, as the records write it."""
        self.at = self.now if said.at is None else _checked_moment(request, said.at, now)
        """When it happened."""

    def to(self, **changes: Any) -> Request:
        """Change the request, write the event and the ledger's. Raises BadInputError, StalePlanError, LedgerError."""
        goal = next_state(self.request, self.move)
        after = rows.change_request(self.connection, self.request, state=str(goal), **changes)
        self.record(after)
        return after

    def record(self, after: Request) -> None:
        """Write the event of a request that was changed or made."""
        event = self.desk.ledger.append_in(self.connection, draft_of(self.desk, after, self.move, self.said))
        rows.add_event(
            self.connection,
            RequestEvent(
                request=after.id,
                number=after.version,
                kind=str(self.move),
                at=self.at,
                recorded=self.now,
                recorded_by=self.desk.actor,
                code=self.said.code,
                task=self.said.task.id if self.said.task else None,
                note=self.said.note,
                event=event.id,
            ),
        )

    def error(self, found: str, expected: str, next_step: str) -> BadInputError:
        """The error of a move that is not possible."""
        return refused(self.request.id, found, expected, next_step)


@contextmanager
def moving(desk: Desk, request_id: str, move: Move, said: Said = NOTHING) -> Iterator[Moving]:
    """The transaction of one move of one request. Raises BadInputError for an unknown id or a moment that cannot be."""
    with transaction(desk, writing) as connection:
        request = rows.find_request(connection, request_id)
        next_state(request, move)
        yield Moving(desk, connection, request, move, said)


@contextmanager
def transaction(desk: Desk, begin: Callable[[Engine], Any] = reading) -> Iterator[Connection]:
    """A transaction on the records. Raises RecordsError when they fail."""
    try:
        with begin(desk.records) as connection:
            yield connection
    except SQLAlchemyError:
        raise RecordsError(
            "register of requests",
            found="a records database that does not answer, or refuses",
            expected="one that this user may read and write",
            next_step="run `governance doctor`",
        ) from None


def draft_of(desk: Desk, request: Request, move: Move, said: Said) -> EventDraft:
    """The ledger's event of a move: references and codes alone."""
    task = {"task": said.task.id} if said.task else {}
    return EventDraft(
        kind=f"request.{move}",
        actor=desk.actor,
        action=request.type,
        outcome=request.state,
        objects=(EventObject(said.task.place),) if said.task else (),
        rules=(f"clock:{request.clock}",),
        versions={"policy": desk.digest, "clocks": desk.timing.clocks.version},
        refs={"request": request.id, "subject": request.subject_ref, **task},
        reason=said.code,
        note=said.note,
    )


def _checked_moment(request: Request, at: dt.datetime, now: dt.datetime) -> str:
    if at.tzinfo is None or not moment_of(request.received) <= at <= now:
        raise refused(
            request.id,
            "a moment without a zone, before the request came, or to come",
            "an aware moment between its receipt and now",
            "correct it, or leave it out for now",
        )
    return stamp(at)
