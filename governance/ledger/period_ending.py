"""Ends periods: closing cuts the log off behind a checkpoint, dropping deletes a closed period's events for good.

The first event of the next period names the root of the one before, so a checkpoint of any period stands for all before
it. Who drops is in the log, and the last checkpoint of a dropped period stays: it shows what copies of it must say.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Connection, delete, select, update

from governance.ledger.base import KeyedHash
from governance.ledger.events import EventDraft
from governance.ledger.periods import Period, seal_of, seal_period
from governance.ledger.tables import CHECKPOINTS, EVENTS, PERIODS
from policies.errors import BadInputError, TamperedError


def closing(period: Period, actor: str) -> EventDraft:
    """The last event of a period."""
    return EventDraft(kind="period.closed", actor=actor, outcome="done", counts={"period": period.number})


def opening(before: Period) -> EventDraft:
    """The first event of the period behind another."""
    return EventDraft(
        kind="period.opened",
        actor="system",
        counts={"previous": before.number, "previous_size": before.frontier.size},
        refs={"previous": before.frontier.root().hex()},
    )


def droppable(connection: Connection, number: int, keyed_hash: KeyedHash, closed_before: str) -> Any:
    """The row of a period that may be dropped.

    Raises BadInputError for one that is open, unknown, dropped already or closed later than `closed_before`;
    TamperedError for an edited row.
    """
    row = connection.execute(select(PERIODS).where(PERIODS.c.period == number)).one_or_none()
    if row is None or row.closed is None:
        raise _refused(number, "a period that is open, or that there is not", "a closed period")
    if row.dropped is not None:
        raise _refused(number, "a period that was dropped already", "a period with events")
    if row.seal != seal_of(row, keyed_hash):
        raise edited(number)
    if row.closed > closed_before:
        raise _refused(number, "a period whose retention is not over", "one closed as long ago as its retention asks")
    return row


def drop(connection: Connection, row: Any, keyed_hash: KeyedHash, time: str) -> None:
    """Delete the events of a period and all its checkpoints but the last, in the caller's transaction."""
    here = CHECKPOINTS.c.period == row.period
    connection.execute(delete(EVENTS).where(EVENTS.c.period == row.period))
    connection.execute(delete(CHECKPOINTS).where(here, CHECKPOINTS.c.size < row.size))
    seal = seal_period(keyed_hash, row.origin, row.size, row.frontier, row.closed, time)
    connection.execute(update(PERIODS).where(PERIODS.c.period == row.period).values(dropped=time, seal=seal))


def dropping(row: Any, actor: str, root: bytes) -> EventDraft:
    """The event that says so in the open period; an exported copy is held against it."""
    return EventDraft(
        kind="period.dropped",
        actor=actor,
        action="delete",
        outcome="done",
        counts={"period": row.period, "events": row.size},
        refs={"root": root.hex()},
    )


def retention_limit(now: dt.datetime, keep_days: int) -> dt.datetime:
    """Periods closed at this time or before may be dropped. Raises BadInputError for a negative number of days."""
    if keep_days < 0:
        raise BadInputError(
            "retention of ledger periods",
            found="a negative number of days",
            expected="days from 0",
            next_step="correct records.ledger_keep_days in governance.yaml",
        )
    return now - dt.timedelta(days=keep_days)


def edited(number: int) -> TamperedError:
    """A period that does not verify is evidence and is not dropped."""
    return TamperedError(
        f"ledger, period {number}",
        found="events or a state that this ledger did not write",
        expected="a period that verifies",
        next_step="run `governance ledger verify` and keep the database as evidence",
    )


def _refused(number: int, found: str, expected: str) -> BadInputError:
    return BadInputError(
        f"ledger, period {number}",
        found=found,
        expected=expected,
        next_step="see `governance ledger periods`; nothing was changed",
    )
