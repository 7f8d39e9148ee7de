"""Read the events of a ledger once, in their order, and keep numbers: memory does not grow with the ledger.

A decision waits for the event that closes it. Past OPEN that wait, the oldest are put aside in a `Spill`, which asks
for memory elsewhere. What grows is what the report lists: people, purposes, fields and days.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from audits.reports.access_found import Found, Listed
from audits.reports.access_glass import KINDS as GLASS
from audits.reports.access_glass import Openings
from audits.reports.access_leaves import Leaves, Parse, Read, Shape
from audits.reports.access_sums import Sums
from audits.reports.access_tally import Group, Stamp, Tally
from audits.reports.access_uses import Use

OPEN = 50_000
"""Decisions that may wait for their end in memory."""
FOLD = 50_000
"""Uses after which the numbers of shapes are added to those of people, fields and days."""
NEWEST = 200
"""Uses that are listed, the newest."""
TROUBLES = 100
"""Refused attempts and uses without an outcome that are listed, the newest of each."""
_MINUTES = 10_000


class Spill(Protocol):
    """Decisions that wait for their end elsewhere than in memory; keyed by id."""

    def put(self, waiting: Iterable[tuple[str, int, int, bytes]]) -> None:
        """Keep decisions: id, place in the order of reading, opening for emergencies (-1 for none), leaf."""

    def pop(self, decision: str) -> tuple[int, int, bytes] | None:
        """Take one out; None when it does not wait here."""

    def rest(self) -> Iterator[tuple[str, int, int, bytes]]:
        """All that still wait, in the order of their places."""


class Waiting:
    """A decision whose end is not known yet."""

    __slots__ = ("closing", "leaf", "opening", "shape", "slot", "stamp")

    def __init__(self, shape: Shape, slot: tuple[dt.date, int], opening: int, stamp: Stamp, leaf: bytes) -> None:
        self.shape = shape
        self.slot = slot
        self.opening = opening
        self.stamp = stamp
        self.leaf = leaf
        self.closing: bytes | None = None


class Gathering:
    """Takes leaves in the order of the ledger; `found` gives what they say."""

    def __init__(self, as_of: dt.datetime, zone: str, parse: Parse = json.loads, spill: Spill | None = None) -> None:
        self._zone = ZoneInfo(zone)
        self._parse = parse
        self._spill = spill
        self._spilled = False
        self._leaves = Leaves(parse)
        self._sums = Sums(as_of.astimezone(self._zone).date())
        self._openings = Openings()
        self._cells: dict[tuple[Shape, dt.date, int], Group] = {}
        self._hours: dict[tuple[str | None, tuple[dt.date, int]], Tally] = {}
        self._waiting: dict[str, Waiting] = {}
        self._slots: dict[str, tuple[dt.date, int]] = {}
        self._newest: deque[Waiting] = deque(maxlen=NEWEST)
        self._refused: deque[Waiting] = deque(maxlen=TROUBLES)
        self._events = 0
        self._since_fold = 0
        self._first = ""

    def take(self, leaves: Iterable[bytes]) -> None:
        """Read further leaves. Raises what `parse` raises for a foreign one."""
        read = self._leaves.read
        for leaf in leaves:
            event = read(leaf)
            kind = event[0].kind
            self._events += 1
            if kind == "decision":
                self._decide(event, leaf)
            elif kind == "close" and event[4] is not None:
                self._close(event, event[4], leaf)
            else:
                self._other(event, leaf)
        if len(self._waiting) > OPEN and self._spill is not None:
            self._put_aside(self._spill)
        if self._since_fold > FOLD:
            self._fold()

    def _decide(self, event: Read, leaf: bytes) -> None:
        shape, id_, time = event[0], event[1], event[2]
        slot = self._slots.get(time[:16]) or self._slot(time)
        opening = self._openings.under(shape) if shape.granted else -1
        stamp = (self._events, id_, time)
        self._cell(shape, slot[0], opening).uses.add(1, stamp)
        found = Waiting(shape, slot, opening, stamp, leaf)
        self._newest.append(found)
        self._waiting[id_] = found
        self._since_fold += 1
        if not shape.granted:
            self._refused.append(found)
            return
        key = (shape.principal, slot)
        hour = self._hours.get(key)
        if hour is None:
            hour = self._hours[key] = Tally(0)
        hour.add(1, stamp)

    def _close(self, event: Read, decision: str, leaf: bytes) -> None:
        stamp = (self._events, event[1], event[2])
        found = self._waiting.pop(decision, None) or self._returned(decision)
        if found is None:
            self._sums.stray.add(1, stamp)
            return
        found.closing = leaf
        cell = self._cell(found.shape, found.slot[0], found.opening)
        counts = event[3]
        cell.rows.add(int(counts.get("rows", 0)), stamp)
        if event[0].outcome != "done":
            cell.failed.add(1, found.stamp)
        if conflicts := int(counts.get("conflicts", 0)):
            cell.conflicts.add(conflicts, stamp)

    def _other(self, event: Read, leaf: bytes) -> None:
        shape, id_, time = event[0], event[1], event[2]
        self._sums.other(shape.kind, (self._events, id_, time))
        if shape.kind in GLASS:
            self._openings.take(self._parse(leaf))

    def _cell(self, shape: Shape, day: dt.date, opening: int) -> Group:
        key = (shape, day, opening)
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = Group()
        return found

    def _slot(self, time: str) -> tuple[dt.date, int]:
        """Day and hour in the report's zone; every zone of today is whole minutes off UTC."""
        if len(self._slots) >= _MINUTES:
            self._slots.clear()
        local = dt.datetime.fromisoformat(time).astimezone(self._zone)
        found = self._slots[time[:16]] = (local.date(), local.hour)
        return found

    def _put_aside(self, spill: Spill) -> None:
        oldest = list(islice(self._waiting, len(self._waiting) - OPEN // 2))
        gone = [self._waiting.pop(each) for each in oldest]
        spill.put((each.stamp[1], each.stamp[0], each.opening, each.leaf) for each in gone)
        self._spilled = True

    def _returned(self, decision: str) -> Waiting | None:
        kept = self._spill.pop(decision) if self._spilled and self._spill is not None else None
        if kept is None:
            return None
        listed = (each for each in (*self._newest, *self._refused) if each.stamp[0] == kept[0])
        return next(listed, None) or self._again(*kept)

    def _again(self, place: int, opening: int, leaf: bytes) -> Waiting:
        shape, id_, time, _, _ = self._leaves.read(leaf)
        return Waiting(shape, self._slots.get(time[:16]) or self._slot(time), opening, (place, id_, time), leaf)

    def _fold(self) -> None:
        for (shape, day, opening), group in self._cells.items():
            self._sums.take(shape, day, group)
            self._openings.add(opening, group)
        for (person, (day, hour)), uses in self._hours.items():
            self._sums.watch.take_hour(str(person), day, hour, uses)
        self._cells, self._hours, self._since_fold = {}, {}, 0

    def found(self) -> Found:
        """What the ledger says. Nothing may be taken afterwards."""
        self._fold()
        open_ones = deque[Waiting](maxlen=TROUBLES)
        for each in self._still_waiting():
            if each.shape.granted:
                self._sums.open.add(1, each.stamp)
                open_ones.append(each)
        return Found(
            events=self._events,
            sums=self._sums,
            openings=self._openings.all(),
            people=frozenset(self._leaves.people),
            newest=self._listed(self._newest, self._sums.decisions),
            refused=self._listed(self._refused, self._sums.refused.seen),
            open=self._listed(open_ones, self._sums.open.seen),
        )

    def _still_waiting(self) -> Iterator[Waiting]:
        if self._spilled and self._spill is not None:
            for _, place, opening, leaf in self._spill.rest():
                yield self._again(place, opening, leaf)
        yield from self._waiting.values()

    def _listed(self, waiting: Sequence[Waiting] | deque[Waiting], of: int) -> Listed:
        return Listed(tuple(Use(self._parse(each.leaf), self._end(each)) for each in waiting), of)

    def _end(self, waiting: Waiting) -> Mapping[str, Any] | None:
        return self._parse(waiting.closing) if waiting.closing is not None else None
