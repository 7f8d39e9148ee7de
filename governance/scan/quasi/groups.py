"""Sizes of groups: how many rows share each combination of some columns. What k-anonymity is counted from.

A column is small whole numbers that tell its values apart; nothing here knows what they stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

K = 5
"""Rows in groups smaller than this are called exposed, unless the caller says otherwise."""
_DENSE = 4_194_304
_WIDEST = 2**62


@dataclass(frozen=True, slots=True)
class GroupSizes:
    """What the sizes of all groups say."""

    rows: int
    """Rows in all groups."""
    groups: int
    """Groups."""
    smallest: int
    """Rows of the smallest group: the k of k-anonymity; 0 without rows."""
    rows_below: int
    """Rows in groups smaller than the bound."""
    alone: int
    """Rows that share their combination with no other."""


def group_sizes(columns: Sequence[Numbers], weights: Numbers | None = None, *, below: int = K) -> GroupSizes:
    """The sizes of the groups that some columns make together.

    `weights` says how many rows each entry stands for; one each without it.
    """
    sizes = sizes_of(columns, weights)
    if not len(sizes):
        return GroupSizes(0, 0, 0, 0, 0)
    alone = int((sizes == 1).sum())
    return GroupSizes(int(sizes.sum()), len(sizes), int(sizes.min()), int(sizes[sizes < below].sum()), alone)


def sizes_of(columns: Sequence[Numbers], weights: Numbers | None = None) -> Numbers:
    """Rows of each group, in no particular order."""
    codes, width = combine(columns)
    if not len(codes):
        return np.empty(0, np.int64)
    if width <= _DENSE:
        sums = np.bincount(codes, weights) if weights is not None else np.bincount(codes)
        return np.asarray(sums[sums > 0], dtype=np.int64)
    if weights is None or bool((weights == 1).all()):
        return np.diff(np.concatenate([_starts(np.sort(codes)), [len(codes)]]))
    order = np.argsort(codes)
    return np.asarray(np.add.reduceat(weights[order], _starts(codes[order])), dtype=np.int64)


def combine(columns: Sequence[Numbers]) -> tuple[Numbers, int]:
    """One column whose numbers tell the combinations apart, and a bound above all of them."""
    codes, width = np.zeros(len(columns[0]) if columns else 0, np.int64), 1
    for column in columns:
        size = int(column.max()) + 1 if len(column) else 1
        if width * size > _WIDEST:
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
            width = int(codes.max()) + 1
        codes, width = codes * size + column, width * size
    return codes, width


def _starts(ordered: Numbers) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
