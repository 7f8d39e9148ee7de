"""A bounded, mergeable count of distinct values: the k smallest hashes (KMV).

The union of two sketches is the sketch of the union, whichever way the values were split. Up to k distinct values the
count is exact; above, it is off by about 1/sqrt(k). Hashes are not keyed and stay inside the scan: nothing prints them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

SIZE = 1024
"""Hashes kept for a column; the estimate above that is good to about 3 %."""

_SPAN = float(2**64)
_STEP = 4_194_304


def hash_values(values: pa.Array) -> Hashes:
    """A 64-bit hash of each text in a string column without nulls; the same on every machine and run."""
    flat = values.cast(pa.large_string())
    _, offsets, data = flat.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[flat.offset : flat.offset + len(flat) + 1]
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)
    return np.concatenate([_hash(content, bounds[low : high + 1]) for low, high in _slices(bounds)] or [_none()])


def smallest(hashes: Hashes, size: int = SIZE) -> tuple[int, ...]:
    """The sketch of some values: their `size` smallest distinct hashes, ascending."""
    distinct = np.unique(hashes)
    return tuple(int(each) for each in distinct[:size])


def merge(one: tuple[int, ...], other: tuple[int, ...], size: int = SIZE) -> tuple[int, ...]:
    """The sketch of both sets of values together."""
    return tuple(sorted({*one, *other})[:size])


def count(sketch: tuple[int, ...], size: int = SIZE) -> int:
    """How many distinct values the sketch has seen: exact below its size, an estimate above."""
    if len(sketch) < size:
        return len(sketch)
    return round((size - 1) / ((sketch[-1] + 1) / _SPAN))


def _slices(bounds: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of values of about four megabytes of text each, so that long cells do not fill the memory."""
    cuts, low = [], 0
    while low < len(bounds) - 1:
        high = int(np.searchsorted(bounds, bounds[low] + _STEP, side="right")) - 1
        high = max(low + 1, min(high, len(bounds) - 1))
        cuts.append((low, high))
        low = high
    return cuts


def _hash(content: npt.NDArray[np.uint8], bounds: npt.NDArray[np.int64]) -> Hashes:
    lengths = np.diff(bounds)
    text = content[bounds[0] : bounds[-1]].astype(np.uint64)
    starts = bounds[:-1] - bounds[0]
    place = np.arange(len(text), dtype=np.uint64) - np.repeat(starts.astype(np.uint64), lengths)
    mixed = (text + np.uint64(1)) * _scramble(place)
    sums = np.zeros(len(lengths), np.uint64)
    filled = lengths > 0
    if filled.any():
        sums[filled] = np.add.reduceat(mixed, starts[filled])
    return _scramble(sums + lengths.astype(np.uint64))


def _scramble(numbers: Hashes) -> Hashes:
    """SplitMix64: every bit of the input touches every bit of the output."""
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _none() -> Hashes:
    return np.empty(0, np.uint64)
