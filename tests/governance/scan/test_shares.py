"""Shares of forms and closed sets: they speak for, yield to names, lean on neighbours and contradict."""

import pytest

from governance.scan.profile import ColumnProfile
from governance.scan.shares import Around, contradicted, left_of, speaks_against, speaks_for

ROWS = 100


def column(distinct=20, length=6, **shares):
    traits = {name.replace("__", "."): round(share * ROWS) for name, share in shares.items()}
    return ColumnProfile(rows=ROWS, length=length * ROWS, longest=20, distinct=tuple(range(distinct)), traits=traits)


def test_column_of_towns_is_a_town_by_its_values():
    assert speaks_for("CITY", column(set__CITY=0.9, latin=1))[0] >= 0.7


def test_surnames_that_are_towns_too_are_no_towns():
    assert speaks_for("CITY", column(set__CITY=0.6, set__SURNAME=0.9, latin=1))[0] == 0


def test_months_are_no_given_names():
    assert speaks_for("PERSON", column(set__GIVEN=0.8, set__CALENDAR=1, latin=1))[0] == 0


def test_towns_yield_to_a_name_that_says_county():
    counties = column(set__CITY=0.9, latin=1)
    assert speaks_for("CITY", counties, Around(named=True, said=frozenset({"STATE"})))[0] < 0.5


def test_five_digits_are_a_postal_code_only_beside_a_town():
    digits = column(form__zip5=1, digits=1, length=5)
    assert speaks_for("POSTAL_CODE", digits)[0] < 0.5
    assert speaks_for("POSTAL_CODE", digits, Around(beside=frozenset({"CITY"})))[0] >= 0.8


def test_ever_different_five_digits_with_another_name_are_a_number():
    numbers = column(distinct=100, form__zip5=1, digits=1, length=5)
    around = Around(beside=frozenset({"CITY"}), named=True)
    assert speaks_for("POSTAL_CODE", numbers, around)[0] < 0.5


def test_one_column_of_degrees_is_weak_and_two_are_a_place():
    degrees = column(form__degrees=1, decimal=1)
    assert speaks_for("COORDINATE", degrees)[0] < 0.5
    assert speaks_for("COORDINATE", degrees, Around(beside=frozenset({"COORDINATE"})))[0] >= 0.8


@pytest.mark.parametrize(
    ("entity", "trait"),
    [("PERSON", "digits"), ("CITY", "dated"), ("AGE", "set__GIVEN"), ("CREDIT_CARD", "set__YES_NO")],
)
def test_values_of_another_kind_take_a_names_weight(entity, trait):
    assert speaks_against(entity, column(**{trait: 1.0})) >= 0.9


@pytest.mark.parametrize("entity", ["CONSENT_FLAG", "HEALTH", "DISABILITY"])
def test_yes_or_no_does_not_contradict_what_it_can_say(entity):
    assert contradicted(entity, column(set__YES_NO=1.0)) == 0


def test_a_handful_of_values_does_not_contradict():
    assert speaks_against("PERSON", ColumnProfile(rows=3, traits={"digits": 3})) == 0


def test_empty_column_says_nothing():
    assert speaks_for("CITY", ColumnProfile())[0] == 0


@pytest.mark.parametrize("entity", ["POSTAL_CODE", "US_DRIVER_LICENSE", "VEHICLE_PLATE"])
def test_number_of_a_thing_counts_less_unless_its_name_says_otherwise(entity):
    thing = Around(numbers_things=True)
    assert left_of(entity, column(), thing) < 1
    assert left_of(entity, column(), Around()) == 1
    assert left_of(entity, column(), Around(numbers_things=True, said=frozenset({entity}))) == 1


def test_bare_digits_under_a_number_of_a_thing_are_hardly_phones():
    thing = Around(numbers_things=True)
    assert left_of("PHONE_NUMBER", column(digits=1.0), thing) < 1
    assert left_of("PHONE_NUMBER", column(digits=0.1), thing) == 1


def test_one_letter_alone_is_no_gender():
    assert speaks_for("GENDER", column(distinct=1, **{"set.GENDER.maybe": 1.0}), Around(frozenset({"PERSON"})))[0] == 0


def test_fax_of_noughts_is_contradicted():
    assert speaks_against("FAX", column(**{"form.age": 1.0})) > 0.9


def test_streets_speak_for_an_address_and_less_under_a_name_that_says_another_thing():
    streets = column(**{"last.ADDRESS": 0.5, "form.street": 0.4, "latin": 1})
    assert speaks_for("ADDRESS", streets)[0] >= 0.7
    assert speaks_for("ADDRESS", streets, Around(named=True))[0] < 0.5


@pytest.mark.parametrize(("trait", "least"), [("latin", 0.6), ("digits", 0.6), ("decimal", 0.0)])
def test_name_of_a_coordinate_needs_degrees(trait, least):
    assert speaks_against("COORDINATE", column(**{trait: 1.0})) >= least
    assert least or speaks_against("COORDINATE", column(**{trait: 1.0})) == 0


def test_yes_and_no_are_no_codes_of_countries():
    answers = column(distinct=2, length=2.5, **{"set.COUNTRY.maybe": 0.9, "set.YES_NO": 1.0})
    assert speaks_for("COUNTRY", answers, Around(frozenset({"CITY"})))[0] == 0
