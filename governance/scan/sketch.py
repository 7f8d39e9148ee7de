"""A bounded, mergeable count of distinct values: the k smallest hashes (KMV).

The union of two sketches is the sketch of the union, whichever way the values were split. Up to k distinct values the
count is exact; above, it is off by about 1/sqrt(k). Hashes are not keyed and stay inside the scan: nothing prints them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.scan.makeup import Numbers, flat, slices

Hashes = npt.NDArray[np.uint64]

SIZE = 1024
"""Hashes kept for a column; the estimate above that is good to about 3 %."""

_SPAN = float(2**64)
_WORD = 8
_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_FULL = 2**64 - 1
_TAILS = np.array([_FULL, *((1 << 8 * size) - 1 for size in range(1, _WORD))], np.uint64)
"""By size modulo eight: which bytes of the last word belong to the value."""


def hash_values(values: pa.Array) -> Hashes:
    """A 64-bit hash of each text in a string column without nulls; the same on every machine and run.

    A text is read as little-endian words of eight bytes, the last one filled with zeros. Each word is scrambled with
    its place, the sum with the text's size in bytes.
    """
    content, bounds = flat(values)
    return np.concatenate(
        [_hash(content[bounds[low] : bounds[high]], bounds[low : high + 1]) for low, high in slices(bounds)]
        or [np.empty(0, np.uint64)]
    )


def smallest(hashes: Hashes, size: int = SIZE) -> tuple[int, ...]:
    """The sketch of some values: their `size` smallest distinct hashes, ascending."""
    return tuple(_few(hashes, size)[:size].tolist())


def _few(hashes: Hashes, size: int) -> Hashes:
    """Distinct hashes, ascending, with at least the `size` smallest among them."""
    if len(hashes) <= 4 * size:
        return np.unique(hashes)
    limit = np.uint64(int(_SPAN * 3 * size / len(hashes)) if len(hashes) > 3 * size else _FULL)
    likely = np.unique(hashes[hashes < limit])  # hashes lie evenly, so that these are about three times as many
    if len(likely) >= size:
        return likely
    distinct = np.unique(np.partition(hashes, 2 * size)[: 2 * size])
    return distinct if len(distinct) >= size else np.unique(hashes)


def lowest(hashes: Hashes, size: int) -> Numbers:
    """Which hashes are the `size` smallest, in any order."""
    if len(hashes) <= size:
        return np.arange(len(hashes))
    least = _few(hashes, size)
    likely = np.flatnonzero(hashes <= least[min(size, len(least)) - 1])
    return likely[np.argsort(hashes[likely], kind="stable")[:size]]


def merge(one: tuple[int, ...], other: tuple[int, ...], size: int = SIZE) -> tuple[int, ...]:
    """The sketch of both sets of values together."""
    return tuple(sorted({*one, *other})[:size])


def count(sketch: tuple[int, ...], size: int = SIZE) -> int:
    """How many distinct values the sketch has seen: exact below its size, an estimate above."""
    if len(sketch) < size:
        return len(sketch)
    return round((size - 1) / ((sketch[-1] + 1) / _SPAN))


def _hash(text: npt.NDArray[np.uint8], bounds: Numbers) -> Hashes:
    sizes, starts = np.diff(bounds), bounds[:-1] - bounds[0]
    if sizes[0] and (sizes == sizes[0]).all():
        return _hash_alike(text.reshape(len(sizes), -1))
    words = (sizes + _WORD - 1) // _WORD
    ends = np.cumsum(words)
    place = np.arange(int(ends[-1])) - np.repeat(ends - words, words)
    at = np.repeat(starts, words) + _WORD * place
    padded = np.concatenate([text, np.zeros(_WORD, np.uint8)])
    read = np.ndarray((len(text) + 1,), np.dtype("<u8"), padded, 0, (1,))[at].astype(np.uint64)
    filled = words > 0
    read[ends[filled] - 1] &= _TAILS[sizes[filled] % _WORD]
    with np.errstate(over="ignore"):
        mixed = _scramble(read ^ _PLACES[place] if len(place) and place.max() < len(_PLACES) else _far(read, place))
    sums = np.zeros(len(sizes), np.uint64)
    if filled.any():
        sums[filled] = np.add.reduceat(mixed, (ends - words)[filled])
    return _scramble(sums + sizes.astype(np.uint64))


def _hash_alike(text: npt.NDArray[np.uint8]) -> Hashes:
    """As `_hash`, of values of one size, a row for each."""
    count, size = text.shape
    words = (size + _WORD - 1) // _WORD
    padded = np.zeros((count, words * _WORD), np.uint8)
    padded[:, :size] = text
    mixed = _scramble(_far(padded.view("<u8").astype(np.uint64), np.arange(words)))
    return _scramble(mixed.sum(axis=1, dtype=np.uint64) + np.uint64(size))


def _far(read: Hashes, place: Numbers) -> Hashes:
    """Words with their places, those of very long values too."""
    return read ^ _scramble(place.astype(np.uint64))


def _scramble(numbers: Hashes) -> Hashes:
    """SplitMix64: every bit of the input touches every bit of the output."""
    with np.errstate(over="ignore"):
        mixed = numbers + _STRIDE
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


_PLACES = _scramble(np.arange(64, dtype=np.uint64))
"""The first places, scrambled."""
