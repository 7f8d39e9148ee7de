"""Count the places of a column's values by entity; each row counts once, by its best place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import STRONG, SURE, Detector, Numbers
from governance.scan.makeup import Makeup
from governance.scan.profile import HIT_SKETCH, SHAPES, Tally
from governance.scan.settling import Places
from governance.scan.shapes import shape
from governance.scan.sketch import Hashes, smallest

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


@dataclass(frozen=True, slots=True)
class _How:
    """How one entity is counted."""

    shown: bool
    """Whether shapes may be kept."""
    chance: float
    """As `Detector.chance`."""
    whole_share: float
    """The share of a value that hits must cover to be the whole of it."""


def tallies(places: Places, looked: Looked, detectors: Sequence[Detector], unshown: frozenset[str]) -> dict[str, Tally]:
    """What was found, by entity; no shape is kept of an entity in `unshown`."""
    if not len(places.index):
        return {}
    lengths = looked.bare_lengths()
    made: dict[str, Tally] = {}
    numbers = np.unique(places.found_by).tolist()
    for entity in sorted({detectors[number].entity for number in numbers}):
        finders = [number for number in numbers if detectors[number].entity == entity]
        part = places
        if len(finders) < len(numbers):
            part = places.take(np.flatnonzero(np.isin(places.found_by, finders)))
        chance = max(detectors[number].chance for number in finders)
        how = _How(entity not in unshown, chance, _WHOLE.get(entity, _WHOLE_SHARE))
        made[entity] = _tally(part, looked, lengths, how)
    return made


def _tally(places: Places, looked: Looked, lengths: Numbers, how: _How) -> Tally:
    first = np.flatnonzero(np.diff(places.index, prepend=-1))
    rows = places.index[first]
    counts, hit = looked.counts[rows], places.score > 0
    best = np.maximum.reduceat(places.score, first)
    covered = np.add.reduceat(np.where(hit, places.end - places.start, 0), first)
    whole = covered >= how.whole_share * lengths[rows]
    strong, weak = best >= STRONG, (best > 0) & (best < STRONG)
    return Tally(
        refused=int(counts[best == 0].sum()),
        weak=int(counts[weak].sum()),
        strong=int(counts[strong].sum()),
        whole_weak=int(counts[weak & whole].sum()),
        whole_strong=int(counts[strong & whole].sum()),
        chance_permille=round(how.chance * 1000),
        sure=int(counts[best >= SURE].sum()),
        values=smallest(looked.hashes[rows[best > 0]], HIT_SKETCH),
        shapes=_shapes(places, looked) if how.shown else (),
    )


def _shapes(places: Places, looked: Looked) -> tuple[tuple[int, str], ...]:
    """Shapes of the strong hits in the values with the smallest hashes, so that any split gives the same ones."""
    strong = np.flatnonzero(places.score >= STRONG)
    best = strong[np.flatnonzero(np.diff(places.index[strong], prepend=-1))]
    hashes = looked.hashes[places.index[best]]
    if len(best) > SHAPES:
        few = np.argpartition(hashes, SHAPES)[:SHAPES]
        best, hashes = best[few], hashes[few]
    return tuple(
        sorted((int(key), _shape(places, row, looked)) for key, row in zip(hashes, best.tolist(), strict=True))
    )


def _shape(places: Places, row: int, looked: Looked) -> str:
    text: str = looked.values[int(places.index[row])].as_py()
    return shape(text[int(places.start[row]) : int(places.end[row])])
