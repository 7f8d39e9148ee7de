"""Counts of combinations: equal to a plain count over the rows, whichever way the rows were split, and bounded."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.quasi import counts as module
from governance.scan.quasi.counts import QuasiCounts, count_rows
from governance.scan.quasi.groups import combine, group_sizes, sizes_of

FIELDS = ("gender", "city", "born")
CELLS = st.tuples(
    st.sampled_from(["f", "m", "", "  ", None]),
    st.sampled_from(["Ulm", "Graz", "台北", None]),
    st.sampled_from([dt.date(1980, 1, 2), dt.date(1990, 3, 4), None]),
)


def table(rows):
    columns = list(zip(*rows, strict=True)) or [[], [], []]
    types = (pa.string(), pa.string(), pa.date32())
    return pa.table({name: pa.array(cells, kind) for name, cells, kind in zip(FIELDS, columns, types, strict=True)})


def plain(rows):
    """The sizes of the groups, counted one row at a time; blank cells are empty cells."""
    named = [tuple(None if each is None or not str(each).strip() else each for each in row) for row in rows]
    return sorted(Counter(named).values())


def sizes(counts):
    done = counts.reduced()
    return sorted(sizes_of(done.codes(), done.counts).tolist())


@given(st.lists(CELLS, max_size=60))
def test_groups_are_those_of_a_plain_count(rows):
    counted = count_rows(table(rows), FIELDS)
    assert (counted.rows, sizes(counted)) == (len(rows), plain(rows))


@given(st.lists(st.lists(CELLS, max_size=12), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_splitting_and_order_have_no_effect(parts, chance):
    whole = count_rows(table([row for part in parts for row in part]), FIELDS)
    made = [count_rows(table(part), FIELDS) for part in parts]
    chance.shuffle(made)
    merged = QuasiCounts()
    for each in made:
        merged = merged.merge(each)
    assert merged == whole
    assert QuasiCounts.from_json(merged.to_json()) == whole


def test_a_bound_on_memory_keeps_whole_groups_whichever_way_rows_come(monkeypatch):
    monkeypatch.setattr(module, "MOST_COMBINATIONS", 50)
    monkeypatch.setattr(module, "_WAITING", 10)
    cells = [(str(number % 300), "Ulm", None) for number in range(1_500)]
    parts = [count_rows(table(cells[start : start + 100]), FIELDS) for start in range(0, 1_500, 100)]
    made = []
    for order in (parts, parts[::-1], parts[::2] + parts[1::2]):
        merged = QuasiCounts()
        for each in order:
            merged = merged.merge(each)
        made.append(merged.reduced())
    assert made[0] == made[1] == made[2]
    assert made[0].halvings >= 3
    assert 0 < len(made[0].counts) <= 50
    assert set(made[0].counts.tolist()) == {5}, "a group that is kept is kept whole"
    assert made[0].rows == 1_500
    assert made[0].rows_kept < 1_500


@pytest.mark.parametrize(
    "column",
    [
        pa.array([True, False, None, True]),
        pa.array([1.5, 2.0, None, 1.5]),
        pa.array(["a", "b", None, "a"]).dictionary_encode(),
        pa.array([1, 2, None, 1], pa.decimal128(5, 0)),
        pa.array([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2), None, dt.datetime(2020, 1, 1)]),  # noqa: DTZ001 as stores give them
        pa.chunked_array([["a", "b"], [None, "a"]]),
    ],
)
def test_every_kind_of_column_is_counted(column):
    assert sizes(count_rows(pa.table({"x": column}), ("x",))) == [1, 1, 2]


def test_parts_that_disagree_on_the_fields_are_never_counted_together():
    rows = pa.table({"x": ["a"], "y": ["b"]})
    merged = count_rows(rows, ("x",)).merge(count_rows(rows, ("y",)))
    assert merged.failed
    assert merged.rows_kept == 0


def test_no_value_is_printed():
    counted = count_rows(pa.table({"city": ["Zebulon Quagmire"]}), ("city",))
    assert "Zebulon" not in repr(counted) + str(counted.to_json())


def test_group_sizes_of_nothing_are_zero():
    empty = group_sizes([np.empty(0, np.int64)])
    assert (empty.rows, empty.groups, empty.smallest, empty.alone) == (0, 0, 0, 0)


@given(
    st.lists(st.tuples(*[st.integers(0, 2**40)] * 3), min_size=1, max_size=40),
    st.integers(1, 9),
)
def test_sparse_columns_group_as_dense_ones(rows, below):
    columns = [np.array(each, np.int64) for each in zip(*rows, strict=True)]
    found = group_sizes(columns, below=below)
    counted = Counter(rows).values()
    assert found.groups == len(counted)
    assert found.smallest == min(counted)
    assert found.alone == sum(each == 1 for each in counted)
    assert found.rows_below == sum(each for each in counted if each < below)
    weights = np.ones(len(rows), np.int64)
    assert group_sizes(columns, weights * 2, below=below).rows == 2 * len(rows)


def test_combined_numbers_tell_all_combinations_apart():
    columns = [np.array(each, np.int64) for each in zip(*itertools.product(range(3), range(4)), strict=True)]
    codes, width = combine(columns)
    assert len(set(codes.tolist())) == 12
    assert codes.max() < width
