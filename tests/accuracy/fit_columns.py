"""Fit the calibration curves of the pack `fusion` on the tuned half: `python tests/accuracy/fit_columns.py`.

Each label given by the uncalibrated scores is one observation: its score on the scale of log-odds, and if it is right.
One curve (shift, slope) for each kind of agreement, by logistic regression with a ridge towards doing nothing, so that
a kind with few labels keeps its scores. Columns with misleading names are made up and count little. Prints the lines to
put into the pack, and beside each how far confidence and share right are apart on tables that the curve was not fitted
on, before and after; where the measuring folder is absent it says so and stops.
"""

from __future__ import annotations

import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from unittest import mock

import columns
import numpy as np
import numpy.typing as npt

from governance.scan import calibration, classifier
from governance.scan.evidence import Evidence
from governance.scan.lexicon import NEWEST
from governance.scan.result import Signal
from governance.scan.shares import Around
from policies.pack_loader import load_pack

RIDGE = 5.0
FOLDS = 5
WEIGHTS = {columns.REAL: 1.0, columns.NEUTRAL: 1.0, columns.MISLEADING: 0.05}
STRANGE_MISLEADING = 0.25
"""Misleading names are the main source of values under a strange name, so they count more there."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One label of an uncalibrated scan."""

    kind: str
    """The kind of agreement."""
    score: float
    """The score."""
    right: bool
    """Whether it is the column's kind."""
    weight: float
    """How much it counts."""
    fold: int
    """Which part of the tables it is of."""


def unsettled(evidence: Evidence, around: Around) -> Evidence:
    """The evidence as it is before calibration, with its kind of agreement as a last signal."""
    kind = calibration.agreement(evidence, around)
    return replace(evidence, signals=(*evidence.signals, Signal(columns.AGREEMENT, False, 0.0, kind)))


def observe() -> Iterator[Observation]:
    """The labels of the tuned half, by scores as they are before calibration."""
    fitted = frozenset(load_pack("fusion", NEWEST).body["calibration"]["entities"])
    with mock.patch.object(classifier, "settled", unsettled):
        for each in columns.measured(("tuned",), tuple(WEIGHTS)):
            for judged in each.judged:
                if judged.agreement and judged.kind in fitted and judged.column.known:
                    strange = judged.agreement == calibration.STRANGE and each.view == columns.MISLEADING
                    weight = STRANGE_MISLEADING if strange else WEIGHTS[each.view]
                    fold = zlib.crc32(judged.column.table.encode()) % FOLDS
                    yield Observation(judged.agreement, judged.confidence, judged.right, weight, fold)


def curve_of(chosen: Sequence[Observation]) -> list[float]:
    """The curve of some labels."""
    return fit(
        np.array([each.score for each in chosen]),
        np.array([float(each.right) for each in chosen]),
        np.array([each.weight for each in chosen]),
    )


def error(chosen: Sequence[Observation], confidences: Sequence[float]) -> float:
    """The expected calibration error in bins of a tenth, by weight."""
    bins: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each, confidence in zip(chosen, confidences, strict=True):
        bins[int(confidence * 10)][0] += each.weight * (confidence - each.right)
        bins[int(confidence * 10)][1] += each.weight
    return sum(abs(gap) for gap, _ in bins.values()) / sum(weight for _, weight in bins.values())


def held_out(chosen: Sequence[Observation]) -> tuple[float, float]:
    """The calibration error of the bare scores, and of curves fitted on the other parts of the tables."""
    bare = [each.score for each in chosen]
    curves = {fold: curve_of([each for each in chosen if each.fold != fold]) for fold in range(FOLDS)}
    return error(chosen, bare), error(
        chosen, [calibration.stretched(each.score, *curves[each.fold]) for each in chosen]
    )


def fit(
    scores: npt.NDArray[np.float64], right: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]
) -> list[float]:
    """Shift and slope by Newton's method; the ridge pulls towards 0 and 1."""
    clipped = scores.clip(0.001, 0.999)
    features = np.column_stack([np.ones(len(scores)), np.log(clipped / (1 - clipped))])
    start = np.array([0.0, 1.0])
    found = start.copy()
    for _ in range(50):
        chance = 1 / (1 + np.exp(-features @ found))
        slope = features.T @ (weight * (right - chance)) - RIDGE * (found - start)
        bend = (features * (weight * chance * (1 - chance))[:, None]).T @ features + RIDGE * np.eye(2)
        found = found + np.linalg.solve(bend, slope)
    return [round(float(each), 3) for each in (found[0], max(found[1], 0.05))]


def main() -> int:
    """Print the curves; 0 also where the sets are absent."""
    if not columns.available():
        print(f"nothing is fitted: {columns.COLUMNS.parent} is not on this machine", file=sys.stderr)
        return 0
    every = list(observe())
    for kind in (calibration.BOTH, calibration.NAME, calibration.VALUES, calibration.STRANGE, calibration.AGAINST):
        chosen = [each for each in every if each.kind == kind]
        before, after = held_out(chosen)
        print(
            f"{kind}: {curve_of(chosen)}  # {len(chosen)} labels, held-out error {before:.3f} before, {after:.3f} after"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
