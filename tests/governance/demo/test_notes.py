from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from random import Random

import pytest

from governance.demo.notes import SLOT_ENTITIES, draw_note, order_number, written_birthday
from governance.demo.people import COUNTRIES, draw_person
from governance.demo.wordlists import word_list

AS_OF = dt.date(2026, 11, 1)
TONGUES = ("en", "zh-Hans", "zh-Hant")


def _notes(count: int = 3000):
    rng = Random("notes")
    return [draw_note(rng, draw_person(rng, rng.choice(COUNTRIES), AS_OF), AS_OF) for _ in range(count)]


def test_every_slot_is_filled():
    assert not [note.text for note in _notes() if re.search(r"\{[a-z]*\}", note.text)]


def test_most_notes_are_harmless_and_every_kind_occurs():
    notes = _notes()
    kinds = Counter(kind for note in notes for kind in note.hidden)
    assert sum(1 for note in notes if not note.hidden) > len(notes) * 0.7
    assert set(kinds) >= {"HEALTH", "PHONE_NUMBER", "EMAIL_ADDRESS", "ADDRESS", "PERSON", "DATE_OF_BIRTH"}


def test_scripts_are_mixed_inside_single_notes():
    mixed = [note for note in _notes() if re.search(r"[A-Za-z]{4}", note.text) and re.search(r"[一-鿿]{3}", note.text)]
    assert len(mixed) > 100


@pytest.mark.parametrize("tongue", TONGUES)
def test_harmless_sentences_have_no_slot_that_hides_something(tongue: str):
    words = word_list("notes")
    pools = [
        words[tongue]["harmless"],
        words["mixed"],
        words["subjects"][tongue],
        words["order_notes"][tongue],
        words["visit_plain"][tongue],
        words["visit_remarks"][tongue],
    ]
    for sentence in (sentence for pool in pools for sentence in pool):
        assert not set(re.findall(r"\{([a-z]+)\}", sentence)) & set(SLOT_ENTITIES)


@pytest.mark.parametrize("tongue", TONGUES)
def test_sentences_that_should_hide_something_do(tongue: str):
    for kind in ("contact", "birthday", "secret", "card"):
        for sentence in word_list("notes")[tongue][kind]:
            assert set(re.findall(r"\{([a-z]+)\}", sentence)) & set(SLOT_ENTITIES), sentence


def test_order_numbers_look_like_cards_but_are_none():
    rng = Random(3)
    numbers = [order_number(rng, AS_OF) for _ in range(500)]
    assert {len(number) for number in numbers} == {16, 18, 19}
    assert all(number.isdigit() for number in numbers)


def test_birthdays_are_written_in_many_ways():
    rng = Random(4)
    assert len({written_birthday(rng, dt.date(1985, 3, 14)) for _ in range(200)}) >= 6
