"""Names that their values refute are no guide: alone they give no label, and many of them discredit all others."""

import pyarrow as pa
import pytest

from connectors.memory import MemoryStore
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

TOWNS = ["Denver", "Boston", "Houston", "Chicago", "Seattle", "Phoenix", "Dallas", "Austin", "Portland", "Miami"]
GIVEN = ["Nicholas", "Maria", "Elizabeth", "Robert", "Patricia", "Jennifer", "Michael", "Susan", "Karen", "Daniel"]
AGES = ["35", "61", "27", "44", "52", "39", "70", "18", "23", "58"]
STREETS = [f"{number} E {number % 90} ST" for number in range(1200, 1210)]
LINKS = [f"https://example.org/{number}" for number in range(10)]
PLACES = [f"Xyzzy {letter}" for letter in "abcdefghij"]
YES = ["yes", "no"] * 5


def labels(**columns):
    store = MemoryStore("s", {"t": pa.table({name: pa.array(values) for name, values in columns.items()})})
    fields = scan_store(store, ScanOptions()).datasets[0].fields
    return {each.field: (each.label.entity, each.label.confidence) if each.label else None for each in fields}


def test_values_overrule_names_that_claim_another_kind():
    found = labels(age=TOWNS, city=GIVEN, first_name=AGES, email=STREETS)
    assert {name: label and label[0] for name, label in found.items()} == {
        "age": "CITY",
        "city": "PERSON",
        "first_name": None,
        "email": "ADDRESS",
    }


@pytest.mark.parametrize("name", ["latitude", "longitude", "email", "credit_card"])
def test_name_alone_gives_no_label_to_values_of_another_form(name):
    assert labels(**{name: ["13:05", "22:40", "07:15", "08:30", "17:20", "09:10"]})[name] is None


def test_names_lose_trust_only_where_several_are_refuted():
    alone = labels(country=["Freedonia", "Sylvania", "Ruritania", "Syldavia", "Borduria", "Grand Fenwick"])
    with_one = labels(town=PLACES, latitude=LINKS)
    with_two = labels(town=PLACES, latitude=LINKS, age=STREETS)
    assert alone["country"] is None
    assert with_one["town"] is not None
    assert with_two["town"] is None


def test_flags_named_after_what_they_are_about_discredit_no_other_name():
    found = labels(town=PLACES, credit_card=YES, email=YES)
    assert found["town"] is not None


def test_ages_and_names_of_animals_are_not_personal():
    animals = ["dog", "cat"] * 5
    assert labels(name=GIVEN, kind=animals)["name"] is None
    assert labels(name=GIVEN)["name"] is not None


def test_words_under_a_name_of_people_are_no_second_witness():
    states = ["Issued", "Closed", "Expired", "Renewed", "Revoked"] * 4
    found = labels(first_name=states)["first_name"]
    assert found is None or found[1] < 0.9


def test_geometries_and_bands_of_age_are_personal_among_people_only():
    points = [f"POINT (-{place}.123456 41.654321)" for place in range(70, 80)]
    bands = ["18-29", "30-39", "40-49", "50-64", "65+"] * 2
    alone = labels(the_geom=points, age=bands)
    among = labels(the_geom=points, age=bands, first_name=GIVEN, last_name=[*GIVEN[::-1]])
    assert (alone["the_geom"], alone["age"]) == (None, None)
    assert (among["the_geom"][0], among["age"][0]) == ("COORDINATE", "AGE")


def test_numeric_codes_of_states_and_years_of_birth_refute_no_name():
    codes = [f"{number:03}" for number in range(10, 20)]
    years = [str(1950 + number) for number in range(10)]
    assert labels(town=PLACES, state_code=codes, county_code=codes, birth_year=years)["town"] is not None


def test_an_address_by_name_stays_one_with_its_position_behind_it():
    places = [f"Kiosk {row} behind the old mill\n(52.{row:04}, 13.{row:04})" for row in range(100, 160)]
    found = labels(visitor_address=places, place=places)
    assert {name: label[0] for name, label in found.items()} == {"visitor_address": "ADDRESS", "place": "COORDINATE"}
