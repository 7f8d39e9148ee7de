"""Distinct values against Arrow's own count of them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan import distinct as module
from governance.scan import sketch
from governance.scan.as_text import as_text
from governance.scan.distinct import distinct


def counted(column):
    found = column.value_counts()
    return found.field("values").to_pylist(), found.field("counts").to_pylist()


def held(column):
    found = distinct(column)
    assert found.texts.equals(as_text(found.values))
    assert found.hashes.tolist() == sketch.hash_values(found.texts).tolist()
    return found.values.to_pylist(), found.counts.tolist()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), st.integers(1, 20_000), st.sampled_from(["text", "number", "half"]))
def test_values_that_seldom_repeat_are_counted_as_arrow_counts_them(seed, most, kind):
    numbers = [*range(1024), *np.random.default_rng(seed).integers(0, most, 4096).tolist()]
    column = pa.array([f"u{each}" for each in numbers] if kind == "text" else numbers)
    column = pa.array([each / 2 for each in numbers]) if kind == "half" else column
    assert held(column) == counted(column)


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_few_and_repeated_values_are_counted_too(size):
    for column in (pa.array(["a", "b"] * size, pa.string()), pa.array(["a", "b"] * size).dictionary_encode()):
        assert held(column) == counted(column)


def test_values_whose_hashes_are_alike_are_told_apart(monkeypatch):
    monkeypatch.setattr(sketch, "hash_values", lambda texts: np.full(len(texts), 7, np.uint64))
    column = pa.array([f"u{number % 4500}" for number in range(6000)])
    found = module.distinct(column)
    assert (found.values.to_pylist(), found.counts.tolist()) == counted(column)


def test_a_part_of_a_column_is_counted_by_itself():
    column = pa.array([f"u{number}" for number in range(9000)] * 2).slice(100, 9500)
    assert held(column) == counted(column)


def test_it_shows_no_value():
    assert "secret" not in repr(distinct(pa.array(["secret"])))
