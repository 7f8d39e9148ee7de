"""Presidio's recognizers as columnar detectors: all take part, none loses a hit to its prefilter."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.detectors.base import FieldContext, mask
from governance.scan.detectors.prefilters import ANY, digits_needed, superset
from governance.scan.detectors.presidio_patterns import as_detector, make_presidio
from governance.scan.presidio import REPLACED, UNLIKE, pattern_recognizers

DETECTORS = make_presidio()
EVERY = [as_detector(type(each).__name__, each) for each in pattern_recognizers(UNLIKE)]
"""Those that gave way too: a later Presidio may bring one back."""
CONTEXT = FieldContext()


def test_every_pattern_recognizer_takes_part_or_is_replaced_with_a_reason():
    from presidio_analyzer import PatternRecognizer, predefined_recognizers

    kinds = [getattr(predefined_recognizers, name) for name in dir(predefined_recognizers)]
    wanted = {
        kind().supported_entities[0]
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, PatternRecognizer) and kind is not PatternRecognizer
    }
    assert wanted == {each.entity for each in DETECTORS} | set(REPLACED)
    assert all(REPLACED.values())


def test_every_prefilter_is_sharper_than_any_character():
    assert [each.name for each in DETECTORS if each.prefilter == ANY] == []


@pytest.mark.parametrize("detector", EVERY, ids=lambda each: each.name)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_prefilter_passes_whatever_the_pattern_matches(detector, data):
    pattern = data.draw(st.sampled_from(detector.recognizer.patterns))
    flags = detector.recognizer.global_regex_flags | regex.ASCII
    text = data.draw(st.text("0123456789ABCXZabcdexyz -/.:#", max_size=24))
    if regex.search(pattern.regex, text, flags):
        assert mask(pa.array([text]), detector.prefilter)[0]
        assert sum(sign.isdigit() for sign in text) >= digits_needed(pattern.regex)


KNOWN = [
    ("UK_NHS", "nhs 943 476 5919"),
    ("SG_NRIC_FIN", "nric S2740116C"),
    ("DE_TAX_ID", "steuer 86095742719"),
    ("AU_TFN", "tfn 876 543 210"),
    ("ES_NIF", "dni 55555555K"),
    ("PL_PESEL", "pesel 11111111116"),
    ("IN_PAN", "AAASA1111R"),
]


@pytest.mark.parametrize(("entity", "text"), KNOWN)
def test_value_of_presidios_own_tests_is_found(entity, text):
    values = pa.array([text])
    hits = [each.find(values, FieldContext(hints=frozenset({entity}))) for each in EVERY if each.entity == entity]
    assert any((hit.score >= 50).any() for hit in hits)


def test_number_beside_chinese_is_found_where_presidios_boundary_fails():
    values = pa.array(["健保号9434765919号"])
    (nhs,) = [each for each in EVERY if each.entity == "UK_NHS"]
    assert len(nhs.find(values, FieldContext(hints=frozenset({"UK_NHS"}))).index) == 1


def test_context_word_counts_within_five_words_before_a_number():
    (weak,) = [each for each in EVERY if each.entity == "US_DRIVER_LICENSE"]
    texts = [
        "driver's license: A1234567",
        "A1234567 for a driver",
        "driver of it since about two or three years A1234567",
    ]
    hits = weak.find(pa.array(texts), CONTEXT)
    best = dict(zip(hits.index.tolist(), hits.score.tolist(), strict=True))
    assert best[0] == 65
    assert max(best.get(1, 0), best.get(2, 0)) < 50


def test_weak_pattern_without_a_context_word_says_nothing():
    values = pa.array(["123456789"])
    weak = [each for each in EVERY if each.entity in ("US_PASSPORT", "US_BANK_NUMBER", "US_DRIVER_LICENSE")]
    assert all(len(each.find(values, CONTEXT).index) == 0 for each in weak)


def test_checksum_alone_stays_weak():
    values = pa.array(["9434765919"])
    for each in EVERY:
        assert (each.find(values, CONTEXT).score < 50).all()


def test_number_column_without_a_name_is_not_looked_at():
    values = pa.array(["9434765919"])
    for each in EVERY:
        assert len(each.find(values, FieldContext(type="integer")).index) == 0


@pytest.mark.parametrize("pattern", [r"(?<=a)b(?!c)", r"(\d)\1", r"\bx\b", r"a{2,5000}", r"(?i)[^a-c]\w+", r"^q$"])
def test_superset_of_odd_syntax_is_accepted_by_re2(pattern):
    pc.match_substring_regex(pa.array(["x"]), superset(pattern))


def test_unparsable_pattern_gives_any_character():
    assert superset("(") == ANY
