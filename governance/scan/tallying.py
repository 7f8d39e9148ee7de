"""Count the places of a column's values by entity; each row counts once, by its best place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import STRONG, SURE, Detector, Numbers
from governance.scan.makeup import BEYOND, CONTROL, SPACE, Makeup, Truth
from governance.scan.settling import Places
from governance.scan.shapes import shape
from governance.scan.sketch import Hashes, lowest, smallest
from governance.scan.tally import HIT_SKETCH, SHAPES, Tally

_WHOLE_SHARE = 0.8
_WHOLE = {"ADDRESS": 0.35}
"""A street with number makes the whole value an address, whatever town and country follow."""
_ASCII = 128
_LEVELS = np.array([1, STRONG, SURE])
"""From these scores on a hit is weak, strong, sure."""


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
        maybe = self.makeup.classes().rows(self.makeup.classes().alike.has(SPACE | CONTROL | BEYOND))
        edges = np.stack([self.makeup.first(maybe), self.makeup.last(maybe)])
        blank = maybe[((edges <= ord(" ")) | (edges >= _ASCII)).any(axis=0)]
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
        best = strong[_firsts(places.index[strong])]
        hashes = _of(looked.hashes, places.index[best])
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
        first = _firsts(part.index)
        alone = len(first) == len(part.index)
        rows = part.index[first]
        covered = (part.end - part.start) * (part.score > 0)
        yield Marks(
            entity,
            rows,
            part.score if alone else np.maximum.reduceat(part.score, first),
            (covered if alone else np.add.reduceat(covered, first))
            >= _WHOLE.get(entity, _WHOLE_SHARE) * _of(lengths, rows),
            max(detectors[number].chance for number in finders),
            entity not in unshown,
            part,
        )


def tallies(places: Places, looked: Looked, detectors: Sequence[Detector], unshown: frozenset[str]) -> dict[str, Tally]:
    """What was found, by entity; no shape is kept of an entity in `unshown`."""
    return {each.entity: _tally(each, looked) for each in marks(places, looked, detectors, unshown)}


def _firsts(index: Numbers) -> Numbers:
    """Where each value comes first, in an index in order of value."""
    return np.flatnonzero(np.concatenate([index[:1] >= 0, index[1:] != index[:-1]]))


def _of(column: npt.NDArray[Any], rows: Numbers) -> npt.NDArray[Any]:
    """Some rows of a column, in order and each once: all of it where they are as many."""
    return column if len(rows) == len(column) else column[rows]


def _tally(found: Marks, looked: Looked) -> Tally:
    best, counts = found.best, _of(looked.counts, found.rows)
    level = np.searchsorted(_LEVELS, best, side="right")
    refused, weak, strong, sure = 0, 1, 2, 3
    partly, whole = np.bincount(level + (sure + 1) * found.whole, counts, 2 * (sure + 1)).astype(int).reshape(2, -1)
    every = (partly + whole).tolist()
    positive = np.flatnonzero(best > 0)
    return Tally(
        refused=every[refused],
        weak=every[weak],
        strong=every[strong] + every[sure],
        whole_weak=int(whole[weak]),
        whole_strong=int(whole[strong] + whole[sure]),
        chance_permille=round(found.chance * 1000),
        sure=every[sure],
        values=smallest(_of(looked.hashes, _of(found.rows, positive)), HIT_SKETCH),
        shapes=found.shapes(looked),
    )


def _shape(places: Places, row: int, looked: Looked) -> str:
    text: str = looked.values[int(places.index[row])].as_py()
    return shape(text[int(places.start[row]) : int(places.end[row])])
