"""Thresholds: how sure a scan must be of a label, by category, so that a target share of the labels is right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from governance.scan.judging.cases import Case
from governance.scan.judging.estimates import Verdict
from governance.scan.result import DatasetScan, FieldScan, ScanResult, StoreScan
from policies.taxonomy import Taxonomy

EVERY = "*"
"""The key of the threshold for categories that have none of their own."""
LOWEST = 0.5
"""No scan gives a label that it is less sure of, so no threshold below it has an effect."""
FEWEST = 10
"""Judged labels that are needed before a threshold is tuned at all."""
_FEWEST_OF_CATEGORY = 3
_LENT = 4.0
_STEP = 0.001

Weighed = tuple[float, bool, float]


def tune(verdicts: Sequence[Verdict], weights: Sequence[float], target: float) -> dict[str, float] | None:
    """The lowest thresholds at which the target share of the labels is right, by category; `*` for all others.

    A category has one of its own where at least three of its labels were judged and they ask for another than all
    together; such a small sample is lent the strength of four labels of the whole. None when fewer than ten labels
    were judged, or when no threshold reaches the target.
    """
    labels = [
        (each.case.confidence, each.right, weight)
        for each, weight in zip(verdicts, weights, strict=True)
        if each.case.labelled
    ]
    if len(labels) < FEWEST:
        return None
    every = _lowest(labels, target)
    if every is None:
        return None
    found = {EVERY: every}
    for category in sorted({each.case.shown for each in verdicts if each.case.labelled}):
        own = [(each.case.confidence, each.right, 1.0) for each in verdicts if each.case.shown == category]
        needed = _lowest(own, target, lent=labels) if len(own) >= _FEWEST_OF_CATEGORY else None
        if needed is not None and abs(needed - every) > _STEP:
            found[category] = needed
    return found


def threshold_of(category: str, thresholds: Mapping[str, float]) -> float:
    """How sure a scan must be of a label of this category: its own threshold, its nearest parent's, or that of all."""
    known = (thresholds[key] for key in (*Taxonomy.ancestry(category), EVERY) if key in thresholds)
    return next(known, LOWEST)


def reaches(case: Case, thresholds: Mapping[str, float]) -> bool:
    """Whether a field has a label that stands under these thresholds."""
    return case.labelled and case.confidence >= threshold_of(case.shown, thresholds)


def with_thresholds(result: ScanResult, thresholds: Mapping[str, float]) -> ScanResult:
    """A result without the labels that do not reach their threshold; findings stay, so nothing is hidden."""
    if not thresholds:
        return result
    return replace(result, stores=tuple(_store(each, thresholds) for each in result.stores))


def _store(store: StoreScan, thresholds: Mapping[str, float]) -> StoreScan:
    return replace(store, datasets=tuple(_dataset(each, thresholds) for each in store.datasets))


def _dataset(dataset: DatasetScan, thresholds: Mapping[str, float]) -> DatasetScan:
    return replace(dataset, fields=tuple(_field(each, thresholds) for each in dataset.fields))


def _field(field: FieldScan, thresholds: Mapping[str, float]) -> FieldScan:
    label = field.label
    if label is None or label.confidence >= threshold_of(label.category, thresholds):
        return field
    return replace(field, label=None)


def _lowest(labels: Sequence[Weighed], target: float, lent: Sequence[Weighed] = ()) -> float | None:
    """The lowest threshold at which the target is reached; None when there is none with a label left."""
    steps = {LOWEST, *(_above(confidence) for confidence, right, _ in labels if not right)}
    for bound in sorted(steps):
        kept = [each for each in labels if each[0] >= bound]
        if not kept:
            return None
        right, total = _right(kept)
        if lent:
            part, whole = _right(each for each in lent if each[0] >= bound)
            right, total = right + _LENT * (part / whole if whole else 0.0), total + _LENT
        if right / total >= target:
            return bound
    return None


def _right(labels: Iterable[Weighed]) -> tuple[float, float]:
    held = list(labels)
    return sum(weight for _, right, weight in held if right), sum(weight for *_, weight in held)


def _above(confidence: float) -> float:
    """The next threshold that leaves a label of this confidence out, in steps of a thousandth."""
    return round(math.floor(confidence / _STEP + 1e-6) * _STEP + _STEP, 3)
