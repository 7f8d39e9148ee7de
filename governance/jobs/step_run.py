"""One step of a job, batch by batch."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import structlog
from sqlalchemy.exc import IntegrityError

from connectors.crm.base import Receipt
from governance.jobs.bounds import Bounds, bounds_of
from governance.jobs.journal import Intent, Journal
from governance.jobs.marks import Marker, proof_of
from governance.jobs.outcome import StepOutcome
from governance.jobs.plan import stale
from governance.jobs.running import Running
from governance.jobs.store_connection import transaction
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch, Intended, Key, Receipts
from governance.ledger.events import EventDraft

TRIES = 5
"""How often a batch is tried whose rows somebody changes at the same moment."""

Fate = Literal["held", "barred", "changed", "fresh"]
WAITING = frozenset({Receipt.LOCKED, Receipt.REFUSED})
"""Receipts of rows that wait until the job is started again."""

_log = structlog.get_logger()


class PausedError(Exception):
    """The time window closed; never leaves the engine."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__()
        self.until = until
        """When it opens again."""


class StepRun:
    """One step in one run of its job."""

    def __init__(self, run: Running, journal: Journal, number: int) -> None:
        self._run = run
        self._journal = journal
        self._number = number
        self._step = run.work.steps[number]
        self._store = run.at(self._step.dataset)
        self._planned = run.plan.lines[number].rows
        self._marker = Marker(run.office.keyed_hash, run.salt, self._step.dataset)
        self._skipped: Counter[Fate] = Counter()
        self._left = 0
        self._done = 0

    def outcome(self) -> StepOutcome:
        """Do the step to its end and say what became of it. Raises PausedError between two batches."""
        self._settle_open_batch()
        self._done = self._journal.done(self._number)[1]
        before = -1
        while before < self._done:
            before = self._done
            self._skipped.clear()
            self._left = 0
            self._pass()
            if not (isinstance(self._step, TableStep) and self._step.layered):
                break
        return self._counted()

    def _pass(self) -> None:
        """Every row that needs the step, once."""
        after: Key | None = None
        while True:
            self._wait_for_window()
            keys, rows = self._batch(after)
            if keys is None:
                return
            self._done += rows
            if self._run.on_progress is not None:
                self._run.on_progress(self._done, self._planned or None, self._step.name)
            self._run.throttle.spend(rows)
            after = keys[-1] if keys else None

    def _settle_open_batch(self) -> None:
        """Find out what became of a batch that a killed run left open."""
        intent = self._journal.intent()
        if intent is not None:
            intended = Intended(frozenset(intent.digests), self._marker.mark)
            with transaction(self._store):
                applied = self._step.applied(self._store, intended)
            if applied is False:
                self._journal.settle(intent, None)
            elif applied is True:
                self._settle(intent, intent.digests, {})
            else:
                self._settle(intent, (), self._by_mark(applied))

    def _batch(self, after: Key | None) -> tuple[list[Key] | None, int]:
        """One transaction: the keys that were looked at, None at the end; and how many rows were changed."""
        for _ in range(TRIES):
            bounds = bounds_of(self._run.office, self._step.dataset, self._step.action)
            with transaction(self._store):
                batch = self._step.batch(self._store, after, self._run.pace.batch_rows)
                if batch is None:
                    return None, 0
                marks, fates = self._judged(batch, bounds)
                free = [place for place, fate in enumerate(fates) if fate is None]
                done = 0 if not free and fates else self._apply(batch.only(free), [marks[place] for place in free])
            if done is not None:
                self._skipped.update(fate for fate in fates if fate is not None)
                return list(batch.keys), done
        raise stale(self._run.plan, "records that somebody keeps changing")

    def _apply(self, batch: Batch, marks: list[str]) -> int | None:
        """Change just these rows, commit, and say how many; None, with nothing done, when one is not as it was."""
        intent = self._journal.intend(marks, step=self._number, proof=proof_of(marks))
        try:
            changed = self._step.apply(self._store, batch)
        except IntegrityError:
            changed = None
        if changed is None:
            self._store.rollback()
            self._journal.settle(intent, None)
            return None
        self._store.commit()
        done = self._settle(intent, marks, {}) if isinstance(changed, int) else self._settled(intent, changed)
        _log.info("job.batch", job=self._run.plan.id, batch=intent.number, rows=done)
        return done

    def _settled(self, intent: Intent, receipts: Receipts) -> int:
        self._left += sum(each in WAITING for each in receipts.values())
        return self._settle(intent, (), self._by_mark(receipts))

    def _by_mark(self, receipts: Receipts) -> dict[str, Receipt]:
        return {self._marker.mark(key): each for key, each in receipts.items()}

    def _settle(self, intent: Intent, done: Sequence[str], receipts: Mapping[str, Receipt]) -> int:
        """Close a batch with the rows that were done, all at once or by their receipts; gives how many."""
        marks = [*done, *(mark for mark, each in receipts.items() if each not in WAITING)]
        event = self._event(intent, len(marks)) if marks or not intent.digests else None
        if receipts:
            self._journal.settle(intent, event, proof=proof_of(marks), receipts=receipts)
        else:
            self._journal.settle(intent, event)
        return len(marks)

    def _judged(self, batch: Batch, bounds: Bounds) -> tuple[list[str], list[Fate | None]]:
        """The mark of each row, and why it is left alone; None for a free one."""
        marks = [self._marker.mark(key) for key in batch.keys]
        states = self._run.rows.states(marks) if self._run.rows else None
        fates: list[Fate | None] = []
        for place, key in enumerate(batch.keys):
            fate: Fate | None = None
            if states is not None:
                seen = states[place]
                now = self._marker.state(batch.states[place]) if batch.states else ""
                fate = "fresh" if seen is None else None if seen == now else "changed"
            fates.append(fate or bounds.bar(key, batch.subjects[place] if batch.subjects else ()))
        return marks, fates

    def _wait_for_window(self) -> None:
        window, local = self._run.pace.window, self._run.office.local()
        if window is not None and not window.is_open(local):
            raise PausedError(window.opens_next(local))

    def _counted(self) -> StepOutcome:
        done = self._done
        held, barred, changed = (self._skipped[fate] for fate in ("held", "barred", "changed"))
        if self._planned > done + held + barred + changed + self._left:
            changed += self._moved(held + barred + changed + self._left)
        return StepOutcome(
            self._step.name,
            self._planned,
            done,
            left=self._left,
            held=held,
            barred=barred,
            changed=changed,
            gone=max(0, self._planned - done - held - barred - changed - self._left),
            fresh=self._skipped["fresh"],
        )

    def _moved(self, seen: int) -> int:
        """Listed rows that are still there although the step did not come upon them: they are not as they were."""
        rows, step = self._run.rows, self._step
        if rows is None or step.action not in {"delete", "erase", "write"} or not isinstance(step, TableStep):
            return 0
        done = 0 if step.action == "delete" else self._done  # what was written is still there
        with transaction(self._store):
            marks = (self._marker.mark(key) for key in step.there(self._store))
            return sum(rows.states([mark])[0] is not None for mark in marks) - seen - done

    def _event(self, intent: Intent, rows: int) -> EventDraft:
        counts = {"rows": rows, "batch": intent.number, "step": self._number + 1}
        return self._run.event("job.batch", counts, refs={"decision": self._journal.decision}, line=self._number)
