"""`Places`: where something was found in a part of a column; and the choice among places that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governance.scan.detectors.base import STRONG, Hits, Numbers
from governance.scan.overlaps import Overlaps


@dataclass(frozen=True, slots=True, repr=False)
class Places:
    """All places of one part of a column, each with its detector's place in the list."""

    index: Numbers
    """Which value."""
    start: Numbers
    """First code point."""
    end: Numbers
    """One behind the last."""
    score: Numbers
    """0 to 100."""
    found_by: Numbers
    """Which of the detectors."""

    def __repr__(self) -> str:
        return f"Places({len(self.index)})"

    def take(self, rows: Numbers) -> Places:
        """Some of the places."""
        return Places(*(column[rows] for column in self.columns))

    def moved(self, index: Numbers) -> Places:
        """The same places of a column of which these values were a part: `index` says where each of them stands."""
        return Places(index[self.index], self.start, self.end, self.score, self.found_by)

    @property
    def columns(self) -> tuple[Numbers, ...]:
        """All five columns."""
        return self.index, self.start, self.end, self.score, self.found_by


def together(parts: Sequence[Places]) -> Places:
    """Places of several parts of a column that share no value, in order of value."""
    filled = [each for each in parts if len(each.index)]
    if len(filled) <= 1:
        return filled[0] if filled else Places(*(np.empty(0, np.int64) for _ in range(5)))
    joined = Places(*(np.concatenate(each) for each in zip(*(part.columns for part in filled), strict=True)))
    return joined.take(np.argsort(joined.index, kind="stable"))


def settled(found: Sequence[tuple[int, Hits]]) -> Places:
    """The places left when each one that a better one of its value overlaps is taken out, best first in each value.

    A strong place around a better one stays: a web address that holds an e-mail is both. A refused place only goes
    when a strong one explains it, so that the share of failed checks stays honest.
    """
    places = _joined(found)
    if len(places.index) < 2:
        return places
    keep = np.ones(len(places.index), np.bool_)
    crowded = np.flatnonzero(places.index[1:] == places.index[:-1])
    groups = np.unique(places.index[crowded])
    lows = np.searchsorted(places.index, groups, side="left").tolist()
    highs = np.searchsorted(places.index, groups, side="right").tolist()
    starts, ends, scores = (each.tolist() for each in (places.start, places.end, places.score))
    for low, high in zip(lows, highs, strict=True):
        taken: Overlaps[tuple[int, int, int]] = Overlaps()
        for row in range(low, high):
            start, end, score = starts[row], ends[row], scores[row]
            if any(_beaten(start, end, score, better) for better in taken.near(start, end)):
                keep[row] = False
            elif score:
                taken.add(start, end, (start, end, score))
    return places.take(np.flatnonzero(keep))


def _joined(found: Sequence[tuple[int, Hits]]) -> Places:
    if not found:
        return together(())
    index, start, end, score = (
        np.concatenate([getattr(hits, name) for _, hits in found]) for name in ("index", "start", "end", "score")
    )
    found_by = np.concatenate([np.full(len(hits.index), number, np.int64) for number, hits in found])
    return Places(index, start, end, score, found_by).take(np.lexsort((found_by, start, start - end, -score, index)))


def _beaten(start: int, end: int, score: int, better: tuple[int, int, int]) -> bool:
    first, last, best = better
    if last <= start or end <= first or (best < STRONG and not score):
        return False
    around = start <= first and last <= end and end - start > last - first
    return not (around and score >= STRONG)
