"""Names what was done to a log that does not verify: each row's seal tells whose a leaf is and where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from governance.ledger.base import KeyedHash
from governance.ledger.leaves import sealed_rows
from governance.ledger.periods import seal_event
from governance.ledger.tables import stored_bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """One disagreement between the log and what was appended."""

    kind: str
    """`changed removed inserted reordered truncated forked`; of the tables around the log: `state_changed`,
    `checkpoint_changed`, `index_changed`."""
    period: int
    """The period of the log."""
    first: int
    """The first place concerned, from 0."""
    last: int
    """The last place concerned."""

    @property
    def place(self) -> str:
        """The place in words."""
        where = f"event {self.first}" if self.first == self.last else f"events {self.first} to {self.last}"
        return f"period {self.period}, {where}"


@dataclass(slots=True)
class _Rows:
    """What the rows of one period are, in stored order."""

    seen: bytearray  # by own place: 1 where an authentic leaf was met
    forged: list[tuple[int, int | None]] = field(default_factory=list)  # stored place, the place the leaf claims
    repeated: list[int] = field(default_factory=list)  # stored places of second copies
    descents: list[tuple[int, int]] = field(default_factory=list)  # own places that stand in the wrong order
    moved: list[int] = field(default_factory=list)  # own places of authentic leaves that are stored at others
    last: int = -1  # the highest own place met


def locate(connection: Connection, period: int, expected: int, keyed_hash: KeyedHash) -> list[Problem]:
    """The problems of one period that should hold `expected` events, in the order of the log."""
    rows = _read(connection, period, expected, keyed_hash)
    missing = {place for place in range(expected) if not rows.seen[place]}
    changed: list[int] = []
    inserted = list(rows.repeated)
    for stored, claimed in rows.forged:
        place = stored if stored in missing else claimed
        if place in missing and place is not None:
            missing.discard(place)
            changed.append(place)
        else:
            inserted.append(stored)
    removed = [place for place in missing if place < max(rows.last, *changed, -1)]
    truncated = missing.difference(removed)
    found = [
        *_problems("changed", period, ranges(changed)),
        *_problems("inserted", period, ranges(inserted)),
        *_problems("removed", period, ranges(removed)),
        *_problems("reordered", period, _merged(rows.descents)),
        *_problems("truncated", period, ranges(truncated)),
    ]
    found = found or [*_problems("index_changed", period, ranges(rows.moved))]  # else that is why they are elsewhere
    return sorted(found, key=lambda problem: (problem.first, problem.kind))


def _read(connection: Connection, period: int, expected: int, keyed_hash: KeyedHash) -> _Rows:
    rows = _Rows(bytearray(expected))
    before = -1
    for stored, leaf, seal in sealed_rows(connection, period):
        own = _claimed_place(leaf, period)
        if type(stored) is not int:  # SQLite keeps a text where a number belongs, and sorts it behind all numbers
            rows.forged.append((expected, None))
            continue
        if own is None or not 0 <= own < expected or seal != seal_event(keyed_hash, period, own, stored_bytes(leaf)):
            rows.forged.append((stored, own))
        elif rows.seen[own]:
            rows.repeated.append(stored)
        else:
            rows.seen[own] = 1
            if own != stored:
                rows.moved.append(own)
            if own < before:
                rows.descents.append((own, before))
            before = own
            rows.last = max(rows.last, own)
    return rows


def _claimed_place(leaf: Any, period: int) -> int | None:
    """The place that a leaf says it has; None when it cannot be read or names another period."""
    try:
        document = json.loads(stored_bytes(leaf))
        place = document["seq"] if document["period"] == period else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return place if type(place) is int else None


def ranges(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Places as ranges, those that touch joined, in order."""
    return _merged((place, place) for place in places)


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges with those that touch or overlap joined, in order."""
    current: tuple[int, int] | None = None
    for first, last in sorted(ranges):
        if current is not None and first <= current[1] + 1:
            current = (current[0], max(current[1], last))
            continue
        if current is not None:
            yield current
        current = (first, last)
    if current is not None:
        yield current


def _problems(kind: str, period: int, ranges: Iterable[tuple[int, int]]) -> Iterator[Problem]:
    return (Problem(kind, period, first, last) for first, last in ranges)
