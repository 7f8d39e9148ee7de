"""Ends of uses that wait a moment for a commit to share: a decision is durable before its use, its end shortly after.

    close_soon --> queue --(with the next event once LATE_ENDS wait, or LATE_SECONDS later)--> the log

Ends written together cost little more than one: they go to the same pages of the database. A process that is killed in
between leaves decisions without an end, which every report calls "outcome unknown".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from governance.ledger.closes import Ending
from policies.errors import LedgerError

LATE_SECONDS = 0.2
"""How long an end waits at most while nothing else is recorded."""
LATE_ENDS = 16
"""How many ends wait at most when another event is recorded."""
_log = structlog.get_logger()


class LateCloses:
    """The queue. May be shared by threads; `write` records ends durably and raises LedgerError."""

    def __init__(self, write: Callable[[Sequence[Ending]], object]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: list[Ending] = []
        self._taken: list[list[Ending]] = []  # on their way into the log
        self._timer: threading.Timer | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, ending: Ending) -> None:
        """Let an end wait; returns at once."""
        with self._lock:
            self._waiting.append(ending)
            if self._timer is None:
                self._timer = threading.Timer(LATE_SECONDS, self._in_time)
                self._timer.start()

    @contextmanager
    def taken(self, least: int = 1) -> Iterator[list[Ending]]:
        """What waits, in its order, where that is so many, for a block that records it.

        When the block raises LedgerError it waits for the next event. Any other error leaves open what was recorded:
        then the ends are let go of, since one that was recorded twice would stand in the way of every event.
        """
        found: list[Ending] = []
        if len(self._waiting) >= least:
            with self._changed:
                if self._waiting:
                    found, self._waiting = self._waiting, []
                    self._taken.append(found)
        try:
            yield found
        except LedgerError:
            self._let_go(found, back=True)
            raise
        except BaseException:
            self._let_go(found)
            raise
        self._let_go(found)

    def flush(self) -> None:
        """Record what waits now, and return when also what others took before is recorded. Raises LedgerError."""
        with self._changed:
            others = list(self._taken)
        with self.taken() as drafts:
            if drafts:
                self._write(drafts)
        with self._changed:
            self._changed.wait_for(lambda: not any(each is other for each in self._taken for other in others))

    def _let_go(self, drafts: list[Ending], *, back: bool = False) -> None:
        if not drafts:
            return
        with self._changed:
            self._taken = [each for each in self._taken if each is not drafts]
            if back:
                self._waiting[:0] = drafts
            self._changed.notify_all()

    def stop(self) -> None:
        """Record what waits, and start no more threads for it until another end comes. Raises LedgerError."""
        with self._changed:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self.flush()

    def _in_time(self) -> None:
        with self._changed:
            self._timer = None
        try:
            self.flush()
        except LedgerError:
            _log.warning("ledger.closes_not_recorded", waiting=len(self._waiting))
