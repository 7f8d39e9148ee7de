"""A pattern detector whose check sees the match in its place, and so what stands around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import TEXT, FieldContext, Hits, Numbers, Starts, mask, matches
from governance.scan.detectors.prefilters import sharp

Judge = Callable[[re.Match[str], FieldContext], int | None]
"""From the match and the context: a score, 0 when a check fails, None for no match at all."""


@dataclass(frozen=True, slots=True)
class PlacedDetector:
    """A prefilter that RE2 runs on the column, a pattern, and a judge of each match."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    prefilter: str
    """An RE2 expression that matches every value that holds a hit, and few others."""
    pattern: re.Pattern[str]
    """The exact pattern; group `hit` is the place."""
    judge: Judge
    """The score of a match."""
    chance: float = 0.0
    """As `Detector.chance`."""
    types: frozenset[str] = TEXT
    """As `Detector.types`."""
    whole: str = ""
    """An anchored RE2 expression: a value that matches it is a hit as a whole, without another look."""
    whole_score: int = 90
    """The score of such a value."""
    digits: int = 0
    """As `Detector.digits`."""
    foreign: bool = False
    """As `Detector.foreign`."""
    longest: int = 1_048_576
    """Only so many first characters of a value are looked at."""
    starts: Starts | None = None
    """Where matches may begin; None when the pattern is to look for itself."""

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """As `Detector.find`."""
        candidates = np.flatnonzero(mask(values, self.prefilter))
        if not len(candidates):
            return Hits.of(self.entity, ())
        rest = values if len(candidates) == len(values) else values.take(pa.array(candidates))
        if self.starts is None:
            passed = mask(rest, sharp(self.pattern))
            rest, candidates = rest.filter(pa.array(passed)), candidates[passed]
        if not len(candidates):
            return Hits.of(self.entity, ())
        if not self.whole:
            return Hits.of(self.entity, self._places(rest, candidates, context))
        sure = mask(rest, self.whole)
        lengths = pc.utf8_length(rest.filter(pa.array(sure))).to_pylist()
        known = [
            (place, 0, length, self.whole_score)
            for place, length in zip(candidates[sure].tolist(), lengths, strict=True)
        ]
        found = self._places(rest.filter(pa.array(~sure)), candidates[~sure], context)
        return Hits.of(self.entity, sorted([*known, *found]))

    def _places(self, values: pa.Array, index: Numbers, context: FieldContext) -> list[tuple[int, int, int, int]]:
        places = []
        judge = self.judge
        for place, text in zip(index.tolist(), values.to_pylist(), strict=True):
            for match in matches(self.pattern, self.starts, text, self.longest):
                score = judge(match, context)
                if score is not None:
                    places.append((place, match.start("hit"), match.end("hit"), score))
        return places
