"""The journal of a job: what it is about to do and what it did, so that a killed job finishes and counts nothing twice.

Before a batch changes the store, its rows stand in the journal as an intent. After the store committed, the intent is
settled together with the batch's ledger event in one transaction. A job that finds an intent at its start was killed
in between: the store is asked whether those rows are still there, which tells whether the batch was committed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from governance.jobs.tables import BATCHES, JOBS
from governance.ledger.events import Event, EventDraft, stamp
from governance.records.transactions import reading, writing
from policies.errors import StalePlanError


class Recorder(Protocol):
    """What a job needs of the ledger; `governance.ledger.log.Ledger` is one."""

    def append(self, draft: EventDraft) -> Event:
        """Record an event; durable when this returns. Raises LedgerError."""
        ...

    def append_in(self, connection: Connection, draft: EventDraft) -> Event:
        """Record an event in a transaction that `writing(records)` began. Raises LedgerError."""
        ...


@dataclass(frozen=True, slots=True)
class JobHead:
    """Which job it is."""

    id: str
    """Its id, which is its plan's."""
    kind: str
    """The kind of job, such as `retention`."""
    place: str
    """The dataset."""
    seal: str
    """The seal of its plan."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A batch that was about to change the store."""

    number: int
    """Its number in the job, from 1."""
    digests: tuple[str, ...]
    """Keyed hashes of its rows' keys."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one job, which was entered with `enter`."""

    records: Engine
    """The records database."""
    ledger: Recorder
    """Where batches are recorded."""
    job: str
    """The job's id, which is its plan's."""
    decision: str
    """The ledger's decision that allowed the job."""
    clock: Callable[[], dt.datetime]
    """Gives aware times."""

    def intent(self) -> Intent | None:
        """The batch that an earlier run left open; None when there is none."""
        query = select(BATCHES).where(BATCHES.c.job == self.job, BATCHES.c.state == "intent")
        with reading(self.records) as connection:
            row = connection.execute(query).one_or_none()
        return Intent(row.number, tuple(row.digests.split())) if row else None

    def intend(self, digests: Sequence[str]) -> Intent:
        """Write down a batch before the store changes. Raises StalePlanError when another run of the plan is going."""
        try:
            with writing(self.records) as connection:
                last = select(func.coalesce(func.max(BATCHES.c.number), 0)).where(BATCHES.c.job == self.job)
                open_ = select(func.count()).where(BATCHES.c.job == self.job, BATCHES.c.state == "intent")
                if connection.execute(open_).scalar_one():
                    raise _another_run(self.job)
                number = connection.execute(last).scalar_one() + 1
                row = insert(BATCHES).values(job=self.job, number=number, state="intent", rows=len(digests))
                connection.execute(row.values(digests=" ".join(digests), time=stamp(self.clock())))
        except IntegrityError:
            raise _another_run(self.job) from None
        return Intent(number, tuple(digests))

    def settle(self, intent: Intent, draft: EventDraft | None) -> None:
        """Close a batch: done with its event, or void without one, in one transaction."""
        change = update(BATCHES).where(
            BATCHES.c.job == self.job, BATCHES.c.number == intent.number, BATCHES.c.state == "intent"
        )
        change = change.values(state="done" if draft else "void", rows=draft.counts["rows"] if draft else 0)
        with writing(self.records) as connection:
            if connection.execute(change.values(digests="", time=stamp(self.clock()))).rowcount != 1:
                raise _another_run(self.job)
            if draft:
                self.ledger.append_in(connection, draft)

    def done(self) -> tuple[int, int]:
        """How many batches and rows are done, over all runs."""
        query = select(func.count(), func.coalesce(func.sum(BATCHES.c.rows), 0)).where(
            BATCHES.c.job == self.job, BATCHES.c.state == "done"
        )
        with reading(self.records) as connection:
            batches, rows = connection.execute(query).one()
        return int(batches), int(rows)

    def finish(self, drafts: Sequence[EventDraft]) -> None:
        """End the job, with its last events in the same transaction; a job that has ended stays as it is."""
        change = update(JOBS).where(JOBS.c.id == self.job, JOBS.c.state == "running")
        with writing(self.records) as connection:
            if connection.execute(change.values(state="done", ended=stamp(self.clock()))).rowcount == 1:
                for draft in drafts:
                    self.ledger.append_in(connection, draft)


def enter(
    records: Engine, ledger: Recorder, head: JobHead, decision: EventDraft, clock: Callable[[], dt.datetime]
) -> tuple[Journal, bool]:
    """The journal of a job and whether the job has ended already.

    A job that is new is entered together with the decision that allows it; one that was killed is found as it stood.
    Raises StalePlanError when a job of that id was started from another plan.
    """
    with writing(records) as connection:
        found = connection.execute(select(JOBS).where(JOBS.c.id == head.id)).one_or_none()
        if found is None:
            event = ledger.append_in(connection, decision)
            row = {"id": head.id, "kind": head.kind, "place": head.place, "seal": head.seal, "decision": event.id}
            connection.execute(insert(JOBS).values(**row, state="running", started=stamp(clock())))
            return Journal(records, ledger, head.id, event.id, clock), False
    if found.seal != head.seal:
        raise StalePlanError(
            f"job {head.id}",
            found="a job of that id with another plan",
            expected="the plan that it was started from",
            next_step="make a new plan",
        )
    return Journal(records, ledger, head.id, found.decision, clock), found.state == "done"


def _another_run(job: str) -> StalePlanError:
    return StalePlanError(
        f"job {job}",
        found="another run of the same plan",
        expected="one run at a time",
        next_step="wait until it has ended; if it was killed, start again",
    )
