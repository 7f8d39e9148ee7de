"""Whether anybody is shut out at all: where nobody is, no query carries a condition for it.

What the records say is read again only when their epoch moved on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from governance.consent.event_log import Head
from governance.consent.events import NOES
from governance.consent.restriction_events import RestrictionKind
from governance.consent.tables import EVENTS, RESTRICTIONS, SUBJECTS
from governance.consent.upkeep import records_failed
from governance.records.transactions import reading


@dataclass(frozen=True, slots=True)
class Shutouts:
    """Who is shut out, as the records stood at one epoch or later."""

    head: Head
    """The epoch."""
    restricted: frozenset[str]
    """The stores that know a person whose use of data is restricted."""
    said_no: frozenset[str]
    """The kinds of events by which anybody ever said no to anything."""


class ShutoutWatch:
    """The shut-outs of one records database. May be shared by threads."""

    def __init__(self, records: Engine) -> None:
        self._records = records
        self._last: Shutouts | None = None
        self._lock = threading.Lock()

    def last(self, head: Callable[[], Head]) -> Shutouts:
        """Those that were read last, by whoever prepared a statement; read now where nobody did."""
        return self._last or self.at(head())

    def at(self, head: Head) -> Shutouts:
        """The shut-outs at an epoch or a later one. Raises RecordsError."""
        last = self._last
        if last is not None and last.head == head:
            return last
        try:
            with reading(self._records) as connection:
                known = last if last is not None and last.head.origin == head.origin else None
                found = Shutouts(head, _restricted(connection), _said_no(connection, known))
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None
        with self._lock:  # who read an older state late must not undo what another statement waits for
            if self._last is None or self._last.head.origin != head.origin or self._last.head.epoch <= head.epoch:
                self._last = found
        return found


def _restricted(connection: Connection) -> frozenset[str]:
    latest = (
        select(RESTRICTIONS.c.subject_ref, func.max(RESTRICTIONS.c.epoch).label("epoch"))
        .group_by(RESTRICTIONS.c.subject_ref)
        .subquery()
    )
    asked = (
        select(SUBJECTS.c.store)
        .distinct()
        .join(latest, latest.c.subject_ref == SUBJECTS.c.subject_ref)
        .join(RESTRICTIONS, RESTRICTIONS.c.epoch == latest.c.epoch)
        .where(RESTRICTIONS.c.kind == str(RestrictionKind.RESTRICTED))
    )
    return frozenset(connection.execute(asked).scalars())


def _said_no(connection: Connection, known: Shutouts | None) -> frozenset[str]:
    """Events are only ever added: what was read is not read again."""
    told = known.said_no if known is not None else frozenset()
    since = known.head.epoch if known is not None else 0
    open_kinds = [str(each) for each in NOES if each not in told]
    if not open_kinds:
        return told
    asked = select(EVENTS.c.kind).distinct().where(EVENTS.c.epoch > since, EVENTS.c.kind.in_(open_kinds))
    return told | frozenset(connection.execute(asked).scalars())
