"""Count the places of a column's values by entity; each row counts once, by its best place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import STRONG, SURE, Detector, Numbers
from governance.scan.makeup import Makeup, Truth
from governance.scan.settling import Places
from governance.scan.shapes import shape
from governance.scan.sketch import Hashes, lowest, smallest
from governance.scan.tally import HIT_SKETCH, SHAPES, Tally

_WHOLE_SHARE = 0.8
_WHOLE = {"ADDRESS": 0.35}
"""A street with number makes the whole value an address, whatever town and country follow."""
_ASCII = 128


@dataclass(frozen=True, slots=True, repr=False)
class Looked:
    """The values that were looked at, each in the same place of every member."""

    values: pa.Array
    """Folded texts."""
    makeup: Makeup
    """What they are made of."""
    lengths: Numbers
    """Their lengths in code points."""
    counts: npt.NDArray[np.int64]
    """How often each stands in the column."""
    hashes: Hashes
    """Their hashes."""

    def __repr__(self) -> str:
        return f"Looked({len(self.counts)} values)"

    def take(self, rows: Numbers) -> Looked:
        """Some of the values."""
        values = self.values.take(pa.array(rows))
        return Looked(values, self.makeup.take(rows), self.lengths[rows], self.counts[rows], self.hashes[rows])

    def bare_lengths(self) -> Numbers:
        """Lengths without blank space at the ends."""
        edges = np.stack([self.makeup.first(), self.makeup.last()])
        blank = np.flatnonzero(((edges <= ord(" ")) | (edges >= _ASCII)).any(axis=0))
        if not len(blank):
            return self.lengths
        bare = self.lengths.copy()
        trimmed = pc.utf8_trim_whitespace(self.values.take(pa.array(blank)))
        bare[blank] = np.asarray(pc.utf8_length(trimmed))
        return bare


@dataclass(frozen=True, slots=True, repr=False)
class Marks:
    """What was found of one entity, value by value."""

    entity: str
    """The entity."""
    rows: Numbers
    """The values with a place of it, in order."""
    best: Numbers
    """The score of the best place of each."""
    whole: Truth
    """Whether its places are the whole of it."""
    chance: float
    """As `Detector.chance`, the largest of those that found it."""
    shown: bool
    """Whether shapes may be kept."""
    places: Places
    """All places."""

    def __repr__(self) -> str:
        return f"Marks({self.entity}, {len(self.rows)} values)"

    def shapes(self, looked: Looked, most: int = SHAPES) -> tuple[tuple[int, str], ...]:
        """Shapes of the strong hits in the values with the smallest hashes, so that any split gives the same ones."""
        if not self.shown:
            return ()
        places = self.places
        strong = np.flatnonzero(places.score >= STRONG)
        best = strong[np.flatnonzero(np.diff(places.index[strong], prepend=-1))]
        hashes = looked.hashes[places.index[best]]
        few = lowest(hashes, most)
        best, hashes = best[few], hashes[few]
        return tuple(
            sorted((int(key), _shape(places, row, looked)) for key, row in zip(hashes, best.tolist(), strict=True))
        )


def marks(places: Places, looked: Looked, detectors: Sequence[Detector], unshown: frozenset[str]) -> Iterator[Marks]:
    """What was found, by entity; no shape is shown of an entity in `unshown`."""
    if not len(places.index):
        return
    lengths = looked.bare_lengths()
    numbers = np.flatnonzero(np.bincount(places.found_by)).tolist()
    for entity in sorted({detectors[number].entity for number in numbers}):
        finders = [number for number in numbers if detectors[number].entity == entity]
        part = places
        if len(finders) < len(numbers):
            part = places.take(np.flatnonzero(np.isin(places.found_by, finders)))
        first = np.flatnonzero(np.diff(part.index, prepend=-1))
        rows = part.index[first]
        covered = np.add.reduceat(np.where(part.score > 0, part.end - part.start, 0), first)
        yield Marks(
            entity,
            rows,
            np.maximum.reduceat(part.score, first),
            covered >= _WHOLE.get(entity, _WHOLE_SHARE) * lengths[rows],
            max(detectors[number].chance for number in finders),
            entity not in unshown,
            part,
        )


def tallies(places: Places, looked: Looked, detectors: Sequence[Detector], unshown: frozenset[str]) -> dict[str, Tally]:
    """What was found, by entity; no shape is kept of an entity in `unshown`."""
    return {each.entity: _tally(each, looked) for each in marks(places, looked, detectors, unshown)}


def _tally(found: Marks, looked: Looked) -> Tally:
    counts, best, whole = looked.counts[found.rows], found.best, found.whole
    strong, weak = best >= STRONG, (best > 0) & (best < STRONG)
    return Tally(
        refused=int(counts[best == 0].sum()),
        weak=int(counts[weak].sum()),
        strong=int(counts[strong].sum()),
        whole_weak=int(counts[weak & whole].sum()),
        whole_strong=int(counts[strong & whole].sum()),
        chance_permille=round(found.chance * 1000),
        sure=int(counts[best >= SURE].sum()),
        values=smallest(looked.hashes[found.rows[best > 0]], HIT_SKETCH),
        shapes=found.shapes(looked),
    )


def _shape(places: Places, row: int, looked: Looked) -> str:
    text: str = looked.values[int(places.index[row])].as_py()
    return shape(text[int(places.start[row]) : int(places.end[row])])
