"""Identifiers in every form in which stores and texts write them."""

from __future__ import annotations

import pytest

from governance.requests.forms import followed, form_of, guessed_kinds
from governance.requests.traced import Identifier
from policies.errors import BadInputError

REGIONS = ("CN", "DE", "TW")


def form(kind: str, value: str):
    return form_of(Identifier(kind, value), REGIONS)


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("email", "Ann@Example.com", " ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ "),
        ("phone", "+886 912 345 678", "0912-345-678"),
        ("phone", "0912345678", "886912345678"),
        ("phone", "+49 30 901820", "(030) 90 18 20 ext. 7"),
        ("id", "A123456789", "ａ１２３-４５６.７８９"),
        ("name", "王 小明", "王小明"),
        ("name", "Ann Example", "ANN  EXAMPLE"),
    ],
)
def test_equal_values_match_however_they_are_written(kind: str, value: str, stored: str) -> None:
    assert form(kind, value).matches(stored)


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("email", "ann@example.com", "joann@example.com"),
        ("email", "ann@example.com", None),
        ("phone", "+49 30 901820", "+49 30 9018201"),
        ("phone", "+49 30 901820", "+86 30 901820"),
        ("id", "A123456789", "A1234567890"),
        ("name", "王小明", "王小"),
    ],
)
def test_other_values_do_not(kind: str, value: str, stored: str | None) -> None:
    assert not form(kind, value).matches(stored)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("email", "ann@example.com", "write to Ann@example.com."),
        ("email", "ann@example.com", "客户ann@example.com来信"),
        ("phone", "+886 912 345 678", "請撥0912-345-678找我"),
        ("phone", "+49 30 901820", "call +49 (0)30 / 90 18 20 today"),
        ("phone", "+49 30 901820", "flat 12 030 90 18 20 100 units"),
        ("id", "A123456789", "身分證Ａ１２３４５６７８９号"),
        ("name", "王小明", "由王小明签收"),
        ("name", "Ann Example", "客户Ann Example来电"),
    ],
)
def test_a_text_that_names_it_is_known(kind: str, value: str, text: str) -> None:
    assert form(kind, value).stands_in(text)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("email", "ann@example.com", "joann@example.com"),
        ("email", "ann@example.com", "ann@example.com.tw"),
        ("phone", "+49 30 901820", "order 12309018209"),
        ("id", "A123456789", "XA1234567890"),
        ("name", "Ann", "Annabel"),
    ],
)
def test_a_text_with_something_longer_is_not(kind: str, value: str, text: str) -> None:
    assert not form(kind, value).stands_in(text)


def test_kinds_are_told_from_the_look() -> None:
    values = ("a@b.c", "+49 30 1", "0151 2345", "(030) 1", "C-20417", "4711", "13800138000", "１３８００１３８０００")
    assert [guessed_kinds(each, REGIONS) for each in values] == [
        *[("email",), ("phone",), ("phone",), ("phone",), ("id",), ("id",)], ("id", "phone"), ("id", "phone")
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["n/a", "0", "", None, "12", "@"])
def test_what_means_nothing_leads_nowhere(value: str | None) -> None:
    assert [followed(kind, value, REGIONS) for kind in ("email", "phone", "id", "name")] == [None] * 4


@pytest.mark.parametrize(("kind", "value"), [("email", "planted-marker"), ("phone", "12-planted"), ("id", "--")])
def test_a_wrong_form_is_refused_without_the_value(kind: str, value: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        form(kind, value)
    assert "planted" not in str(refusal.value)
    assert "planted" not in repr(Identifier(kind, value))
