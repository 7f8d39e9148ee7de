"""The verdict over a dataset: how far its quasi-identifiers single people out, and which few fields do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from governance.scan.quasi.counts import Numbers, QuasiCounts
from governance.scan.quasi.groups import GroupSizes, K, group_sizes
from governance.scan.quasi.kinds import QuasiKinds, load_kinds
from governance.scan.result import Combination, FieldScan, QuasiResult
from governance.scan.shapes import shape_name

MOST_JOINED = 3
"""Fields that are joined at most."""
MOST_NAMED = 5
"""Combinations that are named in the result."""
_GAIN = 1.1


def single_out(
    counts: QuasiCounts, fields: Sequence[FieldScan], *, rows_total: int | None, kinds: QuasiKinds | None = None
) -> QuasiResult | None:
    """What the counts of a dataset say; None when no row is about a person or no field quasi-identifies.

    `fields` are the verdicts over the dataset's fields: a candidate whose label is of no quasi-identifying kind is left
    out. `rows_total` is the dataset's size; None when unknown. `kinds` is the table in force unless given.
    """
    kinds = kinds or load_kinds()
    labels = {each.field: each.label for each in fields if each.label is not None}
    if counts.failed or not counts.rows or not kinds.about_people(labels.values()):
        return None
    ranks = {}
    for place, name in enumerate(counts.fields):
        label = labels.get(shape_name(name))
        rank = kinds.rank(label.entity, label.category) if label else None
        if rank is not None:
            ranks[place] = rank
    if not ranks:
        return None
    done = counts.reduced()
    chosen = sorted(ranks, key=lambda place: (ranks[place], place))
    return _result(done, [shape_name(counts.fields[place]) for place in chosen], _columns(done, chosen), rows_total)


def _columns(done: QuasiCounts, chosen: Sequence[int]) -> list[Numbers]:
    codes = done.codes()
    return [codes[place] for place in chosen]


def _result(done: QuasiCounts, names: Sequence[str], columns: Sequence[Numbers], rows_total: int | None) -> QuasiResult:
    weights = done.counts
    together = group_sizes(columns, weights)
    found = {places: group_sizes([columns[each] for each in places], weights) for places in _choices(len(columns))}
    telling = _telling(found)
    return QuasiResult(
        fields=tuple(names),
        rows_counted=together.rows,
        exact=rows_total is not None and together.rows >= rows_total,
        below=K,
        smallest=together.smallest,
        rows_below=together.rows_below,
        alone=together.alone,
        combinations=tuple(
            Combination(
                tuple(names[each] for each in places),
                found[places].smallest,
                found[places].rows_below,
                found[places].alone,
            )
            for places in telling
        ),
    )


def _choices(fields: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, min(fields, MOST_JOINED) + 1):
        yield from combinations(range(fields), size)


def _telling(found: Mapping[tuple[int, ...], GroupSizes]) -> list[tuple[int, ...]]:
    """The combinations that single out rows, worst first; one that adds little to a part of itself is left out."""
    kept: list[tuple[int, ...]] = []
    for places, sizes in found.items():
        parts = [found[part] for part in kept if set(part) < set(places)]
        below, alone = (
            max((each.rows_below for each in parts), default=0),
            max((each.alone for each in parts), default=0),
        )
        if sizes.rows_below > _GAIN * below or sizes.alone > _GAIN * alone:
            kept.append(places)
    return sorted(kept, key=lambda each: (-found[each].alone, -found[each].rows_below, len(each), each))[:MOST_NAMED]
