"""A profile is the same, byte for byte, whichever way the rows were split and in whichever order the parts came."""

import json
from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Dataset, DatasetKind, Field
from governance.scan.dataset_profile import DatasetProfile, Profiler
from governance.scan.detectors.registry import default_registry
from governance.scan.profile import ColumnProfile

CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "",
            " ",
            "zhang@test.com",
            "13812345678",
            "王小明",
            "4111111111111111",
            "4111111111111112",
            "note: 电话13812345678 a@b.cn",
            "Anna Miller",
            "11010519491231002X",
            "\x00",
            "x" * 200,
        ]
    ),
    st.text(max_size=12),
)
DOCUMENTS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            '{"a": {"tel": "13812345678"}}',
            '{"zhang@test.com": 1}',
            "[1, 2]",
            "{broken",
            '"x"',
            '{"k": [{"n": "王小明"}]}',
        ]
    ),
    st.dictionaries(st.text("abc", min_size=1, max_size=2), st.integers(0, 9), max_size=8).map(json.dumps),
)
ROWS = st.lists(st.tuples(CELLS, DOCUMENTS, st.one_of(st.none(), st.integers(-(2**40), 2**40))), max_size=40)
DATASET = Dataset("t", DatasetKind.TABLE, (Field("a", "string"), Field("j", "json"), Field("n", "integer")))
PROFILER = Profiler(DATASET, tuple(default_registry()), ("CN", "US"))


def profile(rows):
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    types = (pa.string(), pa.string(), pa.int64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return PROFILER.profile(pa.Table.from_arrays(arrays, names=["a", "j", "n"]))


def text_of(one):
    return json.dumps(one.to_json(), sort_keys=True)


@settings(max_examples=25, deadline=None)
@given(ROWS, st.lists(st.integers(0, 40), max_size=4), st.randoms(use_true_random=False))
def test_any_split_in_any_order_gives_the_same_bytes(rows, cuts, order):
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [profile(rows[low:high]) for low, high in pairwise(edges)]
    order.shuffle(parts)
    merged = DatasetProfile()
    for part in parts:
        merged = merged.merge(part)
    assert text_of(merged) == text_of(DatasetProfile().merge(profile(rows)))


@settings(max_examples=15, deadline=None)
@given(ROWS, ROWS, ROWS)
def test_merging_is_associative(one, two, three):
    first, second, third = profile(one), profile(two), profile(three)
    assert text_of(first.merge(second).merge(third)) == text_of(first.merge(second.merge(third)))


@settings(max_examples=15, deadline=None)
@given(ROWS)
def test_profile_survives_the_way_through_json(rows):
    made = profile(rows)
    assert text_of(DatasetProfile.from_json(json.loads(text_of(made)))) == text_of(made)


def test_more_than_64_keys_collapse_whichever_part_they_came_in():
    rows = [(None, json.dumps({f"k{number}": {"v": "13812345678"}}), None) for number in range(100)]
    whole = DatasetProfile().merge(profile(rows))
    halves = profile(rows[:40]).merge(profile(rows[40:]))
    assert text_of(whole) == text_of(halves)
    assert list(whole.paths["j"]) == [("*", "v")]
    assert whole.paths["j"]["*", "v"].tallies["PHONE_NUMBER"].strong == 100


def test_distinct_count_is_exact_below_the_sketch_and_close_above():
    few = PROFILER.profile(pa.table({"a": [str(number % 500) for number in range(3000)]})).columns["a"]
    many = PROFILER.profile(pa.table({"a": [f"v{number}" for number in range(20_000)]})).columns["a"]
    assert few.distinct_count == 500
    assert abs(many.distinct_count - 20_000) < 2_000


def test_empty_profile_says_nothing():
    assert ColumnProfile().distinct_count == 0
    assert ColumnProfile().share("digits") == 0.0
