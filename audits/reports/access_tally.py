"""Numbers with a bounded account of the events that they were counted from; the order of adding has no effect."""

from __future__ import annotations

from typing import Any, TypeAlias

from audits.report import Block, Count, Notes, text

NAMED = 8
"""A number of at most so many events names each; a larger one names the first and the last in the order of the ledger,
and says how many lie between."""

Stamp: TypeAlias = tuple[int, str, str]
"""An event: its place in the order of reading, its id, and its time as events write it."""


class Tally:
    """One number: a sum over events, the first and the last of them, and all of them while they are few."""

    __slots__ = ("first", "keep", "last", "named", "seen", "value")

    def __init__(self, keep: int = NAMED) -> None:
        self.keep = keep
        self.value = 0
        self.seen = 0
        self.first: Stamp | None = None
        self.last: Stamp | None = None
        self.named: list[Stamp] = []

    def add(self, value: int, stamp: Stamp) -> None:
        """Count one event."""
        self.value += value
        self.seen += 1
        if self.first is None or self.last is None:
            self.first = self.last = stamp
        elif stamp > self.last:
            self.last = stamp
        elif stamp < self.first:
            self.first = stamp
        if self.seen <= self.keep:
            self.named.append(stamp)

    def merge(self, other: Tally) -> None:
        """Count everything that another counted; no event may be in both."""
        if other.first is None or other.last is None:
            return
        self.value += other.value
        self.seen += other.seen
        self.first = other.first if self.first is None else min(self.first, other.first)
        self.last = other.last if self.last is None else max(self.last, other.last)
        if self.seen <= self.keep:
            self.named += other.named

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids in the order of the ledger: all while they are few, else the first and the last."""
        if self.first is None or self.last is None:
            return ()
        named = sorted(self.named) if self.seen <= self.keep else dict.fromkeys((self.first, self.last))
        return tuple(each[1] for each in named)

    @property
    def count(self) -> Count:
        """The number with its evidence."""
        found = self.evidence
        return Count(self.value, found, self.seen - len(found))


class Group:
    """Uses of one kind: how many, their rows, how many failed, and how many writes the database refused."""

    __slots__ = ("conflicts", "failed", "rows", "uses")

    def __init__(self) -> None:
        self.uses = Tally()
        self.rows = Tally()
        self.failed = Tally()
        self.conflicts = Tally()

    def merge(self, other: Group) -> None:
        """Count everything that another counted."""
        self.uses.merge(other.uses)
        self.rows.merge(other.rows)
        self.failed.merge(other.failed)
        self.conflicts.merge(other.conflicts)


def counted(count: Count) -> dict[str, Any]:
    """A number with ids, and how many further events were counted that are not named."""
    return {"value": count.value, "evidence": list(count.evidence), "more": count.more}


def left_out(more: int) -> tuple[Block, ...]:
    """The sentence under a list that was cut; nothing for a whole one."""
    return (Notes((text("audit.left_out", count=more),)),) if more > 0 else ()
