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
from governance.scan.distinct import Distinct, distinct
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
    found = distinct(pc.drop_null(flat) if flat.null_count else flat)
    numbers = numeric_traits(found.values, found.counts) if numeric and len(found.values) else {}
    return _profile(rows, found, plan, numbers)


def profile_texts(rows: int, texts: Sequence[str], plan: ColumnPlan) -> ColumnProfile:
    """The profile of texts taken out of `rows` rows, such as the values at one path of a JSON column."""
    return _profile(max(rows, len(texts)), distinct(pa.array(texts, pa.string())), plan, {})


def _profile(rows: int, found: Distinct, plan: ColumnPlan, numbers: dict[str, int]) -> ColumnProfile:
    makeup = makeup_of(found.texts)
    filled = _filled(found.texts, makeup)
    if not filled.any():
        return ColumnProfile(rows=rows, nulls=rows)
    if not filled.all():
        found = found.keep(filled)
        makeup = makeup_of(found.texts)
    counts, hashes = found.counts, found.hashes
    folded = _folded(found.texts, makeup)
    if folded is not found.texts:
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
    classes = makeup.classes()
    told = classes.alike.has(DIGIT | LETTER)
    filled, doubt = classes.spread(told), classes.rows(~told & (classes.alike.size > 0))
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
