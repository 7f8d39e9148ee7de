"""From Arrow columns to profiles: distinct values with counts, folded once, looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan import sketch
from governance.scan.detection import detect
from governance.scan.detectors.base import Detector, FieldContext
from governance.scan.detectors.value_sets import memberships
from governance.scan.makeup import BEYOND, CONTROL, DIGIT, LETTER, Makeup, makeup_of
from governance.scan.normalise import fold_all
from governance.scan.profile import ColumnProfile
from governance.scan.reading_sentences import Horizon, Reading, are_sentences
from governance.scan.sentences import NO_SENTENCES, Sentences
from governance.scan.sketch import Hashes
from governance.scan.tallying import Looked, tallies
from governance.scan.text.models.loader import load_models
from governance.scan.text.models.readings import MOST, Readings, read_field
from governance.scan.traits import numeric_traits, traits_of
from governance.scan.years import year_traits

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


_WORDY_SPACES, _WORDY_HAN = 4, 10
_HUGE = 1e300
_EXACT = 2.0**53
"""Whole numbers from here on are not all numbers that a float can hold."""


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How a column is looked at."""

    detectors: tuple[Detector, ...]
    """In a fixed order."""
    context: FieldContext
    """What is known of the field."""
    models: str = "off"
    """As `ScanOptions.models`; loaded when the first text that they could read comes along."""
    horizon: Horizon = field(default_factory=Horizon, compare=False, repr=False)
    """How far the parts seen so far have been looked into."""


def profile_column(column: pa.Array | pa.ChunkedArray, plan: ColumnPlan) -> ColumnProfile:
    """The profile of one part of a column. The parts of a column can be merged in any order."""
    rows = len(column)
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    numeric = pa.types.is_integer(flat.type) or pa.types.is_floating(flat.type) or pa.types.is_decimal(flat.type)
    counted = (pc.drop_null(flat) if flat.null_count else flat).value_counts()
    values, counts = counted.field("values"), np.asarray(counted.field("counts").to_numpy(zero_copy_only=False))
    numbers = numeric_traits(values, counts) if numeric and len(values) else {}
    return _profile(rows, as_text(values), counts, plan, numbers)


def profile_texts(rows: int, texts: Sequence[str], plan: ColumnPlan) -> ColumnProfile:
    """The profile of texts taken out of `rows` rows, such as the values at one path of a JSON column."""
    counted = pa.array(texts, pa.string()).value_counts()
    counts = np.asarray(counted.field("counts").to_numpy(zero_copy_only=False))
    return _profile(max(rows, len(texts)), counted.field("values"), counts, plan, {})


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
    texts = pc.if_else(whole, pc.cast(_integers(numbers, whole), pa.string()), pc.cast(pa.array(numbers), pa.string()))
    odd = pc.match_substring(texts, "e")
    if not pc.any(odd).as_py():
        return texts
    return pc.replace_with_mask(
        texts, odd, pa.array([_written(each) for each in numbers[odd.to_numpy(False)].tolist()])
    )


def _integers(numbers: npt.NDArray[np.float64], whole: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.where(whole, numbers, 0.0).astype(np.int64))


def _written(number: float) -> str:
    return f"{number:.0f}" if number == int(number) else repr(number)


def _profile(
    rows: int, texts: pa.Array, counts: npt.NDArray[np.int64], plan: ColumnPlan, numbers: dict[str, int]
) -> ColumnProfile:
    makeup = makeup_of(texts)
    filled = _filled(texts, makeup)
    if not filled.any():
        return ColumnProfile(rows=rows, nulls=rows)
    if not filled.all():
        texts, counts = texts.filter(pa.array(filled)), counts[filled]
        makeup = makeup_of(texts)
    counts = counts.astype(np.int64)
    hashes = sketch.hash_values(texts)
    folded = _folded(texts, makeup)
    if folded is not texts:
        makeup = makeup_of(folded)
    lengths = makeup.lengths(folded)
    looked = Looked(folded, makeup, lengths, counts, hashes)
    long = are_sentences(makeup)
    short = looked.take(np.flatnonzero(~long)) if long.any() else looked
    places = detect(short.values, plan.detectors, plan.context, short.makeup)
    return ColumnProfile(
        rows=rows,
        nulls=rows - int(counts.sum()),
        length=int((lengths * counts).sum()),
        longest=int(lengths.max()),
        distinct=sketch.smallest(hashes),
        traits={
            **traits_of(folded, counts, makeup, lengths),
            **memberships(folded, counts, makeup),
            **year_traits(folded, counts, makeup),
            **numbers,
        },
        tallies=tallies(places, short, plan.detectors, UNSHOWN),
        sentences=_sentences(looked.take(np.flatnonzero(long)), plan) if long.any() else NO_SENTENCES,
        readings=_readings(folded, makeup, hashes, plan),
    )


def _sentences(looked: Looked, plan: ColumnPlan) -> Sentences:
    if not any(plan.context.type in each.types for each in plan.detectors):
        return NO_SENTENCES
    return Reading(looked, plan.detectors, plan.context, UNSHOWN).sentences(plan.horizon)


def _readings(texts: pa.Array, makeup: Makeup, hashes: Hashes, plan: ColumnPlan) -> Readings:
    """What models read in the texts in which people write sentences."""
    wordy = np.flatnonzero((makeup.spaces >= _WORDY_SPACES) | (makeup.han >= _WORDY_HAN))
    if plan.models == "off" or not len(wordy):
        return Readings()
    near = wordy[hashes[wordy] <= np.uint64(plan.horizon.modelled.limit)]
    first = near[np.argsort(hashes[near], kind="stable")[: 2 * MOST]]  # a few of them are no sentences after all
    chosen = texts.take(pa.array(first)).to_pylist()
    read = read_field(chosen, hashes[first].tolist(), load_models(plan.models))
    plan.horizon.modelled = plan.horizon.modelled.merge(read)
    return read


def _filled(texts: pa.Array, makeup: Makeup) -> npt.NDArray[np.bool_]:
    """Which values hold more than blank space; those in plain signs tell it by their makeup."""
    filled = makeup.has(DIGIT | LETTER)
    doubt = np.flatnonzero(~filled & (makeup.size > 0))
    if len(doubt):
        trimmed = pc.utf8_trim_whitespace(texts.take(pa.array(doubt)))
        filled[doubt] = np.asarray(pc.not_equal(trimmed, "").to_numpy(zero_copy_only=False))
    return filled


def _bare(texts: pa.Array, makeup: Makeup) -> pa.Array:
    """The texts without blanks at their ends, as columns of a fixed width have them."""
    padded = (makeup.first() == ord(" ")) | (makeup.last() == ord(" "))
    return pc.utf8_trim(texts, " ") if padded.any() else texts


def _folded(texts: pa.Array, makeup: Makeup) -> pa.Array:
    """The texts folded, without blanks at their ends; most have neither such a blank nor a sign beyond ASCII."""
    texts = _bare(texts, makeup)
    odd = makeup.has(BEYOND | CONTROL)
    if not odd.any():
        return texts
    rows = texts.filter(pa.array(odd))
    folded = fold_all(rows)
    return texts if folded is rows else pc.replace_with_mask(texts, pa.array(odd), folded)
