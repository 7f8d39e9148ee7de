"""The open period of the log: where the next leaf goes, and the seal that shows an edit of that row.

A period is cut off by its own origin, so that a closed one can be dropped after its retention and leave its last
checkpoint. The first event of a period names the root of the period before it: a checkpoint stands for all before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, select

from governance.ledger.base import KeyedHash
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.events import is_stamp
from governance.ledger.tables import PERIODS, stored_bytes
from governance.ledger.tree import Frontier, leaf_hash
from governance.records.transactions import Plain
from policies.errors import LedgerError

ORIGIN_PREFIX = "governance.ledger/"
"""How every origin begins; the ledger's random id and the number of the period follow."""
LEAVES = "ledger.event"
"""The domain of the hashes that tie leaves to their places."""
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
    def lock(cls, plain: Plain, keyed_hash: KeyedHash, known: Known) -> Period | None:
        """The open period, held against other writers until the transaction ends; None in an empty ledger.

        Raises LedgerError when its row was edited or is gone.
        """
        if plain.dialect == "postgresql":  # SQLite's transaction holds the write lock already
            plain.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        found = plain.execute(_NEWEST, ()).fetchone()
        if found is None:
            if plain.execute(_ANY_EVENT, ()).fetchone() is not None:
                raise _edited()
            return None
        kept = known.take(tuple(found))
        if kept is not None:
            return kept
        row = _Row(*found)
        if row.seal != seal_of(row, keyed_hash) or row.closed is not None or not _has_mark(row):
            raise _edited()
        frontier = Frontier.load(row.size, stored_bytes(row.frontier))
        return cls(row.period, row.origin, frontier, row.checkpoint_size, row.checkpoint_time)

    @classmethod
    def begin(cls, plain: Plain, *, ledger_id: str, time: str) -> Self:
        """The first period, with its row."""
        return cls._begin(plain, 1, f"{ORIGIN_PREFIX}{ledger_id}/1", time)

    def follow(self, plain: Plain, time: str) -> Self:
        """The period behind this one, with its row."""
        number = self.number + 1
        return self._begin(plain, number, f"{self.origin.rpartition('/')[0]}/{number}", time)

    @classmethod
    def _begin(cls, plain: Plain, number: int, origin: str, time: str) -> Self:
        plain.execute(_BEGIN, (number, origin, time, 0, b"", "", 0, time))
        return cls(number, origin, Frontier(), 0, time)

    @property
    def checkpoint(self) -> Checkpoint:
        """What a checkpoint of this moment says."""
        return Checkpoint(self.origin, self.frontier.size, self.frontier.root())

    def save(self, plain: Plain, keyed_hash: KeyedHash, closed: str | None = None) -> tuple[Any, ...]:
        """Write the row, in the transaction that holds its lock; with `closed`, for the last time.

        Gives the row as `lock` reads it.
        """
        size, frontier = self.frontier.size, self.frontier.dump()
        seal = seal_period(keyed_hash, self.origin, size, frontier, closed)
        mark = (self.checkpoint_size, self.checkpoint_time)
        plain.execute(_SAVE, (size, frontier, seal, closed, *mark, self.number))
        return (self.number, self.origin, size, frontier, seal, *mark, closed, None)


class Known:
    """The open period as one ledger left it, so that the tree is not read anew where nobody else wrote in between.

    It counts only while the row is, byte for byte, the one that was left. Used under the lock of `Period.lock`.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: tuple[tuple[Any, ...], Period] | None = None

    def keep(self, row: tuple[Any, ...], period: Period) -> None:
        """This period was left as this row; when that is taken back, no row is equal to it."""
        self._kept = (row, period)

    def take(self, row: tuple[Any, ...]) -> Period | None:
        """The period of a row, for one transaction: it is kept no longer."""
        kept, self._kept = self._kept, None
        return kept[1] if kept is not None and kept[0] == row else None


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


def newest_note(plain: Plain) -> str | None:
    """The newest signed checkpoint."""
    found = plain.execute(_NEWEST_NOTE, ()).fetchone()
    return found[0] if found else None


def stored_note(plain: Plain, period: Period) -> str | None:
    """The checkpoint of a period as it stands, where there is one already."""
    found = plain.execute(_STORED_NOTE, (period.number, period.frontier.size)).fetchone()
    return found[0] if found else None


_NEWEST_NOTE = "SELECT note FROM gov_ledger_checkpoint ORDER BY period DESC, size DESC LIMIT 1"
_STORED_NOTE = "SELECT note FROM gov_ledger_checkpoint WHERE period = ? AND size = ?"


class _Row(NamedTuple):
    """The row of a period as `_NEWEST` gives it."""

    period: int
    origin: str
    size: int
    frontier: bytes
    seal: str
    checkpoint_size: int
    checkpoint_time: str
    closed: str | None
    dropped: str | None


_NEWEST = f"SELECT {', '.join(_Row._fields)} FROM gov_ledger_period ORDER BY period DESC LIMIT 1"  # noqa: S608 constant
_ANY_EVENT = "SELECT seq FROM gov_ledger_event UNION ALL SELECT seq FROM gov_ledger_unfiled LIMIT 1"
_BEGIN = (
    "INSERT INTO gov_ledger_period (period, origin, opened, size, frontier, seal, checkpoint_size, checkpoint_time) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SAVE = (
    "UPDATE gov_ledger_period SET size = ?, frontier = ?, seal = ?, closed = ?, checkpoint_size = ?, "
    "checkpoint_time = ? WHERE period = ?"
)


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
    return seal_period(keyed_hash, row.origin, row.size, stored_bytes(row.frontier), row.closed, row.dropped)


def _has_mark(row: _Row) -> bool:
    """Whether what no seal covers, the last checkpoint, can be the one of this period."""
    size, time = row.checkpoint_size, row.checkpoint_time
    return type(size) is int and 0 <= size <= row.size and is_stamp(time) and "0002" < time < "9999"


def seal_event(keyed_hash: KeyedHash, period: int, seq: int, leaf: bytes) -> str:
    """The keyed hash that ties leaf bytes to their place."""
    return keyed_hash.digest(LEAVES, sealed_leaf(period, seq, leaf_hash(leaf)))


def sealed_leaf(period: int, seq: int, hashed: bytes) -> bytes:
    """What is hashed: the place, and the hash of the leaf."""
    return b"%d\n%d\n" % (period, seq) + hashed


def _edited() -> LedgerError:
    return LedgerError(
        "ledger",
        found="a state that this ledger did not write",
        expected="the state that the last event left",
        next_step="run `governance ledger verify` and keep the database as evidence",
    )
