"""Values of any type as text: `as_text`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.makeup import flat

_HUGE = 1e300
_EXACT = 2.0**53
"""Whole numbers from here on are not all numbers that a float can hold."""


def as_text(values: pa.Array) -> pa.Array:
    """Values as text: dates in ISO form, whole decimals without a point, nothing in exponent form that was whole."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_dictionary(values.type):
        return as_text(values.dictionary_decode())
    if pa.types.is_floating(values.type):
        return _float_text(values)
    try:
        return pc.cast(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([str(each) for each in values.to_pylist()], pa.string())


def _float_text(values: pa.Array) -> pa.Array:
    """Numbers as Python writes them, whole ones without a point; what has no digits to show counts as 0."""
    numbers = np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
    numbers = np.where(np.abs(numbers) < _HUGE, numbers, 0.0)
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) < _EXACT)
    texts = pc.cast(pa.array(numbers), pa.string())
    if whole.any():
        texts = pc.if_else(whole, pc.cast(_integers(numbers, whole), pa.string()), texts)
    if b"e" not in flat(texts)[0].tobytes():
        return texts
    odd = pc.match_substring(texts, "e")
    return pc.replace_with_mask(
        texts, odd, pa.array([_written(each) for each in numbers[odd.to_numpy(False)].tolist()])
    )


def _integers(numbers: npt.NDArray[np.float64], whole: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.where(whole, numbers, 0.0).astype(np.int64))


def _written(number: float) -> str:
    return f"{number:.0f}" if number == int(number) else repr(number)
