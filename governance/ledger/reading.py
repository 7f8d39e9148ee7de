"""Events out of the log, by page, so that a reader who stops half-way holds no transaction open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, Row, and_, exists, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.events import Event, stamp
from governance.ledger.tables import EVENTS, stored_bytes
from governance.records.transactions import reading
from policies.errors import LedgerError

PAGE = 1000
"""Events fetched at once."""
BATCH = 5000
"""Leaves fetched at once where no event is made of them."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to read; what is None does not restrict."""

    kinds: Collection[str] | None = None
    """Kinds of event."""
    since: dt.datetime | None = None
    """From this time on."""
    until: dt.datetime | None = None
    """Before this time."""
    principal: str | None = None
    """Reference of the principal."""
    ids: Collection[str] | None = None
    """Ids of events."""
    open_decisions: bool = False
    """Only decisions without a close."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as SQL."""
        found: list[ColumnElement[bool]] = []
        if self.kinds is not None:
            found.append(EVENTS.c.kind.in_(sorted(self.kinds)))
        if self.since is not None:
            found.append(EVENTS.c.time >= stamp(self.since))
        if self.until is not None:
            found.append(EVENTS.c.time < stamp(self.until))
        if self.principal is not None:
            found.append(EVENTS.c.principal == self.principal)
        if self.ids is not None:
            found.append(EVENTS.c.id.in_(sorted(self.ids)))
        if self.open_decisions:
            closing = EVENTS.alias("closing")
            found.append(and_(EVENTS.c.kind == "decision", ~exists().where(closing.c.closes == EVENTS.c.id)))
        return found


def read_leaves(engine: Engine) -> Iterator[list[bytes]]:
    """Every leaf in the order of the log, in batches, as it is stored. Raises LedgerError.

    No transaction is open between two batches; what is appended meanwhile comes too.
    """
    at = (-1, -1)
    while batch := _leaves(engine, at):
        at = (batch[-1][0], batch[-1][1])
        yield [stored_bytes(leaf) for _, _, leaf in batch]


def _leaves(engine: Engine, at: tuple[int, int]) -> Sequence[Row[int, int, bytes]]:
    """The next batch: the rest of the period that was read last, else the beginning of the next one with events."""
    columns = select(EVENTS.c.period, EVENTS.c.seq, EVENTS.c.leaf)
    with _readable(), reading(engine) as connection:
        rest = columns.where(EVENTS.c.period == at[0], EVENTS.c.seq > at[1]).order_by(EVENTS.c.seq).limit(BATCH)
        found = connection.execute(rest).all() if at[0] >= 0 else []
        if found:
            return found
        period = connection.execute(select(func.min(EVENTS.c.period)).where(EVENTS.c.period > at[0])).scalar()
        first = columns.where(EVENTS.c.period == period).order_by(EVENTS.c.seq).limit(BATCH)
        return connection.execute(first).all() if period is not None else []


def read_events(engine: Engine, wanted: Filter) -> Iterator[Event]:
    """The events of a filter in the order of the log. Raises LedgerError, and TamperedError for foreign bytes."""
    at: tuple[int, int] | None = None
    while True:
        page = _page(engine, wanted, at)
        for _, _, leaf in page:
            yield Event.from_leaf(leaf)
        if len(page) < PAGE:
            return
        at = page[-1][:2]


def _page(engine: Engine, wanted: Filter, at: tuple[int, int] | None) -> list[tuple[int, int, bytes]]:
    query = select(EVENTS.c.period, EVENTS.c.seq, EVENTS.c.leaf).where(*wanted.conditions())
    if at is not None:
        later = and_(EVENTS.c.period == at[0], EVENTS.c.seq > at[1])
        query = query.where(or_(EVENTS.c.period > at[0], later))
    with _readable(), reading(engine) as connection:
        rows = connection.execute(query.order_by(EVENTS.c.period, EVENTS.c.seq).limit(PAGE))
        return [(row.period, row.seq, stored_bytes(row.leaf)) for row in rows]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError:
        raise LedgerError(
            "ledger",
            found="a table that cannot be read",
            expected="a table that this user may read",
            next_step="run `governance doctor`",
        ) from None
