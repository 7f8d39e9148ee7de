"""A copy of the whole log that anybody can verify without the database and without the keyring.

    {"key":{"name":...,"public_key":BASE64},"schema":"governance.ledger-export/1"}
    {"checkpoints":[NOTE,...],"origin":...,"period":1,"size":1234}      before the events of each period
    LEAF                                                        the stored bytes of each event, one a line, as hashed

The head of a period whose events were dropped has `"dropped":TIME` and its last checkpoint, and no events follow; it
must be borne out by a signed event of a later period. A leaf holds no line end, since RFC 8785 escapes it. Names of
people are not in the copy: leaves hold references.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.base import Verifier
from governance.ledger.checkpoint import Checkpoint, read_checkpoint
from governance.ledger.events import Event
from governance.ledger.leaves import ROWS_AT_ONCE, leaf_pages
from governance.ledger.locating import Problem
from governance.ledger.tables import CHECKPOINTS, PERIODS
from governance.ledger.tree import EMPTY_ROOT, Frontier, leaf_hashes
from governance.ledger.verification import Chain, Verification, unknown_origin, verdict
from governance.records.transactions import reading
from policies.errors import BadInputError, LedgerError, TamperedError

SCHEMA = "governance.ledger-export/1"
"""Name and version of the form."""

MakeVerifier = Callable[[str, bytes], Verifier]
"""From a key's name and public bytes to the verifier of its signatures."""

_HEAD = b'{"checkpoints":'
_HEAD_KEYS = {"checkpoints", "origin", "period", "size"}
_SEQ = re.compile(rb'"seq":(\d{1,18}),')


def export_lines(engine: Engine, verifier: Verifier) -> Iterator[bytes]:
    """The lines of the copy, each with its end, in one snapshot of the database. Raises LedgerError."""
    key = {"name": verifier.name, "public_key": base64.b64encode(verifier.public_key).decode()}
    yield _line({"key": key, "schema": SCHEMA})
    try:
        with reading(engine) as connection:
            for period in connection.execute(select(PERIODS).order_by(PERIODS.c.period)).all():
                notes = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.period == period.period)
                kept = [str(note) for note in connection.execute(notes.order_by(CHECKPOINTS.c.size)).scalars()]
                head = {"checkpoints": kept, "origin": period.origin, "period": period.period, "size": period.size}
                yield _line(head if period.dropped is None else head | {"dropped": period.dropped})
                for leaves in leaf_pages(connection, period.period):
                    yield from (leaf + b"\n" for leaf in leaves)
    except SQLAlchemyError:
        raise LedgerError(
            "ledger",
            found="a database that could not be read",
            expected="the tables of the ledger",
            next_step="run `governance doctor`",
        ) from None


def verify_export(lines: Iterable[bytes], make_verifier: MakeVerifier, *, outside: str | None = None) -> Verification:
    """What recomputing a copy shows, against a checkpoint kept outside if one is given.

    The copy names its own key, so without that checkpoint the best answer is `self_consistent`. A change is placed
    between the two signed checkpoints around it. Raises BadInputError for a text that is no copy, TamperedError for a
    checkpoint of another key.
    """
    reader = iter(lines)
    verifier = _verifier(next(reader, b""), make_verifier)
    anchor = read_checkpoint(outside, verifier) if outside is not None else None
    periods: list[_Period] = []
    for leaves in _batches(reader):
        if leaves[0].startswith(_HEAD):
            periods.append(_Period.begin(leaves[0], verifier, anchor))
        elif periods:
            periods[-1].add(leaves)
        else:
            raise _no_copy("events before the head of their period")
    problems = list(_all_problems(periods))
    if anchor is not None and anchor.size and anchor.origin not in {period.origin for period in periods}:
        problems.append(Problem(*unknown_origin(anchor, [period.origin for period in periods])))
    root = periods[-1].root if periods else Frontier().root()
    size = sum(period.tree.size for period in periods)
    dropped = tuple(period.number for period in periods if period.dropped)
    sizes = {period.origin: period.expected for period in periods if period.dropped}
    return Verification(verdict(problems, anchor, sizes), size, root.hex(), tuple(problems), dropped)


def _all_problems(periods: list[_Period]) -> Iterator[Problem]:
    """The problems of each period, of the numbers, and of what periods say about each other."""
    chain, claims = Chain(), {claim for period in periods for claim in period.claims()}
    for place, period in enumerate(periods, 1):
        found = period.problems()
        if period.number != place:
            found.append(Problem("removed" if period.number > place else "state_changed", place, 0, 0))
        if not period.dropped:
            found += chain.add(period.number, period.root, period.tree.size, first=period.first, spoiled=bool(found))
        else:
            chain.add_dropped(period.number, period.root, period.expected)
            if (period.number, period.expected, period.root.hex()) not in claims:
                found.append(Problem("removed", period.number, 0, max(period.expected - 1, 0)))
        yield from found


@dataclass(slots=True)
class _Period:
    """One period of a copy, hashed while it is read; memory does not grow with it."""

    number: int
    origin: str
    expected: int  # events there should be
    ahead: list[tuple[Checkpoint, bool]]  # checkpoints not reached yet, the next one last; whether it was kept outside
    found: list[Problem]
    tree: Frontier = field(default_factory=Frontier)
    sound: int = 0  # events up to the last checkpoint that agreed
    signed: int = 0  # the same of the copy's own checkpoints
    refuted: tuple[int, int] | None = None  # the stretch before a checkpoint kept outside that does not agree
    order: _Order | None = None  # from the first event that says another place than it has
    dropped: bool = False
    last: bytes = EMPTY_ROOT  # the root that the last checkpoint of a dropped period signs
    first: bytes = b""  # the first event
    drops: list[tuple[int, bytes]] = field(default_factory=list)  # with their places, events that say what was dropped

    @property
    def root(self) -> bytes:
        """The root of all its events."""
        return self.last if self.dropped else self.tree.root()

    def claims(self) -> Iterator[tuple[int, int, str]]:
        """Number, size and root of the periods that signed events here say were dropped."""
        for place, leaf in self.drops:
            with suppress(TamperedError):
                event = Event.from_leaf(leaf) if place < self.sound else None
                if event is not None and event.kind == "period.dropped":
                    yield event.counts.get("period", 0), event.counts.get("events", 0), event.refs.get("root", "")

    @classmethod
    def begin(cls, head: bytes, verifier: Verifier, anchor: Checkpoint | None) -> _Period:
        """A period from its head. Raises BadInputError for a head of another form."""
        try:
            said = json.loads(head)
            number, origin, size = int(said["period"]), str(said["origin"]), int(said["size"])
            canonical = _line(said) == head + b"\n"
            notes = [str(note) for note in said["checkpoints"]]
            known = said.keys() - {"dropped"} == _HEAD_KEYS
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            raise _no_copy("a head of another form") from None
        if not (known and canonical):
            raise _no_copy("a head of another form")
        marks = [_mark(note, verifier) for note in notes]
        own = [(mark, False) for mark in marks if mark is not None and mark.origin == origin]
        forged = [Problem("checkpoint_changed", number, 0, 0)] if len(own) < len(marks) else []
        own += [(anchor, True)] if anchor is not None and anchor.origin == origin else []
        own.sort(key=lambda each: (-each[0].size, each[1]))
        if "dropped" in said:
            return cls._without_events(number, size, own, forged)
        return cls(number, origin, max([size, *(mark.size for mark, _ in own)]), own, forged)

    @classmethod
    def _without_events(
        cls, number: int, size: int, marks: list[tuple[Checkpoint, bool]], found: list[Problem]
    ) -> _Period:
        last = next((mark for mark, outside in marks if mark.size == size and not outside), None)
        if last is None:
            found.append(Problem("checkpoint_changed", number, size, size))
        elif any(mark != last and mark.size >= size for mark, _ in marks):
            found.append(Problem("forked", number, 0, max(mark.size for mark, _ in marks) - 1))
        origin = marks[0][0].origin if marks else ""
        return cls(number, origin, size, [], found, dropped=True, last=last.root if last else EMPTY_ROOT)

    def add(self, leaves: list[bytes]) -> None:
        """Hash some events, look at the places that they claim, and compare with each checkpoint on the way."""
        first = self.tree.size
        self.first = self.first or leaves[0]
        self.drops += [(n, leaf) for n, leaf in enumerate(leaves, first) if b'"kind":"period.dropped"' in leaf]
        if self.order is None:
            here = b'"period":%d,' % self.number
            wrong = next(
                (n for n, leaf in enumerate(leaves, first) if b'"seq":%d,' % n not in leaf or here not in leaf), None
            )
            self.order = None if wrong is None else _Order(self.number, wrong)
        if self.order is not None:
            self.order.add(leaves[max(0, self.order.first - first) :])
        hashes = leaf_hashes(leaves)
        while self.ahead and self.ahead[-1][0].size <= first + len(hashes):
            mark, outside = self.ahead.pop()
            self.tree.extend(hashes[self.tree.size - first : mark.size - first])
            self._compare(mark, outside=outside)
        self.tree.extend(hashes[self.tree.size - first :])

    def _compare(self, mark: Checkpoint, *, outside: bool) -> None:
        if self.order is not None and mark.size > self.order.first:
            return  # what follows a hole hashes differently; the hole itself is named
        if self.tree.root() == mark.root:
            self.sound = mark.size
            self.signed = self.signed if outside else mark.size
        elif outside:
            self.refuted = (self.sound, mark.size - 1)
        elif not any(each.kind == "changed" for each in self.found):
            self.found.append(Problem("changed", self.number, self.sound, mark.size - 1))

    def problems(self) -> list[Problem]:
        """What does not agree, in the order of the log; asked once, at the end.

        When the ledger's key signed what the checkpoint from outside refutes, there are two tellings of the log.
        """
        if self.dropped:
            strangers = [Problem("inserted", self.number, 0, self.tree.size - 1)] if self.tree.size else []
            return [*self.found, *strangers]
        if self.refuted is not None and not any(each.kind == "changed" for each in self.found):
            low, high = self.refuted
            self.found.append(Problem("forked" if self.signed > high else "changed", self.number, low, high))
        if self.order is not None:
            spoiled = [Problem("changed", self.number, self.order.first, self.order.first)]
            self.found.extend(list(self.order.problems(self.expected)) or spoiled)  # right places, another form
        elif self.tree.size < self.expected:
            self.found.append(Problem("truncated", self.number, self.tree.size, self.expected - 1))
        elif self.tree.size > self.expected:
            self.found.append(Problem("inserted", self.number, self.expected, self.tree.size - 1))
        return sorted(self.found, key=lambda each: each.first)


@dataclass(slots=True)
class _Order:
    """The places that events claim, from the first that stands elsewhere."""

    number: int
    first: int
    claimed: list[int] = field(default_factory=list)

    def add(self, leaves: list[bytes]) -> None:
        """Look at some events."""
        for leaf in leaves:
            said = _SEQ.search(leaf) if b'"period":%d,' % self.number in leaf else None
            self.claimed.append(int(said[1]) if said else -1)

    def problems(self, expected: int) -> Iterator[Problem]:
        """Holes, strangers and events in the wrong order."""
        seen: set[int] = set()
        highest = self.first - 1
        for stored, place in enumerate(self.claimed, self.first):
            if place in seen or place < self.first:
                yield Problem("inserted", self.number, stored, stored)
            elif place < highest:
                yield Problem("reordered", self.number, place, highest)
            seen.add(place)
            highest = max(highest, place)
        for low, high in self._holes(seen, expected):
            yield Problem("removed" if low < highest else "truncated", self.number, low, high)

    def _holes(self, seen: set[int], expected: int) -> Iterator[tuple[int, int]]:
        """The places that nobody claims, as ranges: a claim may lie as far out as an intruder likes."""
        low = self.first
        for place in sorted(place for place in seen if place >= self.first):
            if low < place:
                yield low, place - 1
            low = place + 1
        if low < expected:
            yield low, expected - 1


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Leaves without their line ends, by the thousand; the head of a period alone."""
    held: list[bytes] = []
    for line in lines:
        head = line.startswith(_HEAD)
        if held and (head or len(held) == ROWS_AT_ONCE):
            yield held
            held = []
        held.append(line.removesuffix(b"\n"))
        if head:
            yield held
            held = []
    if held:
        yield held


def _verifier(line: bytes, make_verifier: MakeVerifier) -> Verifier:
    try:
        head = json.loads(line)
        if head["schema"] != SCHEMA:
            raise _no_copy("a file of another form")
        written = str(head["key"]["public_key"])
        key = base64.b64decode(written, validate=True)
        if base64.b64encode(key).decode() != written:  # two texts of one key
            raise _no_copy("a key in another spelling")
        if _line(head) != line:
            raise _no_copy("a head of another form")
        return make_verifier(str(head["key"]["name"]), key)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _no_copy("a file of another form") from None


def _mark(note: str, verifier: Verifier) -> Checkpoint | None:
    try:
        return read_checkpoint(note, verifier)
    except TamperedError:
        return None


def _line(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _no_copy(found: str) -> BadInputError:
    return BadInputError(
        "copy of the ledger",
        found=found,
        expected=f"a file that `governance ledger export` wrote, of form {SCHEMA}",
        next_step="take the file unchanged",
    )
