"""Events added to the open period, inside a transaction that holds the ledger's lock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from governance.ledger import patterns, unfiled
from governance.ledger.base import KeyedHash, Signer
from governance.ledger.checkpoint import sign_checkpoint
from governance.ledger.closes import Ending
from governance.ledger.events import Event, EventDraft, filled, stamp
from governance.ledger.periods import LEAVES, Known, Period, sealed_leaf
from governance.ledger.tree import leaf_hash
from governance.records.transactions import Plain

CHECKPOINT_EVENTS = 1000
"""A checkpoint is signed at the latest after so many events."""
CHECKPOINT_SECONDS = 60
"""And with the first event that comes so many seconds after the last one."""

_INSERT = {
    "sqlite": "INSERT INTO gov_ledger_event (period, seq, leaf, seal) VALUES (?, ?, ?, ?)",  # which derives the rest
    "postgresql": "INSERT INTO gov_ledger_event (period, seq, leaf, seal, id, time, kind, principal, closes) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
}
_INSERT_NOTE = "INSERT INTO gov_ledger_checkpoint (period, size, time, note) VALUES (?, ?, ?, ?)"

Entry = EventDraft | Ending
"""What can be recorded."""


class Placed(NamedTuple):
    """What was recorded, with its id, time and place."""

    entry: Entry
    """What was to be recorded."""
    id: str
    """Its id."""
    time: str
    """Its time as `stamp` gives it."""
    period: int
    """Its period."""
    seq: int
    """Its place in the period."""

    def event(self) -> Event:
        """The event that it is in the log."""
        draft = self.entry if isinstance(self.entry, EventDraft) else self.entry.draft()
        return Event.at(draft, event_id=self.id, time=self.time, period=self.period, seq=self.seq)


@dataclass(frozen=True, slots=True)
class Appender:
    """Gives drafts their ids, times and places, and signs the checkpoints that fall due."""

    signer: Signer
    """Signs checkpoints."""
    keyed_hash: KeyedHash
    """Seals rows."""
    clock: Callable[[], dt.datetime]
    """Gives the present, aware."""
    new_id: Callable[[], str]
    """Gives ids."""
    _known: Known = field(init=False, default_factory=Known, compare=False)

    def append(self, plain: Plain, entries: Sequence[Entry]) -> tuple[list[Placed], str | None]:
        """What was recorded, and the last checkpoint that fell due. Raises LedgerError."""
        note = None
        period = self.open_period(plain)
        placed: list[Placed] = []
        for start in range(0, len(entries), CHECKPOINT_EVENTS):
            placed += self.add(plain, period, entries[start : start + CHECKPOINT_EVENTS])
            note = self._checkpoint_if_due(plain, period, placed[-1].time) or note
        self.save(plain, period)
        return placed, note

    def open_period(self, plain: Plain) -> Period:
        """The open period, locked; begun where the ledger is empty. Raises LedgerError."""
        period = Period.lock(plain, self.keyed_hash, self._known)
        if period is None:
            period = Period.begin(plain, ledger_id=self.new_id(), time=stamp(self.clock()))
            self.add(plain, period, (EventDraft(kind="ledger.opened", actor="system"),))
        return period

    def save(self, plain: Plain, period: Period) -> None:
        """Write the row of the open period; the next event of this ledger finds the tree as it is now."""
        self._known.keep(period.save(plain, self.keyed_hash), period)

    def add(self, plain: Plain, period: Period, entries: Sequence[Entry]) -> list[Placed]:
        """Events in a period, whose row is not saved yet. Raises LedgerError."""
        time, number, first = stamp(self.clock()), period.number, period.frontier.size
        placed, rows, hashes, digest = [], [], [], self.keyed_hash.digest
        for seq, entry in enumerate(entries, first):
            event_id = self.new_id()
            patterns.check_id("id", event_id)
            leaf = filled(entry.form(), event_id, time, number, seq)
            hashed = leaf_hash(leaf)
            placed.append(Placed(entry, event_id, time, number, seq))
            rows.append((number, seq, leaf, digest(LEAVES, sealed_leaf(number, seq, hashed)), event_id))
            hashes.append(hashed)
        period.frontier.extend(hashes)
        if plain.dialect != "sqlite":
            found_by = [(each.id, time, each.entry.kind, each.entry.principal, each.entry.closes) for each in placed]
            plain.executemany(_INSERT[plain.dialect], [(*row[:4], *by) for row, by in zip(rows, found_by, strict=True)])
        elif unfiled.may_wait(entries, first):
            unfiled.add(plain, rows)
        else:
            unfiled.file(plain)
            plain.executemany(_INSERT["sqlite"], [row[:4] for row in rows])
        return placed

    def sign(self, plain: Plain, period: Period) -> str:
        """A checkpoint of a period as it stands, kept in the table; what it covers is filed."""
        unfiled.file(plain)
        note = sign_checkpoint(period.checkpoint, self.signer)
        period.checkpoint_size, period.checkpoint_time = period.frontier.size, stamp(self.clock())
        plain.execute(_INSERT_NOTE, (period.number, period.frontier.size, period.checkpoint_time, note))
        return note

    def _checkpoint_if_due(self, plain: Plain, period: Period, now: str) -> str | None:
        waiting = period.frontier.size - period.checkpoint_size
        before, due = _around(period.checkpoint_time)
        if waiting >= CHECKPOINT_EVENTS or (waiting and not before < now < due):
            return self.sign(plain, period)
        return None


@lru_cache(maxsize=4)
def _around(checkpoint_time: str) -> tuple[str, str]:
    """Between which times no checkpoint behind that of a time falls due.

    It does before them too: a clock that once ran ahead was set back, and its time may be years away.
    """
    moment, seconds = dt.datetime.fromisoformat(checkpoint_time), dt.timedelta(seconds=CHECKPOINT_SECONDS)
    return stamp(moment - seconds), stamp(moment + seconds)
