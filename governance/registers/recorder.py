"""The part of the ledger that a register needs."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from governance.ledger.events import Event, EventDraft


class EventRecorder(Protocol):
    """Records an event together with the row that it is about."""

    def append_in(self, connection: Connection, draft: EventDraft) -> Event:
        """Record an event inside the caller's transaction. Raises LedgerError; then roll back."""
        ...
