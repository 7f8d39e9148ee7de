"""The distinct values of a column as texts, how often each stands there and its hash: `distinct`.

Where the first values differ from each other most are likely to, and a table of all of them is not worth making: those
whose hash shares its first bits with no other are told apart by that, and only the others are compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.scan import sketch
from governance.scan.as_text import as_text
from governance.scan.makeup import Numbers, Truth
from governance.scan.sketch import Hashes

_FIRST = 1024
_DIFFERING = 0.95
"""With so many distinct ones among the first values most of the others are taken to differ too."""
_SPARE = 16
"""Places in the table of hashes for each value."""


@dataclass(frozen=True, slots=True, repr=False)
class Distinct:
    """Distinct values in the order in which they come first."""

    values: pa.Array
    """As given."""
    texts: pa.Array
    """As text."""
    counts: npt.NDArray[np.int64]
    """How often each stands in the column."""
    hashes: Hashes
    """Of the texts."""

    def __repr__(self) -> str:
        return f"Distinct({len(self.counts)} values)"

    def keep(self, kept: Truth) -> Distinct:
        """Some of them."""
        if kept.all():
            return self
        chosen = pa.array(kept)
        texts = self.texts.filter(chosen)
        values = texts if self.texts is self.values else self.values.filter(chosen)
        return Distinct(values, texts, self.counts[kept], self.hashes[kept])


def distinct(column: pa.Array) -> Distinct:
    """The distinct values of a column without nulls."""
    if pa.types.is_dictionary(column.type) or not _likely(column):
        counted = column.value_counts()
        values = counted.field("values")
        texts = as_text(values)
        counts = np.asarray(counted.field("counts").to_numpy(zero_copy_only=False), np.int64)
        return Distinct(values, texts, counts, sketch.hash_values(texts))
    texts = as_text(column)
    hashes = sketch.hash_values(texts)
    every = Distinct(column, texts, np.ones(len(column), np.int64), hashes)
    doubtful = _sharing(hashes)
    if not len(doubtful):
        return every
    codes = np.asarray(column.take(pa.array(doubtful)).dictionary_encode().indices)
    often = np.bincount(codes)
    first = np.empty(len(often), np.int64)
    first[codes[::-1]] = doubtful[::-1]
    kept = np.ones(len(column), np.bool_)
    kept[doubtful] = False
    kept[first] = True
    every.counts[first] = often
    return every.keep(kept)


def _likely(column: pa.Array) -> bool:
    return len(column) >= 4 * _FIRST and len(column.slice(0, _FIRST).unique()) >= _DIFFERING * _FIRST


def _sharing(hashes: Hashes) -> Numbers:
    """Values whose hash shares its first bits with that of another, in order; equal values are among them."""
    bits = (_SPARE * len(hashes)).bit_length()
    places = (hashes >> np.uint64(64 - bits)).astype(np.int64)
    every = np.arange(len(hashes), dtype=np.int32)
    table = np.empty(1 << bits, np.int32)  # only places that were written are read
    table[places] = every
    there = table.take(places)
    beaten = np.flatnonzero(there != every)
    sharing = np.zeros(len(hashes), np.bool_)
    sharing[beaten] = sharing[there[beaten]] = True
    return np.flatnonzero(sharing)
