"""The shared look at a column: same answer however it is cut, words near and far, fields that speak."""

import threading

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.identifiers import REPLACES, make_announced, make_identifiers
from governance.scan.detectors.identifiers.checks import check_named
from governance.scan.detectors.identifiers.context import ContextWords
from governance.scan.detectors.identifiers.layouts import layouts_of
from governance.scan.detectors.identifiers.pack import entries

DETECTORS = make_identifiers()
TEXTS = st.lists(st.text("0123456789ABCXZabc -./:(),号码是nhs\n", max_size=40), max_size=6)


def places(values, context=None):
    column = pa.array(values, pa.string())
    found = set()
    for detector in DETECTORS:
        hits = detector.find(column, context or FieldContext())
        rows = zip(hits.index.tolist(), hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
        found |= {(detector.entity, *row) for row in rows}
    return found


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_column_cut_into_parts_gives_the_same_places(values):
    apart = {
        (entity, row, start, end, score)
        for row, value in enumerate(values)
        for entity, _, start, end, score in places([value])
    }
    assert places(values) == apart


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_places_lie_inside_any_text(text):
    for _, _, start, end, score in places([text]):
        assert 0 <= start < end <= len(text)
        assert 0 <= score <= 100


def test_equal_column_of_another_field_is_looked_at_anew():
    value = ["9434765919"]
    assert not any(score >= 50 for *_, score in places(value))
    assert ("UK_NHS", 0, 0, 10, 88) in places(value, FieldContext(hints=frozenset({"UK_NHS"})))
    assert not any(score >= 50 for *_, score in places(value))


def test_threads_do_not_see_each_others_columns():
    texts = ["NHS 943 476 5919", "CPF 529.982.247-25"]
    found = {}

    def look(number):
        for _ in range(20):
            found.setdefault(number, set()).update(places([texts[number]]))

    threads = [threading.Thread(target=look, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entity for entity, *_ in found[0]} == {"UK_NHS"}
    assert {entity for entity, *_ in found[1]} == {"BR_CPF"}


def test_word_before_beats_word_behind():
    found = {(entity, start): score for entity, _, start, _, score in places(["TFN 123 456 782, SIN 130 692 544"])}
    assert found["AU_TFN", 4] > found["CA_SIN", 4]
    assert found["CA_SIN", 21] >= 80


def test_nearer_word_of_another_number_silences():
    assert not any(score >= 50 for *_, score in places(["our NHS team: order no 9434765919"]))
    assert any(score >= 50 for *_, score in places(["order shipped, NHS no 9434765919"]))


def test_word_out_of_reach_says_nothing():
    assert not any(score >= 50 for *_, score in places([f"NHS {'and so on ' * 8}9434765919"]))


def test_words_of_the_field_speak_in_a_numeric_column():
    context = FieldContext(type="integer", words=frozenset({"nhs"}))
    assert ("UK_NHS", 0, 0, 10, 88) in places(["9434765919"], context)


def test_chinese_name_of_a_field_speaks():
    assert ("TRAVEL_PERMIT", 0, 0, 8, 66) in places(["12345678"], FieldContext(words=frozenset({"台胞证号"})))


def test_field_of_national_ids_speaks_a_little_for_each():
    found = places(["44051401458"], FieldContext(hints=frozenset({"NATIONAL_ID"})))
    assert ("PL_PESEL", 0, 0, 11, 76) in found


def test_hits_show_no_value_in_their_repr():
    hits = DETECTORS[0].find(pa.array(["44051401458"]), FieldContext())
    assert "44051401458" not in repr(hits)
    assert "44051401458" not in repr(DETECTORS[0])


def test_word_inside_a_longer_word_says_nothing():
    words = ContextWords({"sin": [1], "身份证": [2]})
    assert words.near("single 130692544", 7, 16) == {}
    assert set(words.near("my sin 130692544", 7, 16)) == {1}
    assert set(words.near("他的身份证号130692544", 6, 15)) == {2}


@pytest.mark.parametrize("name", ["stdnum.xx.nothing", "_weighed", "no_such_check", "Checksum_"])
def test_check_that_does_not_exist_is_refused(name):
    with pytest.raises(KeyError):
        check_named(name)


@pytest.mark.parametrize("form", [r"\d+", r"(?=a)\d", r"[^a]\d", r"(\d)\1"])
def test_form_outside_the_plain_syntax_is_refused(form):
    with pytest.raises((KeyError, ValueError, TypeError)):
        layouts_of(form)


def test_layouts_of_a_form_are_all_its_ways_of_writing():
    assert layouts_of(r"\d{3}[ -]?[A-Z0-9]{2}") == {"d3 d2", "d3-d2", "d5", "d3 m2", "d3-m2", "m5"}


def test_every_replaced_entity_is_found_by_the_pack_with_a_reason():
    assert set(REPLACES) <= {entry.entity for entry in entries()}
    assert all(REPLACES.values())


def test_names_of_detectors_are_unique():
    names = [each.name for each in (*make_identifiers(), *make_announced())]
    assert len(names) == len(set(names))
