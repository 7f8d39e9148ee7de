"""Events out of the log, by page, so that a reader who stops half-way holds no transaction open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, FromClause, Row, Select, Table, and_, exists, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.events import Event, stamp
from governance.ledger.tables import EVENTS, FOUND_BY, LOG, stored_bytes
from governance.records.transactions import reading
from policies.errors import LedgerError

PAGE = 1000
"""Events fetched at once."""
BATCH = 5000
"""Leaves fetched at once where no event is made of them."""
_START = (-1, -1)


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

    def conditions(self, table: FromClause) -> list[ColumnElement[bool]]:
        """The filter as SQL on one of the tables of the log."""
        found: list[ColumnElement[bool]] = []
        if self.kinds is not None:
            found.append(table.c.kind.in_(sorted(self.kinds)))
        if self.since is not None:
            found.append(table.c.time >= stamp(self.since))
        if self.until is not None:
            found.append(table.c.time < stamp(self.until))
        if self.principal is not None:
            found.append(table.c.principal == self.principal)
        if self.ids is not None:
            found.append(table.c.id.in_(sorted(self.ids)))
        if self.open_decisions:
            closing = EVENTS.alias("closing")  # a close is always filed
            found.append(and_(table.c.kind == "decision", ~exists().where(closing.c.closes == table.c.id)))
        return found


def read_leaves(engine: Engine) -> Iterator[list[bytes]]:
    """Every leaf in the order of the log, in batches, as it is stored. Raises LedgerError.

    No transaction is open between two batches; what is appended meanwhile comes too.
    """
    at = _START
    while batch := _leaves(engine, at):
        at = (batch[-1][0], batch[-1][1])
        yield [stored_bytes(leaf) for _, _, leaf in batch]


def _leaves(engine: Engine, at: tuple[int, int]) -> Sequence[Row[int, int, bytes]]:
    """The next batch: the rest of the period that was read last, else the beginning of the next one with events."""

    def behind(table: Table, period: int, seq: int) -> Select[int, int, bytes]:
        columns = select(table.c.period, table.c.seq, table.c.leaf)
        return columns.where(table.c.period == period, table.c.seq > seq).order_by(table.c.seq).limit(BATCH)

    with _readable(), reading(engine) as connection:
        for table in LOG if at != _START else ():
            found = connection.execute(behind(table, *at)).all()
            if found:
                return found
        period = connection.execute(select(func.min(EVENTS.c.period)).where(EVENTS.c.period > at[0])).scalar()
        return connection.execute(behind(EVENTS, period, -1)).all() if period is not None else []


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
    """The next events, in one snapshot: of the filed ones, and of the others when those come to their end."""
    found: list[tuple[int, int, bytes]] = []
    with _readable(), reading(engine) as connection:
        for table in FOUND_BY:
            if len(found) < PAGE:
                query = _query(table, wanted, at).limit(PAGE - len(found))
                found += [(row.period, row.seq, stored_bytes(row.leaf)) for row in connection.execute(query)]
    return found


def _query(table: FromClause, wanted: Filter, at: tuple[int, int] | None) -> Select[int, int, bytes]:
    query = select(table.c.period, table.c.seq, table.c.leaf).where(*wanted.conditions(table))
    if at is not None:
        later = and_(table.c.period == at[0], table.c.seq > at[1])
        query = query.where(or_(table.c.period > at[0], later))
    return query.order_by(table.c.period, table.c.seq)


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
