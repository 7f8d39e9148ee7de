"""The open period of the log: where the next leaf goes, and the seal that shows an edit of that row.

A period is cut off by its own origin, so that a closed one can be dropped after its retention and leave its last
checkpoint. The first event of a period names the root of the period before it: a checkpoint stands for all before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, bindparam, func, insert, select, update

from governance.ledger.base import KeyedHash
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.tables import CHECKPOINTS, EVENTS, PERIODS
from governance.ledger.tree import Frontier, leaf_hash
from policies.errors import LedgerError

ORIGIN_PREFIX = "governance.ledger/"
"""How every origin begins; the ledger's random id and the number of the period follow."""
_LOCK = 0x676F764C  # any number that nobody else locks


@dataclass(slots=True)
class Period:
    """The open period while its row is locked. Changes reach the row by `save`."""

    number: int
    """From 1."""
    origin: str
    """The first line of its checkpoints."""
    frontier: Frontier
    """The tree so far."""
    checkpoint_size: int
    """Leaves that the last checkpoint covers."""
    checkpoint_time: str
    """When it was signed; the opening time before the first."""

    @classmethod
    def lock(cls, connection: Connection, keyed_hash: KeyedHash) -> Self | None:
        """The open period, held against other writers until the transaction ends; None in an empty ledger.

        Raises LedgerError when its row was edited or is gone.
        """
        if connection.dialect.name == "postgresql":  # SQLite's transaction holds the write lock already
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        row = connection.execute(_NEWEST).one_or_none()
        if row is None:
            if connection.execute(select(EVENTS.c.seq).limit(1)).one_or_none() is not None:
                raise _edited()
            return None
        if row.seal != seal_of(row, keyed_hash) or row.closed is not None:
            raise _edited()
        frontier = Frontier.load(row.size, row.frontier)
        return cls(row.period, row.origin, frontier, row.checkpoint_size, row.checkpoint_time)

    @classmethod
    def begin(cls, connection: Connection, *, ledger_id: str, time: str) -> Self:
        """The first period, with its row."""
        return cls._begin(connection, 1, f"{ORIGIN_PREFIX}{ledger_id}/1", time)

    def follow(self, connection: Connection, time: str) -> Self:
        """The period behind this one, with its row."""
        number = self.number + 1
        return self._begin(connection, number, f"{self.origin.rpartition('/')[0]}/{number}", time)

    @classmethod
    def _begin(cls, connection: Connection, number: int, origin: str, time: str) -> Self:
        row = {"period": number, "origin": origin, "opened": time, "checkpoint_size": 0, "checkpoint_time": time}
        connection.execute(insert(PERIODS), row | {"size": 0, "frontier": b"", "seal": ""})
        return cls(number, origin, Frontier(), 0, time)

    @property
    def checkpoint(self) -> Checkpoint:
        """What a checkpoint of this moment says."""
        return Checkpoint(self.origin, self.frontier.size, self.frontier.root())

    def save(self, connection: Connection, keyed_hash: KeyedHash, closed: str | None = None) -> None:
        """Write the row, in the transaction that holds its lock; with `closed`, for the last time."""
        size, frontier = self.frontier.size, self.frontier.dump()
        changes = {
            "size": size,
            "frontier": frontier,
            "seal": seal_period(keyed_hash, self.origin, size, frontier, closed),
            "closed": closed,
            "checkpoint_size": self.checkpoint_size,
            "checkpoint_time": self.checkpoint_time,
        }
        connection.execute(_SAVE, changes | {"number": self.number})


@dataclass(frozen=True, slots=True)
class PeriodState:
    """One period, for people."""

    number: int
    """From 1."""
    origin: str
    """The first line of its checkpoints."""
    size: int
    """How many events it has, or had."""
    opened: str
    """When, in UTC."""
    closed: str | None
    """When it was closed; None for the open one."""
    dropped: str | None
    """When its events were deleted; None while they are there."""


def list_periods(connection: Connection) -> list[PeriodState]:
    """All periods, the oldest first."""
    found = connection.execute(select(PERIODS).order_by(PERIODS.c.period))
    return [PeriodState(row.period, row.origin, row.size, row.opened, row.closed, row.dropped) for row in found]


def newest_note(connection: Connection) -> str | None:
    """The newest signed checkpoint."""
    query = select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.period.desc(), CHECKPOINTS.c.size.desc()).limit(1)
    note: str | None = connection.execute(query).scalar_one_or_none()
    return note


_NEWEST = (
    select(
        PERIODS.c.period,
        PERIODS.c.origin,
        PERIODS.c.size,
        PERIODS.c.frontier,
        PERIODS.c.seal,
        PERIODS.c.checkpoint_size,
        PERIODS.c.checkpoint_time,
        PERIODS.c.closed,
        PERIODS.c.dropped,
    )
    .order_by(PERIODS.c.period.desc())
    .limit(1)
)

_SAVE = update(PERIODS).where(PERIODS.c.period == bindparam("number"))


def seal_period(
    keyed_hash: KeyedHash,
    origin: str,
    size: int,
    frontier: bytes,
    closed: str | None = None,
    dropped: str | None = None,
) -> str:
    """The keyed hash that an edit of a period's row breaks."""
    if closed is None and dropped is None:
        return keyed_hash.digest("ledger.period", f"{origin}\n{size}\n".encode() + frontier)
    return keyed_hash.digest("ledger.period.closed", f"{origin}\n{size}\n{closed}\n{dropped}\n".encode() + frontier)


def seal_of(row: Any, keyed_hash: KeyedHash) -> str:
    """The seal that a row of the periods should carry."""
    return seal_period(keyed_hash, row.origin, row.size, row.frontier, row.closed, row.dropped)


def seal_event(keyed_hash: KeyedHash, period: int, seq: int, leaf: bytes) -> str:
    """The keyed hash that ties leaf bytes to their place."""
    return keyed_hash.digest("ledger.event", f"{period}\n{seq}\n".encode() + leaf_hash(leaf))


def _edited() -> LedgerError:
    return LedgerError(
        "ledger",
        found="a state that this ledger did not write",
        expected="the state that the last event left",
        next_step="run `governance ledger verify` and keep the database as evidence",
    )
