"""Events added to the open period, inside a transaction that holds the ledger's lock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from governance.ledger.base import KeyedHash, Signer
from governance.ledger.checkpoint import sign_checkpoint
from governance.ledger.events import Event, EventDraft, stamp
from governance.ledger.periods import Period, seal_leaves
from governance.ledger.tree import leaf_hashes
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

    def append(self, plain: Plain, drafts: Sequence[EventDraft]) -> tuple[list[Event], str | None]:
        """The events, and the last checkpoint that fell due. Raises LedgerError."""
        note = None
        period = self.open_period(plain)
        events: list[Event] = []
        for start in range(0, len(drafts), CHECKPOINT_EVENTS):
            events += self.add(plain, period, drafts[start : start + CHECKPOINT_EVENTS])
            note = self._checkpoint_if_due(plain, period) or note
        period.save(plain, self.keyed_hash)
        return events, note

    def open_period(self, plain: Plain) -> Period:
        """The open period, locked; begun where the ledger is empty. Raises LedgerError."""
        period = Period.lock(plain, self.keyed_hash)
        if period is None:
            period = Period.begin(plain, ledger_id=self.new_id(), time=stamp(self.clock()))
            self.add(plain, period, (EventDraft(kind="ledger.opened", actor="system"),))
        return period

    def add(self, plain: Plain, period: Period, drafts: Sequence[EventDraft]) -> list[Event]:
        """Events in a period, whose row is not saved yet. Raises LedgerError."""
        time, first = stamp(self.clock()), period.frontier.size
        events = [
            Event.at(draft, event_id=self.new_id(), time=time, period=period.number, seq=first + place)
            for place, draft in enumerate(drafts)
        ]
        leaves = [event.leaf() for event in events]
        hashes = leaf_hashes(leaves)
        seals = seal_leaves(self.keyed_hash, period.number, first, hashes)
        rows = [(event.period, event.seq, leaf, seal) for event, leaf, seal in zip(events, leaves, seals, strict=True)]
        if plain.dialect == "sqlite":
            plain.executemany(_INSERT["sqlite"], rows)
        elif rows:
            found_by = [(each.id, each.time, each.kind, each.principal, each.closes) for each in events]
            plain.executemany(_INSERT[plain.dialect], [(*row, *by) for row, by in zip(rows, found_by, strict=True)])
        period.frontier.extend(hashes)
        return events

    def sign(self, plain: Plain, period: Period) -> str:
        """A checkpoint of a period as it stands, kept in the table."""
        note = sign_checkpoint(period.checkpoint, self.signer)
        period.checkpoint_size, period.checkpoint_time = period.frontier.size, stamp(self.clock())
        plain.execute(_INSERT_NOTE, (period.number, period.frontier.size, period.checkpoint_time, note))
        return note

    def _checkpoint_if_due(self, plain: Plain, period: Period) -> str | None:
        waiting = period.frontier.size - period.checkpoint_size
        oldest = stamp(self.clock() - dt.timedelta(seconds=CHECKPOINT_SECONDS))
        if waiting >= CHECKPOINT_EVENTS or (waiting and period.checkpoint_time <= oldest):
            return self.sign(plain, period)
        return None
