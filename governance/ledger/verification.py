"""Recomputes the log from its stored bytes and says what does not agree, with its place.

The quick pass hashes every leaf and compares the root with each signed checkpoint on the way, then the seals of the
tail that no checkpoint covers yet. Only when something disagrees does `locating` look at each row.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.base import KeyedHash, Verifier
from governance.ledger.checkpoint import Checkpoint, read_checkpoint
from governance.ledger.locating import Problem, locate
from governance.ledger.periods import seal_event, seal_period
from governance.ledger.tables import CHECKPOINTS, EVENTS, PERIODS, stored_bytes
from governance.ledger.tree import Frontier, leaf_hashes
from governance.records.transactions import reading
from policies.errors import LedgerError, TamperedError

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found."""

    status: str
    """`tampered`; else `anchored` when a checkpoint kept outside agrees, or `self_consistent` when none was given."""
    size: int
    """Events in the log."""
    root: str
    """Root hash of the newest period, in hex."""
    problems: tuple[Problem, ...] = ()
    """What does not agree, in the order of the log."""

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
    sound: int = 0  # leaves up to the last checkpoint that agreed
    gap: bool = False
    bad_seal: bool = False
    failed: list[tuple[int, Checkpoint]] = field(default_factory=list)  # with the size up to which all was well
    misfiled: list[int] = field(default_factory=list)  # rows whose search columns disagree with their leaf


def verify_log(
    engine: Engine, verifier: Verifier, keyed_hash: KeyedHash, *, outside: str | None = None
) -> Verification:
    """Verify every period, in one snapshot. Raises TamperedError for a foreign checkpoint, LedgerError."""
    anchor = read_checkpoint(outside, verifier) if outside is not None else None
    try:
        with reading(engine) as connection:
            return _verify(connection, verifier, keyed_hash, anchor)
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
    frontier, size = Frontier(), 0
    periods = connection.execute(select(PERIODS).order_by(PERIODS.c.period)).all()
    for period in periods:
        frontier, found = _verify_period(connection, period, verifier, keyed_hash, anchor)
        problems += found
        size += frontier.size
    known = {period.period for period in periods}
    stray = [number for (number,) in connection.execute(select(EVENTS.c.period).distinct()) if number not in known]
    problems += [Problem("state_changed", number, 0, 0) for number in stray]
    if anchor is not None and anchor.size and anchor.origin not in {period.origin for period in periods}:
        problems.append(Problem("forked" if periods else "truncated", 1, 0, anchor.size - 1))
    calm = "anchored" if anchor is not None else "self_consistent"
    return Verification("tampered" if problems else calm, size, frontier.root().hex(), tuple(problems))


def _verify_period(
    connection: Connection, period: Any, verifier: Verifier, keyed_hash: KeyedHash, anchor: Checkpoint | None
) -> tuple[Frontier, list[Problem]]:
    sealed = period.seal == seal_period(keyed_hash, period.origin, period.size, period.frontier)
    marks, problems = _stored_marks(connection, period, verifier)
    if anchor is not None and anchor.origin == period.origin:
        marks.append(anchor)
    walk = _walk(connection, period.period, sorted(marks, key=lambda mark: mark.size), keyed_hash)
    expected = max(period.size if sealed else walk.frontier.size, *(mark.size for mark in marks), 0)
    if not sealed:
        problems.append(Problem("state_changed", period.period, expected, expected))
    unlike = walk.gap or walk.bad_seal or walk.failed or walk.frontier.size != expected
    if unlike or (sealed and walk.frontier.dump() != period.frontier):
        problems += (located := locate(connection, period.period, expected, keyed_hash))
        problems += _unexplained(period.period, walk, located, anchor)
    problems += [Problem("index_changed", period.period, seq, seq) for seq in walk.misfiled]
    return walk.frontier, sorted(problems, key=lambda problem: problem.first)


def _stored_marks(connection: Connection, period: Any, verifier: Verifier) -> tuple[list[Checkpoint], list[Problem]]:
    marks: list[Checkpoint] = []
    forged: list[Problem] = []
    rows = connection.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.period == period.period))
    for row in rows:
        try:
            mark = read_checkpoint(row.note, verifier)
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
    with closing(_pages(connection, period)) as pages:
        for rows in pages:
            first = walk.frontier.size
            leaves = [stored_bytes(row[1]) for row in rows]
            if [row[0] for row in rows] != list(range(first, first + len(rows))):
                walk.gap = True
                return walk
            walk.misfiled += _misfiled(period, rows, leaves)
            _grow(walk, leaf_hashes(leaves), ahead)
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


def _pages(connection: Connection, period: int) -> Generator[Sequence[Any], None, None]:
    query = (
        select(
            EVENTS.c.seq, EVENTS.c.leaf, EVENTS.c.id, EVENTS.c.kind, EVENTS.c.principal, EVENTS.c.time, EVENTS.c.closes
        )
        .where(EVENTS.c.period == period)
        .order_by(EVENTS.c.seq)
    )
    with connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as result:
        yield from result.partitions()


def _is_tail_sealed(connection: Connection, period: int, covered: int, keyed_hash: KeyedHash) -> bool:
    """Whether the leaves that no checkpoint covers are as the holder of the keys wrote them."""
    query = select(EVENTS.c.seq, EVENTS.c.leaf, EVENTS.c.seal).where(EVENTS.c.period == period, EVENTS.c.seq >= covered)
    with connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as result:
        return all(seal == seal_event(keyed_hash, period, seq, stored_bytes(leaf)) for seq, leaf, seal in result)


def _misfiled(period: int, rows: Sequence[Any], leaves: Sequence[bytes]) -> list[int]:
    """Rows whose columns, by which events are found, do not say what the leaf says.

    RFC 8785 gives each key one spelling and place, and no text of an event can hold a quote, so a look suffices.
    """
    found = []
    for (seq, _, event_id, kind, principal, time, closes), leaf in zip(rows, leaves, strict=True):
        text = leaf.decode(errors="replace")
        whose = "null" if principal is None else f'"{principal}"'
        if (
            f'"id":"{event_id}","kind":"{kind}"' not in text
            or f'"period":{period},"principal":{whose},' not in text
            or f'"time":"{time}"' not in text
            or (kind == "close") != (closes is not None)
            or (closes is not None and f'"decision":"{closes}"' not in text)
        ):
            found.append(seq)
    return found


def _unexplained(period: int, walk: _Walk, located: Iterable[Problem], anchor: Checkpoint | None) -> Iterator[Problem]:
    """Checkpoints that disagree although every row carries its seal: who did it holds the keys, or is another log."""
    for sound, mark in walk.failed:
        if not any(problem.first < mark.size for problem in located):
            yield Problem("forked" if mark is anchor else "changed", period, sound, mark.size - 1)
