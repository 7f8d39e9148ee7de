"""The open period of the log: where the next leaf goes, and the seal that shows an edit of that row.

A period is cut off by its own origin, so that a closed one can be dropped after its retention and leave its last
checkpoint. There is one period so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection, bindparam, func, insert, select, update

from governance.ledger.base import KeyedHash
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.tables import EVENTS, PERIODS
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
        if row.seal != seal_period(keyed_hash, row.origin, row.size, row.frontier):
            raise _edited()
        return cls(row.period, row.origin, Frontier.load(row.size, row.frontier), *row[-2:])

    @classmethod
    def begin(cls, connection: Connection, *, ledger_id: str, time: str) -> Self:
        """The first period, with its row."""
        origin = f"{ORIGIN_PREFIX}{ledger_id}/1"
        row = {"period": 1, "origin": origin, "opened": time, "checkpoint_size": 0, "checkpoint_time": time}
        connection.execute(insert(PERIODS), row | {"size": 0, "frontier": b"", "seal": ""})
        return cls(1, origin, Frontier(), 0, time)

    @property
    def checkpoint(self) -> Checkpoint:
        """What a checkpoint of this moment says."""
        return Checkpoint(self.origin, self.frontier.size, self.frontier.root())

    def save(self, connection: Connection, keyed_hash: KeyedHash) -> None:
        """Write the row, in the transaction that holds its lock."""
        size, frontier = self.frontier.size, self.frontier.dump()
        changes = {
            "size": size,
            "frontier": frontier,
            "seal": seal_period(keyed_hash, self.origin, size, frontier),
            "checkpoint_size": self.checkpoint_size,
            "checkpoint_time": self.checkpoint_time,
        }
        connection.execute(_SAVE, changes | {"number": self.number})


_NEWEST = (
    select(
        PERIODS.c.period,
        PERIODS.c.origin,
        PERIODS.c.size,
        PERIODS.c.frontier,
        PERIODS.c.seal,
        PERIODS.c.checkpoint_size,
        PERIODS.c.checkpoint_time,
    )
    .order_by(PERIODS.c.period.desc())
    .limit(1)
)

_SAVE = update(PERIODS).where(PERIODS.c.period == bindparam("number"))


def seal_period(keyed_hash: KeyedHash, origin: str, size: int, frontier: bytes) -> str:
    """The keyed hash that an edit of a period's row breaks."""
    return keyed_hash.digest("ledger.period", f"{origin}\n{size}\n".encode() + frontier)


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
