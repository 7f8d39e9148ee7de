from __future__ import annotations

import unicodedata
from random import Random

import phonenumbers
import pytest

from governance.demo import phones
from governance.demo.people import COUNTRIES
from governance.demo.wordlists import word_list

_ISO = {"UK": "GB"}


def _is_valid(text: str, country: str) -> bool:
    number = phonenumbers.parse(unicodedata.normalize("NFKC", text), _ISO.get(country, country))
    return phonenumbers.is_valid_number(number)


@pytest.mark.parametrize("country", COUNTRIES)
def test_mobile_numbers_are_valid_in_their_country(country: str):
    rng = Random(country)
    assert [text for text in (phones.mobile(rng, country) for _ in range(400)) if not _is_valid(text, country)] == []


@pytest.mark.parametrize("country", COUNTRIES)
def test_fixed_lines_are_valid_in_every_place(country: str):
    rng = Random(country)
    numbers = [phones.landline(rng, country, place) for place in word_list("places")[country] for _ in range(30)]
    assert [text for text in numbers if not _is_valid(text, country)] == []


@pytest.mark.parametrize("country", COUNTRIES)
def test_numbers_are_written_in_many_ways(country: str):
    rng = Random(country)
    shapes = {"".join("9" if sign.isdigit() else sign for sign in phones.mobile(rng, country)) for _ in range(400)}
    assert len(shapes) >= 5


def test_american_numbers_are_kept_for_fiction():
    rng = Random(1)
    assert all("55501" in "".join(filter(str.isdigit, phones.mobile(rng, "US"))) for _ in range(200))
