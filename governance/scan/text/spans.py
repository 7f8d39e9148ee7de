"""`Span`: one place of personal data in a text; and the choice among places that overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from governance.scan.overlaps import Overlaps

SURE = 0.9
"""From this score on a place is kept whatever longer and less sure place lies across it."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One place; it holds no text."""

    start: int
    """First code point."""
    end: int
    """One behind the last code point."""
    entity: str
    """What it is: a key of the taxonomy's `entities`, or a user's own."""
    score: float
    """0 to 1; from 0.5 on it stands by itself."""

    def overlaps(self, other: Span) -> bool:
        """Whether both share a code point."""
        return self.start < other.end and other.start < self.end

    def covers(self, other: Span) -> bool:
        """Whether the other lies inside this one."""
        return self.start <= other.start and other.end <= self.end


def settle(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Places that do not overlap, by start: sure ones first, then longer before shorter, then higher scores.

    A sure place loses only to a sure one or to one that covers it whole, so that nothing is left of it in clear.
    """
    every = sorted(set(spans), key=lambda each: (each.start, each.end, each.entity))
    sure = indexed(each for each in every if each.score >= SURE)
    taken: Overlaps[Span] = Overlaps()
    kept: list[Span] = []
    for span in sorted(every, key=lambda each: _rank(each, sure)):
        if not any(span.overlaps(better) for better in taken.near(span.start, span.end)):
            taken.add(span.start, span.end, span)
            kept.append(span)
    return tuple(sorted(kept))


def indexed(spans: Iterable[Span]) -> Overlaps[Span]:
    """The places, to be asked for by what they overlap."""
    index: Overlaps[Span] = Overlaps()
    for each in spans:
        index.add(each.start, each.end, each)
    return index


def _rank(span: Span, sure: Overlaps[Span]) -> tuple[bool, int, float, int, str]:
    covering = any(span.covers(other) for other in sure.near(span.start, span.end))
    return (not covering, span.start - span.end, -span.score, span.start, span.entity)
