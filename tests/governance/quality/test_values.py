"""Single values: which are right, which break which rule, in the many ways in which people write them."""

from __future__ import annotations

import pytest

from policies.quality_rules import QualityFile

RIGHT = {
    "email": [
        "ann@example.org",
        "Ann.Smith+shop@Mail.Example.co.uk",
        "王@例子.中国",
        "ａｎｎ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "10001@qq.com",
    ],
    "phone": [
        "13912345678",
        "139 1234 5678",
        "+86 139-1234-5678",
        "0086-13912345678",
        "(+86) 13912345678",
        "１３９１２３４５６７８",
        "010-66778899",
        "（010）66778899",
        "02-2345-6789",
        "(02)2345-6789#12",
        "0912-345-679",
        "+886 912 345 679",
        "886912345679",
        "+852 6123 4567",
        "+44 (0)7400 123456",
        "+49 (0)152 28817312",
        "(212) 555-0123 x45",
    ],
    "birth_date": ["1980-02-29", "1980/2/9", "1980年2月9日", "2026-11-01", "Mai 1980"],
    "national_id": ["11010519491231002X", "A123456789", "A123456(3)", "123-45-6788", "no such form"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004"],
    "name": ["Ng", "Test Ester", "無名氏", "Null Island"],
}
WRONG = {
    ("email", "validity.placeholder"): ["test@test.com", "no@no.no", "TEST@Example.com", "n/a", "无", "-"],
    ("email", "validity.form"): [
        "abc@@qq.com",
        "ann",
        "ann@example",
        "a b@example.org",
        "ann@example..org",
        ".a@b.org",
    ],
    ("phone", "validity.placeholder"): [
        "13800138000",
        "+86 138 0013 8000",
        "00000000000",
        "13888888888",
        "１３８００１３８０００",
    ],
    ("phone", "validity.form"): ["ann@example.org", "12", "call me"],
    ("phone", "validity.region"): ["1234567890123", "+99 12345678", "+86 123 4567 8901"],
    ("birth_date", "validity.placeholder"): ["1900-01-01", "0000-00-00"],
    ("birth_date", "validity.date"): ["1980-02-30", "1981-02-29", "1980-13-01", "2031-01-01", "1850-01-01"],
    ("national_id", "validity.checksum"): ["110105194912310021", "A123456788", "A123456(4)", "666-45-6788"],
    ("national_id", "validity.placeholder"): ["123456789", "000000000000000000"],
    ("card", "validity.checksum"): ["4111 1111 1111 1112"],
    ("name", "validity.placeholder"): ["test", "N/A", "未知", "xxx"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in RIGHT.items() for value in values])
def test_a_right_value_breaks_no_rule(look_at_people, field: str, value: str) -> None:
    assert look_at_people([{field: value}], only=["validity"]).broken(f"crm.people.{field}") == {}


@pytest.mark.parametrize(
    ("field", "rule", "value"), [(field, rule, value) for (field, rule), values in WRONG.items() for value in values]
)
def test_a_wrong_value_breaks_its_rule(look_at_people, field: str, rule: str, value: str) -> None:
    assert look_at_people([{field: value}], only=["validity"]).broken(f"crm.people.{field}") == {rule: 1}


def test_a_number_of_a_region_that_nobody_named_is_reached_through_its_row(look_at_people) -> None:
    rows = [{"phone": "06 12 34 56 78", "country": "FR"}, {"phone": "06 12 34 56 78", "country": "CN"}]
    assert look_at_people(rows).keys("crm.people.phone", "validity.region") == {"2"}


def test_empty_and_blank_cells_are_not_judged(look_at_people) -> None:
    found = look_at_people([{"email": None, "phone": "  "}, {"email": "", "phone": "\u3000"}], only=["validity"])
    assert [each.checked for each in found.measures] == [0, 0]


def test_moments_in_the_future_and_out_of_order(look_at_people) -> None:
    rows = [
        {"created_at": "2026-01-02 10:00:00", "updated_at": "2026-01-01 10:00:00"},
        {"created_at": "2030-01-01", "updated_at": None},
        {"created_at": "2026-01-01T08:00:00.5Z", "updated_at": "2026-01-01 08:00:01"},
    ]
    found = look_at_people(rows, only=["validity"])
    assert found.keys("crm.people.updated_at", "validity.order") == {"1"}
    assert found.keys("crm.people.created_at", "validity.date") == {"2"}


def test_a_record_is_stale_when_nothing_says_that_it_was_verified_within_the_limit(look_at_people) -> None:
    rows = [
        {"email": "a@example.org", "updated_at": "2020-01-01", "verified_at": "2026-01-01"},
        {"email": "b@example.org", "updated_at": "2020-01-01", "verified_at": None},
        {"email": "c@example.org", "updated_at": None, "verified_at": None},
        {"email": "d@example.org", "updated_at": "2024-11-02", "verified_at": None},
    ]
    assert look_at_people(rows).keys("crm.people", "freshness.stale") == {"2"}
    shorter = look_at_people(rows, QualityFile(limits={"user.contact.email": "P30D"}))
    assert shorter.keys("crm.people", "freshness.stale") == {"1", "2", "4"}


def test_a_word_of_the_standard_is_written_exactly_so(look_at_people) -> None:
    rules = QualityFile(vocabularies={"tier": ("gold", "silver")}, values={"crm.people.tier": "tier"})
    rows = [{"tier": each} for each in ("gold", "Gold", "gold ", "ｇold", "金", "silver", None)]
    assert look_at_people(rows, rules).keys("crm.people.tier", "vocabulary.unknown") == {"2", "3", "4", "5"}


def test_what_somebody_accepted_is_left_out(look_at_people) -> None:
    accepted = [{"rule": "validity.form", "place": "crm.people", "why": "old shop"}]
    rows = [{"email": "ann", "phone": "12", "name": "test"}]
    found = look_at_people(rows, QualityFile.model_validate({"accepted": accepted}))
    assert found.broken("crm.people.email") == found.broken("crm.people.phone") == {}
    assert found.broken("crm.people.name") == {"validity.placeholder": 1}
