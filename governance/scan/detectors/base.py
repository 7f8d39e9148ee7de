r"""The `Detector` protocol: columns in, hits out; and the record of what was hit.

A detector is a pure function of one value and the field's context: what it says of a value never depends on the other
values, so a column may be cut into parts and put together again in any order.

Boundaries are by script, never `\b`: a Chinese character beside a digit ends a number, a digit or a Latin letter does
not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2  # type: ignore[import-untyped]  # publishes no types

from governance.scan.detectors.prefilters import sharp

STRONG = 50
"""From this score on a hit stands by itself; below, it needs a name or its surroundings."""

SURE = 80
"""From this score on a hit is beyond chance."""

LEFT = r"(?<![0-9A-Za-z])"
"""Nothing of the same token stands before."""
RIGHT = r"(?![0-9A-Za-z])"
"""Nothing of the same token stands behind."""

Numbers = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]

_FEW = 128
_MOST_BYTES = 8 * 1_048_576


@dataclass(frozen=True, slots=True)
class FieldContext:
    """What is known of a field before its values are read; the same for all its values."""

    type: str = "string"
    """As `connectors.base.Field.type`."""
    regions: tuple[str, ...] = ("CN", "TW", "HK", "US", "GB", "DE")
    """ISO 3166 regions that a number without a country code may belong to, likeliest first."""
    hints: frozenset[str] = frozenset()
    """Entities that the field's name or comment speaks for."""
    words: frozenset[str] = frozenset()
    """The words of field name, comment and dataset name, in lower case."""


@dataclass(frozen=True, slots=True, repr=False)
class Hits:
    """Where an entity was found: one row per place, in order of value and start."""

    entity: str
    """The entity."""
    index: Numbers
    """Which value, as its place in the column."""
    start: Numbers
    """First code point of the place."""
    end: Numbers
    """One behind the last code point."""
    score: Numbers
    """0 to 100: 0 looked like it and failed its check, under 50 is weak, from 50 on it stands by itself."""

    def __repr__(self) -> str:
        return f"Hits({self.entity}, {len(self.index)} places)"

    def moved(self, index: Numbers) -> Hits:
        """The same hits of a column of which these values were a part: `index` says where each of them stands."""
        return Hits(self.entity, index[self.index], self.start, self.end, self.score)

    @classmethod
    def of(cls, entity: str, places: Iterable[tuple[int, int, int, int]]) -> Hits:
        """Hits from (index, start, end, score) rows."""
        table = np.array(list(places), dtype=np.int64).reshape(-1, 4)
        return cls(entity, table[:, 0], table[:, 1], table[:, 2], table[:, 3])


class Detector(Protocol):
    """Finds one entity in a column of normalised texts.

    One with an attribute `prefilter`, an RE2 expression that matches every value with a hit, is not shown the values
    that lack what the expression needs.
    """

    @property
    def name(self) -> str:
        """Its own name, unique in the registry."""
        ...

    @property
    def entity(self) -> str:
        """What it finds, a key of the taxonomy's `entities` or a user's own."""
        ...

    @property
    def chance(self) -> float:
        """The share of unrelated values of the right form that pass its check all the same."""
        ...

    @property
    def types(self) -> frozenset[str]:
        """The field types it looks at."""
        ...

    @property
    def digits(self) -> int:
        """How many digits a value with a hit holds at least; values with fewer are not shown to it."""
        ...

    @property
    def foreign(self) -> bool:
        """Whether it is only asked about values that no detector of ours explains as a whole."""
        ...

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """The places in a column of distinct, normalised texts without nulls."""
        ...


Check = Callable[[str, str, FieldContext], int | None]
"""From the matched text, the whole value and the context: a score, 0 when the check fails, None for no match at all."""

Starts = Callable[[str], Iterable[int]]
"""Every place of a text where a match may begin, in order; far fewer than the text has signs."""

TEXT = frozenset({"string", "json", "other"})
"""Fields that hold text."""
NUMERIC = frozenset({"string", "json", "other", "integer", "decimal"})
"""Fields that may hold a number written as digits."""


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """A detector made of a prefilter that RE2 runs on the column, a pattern and a check for what passes it."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    prefilter: str
    """An RE2 expression that matches every value that holds a hit, and few others."""
    pattern: re.Pattern[str]
    """The exact pattern, run on the values that pass; group `hit` narrows the place when it exists."""
    check: Check
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
    longest: int = field(default=1_048_576)
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
        rest = values if len(candidates) == len(values) else values.take(pa.array(candidates))
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
        group = "hit" if "hit" in self.pattern.groupindex else 0
        check = self.check
        for place, text in zip(index.tolist(), values.to_pylist(), strict=True):
            for match in matches(self.pattern, self.starts, text, self.longest):
                score = check(match[group], text, context)
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


def mask(values: pa.Array, pattern: str) -> Truth:
    """Which values an RE2 expression matches somewhere; nulls never."""
    if len(values) <= _FEW:
        search = _compiled(pattern).search
        return np.array([text is not None and search(text) is not None for text in values.to_pylist()], np.bool_)
    found = pc.match_substring_regex(values, pattern)
    found = pc.fill_null(found, False) if found.null_count else found
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


@lru_cache(2048)
def _compiled(pattern: str) -> Any:
    """The expression for a few values at a time: Arrow compiles it anew with each call, which takes longer than they.

    Raises pa.ArrowInvalid, as Arrow does, for an expression that RE2 cannot take.
    """
    options = re2.Options()
    options.log_errors, options.never_capture, options.max_mem = False, True, _MOST_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise pa.ArrowInvalid(str(error)) from None


def _whole(values: pa.Array, index: Numbers, score: int) -> list[tuple[int, int, int, int]]:
    lengths = pc.utf8_length(values).to_pylist()
    return [(place, 0, length, score) for place, length in zip(index.tolist(), lengths, strict=True)]
