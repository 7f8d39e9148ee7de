import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.json_paths import collapse, key_step, walk, written
from governance.scan.profile import ColumnProfile
from governance.scan.shapes import shape, shape_name


def test_shape_keeps_form_and_no_character():
    assert shape("ada@example.org") == "aaa@aaaaaaa.aaa"
    assert shape("王小明 13812345678") == "中中中 99999999999"
    assert shape("Ann O'Neil") == "Aaa A'Aaaa"


@given(st.text())
def test_shape_never_holds_a_letter_or_digit_of_the_value(text):
    assert {sign for sign in shape(text) if sign.isalnum()} <= set("aA9中")
    assert len(shape(text)) <= 41


@pytest.mark.parametrize(
    "name", ["customers", "orders_2024-01-02.csv", "Sheet1", "备注", "客户名单.xlsx", "email", "Order Items", "v1.2.3"]
)
def test_harmless_name_stays(name):
    assert shape_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["13812345678.csv", "zhang@test.com", "Anna Miller", "王小明", "11010519491231002X", "id 4111-1111-1111-1111"],
)
def test_name_that_holds_a_value_becomes_its_shape(name):
    assert shape_name(name) == shape(name)


@pytest.mark.parametrize(
    "key", ["zhang@test.com", "13812345678", "2024", "", "x" * 70, "550e8400-e29b-41d4-a716-446655440000"]
)
def test_key_that_looks_like_data_collapses(key):
    assert key_step(key) == "*"


@pytest.mark.parametrize("key", ["tel", "emergency", "shoe_size", "中文名", "line1"])
def test_key_that_is_a_word_stays(key):
    assert key_step(key) == key


def test_paths_keep_keys_lists_and_data_keys():
    document = {"a": [{"tel": "1"}], "notify": {"zhang@test.com": {"ok": True}}}
    found = {written(path): value for path, value in walk(document, {})}
    assert found == {"$.a[*].tel": "1", "$.notify.*": "zhang@test.com", "$.notify.*.ok": "true"}


def test_wide_object_collapses_and_narrow_one_stays():
    wide = {("o", f"k{number}"): ColumnProfile(rows=1) for number in range(65)}
    narrow = {("p", f"k{number}"): ColumnProfile(rows=1) for number in range(64)}
    joined = collapse({**wide, **narrow})
    assert joined["o", "*"].rows == 65
    assert sum(path[0] == "p" for path in joined) == 64
