"""A bounded, mergeable count of distinct values: the k smallest hashes (KMV).

The union of two sketches is the sketch of the union, whichever way the values were split. Up to k distinct values the
count is exact; above, it is off by about 1/sqrt(k). Hashes are not keyed and stay inside the scan: nothing prints them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.scan.makeup import Numbers, flat, slices
from governance.scan.words import WORD, Words

Hashes = npt.NDArray[np.uint64]

SIZE = 1024
"""Hashes kept for a column; the estimate above that is good to about 3 %."""

_SPAN = float(2**64)
_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_FULL = 2**64 - 1
_TAILS = np.array([_FULL, *((1 << 8 * size) - 1 for size in range(1, WORD))], np.uint64)
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
        return _distinct(hashes)
    limit = np.uint64(int(_SPAN * 3 * size / len(hashes)) if len(hashes) > 3 * size else _FULL)
    likely = _distinct(hashes[hashes < limit])  # hashes lie evenly, so that these are about three times as many
    if len(likely) >= size:
        return likely
    distinct = _distinct(np.partition(hashes, 2 * size)[: 2 * size])
    return distinct if len(distinct) >= size else _distinct(hashes)


def _distinct(hashes: Hashes) -> Hashes:
    ordered = np.sort(hashes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


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
    words = Words(bounds[:-1] - bounds[0], np.diff(bounds))
    padded = np.concatenate([text, np.zeros(WORD, np.uint8)])
    sums = words.sizes.astype(np.uint64)
    for place, (each, read) in enumerate(words.read(padded)):
        mixed = _scramble(read ^ _PLACES[place])
        if each.held is not None:
            mixed *= each.held
        if each.rows is None:
            sums += mixed
        else:
            sums[each.rows] += mixed
    rest = words.unread
    if len(rest):
        sums[rest] += _sums(padded, words.starts[rest], words.sizes[rest], len(words.passes))
    return _scramble(sums)


def _sums(padded: npt.NDArray[np.uint8], starts: Numbers, sizes: Numbers, first: int) -> Hashes:
    """The scrambled words of values together, from their `first` one on; all have one."""
    words = (sizes + WORD - 1) // WORD - first
    ends = np.cumsum(words)
    place = np.arange(int(ends[-1])) - np.repeat(ends - words, words) + first
    at = np.repeat(starts, words) + WORD * place
    read = np.ndarray((len(padded) - WORD + 1,), np.dtype("<u8"), padded, 0, (1,))[at].astype(np.uint64)
    read[ends - 1] &= _TAILS[sizes % WORD]
    near = place.max() < len(_PLACES)
    mixed = _scramble(read ^ (_PLACES[place] if near else _scramble(place.astype(np.uint64))))
    return np.asarray(np.add.reduceat(mixed, ends - words))


def _scramble(numbers: Hashes) -> Hashes:
    """SplitMix64: every bit of the input touches every bit of the output."""
    with np.errstate(over="ignore"):
        mixed = numbers + _STRIDE
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


_PLACES = _scramble(np.arange(256, dtype=np.uint64))
"""The first places, scrambled."""
