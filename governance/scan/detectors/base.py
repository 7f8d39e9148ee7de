r"""The `Detector` protocol: columns in, hits out; and the record of what was hit.

A detector is a pure function of one value and the field's context: what it says of a value never depends on the other
values, so a column may be cut into parts and put together again in any order.

Boundaries are by script, never `\b`: a Chinese character beside a digit ends a number, a digit or a Latin letter does
not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2  # type: ignore[import-untyped]  # publishes no types

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

_FEW, _SHORT = 128, 4096
_MOST_BYTES = 8 * 1_048_576


@dataclass(frozen=True, slots=True)
class FieldContext:
    """What is known of a field before its values are read; the same for all its values."""

    type: str = "string"
    """As `connectors.base.Field.type`."""
    regions: tuple[str, ...] = ("CN", "TW", "HK", "US", "CA", "GB", "DE")
    """ISO 3166 regions that a number without a country code may belong to, likeliest first."""
    hints: frozenset[str] = frozenset()
    """Entities that the field's name or comment speaks for."""
    words: frozenset[str] = frozenset()
    """The words of field name, comment and dataset name, in lower case."""


_NO_PLACES = np.empty((0, 4), np.int64)


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
        rows = list(places)
        table = np.array(rows, dtype=np.int64) if rows else _NO_PLACES
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


TEXT = frozenset({"string", "json", "other"})
"""Fields that hold text."""
NUMERIC = frozenset({"string", "json", "other", "integer", "decimal"})
"""Fields that may hold a number written as digits."""


def mask(values: pa.Array, pattern: str) -> Truth:
    """Which values an RE2 expression matches somewhere; nulls never."""
    if len(values) <= _FEW:
        told = _quick(pattern).Match
        return np.array(
            [
                text is not None and _found(told(text) if len(text) <= _SHORT else None, pattern, text)
                for text in values.to_pylist()
            ],
            np.bool_,
        )
    found = pc.match_substring_regex(values, pattern)
    found = pc.fill_null(found, False) if found.null_count else found
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _found(said: Sequence[int] | None, pattern: str, text: str) -> bool:
    return 0 in said if said else _compiled(pattern).search(text) is not None


@lru_cache(2048)
def _quick(pattern: str) -> Any:
    """The expression as a set of itself and one that always matches: asking it builds no match, and takes a fifth.

    Gives nothing when it runs out of memory. Raises as `_compiled`.
    """
    options = re2.Options()
    options.log_errors, options.never_capture, options.max_mem = False, True, _MOST_BYTES
    made = re2.Set.SearchSet(options)
    try:
        made.Add(pattern)
    except re2.error:
        return _compiled(pattern)  # says what is wrong
    made.Add("")
    made.Compile()
    return made


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
