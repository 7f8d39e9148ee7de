"""Ends of uses that wait a moment for a commit to share: a decision is durable before its use, its end shortly after.

    close_soon --> queue --(with the next event once LATE_ENDS wait, or LATE_SECONDS later)--> the log

Ends written together cost little more than one: they go to the same pages of the database. A process that is killed in
between leaves decisions without an end, which every report calls "outcome unknown".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from governance.ledger.events import EventDraft
from policies.errors import LedgerError

LATE_SECONDS = 0.2
"""How long an end waits at most while nothing else is recorded."""
LATE_ENDS = 16
"""How many ends wait at most when another event is recorded."""
_log = structlog.get_logger()


class LateCloses:
    """The queue. May be shared by threads; `write` records drafts durably and raises LedgerError."""

    def __init__(self, write: Callable[[Sequence[EventDraft]], object]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[EventDraft] = []
        self._timer: threading.Timer | None = None

    def add(self, draft: EventDraft) -> None:
        """Let a draft wait; returns at once."""
        with self._lock:
            self._waiting.append(draft)
            if self._timer is None:
                self._timer = threading.Timer(LATE_SECONDS, self._in_time)
                self._timer.start()

    def take(self, least: int = 1) -> list[EventDraft]:
        """What waits, in its order, where that is so many; the caller records it or gives it back."""
        if len(self._waiting) < least:
            return []
        with self._lock:
            found, self._waiting = self._waiting, []
        return found

    def give_back(self, drafts: Sequence[EventDraft]) -> None:
        """Let drafts that could not be recorded wait for the next event."""
        with self._lock:
            self._waiting[:0] = drafts

    def flush(self) -> None:
        """Record what waits now. Raises LedgerError; then it waits on."""
        drafts = self.take()
        if not drafts:
            return
        try:
            self._write(drafts)
        except LedgerError:
            self.give_back(drafts)
            raise

    def stop(self) -> None:
        """Record what waits, and start no more threads for it until another end comes. Raises LedgerError."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self.flush()

    def _in_time(self) -> None:
        with self._lock:
            self._timer = None
        try:
            self.flush()
        except LedgerError:
            _log.warning("ledger.closes_not_recorded", waiting=len(self._waiting))
