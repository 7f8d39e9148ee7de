"""Totals and shares over cells: intervals hold the estimate, narrow with reading, and are a point in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.judging.shares import Cell, Interval, part, share, total


@st.composite
def cells(draw):
    size = draw(st.integers(1, 500))
    read = draw(st.integers(1, size))
    return Cell(size, read, draw(st.integers(0, read)))


@given(st.lists(cells(), min_size=1, max_size=7))
def test_an_interval_holds_its_estimate(held):
    for each in (total(held), share(held)):
        assert each is not None
        assert each.low <= each.value + 1e-9
        assert each.value <= each.high + 1e-9
    assert share(held).high <= 1


@given(st.lists(cells(), min_size=1, max_size=5), st.lists(cells(), min_size=1, max_size=5))
def test_a_part_lies_between_nothing_and_everything(found, missed):
    made = part(total(found), total(missed))
    if made is not None:
        assert 0 <= made.low <= made.value <= made.high <= 1 + 1e-9


def test_what_was_read_as_a_whole_leaves_no_doubt():
    assert total([Cell(10, 10, 3), Cell(5, 5, 0)]) == Interval(3, 3, 3)
    assert part(Interval(6, 6, 6), Interval(2, 2, 2)) == Interval(0.75, 0.75, 0.75)


def test_an_empty_handed_search_still_says_how_much_may_be_there():
    nothing = total([Cell(400, 20, 0)])
    assert (nothing.value, nothing.low) == (0, 0)
    assert 40 < nothing.high < 80


@pytest.mark.parametrize("read", [5, 20, 80])
def test_reading_more_narrows_the_interval(read):
    few, many = share([Cell(400, read, read // 2)]), share([Cell(400, read * 4, read * 2)])
    assert many.high - many.low < few.high - few.low


def test_nothing_found_and_nothing_missed_is_no_part():
    assert part(total([Cell(9, 9, 0)]), total([Cell(9, 9, 0)])) is None
    assert share([]) is None
