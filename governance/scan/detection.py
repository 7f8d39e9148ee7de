"""Run all detectors over the distinct values of one part of a column, and settle places that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import STRONG, SURE, Detector, FieldContext, Hits, Numbers
from governance.scan.profile import HIT_SKETCH, SHAPES, Tally
from governance.scan.shapes import shape
from governance.scan.sketch import Hashes, smallest

_WHOLE_SHARE = 0.8
_WHOLE = {"ADDRESS": 0.35}
"""A street with number makes the whole value an address, whatever town and country follow."""

Sensitive = frozenset[str]


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


@dataclass(frozen=True, slots=True)
class _How:
    """How one entity is counted."""

    shown: bool
    """Whether shapes may be kept."""
    chance: float
    """As `Detector.chance`."""
    whole_share: float
    """The share of a value that hits must cover to be the whole of it."""


def detect(values: pa.Array, detectors: Sequence[Detector], context: FieldContext) -> Places:
    """Every place that the detectors of this field type find, settled; values are normalised texts without nulls.

    Detectors that need digits see only the values that have enough of them, and foreign ones only those that none of
    ours explains as a whole: both tests look at one value at a time.
    """
    numbered = [(number, each) for number, each in enumerate(detectors) if context.type in each.types]
    digits = _digit_counts(values)
    ours = [_found(number, each, values, digits, context) for number, each in numbered if not each.foreign]
    open_ones = np.where(_explained(values, [hits for _, hits in ours]), -1, digits)
    foreign = [_found(number, each, values, open_ones, context) for number, each in numbered if each.foreign]
    return _settle(_joined([(number, hits) for number, hits in (*ours, *foreign) if len(hits.index)]))


def _found(
    number: int, detector: Detector, values: pa.Array, digits: Numbers, context: FieldContext
) -> tuple[int, Hits]:
    """What one detector finds among the values with enough digits; -1 keeps a value from it."""
    least = detector.digits if detector.digits or not detector.foreign else 0
    chosen = np.flatnonzero(digits >= least)
    if len(chosen) == len(values):
        return number, detector.find(values, context)
    if not len(chosen):
        return number, Hits.of(detector.entity, ())
    hits = detector.find(values.take(pa.array(chosen)), context)
    return number, Hits(hits.entity, chosen[hits.index], hits.start, hits.end, hits.score)


def _digit_counts(values: pa.Array) -> Numbers:
    """How many ASCII digits each value has; one pass over the bytes of the column."""
    return np.asarray(pc.count_substring_regex(values, "[0-9]").to_numpy(zero_copy_only=False), dtype=np.int64)


def _explained(values: pa.Array, found: Sequence[Hits]) -> npt.NDArray[np.bool_]:
    """Which values one hit beyond chance covers as a whole."""
    explained = np.zeros(len(values), np.bool_)
    if not len(values):
        return explained
    lengths = np.asarray(pc.utf8_length(values).to_numpy(zero_copy_only=False))
    for hits in found:
        sure = (hits.score >= SURE) & (hits.end - hits.start >= lengths[hits.index])
        explained[hits.index[sure]] = True
    return explained


def tallies(
    places: Places,
    values: pa.Array,
    detectors: Sequence[Detector],
    counts: npt.NDArray[np.int64],
    hashes: Hashes,
    *,
    unshown: Sensitive,
) -> dict[str, Tally]:
    """What was found, by entity; no shape is kept of an entity in `unshown`."""
    lengths = np.asarray(pc.utf8_length(pc.utf8_trim_whitespace(values)).to_numpy(zero_copy_only=False))
    entities = np.array([each.entity for each in detectors], dtype=object)[places.found_by]
    made: dict[str, Tally] = {}
    for entity in sorted(set(entities.tolist())):
        chosen = np.flatnonzero(entities == entity)
        chance = max(detectors[number].chance for number in set(places.found_by[chosen].tolist()))
        part = Places(*(column[chosen] for column in _columns(places)))
        made[entity] = _tally(
            part,
            values,
            lengths,
            counts,
            hashes,
            _How(entity not in unshown, chance, _WHOLE.get(entity, _WHOLE_SHARE)),
        )
    return made


def _tally(
    places: Places,
    values: pa.Array,
    lengths: Numbers,
    counts: npt.NDArray[np.int64],
    hashes: Hashes,
    how: _How,
) -> Tally:
    size = len(values)
    best = np.full(size, -1, np.int64)
    np.maximum.at(best, places.index, places.score)
    covered = np.zeros(size, np.int64)
    hit = places.score > 0
    np.add.at(covered, places.index[hit], (places.end - places.start)[hit])
    whole = covered >= how.whole_share * lengths
    strong, weak = best >= STRONG, (best > 0) & (best < STRONG)
    return Tally(
        refused=int(counts[best == 0].sum()),
        weak=int(counts[weak].sum()),
        strong=int(counts[strong].sum()),
        whole_weak=int(counts[weak & whole].sum()),
        whole_strong=int(counts[strong & whole].sum()),
        chance_permille=round(how.chance * 1000),
        sure=int(counts[best >= SURE].sum()),
        values=smallest(hashes[best > 0], HIT_SKETCH),
        shapes=_shapes(places, values, hashes) if how.shown else (),
    )


def _shapes(places: Places, values: pa.Array, hashes: Hashes) -> tuple[tuple[int, str], ...]:
    """Shapes of the strong hits in the values with the smallest hashes, so that any split gives the same ones."""
    strong = np.flatnonzero(places.score >= STRONG)
    keys, first = np.unique(hashes[places.index[strong]], return_index=True)
    kept: list[tuple[int, str]] = []
    for key, row in zip(keys[:SHAPES].tolist(), strong[first[:SHAPES]].tolist(), strict=True):
        text = values[int(places.index[row])].as_py()[int(places.start[row]) : int(places.end[row])]
        kept.append((key, shape(text)))
    return tuple(kept)


def _joined(found: Sequence[tuple[int, Hits]]) -> Places:
    if not found:
        return Places(*(np.empty(0, np.int64) for _ in range(5)))
    index, start, end, score = (
        np.concatenate([getattr(hits, name) for _, hits in found]) for name in ("index", "start", "end", "score")
    )
    found_by = np.concatenate([np.full(len(hits.index), number, np.int64) for number, hits in found])
    order = np.lexsort((found_by, start, start - end, -score, index))
    return Places(index[order], start[order], end[order], score[order], found_by[order])


def _settle(places: Places) -> Places:
    """The places left when each one that a better one of its value overlaps is taken out.

    A strong place around a better one stays: a web address that holds an e-mail is both. A refused place only goes
    when a strong one explains it, so that the share of failed checks stays honest.
    """
    if len(places.index) < 2:
        return places
    keep = np.ones(len(places.index), np.bool_)
    crowded = np.flatnonzero(places.index[1:] == places.index[:-1])
    groups = np.unique(places.index[crowded])
    lows = np.searchsorted(places.index, groups, side="left").tolist()
    highs = np.searchsorted(places.index, groups, side="right").tolist()
    for low, high in zip(lows, highs, strict=True):
        taken: list[tuple[int, int, int]] = []
        columns = (places.start, places.end, places.score)
        for row, (start, end, score) in enumerate(
            zip(*(each[low:high].tolist() for each in columns), strict=True), low
        ):
            if any(_beaten(start, end, score, better) for better in taken):
                keep[row] = False
            elif score:
                taken.append((start, end, score))
    return Places(*(column[keep] for column in _columns(places)))


def _beaten(start: int, end: int, score: int, better: tuple[int, int, int]) -> bool:
    first, last, best = better
    if last <= start or end <= first or (best < STRONG and not score):
        return False
    around = start <= first and last <= end and end - start > last - first
    return not (around and score >= STRONG)


def _columns(places: Places) -> tuple[Numbers, ...]:
    return places.index, places.start, places.end, places.score, places.found_by
