"""No value with a match is ever kept from its expression: needs and sharp expressions let every hit through."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.detection import _need
from governance.scan.detectors.base import FieldContext, mask
from governance.scan.detectors.pattern import PatternDetector
from governance.scan.detectors.prefilters import sharp
from governance.scan.detectors.registry import default_registry
from governance.scan.makeup import DIGIT, makeup_of
from governance.scan.needs import Need, need_of

DETECTORS = tuple(default_registry())
SEEDS = [
    "zhang@test.com", "13812345678", "+1 212 555 0123", "4539 5787 6362 1486", "11010519491231002X", "536-22-8741",
    "192.168.20.30", "GB82 WEST 1234 5698 7654 32", "A123456(3)", "A123456789", "born 23/05/1987", "1987年5月23日",
    "12 Maple Street, Flat 3", "北京市朝阳区建国路88号", "我叫王小明", "Dear Mr. Smith", "female", "A+", "diabetes",
    "password: hunter22", "https://x.com/ann_miller", "京A12345", "40.7128, -74.0060", "00:1A:2B:3C:4D:5E", "E12345678",
    "943 476 5919", "S1234567D", "AB 12 34 56 C", "微信号：zhangsan_2024", "MRN 00482913", "DE89370400440532013000",
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(SEEDS),
    st.text("0123456789 -+.:/@()ABXYZabk\u212a\u017fé王号", max_size=12),
    st.text(max_size=8),
)
TEXTS = st.lists(st.lists(PIECES, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=8)


def column(texts):
    return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())


@settings(max_examples=25, deadline=None)
@given(TEXTS)
def test_need_keeps_no_hit_from_its_detector(texts):
    values = column([*texts, *SEEDS[::3]])
    makeup = makeup_of(values)
    for detector in DETECTORS:
        hit = np.unique(detector.find(values, FieldContext()).index)
        assert _need(detector).met(makeup)[hit].all(), detector.name


@settings(max_examples=25, deadline=None)
@given(TEXTS)
def test_sharp_expression_matches_wherever_the_pattern_does(texts):
    values = column([*texts, *SEEDS])
    for detector in DETECTORS:
        if isinstance(detector, PatternDetector):
            matched = [detector.pattern.search(text) is not None for text in values.to_pylist()]
            assert mask(values, sharp(detector.pattern))[matched].all(), detector.name


EXPRESSIONS = [
    r"\d{3}-\d{2}", r"(?i)ssn\s*\d+", r"[A-Z]{2}\d{2}|@", r"(?:a|bc)+x?", r"[^0-9]{3}", r"\x{4e00}[0-9]", r"(?s).",
    r"k\d|s\d", r"(?i)k|s", r"[\x{3400}-\x{9fff}]{2}", r"\p{Nd}{3}", r"^\s*\w+\s*$", r"é|\.", r"(?i)[a-z]@", r"",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
@settings(max_examples=25, deadline=None)
@given(texts=TEXTS)
def test_every_match_of_an_expression_holds_what_it_needs(expression, texts):
    values = column(texts)
    matched = np.asarray(pc.match_substring_regex(values, expression).to_numpy(zero_copy_only=False))
    assert need_of(expression).met(makeup_of(values))[matched].all()


@pytest.mark.parametrize(
    ("expression", "value"),
    [(r"\d{9}", "12345678"), (r"\d@", "1.com"), (r"[0-9]-[0-9]", "12"), (r"\x{4e00}\d", "1a"), (r"a{5}", "aaaa")],
)
def test_value_without_what_is_needed_is_kept_out(expression, value):
    assert not need_of(expression).met(makeup_of(pa.array([value]))).any()


def test_alternatives_need_the_least_of_each():
    assert need_of(r"\d{9}|\d{3}@").digits == 3
    assert need_of(r"\d|@") == Need(0, 1, need_of(r"[\d@]").kinds)


def test_what_cannot_be_read_needs_nothing():
    assert [need_of(each) for each in (r"\pL{3}", "(", "")] == [Need()] * 3


def test_group_of_digits_is_left_to_the_count():
    assert DIGIT not in need_of(r"\d{4}").kinds


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?<![0-9A-Za-z])\d{9}(?![0-9A-Za-z])", "1234567890"),
        (r"(?<!\w)\d{3}", "a123"),
        (r"\d{3}(?![0-9]|[.-][0-9])", "1234x"),
    ],
)
def test_sharp_expression_refuses_what_the_surroundings_refuse(pattern, text):
    compiled = re.compile(pattern)
    values = pa.array([text, "123456789", "123"])
    assert mask(values, sharp(compiled)).tolist() == [compiled.search(each) is not None for each in values.to_pylist()]


def test_expression_that_re2_cannot_take_is_no_filter():
    assert mask(pa.array(["x"]), sharp(re.compile(r"(?:(?:a{1,199}){1,199}b){1,199}"))).all()
