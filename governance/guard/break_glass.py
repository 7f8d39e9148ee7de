"""Break-glass openings: who may use a purpose for emergencies until when. Every process reads them at each statement.

asked --(approved, where the purposes file asks for a second person)--> open --> over, by the clock or closed
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from governance.guard.tables import BREAK_GLASS
from governance.ledger.events import stamp
from governance.records.transactions import reading, writing
from policies.errors import RecordsError

APPROVAL_MINUTES = 60
"""How long an opening waits for its second person; after that it has lapsed."""


class State(StrEnum):
    """How an opening stands."""

    WAITING = "waiting"
    """For a second person."""
    LAPSED = "lapsed"
    """Nobody approved it in time."""
    OPEN = "open"
    """The purpose can be used."""
    OVER = "over"
    """Its time has passed."""
    CLOSED = "closed"
    """Somebody ended it before."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening. People and the reason are references of the ledger's names."""

    id: str
    """Its id."""
    principal: str
    """Who may use the purpose."""
    purpose: str
    """The purpose for emergencies."""
    minutes: int
    """For how long, from the beginning."""
    note: str
    """Why."""
    asked_by: str
    """The service or OS user through whom it was asked for."""
    asked: str
    """When it was asked for, as events write times."""
    approver: str | None = None
    """The second person; None where there was none."""
    begins: str | None = None
    """When it began; None while it waits."""
    ends: str | None = None
    """When it ends by itself; None while it waits."""
    closed: str | None = None
    """When somebody ended it before."""

    def state(self, now: dt.datetime) -> State:
        """How it stands at a moment, aware."""
        if self.closed is not None:
            return State.CLOSED
        if self.ends is not None:
            return State.OPEN if stamp(now) < self.ends else State.OVER
        latest = dt.datetime.fromisoformat(self.asked) + dt.timedelta(minutes=APPROVAL_MINUTES)
        return State.WAITING if now < latest else State.LAPSED


class Openings:
    """The openings in the records database. Methods raise RecordsError when it cannot be read or written."""

    def __init__(self, records: sa.Engine) -> None:
        self._records = records

    def add(self, opening: Opening) -> None:
        """Add one."""
        values = {column.name: getattr(opening, column.name) for column in BREAK_GLASS.columns}
        self._write(BREAK_GLASS.insert().values(values))

    def begin(self, id_: str, approver: str, begins: dt.datetime, minutes: int) -> bool:
        """Let one that waits begin; gives whether it still waited."""
        ends = begins + dt.timedelta(minutes=minutes)
        waits = (BREAK_GLASS.c.id == id_) & BREAK_GLASS.c.begins.is_(None) & BREAK_GLASS.c.closed.is_(None)
        values = {"approver": approver, "begins": stamp(begins), "ends": stamp(ends)}
        return self._write(BREAK_GLASS.update().where(waits).values(values)) == 1

    def close(self, id_: str, when: dt.datetime) -> bool:
        """End one; gives whether it had not been closed before."""
        one = (BREAK_GLASS.c.id == id_) & BREAK_GLASS.c.closed.is_(None)
        return self._write(BREAK_GLASS.update().where(one).values(closed=stamp(when))) == 1

    def find(self, id_: str) -> Opening | None:
        """The one of an id."""
        return next(self._read(BREAK_GLASS.c.id == id_), None)

    def all(self) -> tuple[Opening, ...]:
        """All of them, oldest first."""
        return tuple(self._read(sa.true()))

    def opened(self, principal: str, purpose: str, now: dt.datetime) -> tuple[Opening, ...]:
        """Those by which a principal may use a purpose at a moment."""
        theirs = (BREAK_GLASS.c.principal == principal) & (BREAK_GLASS.c.purpose == purpose)
        return tuple(each for each in self._read(theirs) if each.state(now) is State.OPEN)

    def _read(self, where: sa.ColumnElement[bool]) -> Iterator[Opening]:
        query = sa.select(BREAK_GLASS).where(where).order_by(BREAK_GLASS.c.asked, BREAK_GLASS.c.id)
        try:
            with reading(self._records) as connection:
                rows = connection.execute(query).mappings().all()
        except sa.exc.SQLAlchemyError:
            raise _down("read") from None
        return (Opening(**row) for row in rows)

    def _write(self, statement: Any) -> int:
        try:
            with writing(self._records) as connection:
                return int(connection.execute(statement).rowcount)
        except sa.exc.SQLAlchemyError:
            raise _down("written") from None


def _down(verb: str) -> RecordsError:
    return RecordsError(
        "break-glass openings",
        found=f"a table that cannot be {verb}",
        expected="the records database of this release",
        next_step="run `governance doctor`",
    )
