"""Pseudonyms: the same everywhere under one key, of the form that was asked for, and of nobody."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import re

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.de import idnr

from governance.protect.pseudonyms import KINDS, Assignments, Pseudonymizer, PseudonymKey, shift_dates
from governance.protect.pseudonyms.national_ids import NATIONAL_IDS
from policies.errors import ConfigError, DecryptionError, KeyringError

KEY, OTHER = PseudonymKey(bytes(range(32))), PseudonymKey(bytes(32))
EVERY = [(name, locale) for name, kind in KINDS.items() for locale in kind.locales or ("",)]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MARKER = "marker-7731@secret.example"
FORMS = {
    "big_integer": r"[1-9][0-9]{0,18}",
    "email": r"[a-z]+\.[a-z]+\.[a-z2-9]{12}@example\.(com|net|org)",
    "integer": r"[1-9][0-9]{0,9}",
    "long_integer": r"[1-9][0-9]{0,15}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}


def made(values, kind="email", locale="", key=KEY, domain="d"):
    return Pseudonymizer(key, domain, kind, locale).column(pa.array(values, pa.string())).to_pylist()


@pytest.mark.parametrize(("kind", "locale"), EVERY)
@settings(max_examples=10, deadline=None)
@given(values=st.lists(TEXTS | st.none(), max_size=20))
def test_equal_values_have_equal_pseudonyms_wherever_they_stand(kind, locale, values):
    found = dict(zip(values, made(values, kind, locale), strict=True))
    assert made(values[::-1], kind, locale) == [found[each] for each in values[::-1]]
    assert [made([each], kind, locale)[0] for each in values] == [found[each] for each in values]
    assert found.get(None) is None


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_key_and_domain_change_every_pseudonym(kind, locale):
    values = [f"person number {n}" for n in range(50)]
    first = made(values, kind, locale)
    for other in (made(values, kind, locale, OTHER), made(values, kind, locale, domain="e")):
        assert sum(one == two for one, two in zip(first, other, strict=True)) <= 3


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_an_empty_column_and_a_column_of_nulls_stay_so(kind, locale):
    assert made([], kind, locale) == []
    assert made([None, None], kind, locale) == [None, None]


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_wide_kinds_have_their_form_and_do_not_meet(kind):
    found = made([f"v{n}" for n in range(2000)], kind)
    assert all(re.fullmatch(FORMS[kind], each) for each in found)
    assert len(set(found)) == 2000


def test_names_and_addresses_are_of_their_language():
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", made(["x"], "person", "en")[0])
    assert all(re.fullmatch(r"[一-鿿]{2,3}", each) for each in made(["x", "y"], "person", "zh-Hans"))
    assert re.fullmatch(r"[一-鿿]+[0-9]+號", made(["x"], "address", "zh-Hant")[0])
    assert re.fullmatch(r"[^0-9]+ [0-9]+, .+", made(["x"], "address", "de")[0])
    assert made(["x"], "company", "zh-Hans")[0].endswith("有限公司")


@pytest.mark.parametrize(("locale", "region"), [("zh-Hans", "CN"), ("zh-Hant", "TW")])
def test_chinese_phones_are_numbers_that_no_plan_gives_out(locale, region):
    numbers = made([str(n) for n in range(200)], "phone", locale)
    for each in numbers:
        try:
            known = phonenumbers.is_valid_number(phonenumbers.parse(each, region))
        except phonenumbers.NumberParseException:
            known = False
        assert not known


def test_western_phones_lie_in_ranges_for_fiction():
    assert all(re.fullmatch(r"\+1-\d{3}-555-01\d\d", each) for each in made([str(n) for n in range(50)], "phone", "en"))
    assert all(
        re.match(r"\+49 (30 23125|40 66969|69 90009|89 99998|221 4710) ", each)
        for each in made([str(n) for n in range(50)], "phone", "de")
    )


def test_national_ids_look_right_and_belong_to_nobody():
    values = [str(n) for n in range(300)]
    for each in made(values, "national_id", "CN"):
        assert ric.calc_check_digit(each) == each[-1]
        assert each.startswith("99")
        assert not ric.is_valid(each)
    for each in made(values, "national_id", "DE"):
        assert idnr.compact(each).startswith("0")
        assert not idnr.is_valid(each)
    assert all(each.startswith("666-") for each in made(values, "national_id", "US"))
    assert all(each.startswith("QQ") for each in made(values, "national_id", "GB"))
    assert not any(taiwan_is_valid(each) for each in made(values, "national_id", "TW"))
    assert all(each.why_free for each in NATIONAL_IDS.values())


def taiwan_is_valid(text):
    code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0]) + 10
    digits = [code // 10, code % 10, *map(int, text[1:])]
    return sum(a * b for a, b in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0


def test_the_check_of_taiwan_ids_knows_a_right_one():
    assert taiwan_is_valid("A123456789")


@settings(max_examples=60, deadline=None)
@given(value=TEXTS | st.from_regex(r"[A-Z]{2}-0?[1-9][0-9]{3,40}[a-z]?", fullmatch=True))
def test_an_id_keeps_its_shape_and_shows_nothing_but_punctuation(value):
    found = made([value], "id")[0]
    assert len(found) == len(value)
    for old, new in zip(value, found, strict=True):
        if not old.isascii():
            assert "a" <= new <= "z"
        elif old.isalnum():
            assert (old.isdigit(), old.isupper()) == (new.isdigit(), new.isupper())
        else:
            assert old == new
    assert not re.match("[1-9]", value) or found[0] != "0"


def test_whole_numbers_stay_whole_numbers_and_equal_their_text():
    numbers = Pseudonymizer(KEY, "d", "integer").column(pa.array([5, None, 7], pa.int64()))
    assert numbers.type == pa.int64()
    assert [str(each) for each in numbers.to_pylist() if each] == made(["5", "7"], "integer")


@pytest.mark.parametrize(
    ("kind", "locale"), [("nothing", ""), ("person", "xx"), ("email", "en"), ("national_id", "zh")]
)
def test_an_unknown_kind_or_locale_is_refused(kind, locale):
    with pytest.raises(ConfigError, match="does not exist"):
        Pseudonymizer(KEY, "d", kind, locale)


@pytest.mark.parametrize("kind", ["email", "long_integer"])
def test_a_column_that_cannot_hold_the_pseudonyms_is_refused(kind):
    for made_by in (Pseudonymizer(KEY, "d", kind), Assignments(KEY, "d", kind)):
        with pytest.raises(ConfigError, match="column of int16") as caught:
            made_by.column(pa.array([1234], pa.int16()))
        assert "1234" not in str(caught.value)


def test_a_negative_number_stays_one_and_is_never_zero():
    found = Pseudonymizer(KEY, "d", "id").column(pa.array(range(-9, 0), pa.int64())).to_pylist()
    assert all(-9 <= each <= -1 for each in found)


def test_the_key_shows_nothing_and_cannot_be_copied():
    assert repr(KEY) == "PseudonymKey()"
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(KeyringError):
            copied(KEY)
    with pytest.raises(KeyringError, match="31 bytes"):
        PseudonymKey(bytes(31))


NUMBERS = pa.array([f"{n:04}" for n in range(1, 1500)])


def test_assigned_pseudonyms_are_one_to_one_in_any_order():
    first, other = Assignments(KEY, "customer", "id"), Assignments(KEY, "customer", "id")
    found = dict(zip(NUMBERS.to_pylist(), first.column(NUMBERS).to_pylist(), strict=True))
    assert len(set(found.values())) == len(NUMBERS) == len(first)
    assert len(set(made(NUMBERS.to_pylist(), "id", domain="customer"))) < len(NUMBERS)
    turned = NUMBERS[::-1]
    assert other.column(turned).to_pylist() == [found[each] for each in turned.to_pylist()]


def test_what_was_assigned_never_changes_and_foreign_keys_follow():
    given_ = Assignments(KEY, "customer", "integer")
    parents = given_.column(pa.array([1, 2, 3], pa.int32()))
    children = given_.column(pa.array([3, 9, None, 1], pa.int32()))
    assert parents.type == children.type == pa.int32()
    assert children.to_pylist()[0] == parents.to_pylist()[2]
    assert children.to_pylist()[2:] == [None, parents.to_pylist()[0]]


def test_assignments_are_reversed_by_who_has_them_and_forgotten_on_demand():
    given_ = Assignments(KEY, "customer", "email")
    pseudonyms = given_.column(pa.array([MARKER, "ann@x.io"]))
    assert given_.reverse(pseudonyms).to_pylist() == [MARKER, "ann@x.io"]
    assert given_.reverse(pa.array(["bob@example.com"])).to_pylist() == [None]
    assert given_.forget(pa.array([MARKER, "nobody"])) == 1
    assert given_.reverse(pseudonyms).to_pylist() == [None, "ann@x.io"]
    assert MARKER not in repr(given_)


def test_sealed_assignments_open_with_the_key_only():
    given_ = Assignments(KEY, "customer", "id")
    pseudonyms = given_.column(NUMBERS)
    given_.column(pa.array([MARKER]))
    sealed = given_.seal()
    assert MARKER.encode() not in sealed
    again = Assignments(KEY, "customer", "id")
    again.unseal(sealed)
    assert again.reverse(pseudonyms) == NUMBERS
    for key, domain, kind in ((OTHER, "customer", "id"), (KEY, "order", "id"), (KEY, "customer", "email")):
        with pytest.raises(DecryptionError) as caught:
            Assignments(key, domain, kind).unseal(sealed)
        assert MARKER not in str(caught.value)


def test_every_flipped_or_missing_byte_of_sealed_assignments_is_refused():
    given_ = Assignments(KEY, "customer", "email")
    given_.column(pa.array(["ann@x.io"]))
    sealed = given_.seal()
    altered = [bytes(byte ^ (n == place) for n, byte in enumerate(sealed)) for place in range(len(sealed))]
    for each in (*altered, *(sealed[:length] for length in range(len(sealed)))):
        with pytest.raises(DecryptionError):
            Assignments(KEY, "customer", "email").unseal(each)


def test_too_few_pseudonyms_end_the_work_without_a_value():
    given_ = Assignments(KEY, "grade", "id")
    with pytest.raises(ConfigError, match="no pseudonym") as caught:
        given_.column(pa.array([MARKER, *"abcdefghijklmnopqrstuvwxyz", "é"]))
    assert MARKER not in str(caught.value)


DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))


@settings(max_examples=40, deadline=None)
@given(days=st.lists(DAYS, min_size=1, max_size=10), subject=st.integers(0, 10**6), span=st.integers(1, 400))
def test_dates_of_one_person_move_alike(days, subject, span):
    found = shift_dates(KEY, "visits", pa.array(days), pa.array([subject] * len(days)), days=span).to_pylist()
    moved = {(new - old).days for old, new in zip(days, found, strict=True) if new is not None}
    assert len(moved) <= 1
    assert all(0 < abs(each) <= span for each in moved)
    assert all(old.year in (1, 2, 9998, 9999) for old, new in zip(days, found, strict=True) if new is None)


def test_times_keep_their_time_of_day_and_people_move_apart():
    times = [dt.datetime(2026, 1, 31, 23, 59, 59)] * 40  # noqa: DTZ001 as a store without zones has it
    found = shift_dates(KEY, "v", pa.array(times, pa.timestamp("us")), pa.array(range(40)), days=30)
    assert {each.time() for each in found.to_pylist()} == {dt.time(23, 59, 59)}
    assert len(set(found.to_pylist())) > 10


def test_a_date_without_a_person_or_outside_the_calendar_gives_null():
    dates = pa.array([dt.date(2026, 1, 1), None, dt.date(9999, 12, 31), dt.date(1, 1, 1)])
    found = shift_dates(KEY, "v", dates, pa.array([None, "a", "a", "a"]), days=3).to_pylist()
    assert found[:2] == [None, None]
    assert found.count(None) == 3
