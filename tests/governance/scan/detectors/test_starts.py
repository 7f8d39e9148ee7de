"""A detector that lists the places where a match may begin finds what its expression finds everywhere."""

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from governance.scan.detectors.base import mask
from governance.scan.detectors.pattern import matches
from governance.scan.detectors.registry import OWN
from governance.scan.mentions import Mentions

WITH_STARTS = [each for each in OWN if getattr(each, "starts", None) is not None]
PARTS = st.sampled_from(
    [
        "138 0013 8000",
        "+44 20 7946 0958",
        "(0912-345-678)",
        "a.b@test.co.uk",
        "zhang#test.com",
        "x at y dot com",
        "A123456789",
        "123-45-6789",
        "12/05/2020",
        "电话",
        "tel",
        " ",
        "，",
        "-",
        "+",
        "(",
        "@",
        "0",
        "9",
        "a",
        "号",
        "\n",
    ]
)
TEXTS = st.one_of(st.lists(PARTS, max_size=8).map("".join), st.text("0123456789+-(). @abX王，", max_size=40))


def test_the_detectors_meant_are_there():
    assert {each.entity for each in WITH_STARTS} >= {"PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "TW_NATIONAL_ID"}


@pytest.mark.parametrize("detector", WITH_STARTS, ids=lambda each: each.name)
@given(text=TEXTS)
@example(text="tel13800138000/13900139000转8")
def test_listed_starts_lose_and_add_no_match(detector, text):
    everywhere = [match.span() for match in detector.pattern.finditer(text, 0, detector.longest)]
    listed = [match.span() for match in matches(detector.pattern, detector.starts, text, detector.longest)]
    assert listed == everywhere


WORDS = {3: r"(?i)passport", 5: r"(?i)(?:tax|vat) id", 8: r"护照"}


@settings(deadline=None)  # the first one makes the automaton
@given(st.lists(st.sampled_from(["my passport", "Tax ID 5", "护照号", "passport and vat id", "", "none"]), max_size=12))
def test_mentions_are_the_values_that_each_word_matches(texts):
    values = pa.array(texts, pa.string())
    found = Mentions(WORDS).rows(values, [3, 8, 9])
    assert set(found) == {3, 8}
    for number, rows in found.items():
        assert rows.tolist() == [row for row, hit in enumerate(mask(values, WORDS[number]).tolist()) if hit]
