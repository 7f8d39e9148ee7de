"""Who is one person behind two records, and who is not."""

from __future__ import annotations

import hashlib

import pytest

from governance.quality.duplicates import Groups

BASE = {
    "name": "欧阳小明",
    "email": "xiaoming.ouyang@example.cn",
    "phone": "13912345678",
    "birth_date": "1980-02-09",
    "address": "广东省深圳市南山区科技园路1号",
}


def _later(look_at_people, *rows: dict[str, str | None]) -> set[str]:
    return look_at_people(rows, only=["uniqueness"]).keys("crm.people", "uniqueness.person")


@pytest.mark.parametrize(
    "other",
    [
        {"name": "歐陽小明", "phone": "+86 139 1234 5678"},
        {"name": "OUYANG Xiaoming", "phone": "(0086)139-1234-5678"},
        {"name": "Xiaoming Ouyang", "email": "XiaoMing.Ouyang+news@Example.cn"},
        {"name": "欧阳 小明", "birth_date": "1980/2/9"},
        {"name": "ｏｕｙａｎｇ ｘｉａｏｍｉｎｇ", "birth_date": "1980-02-09", "phone": "13700001111"},
        {"name": "歐陽小明", "address": "廣東省深圳市南山區科技園路1號"},
        {"email": "xiaoming.ouyang@example.cn"},
    ],
)
def test_another_record_of_a_person_is_found(look_at_people, other: dict[str, str]) -> None:
    assert _later(look_at_people, BASE, other) == {"2"}


@pytest.mark.parametrize(
    "other",
    [
        {"name": "欧阳小红", "phone": "13912345678", "address": BASE["address"]},  # a sister
        {"name": "欧阳小明", "birth_date": "2010-05-01", "address": BASE["address"]},  # a son of the same name
        {"name": "欧阳小明"},  # a namesake
        {"phone": "13912345678"},  # whoever answers
        {"birth_date": "1980-02-09"},
        {"name": "Peter Smith", "birth_date": "1980-02-09", "email": "peter@example.org"},
    ],
)
def test_another_person_is_let_be(look_at_people, other: dict[str, str]) -> None:
    assert _later(look_at_people, BASE, other) == set()


def test_fillers_are_nobodys(look_at_people) -> None:
    rows = [{"name": f"Person {each}", "email": "test@test.com", "phone": "13800138000"} for each in ("A", "B", "C")]
    assert _later(look_at_people, *rows) == set()


def test_a_person_who_stands_three_times_is_two_too_many_in_any_order(look_at_people) -> None:
    rows = [
        {"name": "Anna Smith", "email": "anna@example.org"},
        {"name": "SMITH, Anna", "phone": "+44 7400 123456", "birth_date": "1980-02-09"},
        {"name": "Peter Smith", "email": "peter@example.org", "birth_date": "1980-02-09"},
        {"name": "Anna Smith", "email": "anna@example.org", "birth_date": "1980-02-09"},
    ]
    assert _later(look_at_people, *rows) == {"2", "4"}
    assert len(_later(look_at_people, *reversed(rows))) == 2


def test_a_thing_that_a_thousand_share_costs_no_thousand_squared(look_at_people) -> None:
    shared = [{"name": _any_name(n), "phone": "020 7946 0123"} for n in range(1000)]
    twice = [*shared, {"name": shared[500]["name"], "phone": "+44 20 7946 0123"}]
    assert _later(look_at_people, *twice) == {"1001"}


def _any_name(number: int) -> str:
    """A name like no other."""
    letters = hashlib.sha256(str(number).encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"{letters[:8]} {letters[8:20]}"


def test_groups_do_not_depend_on_the_order_of_joining() -> None:
    pairs = [(1, 2), (7, 3), (2, 3), (9, 10)]
    for order in (pairs, pairs[::-1], [(b, a) for a, b in pairs]):
        groups = Groups()
        for one, other in order:
            groups.join(one, other)
        assert list(groups.later()) == [(2, 1), (3, 1), (7, 1), (10, 9)]
