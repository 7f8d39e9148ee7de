"""Postal addresses in Latin letters, whole."""

import time
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.detectors.address import ADDRESS, places
from governance.scan.detectors.address_grammar import grammar
from governance.scan.detectors.base import FieldContext


def addresses(text):
    hits = ADDRESS.find(pa.array([text]), FieldContext())
    return [text[start:end] for start, end in zip(hits.start.tolist(), hits.end.tolist(), strict=True)]


WHOLE = [
    "Flat 3, 12 Queen's Road, London SW1A 1AA",
    "742 Evergreen Terrace, Apt 5B, Springfield, IL 62704",
    "350 Fifth Avenue, New York, NY 10118, USA",
    "1600 Pennsylvania Ave NW, Washington, DC 20500",
    "Suite 400, 55 Market Street, San Francisco, CA 94105",
    "221B Baker Street\nLondon\nNW1 6XE\nUnited Kingdom",
    "123 Main St., Toronto, ON M5V 2T6",
    "Unit 4/25 George Street, Sydney NSW 2000, Australia",
    "Hauptstr. 5, 10115 Berlin",
    "Lange Straße 12a, 80331 München",
    "12 rue de la Paix, 75002 Paris, France",
    "Via Roma 41, 00184 Roma",
    "Calle Mayor 12, 28013 Madrid, Spain",
    "Keizersgracht 123, 1015 CJ Amsterdam",
    "Kungsgatan 12, 111 43 Stockholm",
    "ul. Marszałkowska 10/5, 00-590 Warszawa",
    "P.O. Box 1234, Denver, CO 80201",
    "Postfach 12 34, 10115 Berlin",
    "USS Harrier, FPO AE 09532",
    "the corner of Oak Avenue and 5th Street",
]


@pytest.mark.parametrize("address", WHOLE)
def test_address_is_found_whole_in_a_sentence(address):
    if "corner" in address:
        assert places(f"Leave it at {address}, thanks", grammar())[0][:2] == (12, 12 + len(address))
        return
    assert addresses(f"Please send it to {address}; thanks.") == [address]


@pytest.mark.parametrize("address", WHOLE[:-1])
def test_address_is_found_whole_on_lines_of_its_own(address):
    assert addresses(f"Anna Miller\n{address}\n\nSee you soon") == [address]


def test_address_without_a_known_street_word_is_found_by_what_follows():
    assert addresses("she is at 54 Tylova 12\nApt. 7\nHrotovice\nUkraine 83572 now") == [
        "54 Tylova 12\nApt. 7\nHrotovice\nUkraine 83572"
    ]


def test_address_in_small_letters_is_found():
    assert addresses("send it to 12 oak street, apt 4, springfield, il 62704") != []


DECOYS = [
    "3 way split",
    "waited 20 minutes in a row",
    "It is a 5 minutes drive from the place",
    "I walked 3 miles down the road",
    "we have 2 way radios and a 24 hour drive",
    "The 3 items on the street are 40 years old",
    "Order 4411, please. Court is at 3.",
    "See section 12, paragraph 5 of the act",
    "Version 3.2.1, built on 12 May 2024",
    "We sold 400 units and 12 boxes",
    "Chapter 5, The Road",
]


@pytest.mark.parametrize("text", DECOYS)
def test_numbers_among_words_are_no_address(text):
    assert addresses(text) == []


@given(st.text(alphabet="1 2,\nAab.StreetRoad", max_size=120))
def test_places_lie_in_the_text_in_order_and_apart(text):
    found = places(text, grammar())
    assert all(0 <= start < end <= len(text) and 50 <= score <= 100 for start, end, score in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


@pytest.mark.parametrize(
    "piece", ["1 A ", "12 Main ", "1, a, ", "Flat 3 ", "A B, ", "rue 1 ", "strasse 1 ", "corner of a "]
)
def test_long_repeats_take_linear_time(piece):
    text = (piece * 65_536)[:65_536]
    start = time.process_time()
    places(text, grammar())
    assert time.process_time() - start < 8
