from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from random import Random

import pytest

from governance.demo.people import COUNTRIES, draw_people, draw_person, national_id, plate

AS_OF = dt.date(2026, 11, 1)
PEOPLE = draw_people(Random("people"), 4000, AS_OF)


def test_the_same_source_gives_the_same_people():
    assert draw_people(Random(5), 50, AS_OF) == draw_people(Random(5), 50, AS_OF)


def test_people_come_from_all_countries_and_are_of_age():
    assert set(Counter(person.country for person in PEOPLE)) == set(COUNTRIES)
    assert all(18 <= (AS_OF - person.birth).days / 365.25 <= 93 for person in PEOPLE)


def test_emails_are_plain_addresses():
    assert all(re.fullmatch(r"[A-Za-z0-9._+]+@[a-z0-9.-]+\.[a-z]+", person.email) for person in PEOPLE)


def test_names_come_in_three_scripts_and_mixed():
    names = [person.name.written for person in PEOPLE]
    assert any(re.fullmatch(r"[一-鿿]{2,4}", name) for name in names)
    assert any(re.fullmatch(r"[A-Za-z' .-]+", name) for name in names)
    assert any(re.search(r"[A-Za-z]", name) and re.search(r"[一-鿿]", name) for name in names)
    assert any("," in name for name in names)


def test_a_variant_spells_the_same_person_otherwise():
    assert all(
        person.name.variant != person.name.written for person in PEOPLE if person.country not in {"CN", "TW", "HK"}
    )


@pytest.mark.parametrize("country", ["CN", "TW", "HK", "US"])
def test_id_papers_are_of_the_country(country: str):
    person = next(person for person in PEOPLE if person.country == country)
    paper = national_id(Random(1), person)
    assert paper is not None
    assert paper[0].startswith(country)


@pytest.mark.parametrize("country", ["UK", "DE"])
def test_no_id_paper_is_invented_where_the_shop_asks_for_none(country: str):
    person = next(person for person in PEOPLE if person.country == country)
    assert national_id(Random(1), person) is None


def test_american_plates_are_left_out():
    assert plate(Random(1), next(person for person in PEOPLE if person.country == "US")) is None
    assert plate(Random(1), next(person for person in PEOPLE if person.country == "DE"))


def test_an_unknown_country_is_refused():
    with pytest.raises(KeyError):
        draw_person(Random(1), "FR", AS_OF)
