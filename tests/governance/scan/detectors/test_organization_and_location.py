"""Organizations and places in texts in Latin letters."""

import time

import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.location import LOCATION
from governance.scan.detectors.organization import ORGANIZATION


def found(detector, text):
    hits = detector.find(pa.array([text]), FieldContext())
    return [text[start:end] for start, end in zip(hits.start.tolist(), hits.end.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The invoice of Hartwell Ltd. is due", "Hartwell Ltd."),
        ("At Brinkley & Sons we care", "Brinkley & Sons"),
        ("bestellt bei Krüger Maschinenbau GmbH gestern", "Krüger Maschinenbau GmbH"),
        ("she studied at the University of Leeds", "University of Leeds"),
        ("treated in Mayo Clinic last year", "Mayo Clinic"),
        ("he works for Quovant Dynamics", "Quovant Dynamics"),
        ("she spent a year at Quovant before", "Quovant"),
        ("he graduated from Brindlemoor in May", "Brindlemoor"),
        ("invoice of Marlowe Trading Sdn Bhd of May", "Marlowe Trading Sdn Bhd"),
        ("bought from Vextra Therapeutics in June", "Vextra Therapeutics"),
        ("Copyright 2004-2010 Quovant Tools, Inc.", "Quovant Tools, Inc."),
        ("my card from Deutsche Bank expired", "Deutsche Bank"),
    ],
)
def test_organization_is_found_without_the_sentence(text, name):
    assert found(ORGANIZATION, text) == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a meeting with Davis, Reynolds and Williamson on Monday", "Davis, Reynolds and Williamson"),
        ("payment from Reynolds & Barnes arrived", "Reynolds & Barnes"),
        ("At Thompson & Barnes we care", "Thompson & Barnes"),
    ],
)
def test_surnames_in_a_row_are_a_firm(text, name):
    assert found(ORGANIZATION, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "with Anna, Peter and Laura",
        "with James, Thomas and Kelly",
        "Anna Davis, Reynolds and Williamson came",
        "Mr. Reynolds & Barnes",
        "Reynolds and Barnes met",
        "Reynolds & Barnes Smithers",
        "Monday, Tuesday and Friday",
        "Terms & Conditions",
        "our founders: Reynolds, Barnes and Williamson",
        "Springfield & London",
    ],
)
def test_people_and_other_things_in_a_row_are_no_firm(text):
    assert found(ORGANIZATION, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "He works for me",
        "The Company may change this",
        "our Customer Support Services are closed",
        "a union of two banks",
        "The University is closed",
        "INC 4411 was opened",
    ],
)
def test_common_words_are_no_organization(text):
    assert found(ORGANIZATION, text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I'm from Sri Lanka", "Sri Lanka"),
        ("we flew to New York City on Monday", "New York City"),
        ("back from the Republic of the Congo", "Republic of the Congo"),
        ("a letter from Jordan came", "Jordan"),
        ("he lives in germany now", "germany"),
        ("she drove to Katowice yesterday", "Katowice"),
        ("I'm in Brindlemoor, at the conference", "Brindlemoor"),
        ("born in Velka Ostrava in 1980", "Velka Ostrava"),
        ("Home town: Sankt Ebbo", "Sankt Ebbo"),
        ("ein Haus, sie wohnt in Niederlinden seit Mai", "Niederlinden"),
    ],
)
def test_place_is_found(text, name):
    assert found(LOCATION, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Jordan signed it",
        "Chinatown is near",
        "the indian food",
        "paris@example.com",
        "Please eat the turkey",
        "It is in us",
        "she moved to Sales in May",
        "born in March",
        "a gift from Jackson",
        "he lives in Apartment 4",
        "Victoria is from Experian",
    ],
)
def test_other_words_are_no_place(text):
    assert found(LOCATION, text) == []


@pytest.mark.parametrize("piece", ["A ", "Inc. ", "A & B ", "University of ", "Bank ", "New York"])
@pytest.mark.parametrize("detector", [ORGANIZATION, LOCATION])
def test_long_repeats_take_linear_time(detector, piece):
    text = (piece * 65_536)[:65_536]
    start = time.process_time()
    detector.find(pa.array([text]), FieldContext())
    assert time.process_time() - start < 8
