# ruff: noqa: DTZ001 stores hold times without a zone
"""Masks as Python and as Arrow."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal, localcontext

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.protect.masks import ANY_TYPE, MASKS, mask
from policies.errors import PolicyFileError

CASES = {
    "email": {
        "ann.lee@example.org": "a***@example.org",
        "张三@例子.公司": "张***@例子.公司",
        "a@x.io": "***@x.io",
        "@x.io": "***@x.io",
        "ann": "***",
        "a@b@x.io": "***",
        "ann@x.io, 13812345678": "***",
        "ann@x.io，电话": "***",
        "": "***",
    },
    "phone": {
        "13812345678": "138****5678",
        "+8613812345678": "+86****5678",
        "(555) 123-4567": "****4567",
        "91234567": "****4567",
        "0912345678": "****5678",
        "1234567": "****",
        "call Ann at home": "****",
        "13812345678 Ann": "****",
        "": "****",
    },
    "name": {
        "张三": "张*",
        "张小明": "张**",
        "欧阳修": "欧阳*",
        "欧阳娜娜": "欧阳**",
        "司馬遼太郎": "司馬**",
        "司马": "司*",
        "𠮷田": "𠮷*",
        "Ann": "A***",
        "Ann Lee": "A*** L***",
        "Ann B. Lee": "A*** B***",
        "Ann  Lee": "A***",
        "张": "*",
        "": "*",
    },
    "address": {
        "北京市朝阳区建国路88号": "北京市朝阳区****",
        "广东省深圳市南山区科技园": "广东省深圳市南山区****",
        "台北市大安區仁愛路四段1號": "台北市大安區****",
        "新疆维吾尔自治区乌鲁木齐市天山区解放路1号": "新疆维吾尔自治区乌鲁木齐市天山区****",
        "江苏省苏州市昆山市人民路2号": "江苏省苏州市****",
        "浙江省嘉兴市嘉善县": "浙江省嘉兴市嘉善县****",
        "幸福小区3号楼": "****",
        "建国路88号朝阳区": "****",
        "12 Main Street, Springfield": "****",
        "": "****",
    },
    "id_card": {
        "110105194912310021": "110105********0021",
        "11010519491231002X": "110105********002X",
        "110105491231002": "110105********1002",
        "A123456789": "****",
        "1101051949123100210": "****",
        "call Ann at home now": "****",
        "": "****",
    },
    "postcode_2": {"90210": "90***", "902": "***", "": "***"},
    "postcode_3": {"90210": "902***", "SW1A 1AA": "SW1***", "9021": "***"},
    "postcode_4": {"100020": "1000***", "90210": "***"},
    "last4": {"11010519491231002X": "****002X", "6222020200112233445": "****3445", "1234567": "****", "": "****"},
    "redact": {"anything": "***", "": "***"},
    "year": {"1990-02-03": "1990", "1990": "1990", "1990年2月": "1990", "13812345678": "****", "Feb 1990": "****"},
}
NUMBERS = {
    "age_band": {0: 0, 17: 0, 18: 18, 40: 35, 65: 65, 150: 65, 151: None, -1: None, True: None},
    "bucket_10": {19: 10, -1: -10, 0: 0, 19.99: 10.0, Decimal("19.99"): Decimal(10), math.nan: None, math.inf: None},
    "bucket_100": {199: 100, -100: -100, 10**15: 10**15, 10**15 + 1: None},
    "bucket_1000": {52_300: 52_000, Decimal("NaN"): None},
    "bucket_10000": {52_300: 50_000},
    "grid": {52.5163: 52.5, -0.05: 0.0, 13.35: 13.4, 180.1: None, Decimal("13.35"): Decimal("13.4")},
    "grid_1": {52.5163: 53.0, -52.5163: -53.0, math.nan: None},
    "year": {
        dt.date(1990, 2, 3): dt.date(1990, 1, 1),
        dt.datetime(1990, 2, 3, 4, 5): dt.datetime(1990, 1, 1),
    },
}
TYPES = {int: "integer", bool: "integer", float: "float", Decimal: "decimal", dt.date: "date", dt.datetime: "datetime"}
ARROW = {"integer": pa.int64(), "float": pa.float64(), "date": pa.date32(), "datetime": pa.timestamp("us")}


def test_every_mask_has_cases_and_they_are_sorted():
    assert sorted(CASES.keys() | NUMBERS.keys()) == list(MASKS)


@pytest.mark.parametrize(
    ("name", "value", "left"), [(name, *case) for name, cases in CASES.items() for case in cases.items()]
)
def test_mask_leaves(name, value, left):
    assert MASKS[name].apply(value) == left


@pytest.mark.parametrize("name", sorted(MASKS))
def test_null_and_what_is_no_text_give_null(name):
    assert [MASKS[name].apply(value) for value in (None, 5, b"raw", 1.5)] == [None] * 4


@pytest.mark.parametrize(
    ("name", "value", "left"), [(name, *case) for name, cases in NUMBERS.items() for case in cases.items()]
)
def test_mask_of_a_number_or_day_leaves_one_of_its_own_type(name, value, left):
    found = MASKS[name].apply(value, TYPES[type(value)])
    assert found == left
    assert found is None or type(found) is type(value)


@pytest.mark.parametrize(("name", "type_"), [("email", "date"), ("redact", "integer"), ("grid", "string")])
def test_a_type_that_the_mask_does_not_keep_gives_null(name, type_):
    assert not MASKS[name].keeps(type_)
    assert MASKS[name].apply("ann@x.io", type_) is None
    assert MASKS[name].column(pa.array(["ann@x.io"]), type_).to_pylist() == [None]


def test_days_that_a_store_keeps_as_text_stay_text():
    assert MASKS["year"].apply("1990-02-03", "date") == "1990-01-01"
    assert MASKS["year"].apply("1990-02-03 04:05", "datetime") == "1990-01-01 00:00:00.000000"
    assert MASKS["year"].apply("03.02.1990", "date") is None
    assert MASKS["year"].column(pa.array(["1990-02-03", None]), "date").to_pylist() == ["1990-01-01", None]


VALUES = {
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.text("张欧阳司马小明京市区县路号省1234567890Xx @.-年 Aé\n", max_size=20),
    "integer": st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 2000),
    "float": st.floats() | st.floats(-200, 200),
    "decimal": st.decimals(-(10**16), 10**16, places=3),
    "date": st.dates(),
    "datetime": st.datetimes(),
}


@pytest.mark.parametrize(
    ("name", "type_"), [(name, type_) for name, mask in MASKS.items() for type_ in VALUES if mask.keeps(type_)]
)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_column_is_masked_as_its_values_are(name, type_, data):
    values = data.draw(st.lists(VALUES[type_] | st.none(), max_size=40))
    arrow = pa.string() if type_ == "string" else ARROW.get(type_, pa.decimal128(30, 3))
    column = pa.array(values, arrow)
    found = MASKS[name].column(column, type_)
    assert found.type == arrow
    assert found.to_pylist() == [MASKS[name].apply(value, type_) for value in values]


@pytest.mark.parametrize("name", sorted(MASKS))
def test_types_are_declared_in_the_words_of_stores(name):
    assert MASKS[name].input_types <= ANY_TYPE
    assert MASKS[name].output_type in ANY_TYPE | {"same"}


@given(st.text(min_size=1))
def test_phone_hides_at_least_four_characters(value):
    left = MASKS["phone"].apply(value)
    assert len(left.replace("****", "")) <= max(len(value) - 4, 0)


@given(st.text())
def test_email_shows_one_character_of_the_local_part(value):
    left = MASKS["email"].apply(value)
    shown, _, domain = left.partition("***")
    assert len(shown) <= 1
    assert domain == "" or value.endswith(domain)


def test_a_grid_does_not_hang_on_what_a_thread_sets_for_decimals():
    with localcontext(prec=3):
        assert MASKS["grid"].apply(Decimal("-112.34567890"), "decimal") == Decimal("-112.3")


def test_a_mask_that_does_not_exist_is_refused():
    with pytest.raises(PolicyFileError, match="rot13"):
        mask("rot13")
    assert mask("email") is MASKS["email"]
