"""Recomputes the log from its stored bytes and says what does not agree, with its place.

The quick pass hashes every leaf and compares the root with each signed checkpoint on the way, then the seals of the
tail that no checkpoint covers yet. Only when something disagrees does `locating` look at each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.base import KeyedHash, Verifier
from governance.ledger.checkpoint import Checkpoint, read_checkpoint
from governance.ledger.filing import misfiled
from governance.ledger.leaves import leaf_pages, places, sealed_rows
from governance.ledger.locating import Problem, locate
from governance.ledger.periods import seal_event, seal_of
from governance.ledger.tables import CHECKPOINTS, EVENTS, PERIODS, UNFILED, stored_bytes
from governance.ledger.tree import Frontier, leaf_hashes
from governance.records.transactions import reading
from policies.errors import LedgerError, TamperedError

_NAMED_PERIODS = 1000  # of missing ones; a forged number may be any


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found."""

    status: str
    """`tampered`; else `anchored` when a checkpoint kept outside agrees, or `self_consistent` when none was given, or
    one that lies within a dropped period."""
    size: int
    """Events in the log, those of dropped periods not counted."""
    root: str
    """Root hash of the newest period, in hex."""
    problems: tuple[Problem, ...] = ()
    """What does not agree, in the order of the log."""
    dropped: tuple[int, ...] = ()
    """The periods whose events were dropped after their retention; of these only the last checkpoint was verified."""

    def require_intact(self) -> None:
        """Return when nothing disagrees. Raises TamperedError that names the first problem."""
        if self.problems:
            raise TamperedError(
                f"ledger, {self.problems[0].place}",
                found=f"{len(self.problems)} disagreements, the first: {self.problems[0].kind}",
                expected="the events as they were appended",
                next_step="keep the database as evidence and compare it with a backup and the last checkpoint outside",
            )


@dataclass(slots=True)
class _Walk:
    """The state of the quick pass over one period."""

    frontier: Frontier = field(default_factory=Frontier)
    first: bytes = b""  # the first leaf, which names the period before
    sound: int = 0  # leaves up to the last checkpoint that agreed
    gap: bool = False
    bad_seal: bool = False
    failed: list[tuple[int, Checkpoint]] = field(default_factory=list)  # with the size up to which all was well


def verify_log(
    engine: Engine, verifier: Verifier, keyed_hash: KeyedHash, *, outside: str | None = None
) -> Verification:
    """Verify every period, in one snapshot. Raises TamperedError for a foreign checkpoint, LedgerError."""
    anchor = read_checkpoint(outside, verifier) if outside is not None else None
    with _readable(engine) as connection:
        return _verify(connection, verifier, keyed_hash, anchor)


def verify_period(engine: Engine, verifier: Verifier, keyed_hash: KeyedHash, number: int) -> list[Problem]:
    """What does not agree in one period. Raises LedgerError."""
    with _readable(engine) as connection:
        row = connection.execute(select(PERIODS).where(PERIODS.c.period == number)).one()
        return _verify_period(connection, row, verifier, keyed_hash, None)[1]


@contextmanager
def _readable(engine: Engine) -> Iterator[Connection]:
    try:
        with reading(engine) as connection:
            yield connection
    except SQLAlchemyError:
        raise LedgerError(
            "ledger",
            found="a database that could not be read",
            expected="the tables of the ledger",
            next_step="run `governance doctor`",
        ) from None


def _verify(
    connection: Connection, verifier: Verifier, keyed_hash: KeyedHash, anchor: Checkpoint | None
) -> Verification:
    problems: list[Problem] = []
    chain = Chain()
    periods = connection.execute(select(PERIODS).order_by(PERIODS.c.period)).all()
    size, root = 0, Frontier().root()
    for period in periods:
        if period.dropped is None:
            walk, found = _verify_period(connection, period, verifier, keyed_hash, anchor)
            size, root = size + walk.frontier.size, walk.frontier.root()
            found += chain.add(period.period, root, walk.frontier.size, first=walk.first, spoiled=bool(found))
        else:
            frontier, found = _verify_dropped(connection, period, verifier, keyed_hash, anchor)
            root = frontier.root()
            chain.add_dropped(period.period, root, frontier.size)
        problems += found
    known = {period.period for period in periods}
    problems += [Problem("state_changed", number, 0, 0) for number in sorted(_numbers(connection) - known)]
    missing = (number for number in range(1, max(known, default=0)) if number not in known)
    problems += [Problem("removed", number, 0, 0) for number in islice(missing, _NAMED_PERIODS)]
    if periods and periods[-1].closed is not None:  # a closed period always has one behind it
        problems.append(Problem("truncated", periods[-1].period + 1, 0, 0))
    if anchor is not None and anchor.size and anchor.origin not in {period.origin for period in periods}:
        problems.append(Problem(*unknown_origin(anchor, [period.origin for period in periods])))
    dropped = tuple(period.period for period in periods if period.dropped is not None)
    sizes = {period.origin: period.size for period in periods if period.dropped is not None}
    return Verification(verdict(problems, anchor, sizes), size, root.hex(), tuple(problems), dropped)


def verdict(problems: Sequence[Problem], anchor: Checkpoint | None, dropped: Mapping[str, int]) -> str:
    """The status: an older checkpoint of a dropped period proves nothing any more, only its last one does."""
    if problems:
        return "tampered"
    reached = anchor is not None and dropped.get(anchor.origin, anchor.size) == anchor.size
    return "anchored" if reached else "self_consistent"


def unknown_origin(anchor: Checkpoint, origins: Sequence[str]) -> tuple[str, int, int, int]:
    """The problem of a checkpoint whose period is not there: the end was cut off, or this is another ledger."""
    ledger, _, number = anchor.origin.rpartition("/")
    period = int(number) if number.isdecimal() else 1
    same = not origins or origins[0].rpartition("/")[0] == ledger
    return "truncated" if same else "forked", period if same else 1, 0, anchor.size - 1


@dataclass(slots=True)
class Chain:
    """Holds each period against the first event of the next one, which names its size and root."""

    before: tuple[int, bytes, int, bool] | None = None
    """Number, root and size of the last period, and whether something in it is wrong already."""

    def add(self, number: int, root: bytes, size: int, *, first: bytes, spoiled: bool) -> list[Problem]:
        """The problems between the last period and this one, whose first leaf is given."""
        before, self.before = self.before, (number, root, size, spoiled)
        if before is None or before[0] != number - 1 or before[3] or spoiled or not size:
            return []
        said = b'"refs":{"previous":"%s"}' % before[1].hex().encode()
        return [] if said in first else [Problem("changed", before[0], 0, max(before[2] - 1, 0))]

    def add_dropped(self, number: int, root: bytes, size: int) -> None:
        """A period without events; its own first event, and what it named, are gone."""
        self.before = (number, root, size, False)


def _numbers(connection: Connection) -> set[int]:
    """The periods that events claim, one look at the index each."""
    found = set(connection.scalars(select(UNFILED.c.period).distinct()))
    number = connection.execute(select(func.min(EVENTS.c.period))).scalar()
    while number is not None:
        found.add(number)
        number = connection.execute(select(func.min(EVENTS.c.period)).where(EVENTS.c.period > number)).scalar()
    return found


def _verify_dropped(
    connection: Connection, period: Any, verifier: Verifier, keyed_hash: KeyedHash, anchor: Checkpoint | None
) -> tuple[Frontier, list[Problem]]:
    marks, problems = _stored_marks(connection, period, verifier)
    if period.seal != seal_of(period, keyed_hash):
        problems.append(Problem("state_changed", period.period, 0, 0))
        return Frontier(), problems
    frontier = Frontier.load(period.size, stored_bytes(period.frontier))
    last = Checkpoint(period.origin, frontier.size, frontier.root())
    if last not in marks:
        problems.append(Problem("checkpoint_changed", period.period, period.size, period.size))
    if anchor is not None and anchor.origin == period.origin and anchor != last and anchor.size >= last.size:
        problems.append(Problem("forked", period.period, 0, anchor.size - 1))
    left = places(connection, period.period)
    if left is not None:
        problems.append(Problem("inserted", period.period, *left))
    return frontier, problems


def _verify_period(
    connection: Connection, period: Any, verifier: Verifier, keyed_hash: KeyedHash, anchor: Checkpoint | None
) -> tuple[_Walk, list[Problem]]:
    sealed = period.seal == seal_of(period, keyed_hash)
    marks, problems = _stored_marks(connection, period, verifier)
    last = max((mark.size for mark in marks), default=0)
    if period.checkpoint_size != last and not problems:  # one was taken away, or none is to be signed any more
        problems.append(Problem("checkpoint_changed", period.period, last, last))
    if anchor is not None and anchor.origin == period.origin:
        marks.append(anchor)
    walk = _walk(connection, period.period, sorted(marks, key=lambda mark: mark.size), keyed_hash)
    expected = max(period.size if sealed else walk.frontier.size, *(mark.size for mark in marks), 0)
    if not sealed:
        problems.append(Problem("state_changed", period.period, expected, expected))
    unlike = walk.gap or walk.bad_seal or walk.failed or walk.frontier.size != expected
    if unlike or (sealed and walk.frontier.dump() != stored_bytes(period.frontier)):
        problems += (located := locate(connection, period.period, expected, keyed_hash))
        problems += _unexplained(period.period, walk, located, anchor)
    if not walk.gap:
        problems += [Problem("index_changed", period.period, seq, seq) for seq in misfiled(connection, period.period)]
    return walk, sorted(problems, key=lambda problem: problem.first)


def _stored_marks(connection: Connection, period: Any, verifier: Verifier) -> tuple[list[Checkpoint], list[Problem]]:
    marks: list[Checkpoint] = []
    forged: list[Problem] = []
    rows = connection.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.period == period.period))
    for row in rows:
        try:
            mark = read_checkpoint(str(row.note), verifier)
        except TamperedError:
            mark = None
        if mark is None or (mark.origin, mark.size) != (period.origin, row.size):
            forged.append(Problem("checkpoint_changed", period.period, row.size, row.size))
        else:
            marks.append(mark)
    return marks, forged


def _walk(connection: Connection, period: int, marks: Sequence[Checkpoint], keyed_hash: KeyedHash) -> _Walk:
    walk = _Walk()
    ahead = list(reversed(marks))
    for leaves in leaf_pages(connection, period):
        walk.first = walk.first or leaves[0]
        _grow(walk, leaf_hashes(leaves), ahead)
    walk.gap = places(connection, period) not in {(0, walk.frontier.size - 1), None}  # no two are filed at one place
    walk.bad_seal = not _is_tail_sealed(connection, period, marks[-1].size if marks else 0, keyed_hash)
    return walk


def _grow(walk: _Walk, hashes: list[bytes], ahead: list[Checkpoint]) -> None:
    """Add leaves, stopping at each checkpoint on the way; `ahead` has the next one last."""
    first = walk.frontier.size
    while ahead and ahead[-1].size <= first + len(hashes):
        mark = ahead.pop()
        walk.frontier.extend(hashes[walk.frontier.size - first : mark.size - first])
        if walk.frontier.root() == mark.root:
            walk.sound = mark.size
        else:
            walk.failed.append((walk.sound, mark))
    walk.frontier.extend(hashes[walk.frontier.size - first :])


def _is_tail_sealed(connection: Connection, period: int, covered: int, keyed_hash: KeyedHash) -> bool:
    """Whether the leaves that no checkpoint covers are as the holder of the keys wrote them."""
    rows = sealed_rows(connection, period, since=covered)
    return all(
        type(seq) is int and seal == seal_event(keyed_hash, period, seq, stored_bytes(leaf)) for seq, leaf, seal in rows
    )


def _unexplained(period: int, walk: _Walk, located: Iterable[Problem], anchor: Checkpoint | None) -> Iterator[Problem]:
    """Checkpoints that disagree although every row carries its seal: who did it holds the keys, or is another log."""
    for sound, mark in walk.failed:
        if not any(problem.first < mark.size for problem in located):
            yield Problem("forked" if mark is anchor else "changed", period, sound, mark.size - 1)
