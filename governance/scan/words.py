"""The values of a text column eight bytes at a time: `Words`, which hashing and counting signs read them by.

The bytes of each value are little-endian words of eight bytes, the last one filled with zeros. The first words of all
values are read together, then the second ones of those that are longer, and so on, as long as enough values are that
long. So a few passes over short rows do what would otherwise be done for each byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Truth = npt.NDArray[np.bool_]

WORD = 8
"""Bytes of a word."""
ENOUGH = 1024
"""With fewer values than this a pass of its own costs more than it saves."""
_FULL = 2**64 - 1
_TAILS = np.array([*((1 << 8 * size) - 1 for size in range(WORD)), _FULL], np.uint64)
"""By bytes left in a value: which bytes of its next word belong to it."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The words of one place."""

    rows: Numbers | None
    """Which values; None for all."""
    starts: Numbers
    """Where the word of each begins."""
    tails: Bits | None
    """What of each word belongs to the value; None where all of it does."""
    held: Truth | None
    """Which of the values have a word here; None where all have."""


class Words:
    """Where the words of some values stand. Holds places and sizes, and no text."""

    def __init__(self, starts: Numbers, sizes: Numbers) -> None:
        self.starts, self.sizes = starts, sizes
        self.passes = list(self._passes())

    def _passes(self) -> Iterator[Pass]:
        """A pass for each place that enough values reach; those that are shorter go once they are most."""
        rows: Numbers | None = None
        starts, left = self.starts, self.sizes
        while len(starts) >= ENOUGH:
            held = None
            least = int(left.min())
            if least <= 0:
                held = left > 0
                alive = int(np.count_nonzero(held))
                if alive < ENOUGH:
                    return
                if 2 * alive < len(held):
                    kept = np.flatnonzero(held)
                    rows = kept if rows is None else rows[kept]
                    starts, left, held, least = starts[kept], left[kept], None, 1
            yield Pass(rows, starts, None if least >= WORD else _TAILS.take(left, mode="clip"), held)
            starts, left = starts + WORD, left - WORD

    @property
    def unread(self) -> Numbers:
        """The values with more words than `read` gives."""
        return np.flatnonzero(self.sizes > WORD * len(self.passes))

    def read(self, text: bytes | npt.NDArray[np.uint8]) -> Iterator[tuple[Pass, Bits]]:
        """The words of a text in which the values stand, with what lies behind the ends of values taken out.

        The text ends with eight bytes that belong to no value.
        """
        if not self.passes:
            return
        last = len(text) - WORD
        every = np.ndarray((last + 1,), np.dtype("<u8"), text, 0, (1,))
        for each in self.passes:
            starts = each.starts if each.held is None else np.minimum(each.starts, last)
            words = every[starts].astype(np.uint64, copy=False)
            yield each, words if each.tails is None else words & each.tails
