"""Where names may stand in Chinese texts: all characters of a batch are weighed as columns, before any text is cut.

Every place gets the weight of its characters and the most that words beside it can add, as far as the characters right
beside it allow. What cannot reach a score so is no name; what can is looked at by itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from governance.scan.detectors.chinese import native
from governance.scan.detectors.chinese.native import Candidate
from governance.scan.detectors.chinese.tables import (
    BEFORE,
    CODES,
    DOT,
    FAMILY,
    FITS,
    FREE,
    NONE,
    PREFIX,
    RUN,
    TITLE,
    TITLED,
    Codes,
    Kinds,
    Tables,
    Weights,
    make_tables,
)
from governance.scan.lexicon_zh import names_zh

_TOGETHER = 65_536
"""So many characters are weighed together: their columns fit the cache of a core."""
_LEAST = -130
"""Lighter names get no score."""
_BEST_INSIDE = 172
_NO_NAME = -10_000

Numbers = npt.NDArray[np.int64]


class Opened(NamedTuple):
    """What may stand in one text."""

    number: int
    """Its place in the batch."""
    candidates: list[Candidate]
    """What may be names with a surname of one character, in order."""
    doubled: list[int]
    """Where surnames of two characters begin."""
    others: bool
    """Whether it may hold a foreign or a familiar name."""


class Gate:
    """Opens texts; holds tables and no text."""

    def __init__(self, tables: Tables, weights: Mapping[str, int]) -> None:
        self._tables = tables
        self._weights = weights

    def open(self, texts: Sequence[str]) -> Iterator[Opened]:
        """The texts that may hold names, in order."""
        start = size = 0
        for number, text in enumerate(texts):
            size += len(text) + 1
            if size >= _TOGETHER:
                yield from self._open(texts[start : number + 1], start)
                start, size = number + 1, 0
        yield from self._open(texts[start:], start)

    def _open(self, texts: Sequence[str], number: int) -> Iterator[Opened]:
        if not texts:
            return
        joined = "\0".join(("", *texts, "", "", ""))
        raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = self._tables.plain[np.minimum(raw, CODES - 1)]
        bounds = np.cumsum([1, *(len(text) + 1 for text in texts)])
        kinds = self._tables.kinds[codes]
        at, size, weight = self._single(codes, kinds)
        doubled, others = self._doubled(codes), _others(kinds)
        owners, pairs = (np.searchsorted(bounds, each, side="right") - 1 for each in (at, doubled))
        marked = np.zeros(len(texts) + 1, np.bool_)
        marked[np.searchsorted(bounds, others, side="right") - 1] = True
        named = marked.copy()
        named[owners] = named[pairs] = True
        rows = list(zip((at - bounds[owners]).tolist(), size.tolist(), weight.tolist(), strict=True))
        for owner in np.flatnonzero(named[: len(texts)]).tolist():
            low, high = bisect_left(owners, owner), bisect_right(owners, owner)
            found = [Candidate(start, start + size, 1, weight) for start, size, weight in rows[low:high]]
            two = (doubled[pairs == owner] - bounds[owner]).tolist() if len(pairs) else []
            yield Opened(number + owner, found, two, bool(marked[owner]))

    def _single(self, codes: Codes, kinds: Kinds) -> tuple[Numbers, Numbers, Numbers]:
        """Begin, length and weight of the candidates with a surname of one character, in order."""
        tables = self._tables
        at = np.flatnonzero(kinds[:-3] & FAMILY)
        low = tables.first[codes[at + 1]]
        at, low = at[low > NONE], low[low > NONE]
        one, two = codes[at + 1], codes[at + 2]
        last = tables.ends[two] + tables.titled[one]
        short = self._weights_of(codes, at, 2, (low + tables.last[one]) // 2, tables.ends[one])
        long = self._weights_of(codes, at, 3, low + tables.last[two], last)
        starts = np.concatenate([at[short > _NO_NAME], at[long > _NO_NAME]])
        sizes = np.repeat([2, 3], [(short > _NO_NAME).sum(), (long > _NO_NAME).sum()])
        weights = np.concatenate([short[short > _NO_NAME], long[long > _NO_NAME]])
        order = np.lexsort((sizes, starts))
        return starts[order], sizes[order], weights[order]

    def _weights_of(self, codes: Codes, at: Numbers, size: int, given: Weights, loss: Weights) -> Numbers:
        """What candidates weigh; `_NO_NAME` for those that reach no score with inside and sides at their best."""
        tables, weights = self._tables, self._weights
        capped = np.where(given < native.NEVER, NONE, np.clip(given, native.LEAST_GIVEN, native.MOST_GIVEN))
        form = weights["given_one" if size == 2 else "given_two"] + weights["base"]
        weight = tables.family[codes[at]] + weights["given"] * capped + form
        before, behind = codes[at - 1], codes[at + size]
        both = tables.left_sides[before] & tables.right_sides[behind]
        bonus = weights["both_sides"] * (both & BEFORE) + weights["stands_alone"] * ((both & FREE) > 0)
        most = weight + _BEST_INSIDE + tables.left[before] + tables.right[behind] + bonus
        able = (weight >= native.LEAST) & (most + tables.begins[codes[at]] + loss >= _LEAST)
        return np.where(able, weight, _NO_NAME)

    def _doubled(self, codes: Codes) -> Numbers:
        """Where surnames of two characters begin."""
        doubled = np.flatnonzero(self._tables.doubled[codes[:-1]])
        pairs = (codes[doubled].astype(np.uint32) << 16) | codes[doubled + 1]
        return doubled[np.isin(pairs, self._tables.doubles)]


def _others(kinds: Kinds) -> Numbers:
    """Where three characters of foreign names, a dot, or a familiar form stand."""
    run = kinds & RUN
    found = (kinds & DOT) > 0
    found[:-2] |= (run[:-2] & run[1:-1] & run[2:]) > 0
    found[:-1] |= ((kinds[:-1] & PREFIX) > 0) & ((kinds[1:] & FITS) > 0)
    found[:-1] |= ((kinds[:-1] & TITLED) > 0) & ((kinds[1:] & TITLE) > 0)
    return np.flatnonzero(found)


@cache
def gate() -> Gate:
    """The gate of the newest tables. Raises PackError when the pack is wrong."""
    return Gate(make_tables(names_zh()), names_zh().native)
