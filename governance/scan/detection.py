"""Run all detectors over the distinct values of one part of a column: `detect`.

A value that has a form is judged as the form's exemplar; of the others each detector sees those that hold what it
needs, and foreign ones only those that none of ours explains as a whole. All of this looks at one value at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import STRONG, SURE, Detector, FieldContext, Hits, Numbers
from governance.scan.detectors.presidio_patterns import RecognizerDetector
from governance.scan.forms.all import FORMS
from governance.scan.makeup import Makeup, Truth, makeup_of
from governance.scan.mentions import Mentions
from governance.scan.needs import NOTHING, Need, need_of
from governance.scan.screening import Screen
from governance.scan.settling import Places, settled, together
from governance.scan.shortlist import Shortlist

_FEW = 256
"""So many values and fewer are handed out by a shortlist."""
_LONG_BYTES = 65_536
"""From so much text on it pays to look for the words of all detectors at once."""
_PANELS = 8
_VERDICTS = 20_000

Verdict = tuple[tuple[int, int], ...]
"""Score and detector of each place of an exemplar; each place is the whole of it."""


def detect(
    values: pa.Array, detectors: Sequence[Detector], context: FieldContext, makeup: Makeup | None = None
) -> Places:
    """Every place that the detectors of this field type find, settled; values are normalised texts without nulls."""
    return panel_of(detectors).places(values, context, makeup)


def detect_each(values: pa.Array, detectors: Sequence[Detector], context: FieldContext) -> Places:
    """As `detect`, but every value is looked at by itself: what forms are held to."""
    return panel_of(detectors).looked(values, makeup_of(values), context)


class Panel:
    """Detectors that work together, with what each of them needs. Remembers verdicts on exemplars and no value."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self.detectors = tuple(detectors)
        self._needs = tuple(_need(each) for each in self.detectors)
        self._shortlist = Shortlist(
            {number: text for number, each in enumerate(self.detectors) if (text := _prefilter(each))}
        )
        self._mentions = Mentions(
            {number: text for number, each in enumerate(self.detectors) if (text := _words(each))}
        )
        self._verdicts: dict[tuple[str, FieldContext], Verdict | None] = {}
        self._particular = tuple(number for number, each in enumerate(self.detectors) if _is_particular(each))
        alike = [number for number in range(len(self.detectors)) if number not in self._particular]
        self._alike = np.array(alike, np.int64)
        self._common = Panel([self.detectors[number] for number in alike]) if self._particular else self

    @cached_property
    def screen(self) -> Screen:
        """What tells the texts that hold something that identifies by itself."""
        return Screen(self.detectors, self._needs)

    def places(self, values: pa.Array, context: FieldContext, makeup: Makeup | None) -> Places:
        """As `detect`."""
        if not len(values) or not any(context.type in each.types for each in self.detectors):
            return together(())
        makeup = makeup_of(values) if makeup is None else makeup
        judged: list[Places] = []
        singled = self._singled(values, makeup, context)
        rows = np.arange(len(values))
        if len(singled):
            rows = np.setdiff1d(rows, singled, assume_unique=True)
        for part, rest in self._judged(values, makeup, rows, context):
            judged.append(part)
            rows = rest
        rows = np.union1d(rows, singled) if len(singled) else rows
        if len(rows) == len(values):
            return self.looked(values, makeup, context)
        if len(rows):
            found = self.looked(values.take(pa.array(rows)), makeup.take(rows), context)
            judged.append(found.moved(rows))
        return together(judged)

    def looked(self, values: pa.Array, makeup: Makeup, context: FieldContext) -> Places:
        """The places in values that have no form."""
        ours = self._found(values, makeup, context, foreign=False)
        rows = np.flatnonzero(~_explained(values, ours, self.detectors, context))
        if len(rows) == len(values):
            return settled([*ours, *self._found(values, makeup, context, foreign=True)])
        if not len(rows):
            return settled(ours)
        foreign = self._found(values.take(pa.array(rows)), makeup.take(rows), context, foreign=True)
        return settled([*ours, *((number, hits.moved(rows)) for number, hits in foreign)])

    def _found(
        self, values: pa.Array, makeup: Makeup, context: FieldContext, *, foreign: bool
    ) -> list[tuple[int, Hits]]:
        """What our detectors, or the foreign ones, find; each is shown the values that hold what it needs."""
        found: list[tuple[int, Hits]] = []
        extent = makeup.extent()
        able = [
            number
            for number, each in enumerate(self.detectors)
            if each.foreign is foreign and _looks_at(each, context) and self._needs[number].may_be_met(extent)
        ]
        listed = self._listed(values, makeup, able, context)
        every = np.arange(len(values))
        for number in able:
            if number in listed:
                rows = listed[number]
            elif self._needs[number] == NOTHING:
                rows = every
            else:
                rows = self._needs[number].rows(makeup)
            if not len(rows):
                continue
            whole = len(rows) == len(values)
            hits = self.detectors[number].find(values if whole else values.take(pa.array(rows)), context)
            if len(hits.index):
                found.append((number, hits if whole else hits.moved(rows)))
        return found

    def _listed(
        self, values: pa.Array, makeup: Makeup, able: Sequence[int], context: FieldContext
    ) -> dict[int, Numbers]:
        """The rows that some detectors have to see, where finding them together pays."""
        if len(values) <= _FEW:
            return self._shortlist.rows(values, able)
        if int(makeup.size.sum()) < _LONG_BYTES:
            return {}
        return self._mentions.rows(values, [number for number in able if _insists(self.detectors[number], context)])

    def _judged(
        self, values: pa.Array, makeup: Makeup, rows: Numbers, context: FieldContext
    ) -> Iterator[tuple[Places, Numbers]]:
        """Places of the values that have a form, each time with the rows that are left."""
        lengths: Numbers | None = None
        left = np.ones(len(values), np.bool_)
        for form in FORMS:
            if not context.hints <= form.entities or not len(rows):
                continue
            for exemplar, chosen in form.classes(values, makeup, rows, context):
                verdict = self._verdict(exemplar, context)
                if verdict is None:
                    continue
                if lengths is None:
                    lengths = makeup.lengths(values)
                left[chosen] = False
                rows = rows[left[rows]]
                yield _spread(verdict, chosen, lengths[chosen]), rows

    def _singled(self, values: pa.Array, makeup: Makeup, context: FieldContext) -> Numbers:
        """Values of which a detector speaks that may tell values of one form apart: they are judged by themselves."""
        found = [np.empty(0, np.int64)]
        for number in self._particular:
            rows = self._needs[number].rows(makeup)
            if context.type in self.detectors[number].types and len(rows):
                found.append(rows[self.detectors[number].find(values.take(pa.array(rows)), context).index])
        return np.unique(np.concatenate(found))

    def _verdict(self, exemplar: str, context: FieldContext) -> Verdict | None:
        """What the detectors say of an exemplar; None when a place is not the whole of it."""
        key = (exemplar, context)
        if key not in self._verdicts:
            if len(self._verdicts) >= _VERDICTS:
                self._verdicts.clear()
            values = pa.array([exemplar], pa.string())
            found = self._common.looked(values, makeup_of(values), context)
            whole = (found.start == 0) & (found.end == len(exemplar))
            said = tuple(zip(found.score.tolist(), self._alike[found.found_by].tolist(), strict=True))
            self._verdicts[key] = said if whole.all() else None
        return self._verdicts[key]


def _looks_at(detector: Detector, context: FieldContext) -> bool:
    """Whether a detector looks at such a field at all."""
    if context.type not in detector.types:
        return False
    return not isinstance(detector, RecognizerDetector) or detector.looks_at(context)


def _prefilter(detector: Detector) -> str:
    """The expression that matches every value with a hit; empty when the detector has none."""
    return str(getattr(detector, "prefilter", ""))


def _is_particular(detector: Detector) -> bool:
    """Whether it may tell values of one form apart: a user knows numbers that all others take for phones."""
    return bool(getattr(detector, "particular", False))


def _words(detector: Detector) -> str:
    """The expression of the words that a detector may insist on; empty when it needs none."""
    return detector.words if isinstance(detector, RecognizerDetector) else ""


def _insists(detector: Detector, context: FieldContext) -> bool:
    return isinstance(detector, RecognizerDetector) and detector.insists(context)


def _need(detector: Detector) -> Need:
    """What a value must hold before a detector is shown it: what its prefilter needs, and the digits it asks for."""
    need = need_of(_prefilter(detector))
    return Need(max(need.digits, detector.digits), need.size, need.kinds)


def _spread(verdict: Verdict, rows: Numbers, lengths: Numbers) -> Places:
    """A verdict on an exemplar, on each of the values it stands for."""
    parts = [
        Places(rows, np.zeros(len(rows), np.int64), lengths, np.full(len(rows), score), np.full(len(rows), number))
        for score, number in verdict
    ]
    return together(parts)


def _explained(
    values: pa.Array, found: Sequence[tuple[int, Hits]], detectors: Sequence[Detector], context: FieldContext
) -> Truth:
    """Which values one hit covers as a whole: one beyond chance, or a strong one of what the field is said to hold."""
    explained = np.zeros(len(values), np.bool_)
    if not len(values):
        return explained
    lengths = np.asarray(pc.utf8_length(values).to_numpy(zero_copy_only=False))
    for number, hits in found:
        least = STRONG if detectors[number].entity in context.hints else SURE
        sure = (hits.score >= least) & (hits.end - hits.start >= lengths[hits.index])
        explained[hits.index[sure]] = True
    return explained


_KNOWN: dict[tuple[int, ...], Panel] = {}


def panel_of(detectors: Sequence[Detector]) -> Panel:
    """The panel of these detectors; the same ones give the same panel, which holds them."""
    key = tuple(map(id, detectors))
    if key not in _KNOWN:
        if len(_KNOWN) >= _PANELS:
            _KNOWN.clear()
        _KNOWN[key] = Panel(detectors)
    return _KNOWN[key]
