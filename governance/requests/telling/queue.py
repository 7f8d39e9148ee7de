"""Recipients who must be told of an erasure or a rectification (GDPR 19), until somebody says that they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, insert, select, update

from governance.jobs.journal import Recorder
from governance.ledger.events import EventDraft, stamp
from governance.records.transactions import reading, writing
from governance.requests.telling.tables import NOTICES
from policies.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Notice:
    """One recipient who must be told of one thing."""

    id: str
    """Its id."""
    what: str
    """`erased` or `rectified`."""
    source: str
    """The job, or the ledger's event."""
    recipient: str
    """Who, by a name from the user's own files."""
    queued: str
    """Since when, in UTC."""
    told: str | None = None
    """When they were told, in UTC; None while they were not."""


@dataclass(frozen=True, slots=True)
class NoticeQueue:
    """The queue. Methods raise RecordsError's kin when the records cannot be reached."""

    records: Engine
    """The records database."""
    ledger: Recorder
    """Where what was told is recorded."""
    clock: Callable[[], dt.datetime]
    """Gives aware times."""
    new_id: Callable[[], str]
    """Gives ids."""

    def add(self, what: str, source: str, recipients: Sequence[str]) -> int:
        """Queue recipients for one thing; those who are queued for it already stay once. Gives how many are new."""
        now = stamp(self.clock())
        with writing(self.records) as connection:
            known = select(NOTICES.c.recipient).where(NOTICES.c.source == source)
            fresh = sorted(set(recipients) - set(connection.execute(known).scalars()))
            for name in fresh:
                row = {"id": self.new_id(), "what": what, "source": source, "recipient": name, "queued": now}
                connection.execute(insert(NOTICES).values(**row))
        return len(fresh)

    def waiting(self, source: str | None = None) -> list[Notice]:
        """Who must still be told, oldest first; of one source or all."""
        query = select(NOTICES).where(NOTICES.c.told.is_(None)).order_by(NOTICES.c.queued, NOTICES.c.recipient)
        if source is not None:
            query = query.where(NOTICES.c.source == source)
        names = Notice.__slots__
        with reading(self.records) as connection:
            return [Notice(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]

    def tell(self, notice: str, *, by: str) -> None:
        """Note that a recipient was told; recorded. `by` is a reference of the ledger's names.

        Raises BadInputError for an id of no waiting notice, LedgerError.
        """
        change = update(NOTICES).where(NOTICES.c.id == notice, NOTICES.c.told.is_(None))
        with writing(self.records) as connection:
            if connection.execute(change.values(told=stamp(self.clock()), told_by=by)).rowcount != 1:
                raise BadInputError(
                    "notice",
                    found="an id of no recipient who waits to be told",
                    expected="an id of `governance subject notices`",
                    next_step="list them again",
                )
            self.ledger.append_in(
                connection, EventDraft(kind="recipient.told", actor=by, outcome="done", refs={"notice": notice})
            )
