"""Shares by group, their intervals, and each share beside the best one's: what numbers allow to be said, and no more.

Shares have Wilson's 95 % interval. The ratio of two shares has the interval of Donner and Zou (MOVER, from Wilson's
intervals of both). The best group is chosen by the same numbers that it is compared by, so the ratios of one dimension
hold together at 95 %: each at the level that is left when 5 % are shared among all pairs of groups (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from governance.scan.intervals import wilson

DOUBT = 0.05
"""How often the ratios of one dimension may together miss."""
BEST, DIFFERS, SAME, FEW, ASIDE = "best", "differs", "same", "few", "aside"
"""The best group; a group whose share is lower beyond its interval; one of which that is not shown; one with too few
cases; rows of no named group, which are not compared."""


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What is said of one group."""

    record: Mapping[str, Any]
    """The record of its numbers."""
    verdict: str
    """`best`, `differs`, `same`, `few` or `aside`."""
    share: float | None
    """The part of its cases with the better outcome; None where it is not shown or there is none."""
    low: float | None
    """Lower end of Wilson's 95 % interval."""
    high: float | None
    """Upper end of it."""
    ratio: float | None = None
    """Its share divided by the best group's; None where it is not compared."""
    ratio_low: float | None = None
    """Lower end of the ratio's interval."""
    ratio_high: float | None = None
    """Upper end of it; None where there is no end."""


def compare(records: Sequence[Mapping[str, Any]], smallest: int) -> list[GroupFigures]:
    """The groups of one dimension of one outcome, in their order; only named groups with enough cases are compared."""
    fit = [each for each in records if each["named"] and (each["cases"] or 0) >= smallest]
    if len(fit) < 2:
        return [_alone(each, FEW if each["named"] else ASIDE) for each in records]
    best = max(fit, key=lambda each: each["better"] / each["cases"])
    pairs = len(fit) * (len(fit) - 1) // 2
    z = NormalDist().inv_cdf(1 - DOUBT / (2 * pairs))
    found = []
    for each in records:
        if each is best and best["better"]:
            found.append(_alone(each, BEST))
        elif any(each is one for one in fit):
            found.append(_beside(each, best, z))
        else:
            found.append(_alone(each, FEW if each["named"] else ASIDE))
    return found


def ratio_interval(one: tuple[int, int], other: tuple[int, int], z: float) -> tuple[float, float | None]:
    """The interval of the ratio of two shares, each as hits and cases, by Donner and Zou; None where it has no end."""
    (p, (p_low, p_high)), (q, (q_low, q_high)) = ((hits / n, wilson(hits, n, z)) for hits, n in (one, other))
    product, above = p * q, p_low * (2 * p - p_low)
    root = math.sqrt(max(0.0, product**2 - above * q_high * (2 * q - q_high)))
    low = above / (product + root) if product + root else 0.0
    below = q_low * (2 * q - q_low)
    if below <= 0:
        return low, None
    return low, (product + math.sqrt(max(0.0, product**2 - p_high * (2 * p - p_high) * below))) / below


def _alone(record: Mapping[str, Any], verdict: str) -> GroupFigures:
    if not record["cases"]:
        return GroupFigures(record, verdict, None, None, None)
    low, high = wilson(record["better"], record["cases"])
    return GroupFigures(record, verdict, record["better"] / record["cases"], low, high)


def _beside(record: Mapping[str, Any], best: Mapping[str, Any], z: float) -> GroupFigures:
    own = _alone(record, SAME)
    if own.share is None or not best["better"]:
        return own
    low, high = ratio_interval((record["better"], record["cases"]), (best["better"], best["cases"]), z)
    verdict = DIFFERS if high is not None and high < 1 else SAME
    ratio = own.share * best["cases"] / best["better"]
    return GroupFigures(record, verdict, own.share, own.low, own.high, ratio, low, high)
