"""Precision and recall of all labels of a scan, estimated from the fields that a person judged.

Each judged field stands for as many as its stratum has for one judged (Horvitz-Thompson), so the oversampled doubtful
fields do not bend the result. Intervals are Wilson's in each stratum, joined; where every field was judged, there is
nothing left to guess.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.scan.judging.cases import Case
from governance.scan.judging.shares import Cell, Interval, part, share, total
from policies.taxonomy import HARMLESS


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field with the truth that a person stated."""

    case: Case
    """The field and what the scan says of it now."""
    truth: str
    """The category that it really has; `none` for a harmless one."""

    @property
    def right(self) -> bool:
        """Whether the scan says the truth; naming a wider or narrower category of the same kind is not enough."""
        return self.case.shown == self.truth


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of all fields, estimated from those judged."""

    share: float
    """The estimate, 0 to 1."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    judged: int
    """Judged fields that it rests on."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"share": self.share, "low": self.low, "high": self.high, "judged": self.judged}


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the labels of a scan are."""

    precision: Estimate | None
    """Of the labels given, the share that is right; None while no label was judged."""
    recall: Estimate | None
    """Of the fields that really are personal, the share that has the right label; None while none was met."""
    uncovered: int
    """Fields in strata of which none was judged; the estimates say nothing about them."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "precision": self.precision.to_json() if self.precision else None,
            "recall": self.recall.to_json() if self.recall else None,
            "uncovered": self.uncovered,
        }


def weights_of(verdicts: Sequence[Verdict], sizes: Mapping[str, int]) -> list[float]:
    """How many fields each judged one stands for. `sizes` are the fields of each stratum in the whole scan."""
    judged = Counter(each.case.stratum for each in verdicts)
    return [sizes[each.case.stratum] / judged[each.case.stratum] for each in verdicts]


def estimate_quality(
    verdicts: Sequence[Verdict], cases: Sequence[Case], given: Callable[[Case], bool] | None = None
) -> Quality:
    """Precision and recall of the scan that all the `cases` come from, by those that have a verdict.

    `given` says which labels count as given; all of them without it.
    """
    counts = given or _labelled
    sizes = Counter((each.stratum, counts(each)) for each in cases)
    cells: dict[tuple[str, bool], list[Verdict]] = {}
    for each in verdicts:
        cells.setdefault((each.case.stratum, counts(each.case)), []).append(each)
    right = {
        key: Cell(sizes[key], len(held), sum(key[1] and each.right for each in held)) for key, held in cells.items()
    }
    missed = [
        Cell(sizes[key], len(held), sum(each.truth != HARMLESS and not (key[1] and each.right) for each in held))
        for key, held in cells.items()
    ]
    labels = [cell for (_, is_given), cell in right.items() if is_given]
    return Quality(
        _estimate(share(labels), sum(cell.read for cell in labels)),
        _estimate(part(total(labels), total(missed)), sum(each.truth != HARMLESS for each in verdicts)),
        sum(size for key, size in sizes.items() if key not in cells),
    )


def _labelled(case: Case) -> bool:
    return case.labelled


def _estimate(found: Interval | None, judged: int) -> Estimate | None:
    if found is None:
        return None
    return Estimate(round(found.value, 4), round(found.low, 4), round(found.high, 4), judged)
