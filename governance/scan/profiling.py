"""From Arrow columns to profiles: distinct values with counts, folded once, looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan import sketch
from governance.scan.detection import detect, tallies
from governance.scan.detectors.base import Detector, FieldContext
from governance.scan.normalise import fold_all
from governance.scan.profile import ColumnProfile
from governance.scan.traits import numeric_traits, traits_of

UNSHOWN = frozenset(
    [
        "AGE",
        "BLOOD_TYPE",
        "ETHNICITY",
        "GENDER",
        "HEALTH",
        "MARITAL_STATUS",
        "POLITICAL_OPINION",
        "RELIGION",
        "SECRET",
        "SEXUAL_ORIENTATION",
    ]
)
"""Entities without examples: special kinds, and kinds with so few values that a shape gives the value away."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How a column is looked at."""

    detectors: tuple[Detector, ...]
    """In a fixed order."""
    context: FieldContext
    """What is known of the field."""


def profile_column(column: pa.Array | pa.ChunkedArray, plan: ColumnPlan) -> ColumnProfile:
    """The profile of one part of a column. The parts of a column can be merged in any order."""
    rows = len(column)
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    numeric = pa.types.is_integer(flat.type) or pa.types.is_floating(flat.type) or pa.types.is_decimal(flat.type)
    counted = pc.drop_null(flat).value_counts()
    values, counts = counted.field("values"), np.asarray(counted.field("counts").to_numpy(zero_copy_only=False))
    numbers = numeric_traits(values, counts) if numeric and len(values) else {}
    texts = as_text(values)
    filled = np.asarray(pc.not_equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False), dtype=np.bool_)
    texts, counts = texts.filter(pa.array(filled)), counts[filled]
    return _profile(rows, texts, counts, plan, numbers)


def profile_texts(rows: int, texts: Sequence[str], plan: ColumnPlan) -> ColumnProfile:
    """The profile of texts taken out of `rows` rows, such as the values at one path of a JSON column."""
    filled = [text for text in texts if text.strip()]
    counted = pa.array(filled, pa.string()).value_counts()
    counts = np.asarray(counted.field("counts").to_numpy(zero_copy_only=False))
    return _profile(max(rows, len(filled)), counted.field("values"), counts, plan, {})


def as_text(values: pa.Array) -> pa.Array:
    """Values as text: dates in ISO form, whole decimals without a point, nothing in exponent form that was whole."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_dictionary(values.type):
        return as_text(values.dictionary_decode())
    if pa.types.is_floating(values.type):
        return pa.array(
            [f"{each:.0f}" if each == int(each) else repr(each) for each in map(_finite, values.to_pylist())]
        )
    try:
        return pc.cast(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([str(each) for each in values.to_pylist()], pa.string())


def _finite(number: float) -> float:
    return number if -1e300 < number < 1e300 else 0.0


def _profile(
    rows: int, texts: pa.Array, counts: np.ndarray, plan: ColumnPlan, numbers: dict[str, int]
) -> ColumnProfile:
    filled = int(counts.sum())
    if not len(texts):
        return ColumnProfile(rows=rows, nulls=rows)
    counts = counts.astype(np.int64)
    folded = fold_all(texts)
    lengths = np.asarray(pc.utf8_length(folded).to_numpy(zero_copy_only=False)).astype(np.int64)
    hashes = sketch.hash_values(texts)
    places = detect(folded, plan.detectors, plan.context)
    return ColumnProfile(
        rows=rows,
        nulls=rows - filled,
        length=int((lengths * counts).sum()),
        longest=int(lengths.max()),
        distinct=sketch.smallest(hashes),
        traits={**traits_of(folded, counts), **numbers},
        tallies=tallies(places, folded, plan.detectors, counts, hashes, unshown=UNSHOWN),
    )
