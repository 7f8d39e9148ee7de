"""Shares of a whole that was sampled cell by cell: Wilson's interval in each cell, joined by MOVER.

Newcombe and Zou's method of variance estimates recovery (MOVER; Zou and Donner 2008, Donner and Zou 2010) needs no
normal theory in the single cell, so a cell in which nothing was found still says how much may be there. The finite
population is taken into account: a cell that was read as a whole adds no doubt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from governance.scan.intervals import wilson


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the whole from which a simple random sample was read."""

    size: int
    """How many it has."""
    read: int
    """How many were read, at least one."""
    hits: int
    """How many of those read count."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    """The estimate."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""


def total(cells: Sequence[Cell]) -> Interval:
    """How many count in the whole."""
    value = sum(each.size * each.hits / each.read for each in cells)
    down = up = 0.0
    for each in cells:
        share = each.hits / each.read
        low, high = _bounds(each)
        down += (each.size * (share - low)) ** 2
        up += (each.size * (high - share)) ** 2
    return Interval(value, max(0.0, value - math.sqrt(down)), value + math.sqrt(up))


def share(cells: Sequence[Cell]) -> Interval | None:
    """Which share of the whole counts; None without cells."""
    size = sum(each.size for each in cells)
    if not size:
        return None
    found = total(cells)
    return Interval(found.value / size, found.low / size, min(1.0, found.high / size))


def part(found: Interval, missed: Interval) -> Interval | None:
    """Which part `found` makes of `found` and `missed`, two totals; None when neither has anything."""
    if found.value + missed.value <= 0:
        return None
    least = found.low / (found.low + missed.high) if found.low else 0.0
    most = found.high / (found.high + missed.low)
    if found.value > 0:
        odds = _ratio(missed, found)
        least, most = max(least, 1 / (1 + odds.high)), min(most, 1 / (1 + odds.low))
    value = found.value / (found.value + missed.value)
    return Interval(value, min(value, least), max(value, most))


def _ratio(one: Interval, other: Interval) -> Interval:
    """The ratio of two independent totals, the second above 0."""
    product = one.value * other.value
    low_under = product**2 - one.low * other.high * (2 * one.value - one.low) * (2 * other.value - other.high)
    high_under = product**2 - one.high * other.low * (2 * one.value - one.high) * (2 * other.value - other.low)
    low_of, high_of = other.high * (2 * other.value - other.high), other.low * (2 * other.value - other.low)
    low = (product - math.sqrt(max(0.0, low_under))) / low_of if low_of > 0 else 0.0
    high = (product + math.sqrt(max(0.0, high_under))) / high_of if high_of > 0 else math.inf
    return Interval(one.value / other.value, max(0.0, low), high)


def _bounds(cell: Cell) -> tuple[float, float]:
    """Wilson's interval of the cell's share at the sample size that the finite population makes of it."""
    share_of = cell.hits / cell.read
    unread = 1 - cell.read / cell.size
    if unread <= 0:
        return share_of, share_of
    low, high = wilson(cell.hits / unread, cell.read / unread)
    return low, max(high, share_of)
