"""One durable commit for all events that callers want recorded at the same moment.

The first caller that finds nobody writing leads: once it holds the database's lock it writes its own unit and all that
queued up by then in one transaction, wakes their callers and hands the lead to the first of those who came later.
Nobody waits for a timer: a single caller commits at once, many share a commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from governance.ledger.appending import Entry, Placed
from policies.errors import LedgerError

Outcome = list[Placed] | LedgerError
"""What became of a unit in the log, or why it was not recorded."""

Units = Sequence[Sequence[Entry]]
"""Entries that are recorded all or none, of several callers."""
Write = Callable[[Callable[[], Units]], list[Outcome]]
"""Takes the lock, asks for the units, records them durably, and gives the outcome of each, in order."""


class _Unit:
    """The entries of one caller, recorded all or none."""

    __slots__ = ("asleep", "entries", "leads", "outcome")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.asleep: threading.Lock | None = None  # of a caller that waits: held until there is an outcome, or the lead
        self.leads = False  # it was woken to write what is queued
        self.outcome: Outcome | None = None

    def sleep(self) -> threading.Lock:
        """A lock that is held until somebody wakes the caller."""
        self.asleep = threading.Lock()
        self.asleep.acquire()
        return self.asleep

    def result(self) -> list[Placed]:
        """What became of it. Raises LedgerError."""
        if isinstance(self.outcome, list):
            return self.outcome
        raise self.outcome or _broken()


class GroupCommit:
    """The queue of units before one writer. May be shared by threads."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._queue: list[_Unit] = []
        self._led = False

    def submit(self, entries: Sequence[Entry]) -> list[Placed]:
        """Record entries, all or none; durable when this returns. Raises LedgerError."""
        mine = _Unit(entries)
        asleep = None
        with self._lock:
            if self._led:
                asleep = mine.sleep()
            self._queue.append(mine)
            self._led = True
        if asleep is not None:
            try:
                asleep.acquire()
            except BaseException:  # somebody pressed Ctrl-C
                self._leave(mine)
                raise
        if mine.outcome is None:
            self._lead()
        return mine.result()

    def _lead(self) -> None:
        """Write what is queued, the caller's own unit included, and hand the lead on."""
        units: list[_Unit] = []

        def take() -> Units:
            with self._lock:
                units.extend(self._queue)
                self._queue.clear()
            return [unit.entries for unit in units]

        outcomes: list[Outcome] = []
        try:
            outcomes = self._write(take)
        finally:
            if not units:  # the lock was never had
                take()
            with self._lock:
                heir = self._appoint()
            for unit, outcome in zip(units, outcomes or [_broken()] * len(units), strict=True):
                unit.outcome = outcome
                if unit.asleep is not None:
                    unit.asleep.release()
            if heir is not None:
                heir.release()

    def _leave(self, mine: _Unit) -> None:
        """A caller waits no longer: nobody records its entries who has not begun to, and a lead that it has goes on."""
        heir = None
        with self._lock:
            if mine in self._queue:
                self._queue.remove(mine)
                heir = self._appoint() if mine.leads else None
        if heir is not None:
            heir.release()

    def _appoint(self) -> threading.Lock | None:
        """Give the lead to the first in the queue; what it sleeps on, None where nobody waits."""
        self._led = bool(self._queue)
        if not self._led:
            return None
        self._queue[0].leads = True
        return self._queue[0].asleep


def _broken() -> LedgerError:
    return LedgerError(
        "ledger",
        found="a writer that was stopped",
        expected="an event that is durable before the use it records",
        next_step="nothing was released; try again, then run `governance doctor`",
    )
