"""Picks from tables by keyed hash, a whole column at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.protect.pseudonyms.key import WORDS, Words

_SPARE = 1 << 16
"""A word is used as long as it has this many times more values than are picked from, so that picks are even."""

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]


class Draws:
    """Numbers for each value of a column, as many as are asked for."""

    def __init__(self, block: Callable[[int], Words]) -> None:
        self._block = block
        self._words = self._first = block(0)
        self._place = 0
        self._left = self._words[:, 0].copy()
        self._range = 1 << 64
        self.count = len(self._words)
        """The number of values."""

    @property
    def order(self) -> Numbers:
        """Places of the values, sorted by their keyed hash."""
        return np.lexsort((self._first[:, 1], self._first[:, 0])).astype(np.uint64)

    def below(self, size: int) -> Numbers:
        """For each value a number from 0 to below `size`."""
        if self._range < size * _SPARE:
            self._next()
        self._range //= size
        picked = self._left % np.uint64(size)
        self._left //= np.uint64(size)
        return picked

    def pick(self, table: pa.Array) -> pa.Array:
        """For each value an entry of a table."""
        return table.take(pa.array(self.below(len(table))))

    def _next(self) -> None:
        self._place += 1
        if self._place % WORDS == 0:
            self._words = self._block(self._place // WORDS)
        self._left = self._words[:, self._place % WORDS].copy()
        self._range = 1 << 64


def joined(*parts: pa.Array | str) -> pa.Array:
    """Texts one after another."""
    return pc.binary_join_element_wise(*parts, "")


def padded(first: int, last: int, width: int) -> pa.Array:
    """The table of whole numbers from first to last, filled with zeros to a width."""
    return pa.array([f"{each:0{width}}" for each in range(first, last + 1)])
