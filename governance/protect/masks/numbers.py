"""Masks of numbers: ranges by their lower bound, coordinates on a grid."""

from __future__ import annotations

import decimal
import math
from bisect import bisect_right
from typing import Any

import numpy as np
import pyarrow as pa

from governance.protect.masks.base import by_distinct

BUCKET_LIMIT = 10**15
"""A number further from zero gives NULL: beyond it a float holds no exact integers of every kind of store."""

AGE_BANDS = (0, 18, 25, 35, 45, 55, 65)
"""Lower bounds of age bands."""

_BANDS = np.array(AGE_BANDS)

OLDEST = 150
"""A greater number is no age."""

DEGREES = 180
"""A coordinate further from zero is none."""


_EXACT = decimal.Context(prec=100)
"""More digits than stores keep, whatever this thread sets for decimals elsewhere."""


class BucketForm:
    """The greatest multiple of a width that is not above the value."""

    def __init__(self, width: int) -> None:
        self._width = width

    def one(self, value: Any) -> Any:
        """The lower bound of the range of a number, of the number's own type."""
        if not isinstance(value, int | float | decimal.Decimal) or isinstance(value, bool):
            return None
        if not math.isfinite(value) or not -BUCKET_LIMIT <= value <= BUCKET_LIMIT:
            return None
        return type(value)(math.floor(value) // self._width * self._width)

    def column(self, values: pa.Array) -> pa.Array:
        """The lower bound of the range of each number."""
        if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            return by_distinct(self, values)
        numbers, off = _numbers(values, BUCKET_LIMIT)
        return pa.array(np.floor(numbers) // self._width * self._width, mask=off).cast(values.type)


class AgeBandForm:
    """The lower bound of the band of an age in years."""

    def one(self, value: object) -> object | None:
        """One of AGE_BANDS."""
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= OLDEST:
            return None
        return AGE_BANDS[bisect_right(AGE_BANDS, value) - 1]

    def column(self, values: pa.Array) -> pa.Array:
        """One of AGE_BANDS for each."""
        numbers, off = _numbers(values, OLDEST)
        off |= numbers < 0
        return pa.array(_BANDS[np.searchsorted(_BANDS, numbers, side="right") - 1], mask=off).cast(values.type)


class GridForm:
    """A coordinate rounded to so many parts of a degree, halves upwards."""

    def __init__(self, parts: int) -> None:
        self._parts = parts

    def one(self, value: object) -> object | None:
        """The nearest line of the grid."""
        if isinstance(value, decimal.Decimal) and value.is_finite() and abs(value) <= DEGREES:
            lines = math.floor(_EXACT.fma(value, self._parts, decimal.Decimal("0.5")))
            return _EXACT.divide(lines, self._parts)
        if not isinstance(value, float) or not abs(value) <= DEGREES:
            return None
        return math.floor(value * self._parts + 0.5) / self._parts

    def column(self, values: pa.Array) -> pa.Array:
        """The nearest line of the grid for each."""
        if not pa.types.is_floating(values.type):
            return by_distinct(self, values)
        numbers, off = _numbers(values.cast(pa.float64()), DEGREES)
        lines = np.floor(numbers * self._parts + 0.5) / self._parts
        return pa.array(lines + 0.0, mask=off).cast(values.type)


def _numbers(values: pa.Array, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers with 0 for what is off, and which are: NULL, not a number, or beyond the limit."""
    numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
    off = values.is_null().to_numpy(zero_copy_only=False) | ~((numbers >= -limit) & (numbers <= limit))
    return np.where(off, numbers.dtype.type(0), numbers), off
