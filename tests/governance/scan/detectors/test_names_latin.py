"""Names of people in texts in Latin letters, without a model."""

import time
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.latin_names.gate import make_gate
from governance.scan.detectors.names_latin import PERSON_LATIN
from governance.scan.lexicon_latin import latin_lexicon


def names(text):
    """The strong places of one text, as the words that stand there."""
    hits = PERSON_LATIN.find(pa.array([text]), FieldContext())
    rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
    return [text[start:end] for start, end, score in rows if score >= STRONG]


HITS = [
    ("Please contact Emily Harper about the contract.", ["Emily Harper"]),
    ("My name is Jesenka", ["Jesenka"]),
    ("Spoke with Donald van der Voet on the phone.", ["Donald van der Voet"]),
    ("please add J. R. Whitfield to the list", ["J. R. Whitfield"]),
    ("Dear Ms. O'Connor,\n\nthank you for the parcel.", ["O'Connor"]),
    ("Kind regards,\nSophie Lindqvist\nAccounts", ["Sophie Lindqvist"]),
    ("I met Hans-Peter Müller at the fair.", ["Hans-Peter Müller"]),
    ("They were Viktor, Andrew and Bożena.", ["Viktor", "Andrew", "Bożena"]),
    ("Anna's parcel went to Peter", ["Anna", "Peter"]),
    ("The order of Dr. Okafor came late", ["Okafor"]),
    ("Patient: Meyer, Sandra\nseen today", ["Meyer, Sandra"]),
    ("signed by Martin Keller Jr. in June", ["Martin Keller Jr."]),
    ("we asked Xiaoming Wang and Rajesh Kumar Iyer", ["Xiaoming Wang", "Rajesh Kumar Iyer"]),
    ("my name is tom baker, call me", ["tom baker"]),
    ("can u ask sarah tomorrow", ["sarah"]),
    ("PAID BY KATHERINE HOFFMAN IN CASH", ["KATHERINE HOFFMAN"]),
    ("客户Anna Miller来电, 请回复", ["Anna Miller"]),
    ("Anna Schneider wrote twice. Later Schneider called.", ["Anna Schneider", "Schneider"]),
    ("Sehr geehrte Frau Schubert, Ihre Bestellung ist da.", ["Schubert"]),
]


@pytest.mark.parametrize(("text", "wanted"), HITS)
def test_names_are_found_whole_and_without_their_titles(text, wanted):
    assert names(text) == wanted


DECOYS = [
    "Will my account stay active? May I ask?",
    "The White House said no on Monday.",
    "Login fails on Windows after Update, see Module Foo.",
    "We meet at Victoria Park and then at Jackson Square.",
    "He moved from Jordan to Paris in April.",
    "I'm originally from Sri Lanka and Costa Rica",
    "Customer 4411 called on Monday. Call back, please. Nothing else was said.",
    "the mark of grace and the rose of hope",
    "Summer sale: Amber Lamp and Crystal Vase",
    "write to anna@example.com or @maria_k",
    "run /home/peter/setup and see www.Martin.example",
    "Thomas Cook Holdings Ltd was closed",
    "Mit freundlichen Grüßen",
    "SELECT Name FROM Users WHERE Id = 5",
    "Via Roma and Rue Victor are near",
]


@pytest.mark.parametrize("text", DECOYS)
def test_words_with_a_capital_that_name_nobody_are_left(text):
    assert names(text) == []


def test_value_that_is_a_name_as_a_whole_is_left_to_the_detector_of_whole_values():
    assert names("Anna Miller") == []


def test_unknown_word_is_a_name_only_where_it_is_announced():
    assert names("then Qorvath came and left") == []
    assert names("then my name is Qorvath and I left") == ["Qorvath"]


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=200))
def test_places_lie_in_the_text_in_order_and_apart(text):
    places = PERSON_LATIN.places(text)
    assert all(0 <= start < end <= len(text) and 0 < score <= 100 for start, end, score in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))


@given(st.lists(st.text(alphabet="aA .,éż\nbtm", max_size=30), min_size=1, max_size=6))
def test_text_is_read_alike_whatever_stands_beside_it_in_the_column(texts):
    together = PERSON_LATIN.find(pa.array(texts), FieldContext())
    alone = [
        (number, start)
        for number, text in enumerate(texts)
        for start in PERSON_LATIN.find(pa.array([text]), FieldContext()).start.tolist()
    ]
    assert list(zip(together.index.tolist(), together.start.tolist(), strict=True)) == alone


@pytest.mark.parametrize("text", [text for text, _ in HITS])
def test_gate_opens_for_every_text_with_a_name(text):
    large, small = make_gate(latin_lexicon()).open(pa.array(["", text, "x"]))
    assert (large | small).tolist()[1]


def test_gate_stays_shut_for_ordinary_words():
    large, small = make_gate(latin_lexicon()).open(pa.array(["The parcel was left at the door on Monday.", None or ""]))
    assert not (large | small).any()


@pytest.mark.parametrize("piece", ["A. ", "Anna ", "van der ", "Mr. ", "O'", "A-", "a b ", "Ann, ", "\n", "’s Ann"])
def test_long_repeats_take_linear_time(piece):
    text = (piece * 65_536)[:65_536]
    start = time.process_time()
    PERSON_LATIN.places(text)
    assert time.process_time() - start < 5
