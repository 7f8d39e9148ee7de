"""The journal of a job: what it is about to do and what it did, so that a killed job finishes and counts nothing twice.

Before a batch changes the store, its rows stand in the journal as an intent. After the store committed, the intent is
settled together with the batch's ledger event in one transaction. A job that finds an intent at its start was killed
in between: the store is asked what became of those rows, which tells whether the batch was committed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Protocol

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connectors.crm.base import Receipt
from governance.jobs.outcome import StepOutcome
from governance.jobs.tables import BATCHES, CERTIFICATES, JOBS, PLANS, STEPS
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
    """Marks of its rows."""
    step: int = 0
    """The step's number in the job, from 0."""


@dataclass(frozen=True, slots=True)
class SignedText:
    """A certificate as the journal keeps it."""

    id: str
    """Its id."""
    sha256: str
    """Of its text, 64 hex digits."""
    text: str
    """The text that was signed, with its signature."""


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
        return Intent(row.number, tuple(row.digests.split()), row.step) if row else None

    def intend(self, digests: Sequence[str], *, step: int = 0, proof: str = "") -> Intent:
        """Write down a batch before the store changes. Raises StalePlanError when another run of the plan is going."""
        try:
            with writing(self.records) as connection:
                last = select(BATCHES.c.number, BATCHES.c.state).where(BATCHES.c.job == self.job)
                found = connection.execute(last.order_by(BATCHES.c.number.desc()).limit(1)).one_or_none()
                if found is not None and found.state == "intent":
                    raise _another_run(self.job)
                number = found.number + 1 if found is not None else 1
                row = insert(BATCHES).values(job=self.job, number=number, state="intent", rows=len(digests))
                said = {"digests": " ".join(digests), "time": stamp(self.clock()), "step": step, "proof": proof}
                connection.execute(row.values(**said))
        except IntegrityError:
            raise _another_run(self.job) from None
        return Intent(number, tuple(digests), step)

    def settle(
        self,
        intent: Intent,
        draft: EventDraft | None,
        *,
        proof: str | None = None,
        receipts: Mapping[str, Receipt] = MappingProxyType({}),
    ) -> None:
        """Close a batch: done with its event, or void without one, in one transaction.

        `proof` is over the marks of the rows that were done, where these are not all; `receipts` by mark are what a
        store without transactions says of each row, and stay with the batch.
        """
        change = update(BATCHES).where(
            BATCHES.c.job == self.job, BATCHES.c.number == intent.number, BATCHES.c.state == "intent"
        )
        change = change.values(state="done" if draft else "void", rows=draft.counts["rows"] if draft else 0)
        change = change.values(proof=proof) if proof is not None else change
        said = " ".join(f"{mark}:{receipt}" for mark, receipt in receipts.items())
        with writing(self.records) as connection:
            if connection.execute(change.values(digests=said, time=stamp(self.clock()))).rowcount != 1:
                raise _another_run(self.job)
            if draft:
                self.ledger.append_in(connection, draft)

    def receipts(self) -> dict[int, dict[str, int]]:
        """Step to how many rows were done by which receipt; nothing for steps of stores with transactions."""
        query = select(BATCHES.c.step, BATCHES.c.digests).where(BATCHES.c.job == self.job, BATCHES.c.state == "done")
        found: dict[int, Counter[str]] = {}
        with reading(self.records) as connection:
            for step, said in connection.execute(query.where(BATCHES.c.digests != "")):
                receipts = Counter(each.partition(":")[2] for each in said.split())
                found[step] = found.get(step, Counter()) + receipts
        done = (Receipt.DONE.value, Receipt.GONE.value)
        return {step: {name: each[name] for name in done if each[name]} for step, each in sorted(found.items())}

    def done(self, step: int | None = None) -> tuple[int, int]:
        """How many batches and rows are done, over all runs; of one step or of all."""
        query = select(func.count(), func.coalesce(func.sum(BATCHES.c.rows), 0)).where(
            BATCHES.c.job == self.job, BATCHES.c.state == "done"
        )
        if step is not None:
            query = query.where(BATCHES.c.step == step)
        with reading(self.records) as connection:
            batches, rows = connection.execute(query).one()
        return int(batches), int(rows)

    def proofs(self) -> Iterator[str]:
        """The proofs of the batches that are done, in their order."""
        query = select(BATCHES.c.proof).where(BATCHES.c.job == self.job, BATCHES.c.state == "done")
        with reading(self.records) as connection:
            yield from connection.execute(query.order_by(BATCHES.c.number)).scalars()

    def steps(self) -> dict[int, StepOutcome]:
        """The steps that have ended, by number."""
        query = select(STEPS).where(STEPS.c.job == self.job)
        with reading(self.records) as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {row["number"]: StepOutcome(**{n: row[n] for n in StepOutcome.__slots__}) for row in rows}

    def end_step(self, number: int, outcome: StepOutcome) -> None:
        """Keep what became of a step; a job that is started again begins behind it."""
        with writing(self.records) as connection:
            connection.execute(insert(STEPS).values(job=self.job, number=number, **asdict(outcome)))

    def began(self) -> str:
        """When the job began, in UTC."""
        with reading(self.records) as connection:
            return str(connection.execute(select(JOBS.c.started).where(JOBS.c.id == self.job)).scalar_one())

    def pause(self, draft: EventDraft) -> None:
        """Note that the job waits, with its event."""
        with writing(self.records) as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == self.job).values(state="paused"))
            self.ledger.append_in(connection, draft)

    def finish(
        self, drafts: Sequence[EventDraft], certificate: SignedText | None = None, *, until: str | None = None
    ) -> None:
        """End the job, with its certificate and last events in one transaction; one that has ended stays as it is.

        `until` is the last day on which the marks of its rows can be tied to them.
        """
        change = update(JOBS).where(JOBS.c.id == self.job, JOBS.c.state != "done")
        now = stamp(self.clock())
        with writing(self.records) as connection:
            if connection.execute(change.values(state="done", ended=now)).rowcount == 1:
                if certificate is not None:
                    row = {"id": certificate.id, "sha256": certificate.sha256, "text": certificate.text}
                    connection.execute(insert(CERTIFICATES).values(**row, job=self.job, made=now))
                if until is not None:
                    connection.execute(update(PLANS).where(PLANS.c.id == self.job).values(salt_ends=until))
                for draft in drafts:
                    self.ledger.append_in(connection, draft)

    def certificate(self) -> str | None:
        """The id of the job's certificate; None while it has none."""
        with reading(self.records) as connection:
            query = select(CERTIFICATES.c.id).where(CERTIFICATES.c.job == self.job)
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found


def find(
    records: Engine, ledger: Recorder, head: JobHead, clock: Callable[[], dt.datetime]
) -> tuple[Journal, bool] | None:
    """The journal of a job that was started, and whether the job has ended; None for one that was not.

    Raises StalePlanError when a job of that id was started from another plan.
    """
    with reading(records) as connection:
        found = connection.execute(select(JOBS).where(JOBS.c.id == head.id)).one_or_none()
    if found is None:
        return None
    if found.seal != head.seal:
        raise StalePlanError(
            f"job {head.id}",
            found="a job of that id with another plan",
            expected="the plan that it was started from",
            next_step="make a new plan",
        )
    return Journal(records, ledger, head.id, found.decision, clock), found.state == "done"


def enter(
    records: Engine, ledger: Recorder, head: JobHead, decision: EventDraft, clock: Callable[[], dt.datetime]
) -> tuple[Journal, bool]:
    """The journal of a job and whether the job has ended already.

    A job that is new is entered together with the decision that allows it; one that was killed or waits is found as it
    stood. Raises StalePlanError when a job of that id was started from another plan.
    """
    found = find(records, ledger, head, clock)
    if found is not None:
        with writing(records) as connection:
            again = update(JOBS).where(JOBS.c.id == head.id, JOBS.c.state == "paused")
            connection.execute(again.values(state="running"))
        return found
    with writing(records) as connection:
        event = ledger.append_in(connection, decision)
        row = {"id": head.id, "kind": head.kind, "place": head.place, "seal": head.seal, "decision": event.id}
        connection.execute(insert(JOBS).values(**row, state="running", started=stamp(clock())))
    return Journal(records, ledger, head.id, event.id, clock), False


def _another_run(job: str) -> StalePlanError:
    return StalePlanError(
        f"job {job}",
        found="another run of the same plan",
        expected="one run at a time",
        next_step="wait until it has ended; if it was killed, start again",
    )
