"""`PatternDetector`: a prefilter that RE2 runs on the column, a pattern for what passes it, and a judge of matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import TEXT, FieldContext, Hits, Numbers, mask
from governance.scan.detectors.prefilters import sharp
from governance.scan.makeup import some

Judge = Callable[[re.Match[str], FieldContext], int | None]
"""From a match in its place and the context: a score, 0 when a check fails, None for no match at all."""

Check = Callable[[str, str, FieldContext], int | None]
"""As `Judge`, from the matched text, the whole value and the context."""

Starts = Callable[[str], Iterable[int]]
"""Every place of a text where a match may begin, in order; far fewer than the text has signs."""


def by_text(check: Check) -> Judge:
    """A judge that does not ask where the match stands."""

    def judge(match: re.Match[str], context: FieldContext) -> int | None:
        return check(match[_group(match.re)], match.string, context)

    return judge


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """As `Detector`."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    prefilter: str
    """An RE2 expression that matches every value that holds a hit, and few others."""
    pattern: re.Pattern[str]
    """The exact pattern, run on the values that pass; group `hit` narrows the place when it exists."""
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
    alone: str = ""
    """An RE2 expression that matches every value with a strong hit, in a field that says nothing of the entity; empty
    when it would keep nothing out."""

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """As `Detector.find`."""
        candidates = np.flatnonzero(mask(values, self.prefilter))
        if not len(candidates):
            return Hits.of(self.entity, ())
        rest = some(values, candidates)
        if self.starts is None:
            passed = mask(rest, sharp(self.pattern))
            candidates, rest = candidates[passed], rest.filter(pa.array(passed))
            if not len(candidates):
                return Hits.of(self.entity, ())
        if not self.whole:
            return Hits.of(self.entity, self._places(rest, candidates, context))
        sure = mask(rest, self.whole)
        known = _whole(rest.filter(pa.array(sure)), candidates[sure], self.whole_score)
        found = self._places(rest.filter(pa.array(~sure)), candidates[~sure], context)
        return Hits.of(self.entity, sorted([*known, *found]))

    def _places(self, values: pa.Array, index: Numbers, context: FieldContext) -> list[tuple[int, int, int, int]]:
        places = []
        group, judge = _group(self.pattern), self.judge
        for place, text in zip(index.tolist(), values.to_pylist(), strict=True):
            for match in matches(self.pattern, self.starts, text, self.longest):
                score = judge(match, context)
                if score is not None:
                    places.append((place, match.start(group), match.end(group), score))
        return places


def matches(pattern: re.Pattern[str], starts: Starts | None, text: str, longest: int) -> Iterable[re.Match[str]]:
    """The matches that `finditer` gives; quicker where all places are known at which one may begin."""
    return pattern.finditer(text, 0, longest) if starts is None else _matches_at(pattern, starts(text), text, longest)


def _matches_at(pattern: re.Pattern[str], starts: Iterable[int], text: str, longest: int) -> Iterator[re.Match[str]]:
    free = 0
    for start in starts:
        if start < free:
            continue
        match = pattern.match(text, start, longest)
        if match is not None:
            yield match
            free = match.end()


def _group(pattern: re.Pattern[str]) -> str | int:
    return "hit" if "hit" in pattern.groupindex else 0


def _whole(values: pa.Array, index: Numbers, score: int) -> list[tuple[int, int, int, int]]:
    lengths = pc.utf8_length(values).to_pylist()
    return [(place, 0, length, score) for place, length in zip(index.tolist(), lengths, strict=True)]
