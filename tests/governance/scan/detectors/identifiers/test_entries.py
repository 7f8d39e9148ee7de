"""Every entry of the pack finds its own numbers wherever they stand, and refuses wrong ones."""

import re

import pytest

from governance.scan.detectors.identifiers.checks import compact
from governance.scan.detectors.identifiers.layouts import atom, layouts_of
from governance.scan.detectors.identifiers.pack import entries

EVERY = entries()
CHECKED = [entry for entry in EVERY if entry.check is not None]
SEEDS = range(4)
HAN = re.compile(r"[\u3400-\u9fff]")
NAMES = [f"{entry.entity}-{entry.number}" for entry in EVERY]


def strong(found, entity):
    return {text for name, text, score in found if name == entity and score >= 50}


def latin_word(entry):
    return next((word for word in entry.words if re.fullmatch(r"[a-z0-9 .'’-]+", word)), entry.words[0])


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_value_in_an_english_sentence_is_found_whole(entry, sampler, look):
    for seed in SEEDS:
        value = sampler.valid(entry, seed)
        assert value in strong(look(f"My {latin_word(entry)} is {value}, thank you."), entry.entity), value


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_value_between_chinese_characters_is_found_whole(entry, sampler, look):
    word = next((word for word in entry.words if HAN.search(word)), entry.words[0])
    for seed in SEEDS:
        value = sampler.valid(entry, seed)
        assert value in strong(look(f"{word}是{value}已核实"), entry.entity), value


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_value_in_full_width_signs_is_found_whole(entry, sampler, look):
    value = sampler.valid(entry)
    wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in value)
    assert value in strong(look(f"{entry.words[0]}：{wide}。"), entry.entity)


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_hint_of_the_field_speaks_for_a_bare_value(entry, sampler, look):
    value = sampler.valid(entry)
    assert value in strong(look(value, hints={entry.entity}), entry.entity)


@pytest.mark.parametrize("entry", CHECKED, ids=[f"{entry.entity}-{entry.number}" for entry in CHECKED])
def test_wrong_sign_is_refused_even_beside_the_word(entry, sampler, look):
    others = [other for other in EVERY if other.entity == entry.entity and other is not entry]
    for seed in SEEDS:
        try:
            wrong = sampler.nearly(entry, seed)
        except AssertionError:
            assert entry.chance >= 0.3
            return
        if any(other.pattern.fullmatch(wrong) and other.passes(wrong) for other in others):
            continue
        assert wrong not in strong(look(f"My {latin_word(entry)} is {wrong}, thank you."), entry.entity)


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_longer_number_around_a_value_is_no_hit(entry, sampler, look):
    value = sampler.valid(entry)
    for around in (f"7{value}", f"{value}7", f"X{value}", f"3.{value}", f"{value}-4"):
        assert value not in strong(look(f"{entry.words[0]} {around}"), entry.entity) or around.startswith("X-")


@pytest.mark.parametrize("entry", EVERY, ids=NAMES)
def test_layout_of_every_value_is_in_the_table(entry, sampler):
    known = layouts_of(entry.form)
    for seed in SEEDS:
        value = sampler.valid(entry, seed)
        pieces = re.findall(r"[0-9A-Za-z]+|[^0-9A-Za-z]", value)
        assert "".join(atom(piece) if piece.isalnum() else piece for piece in pieces) in known


@pytest.mark.parametrize("entry", CHECKED, ids=[f"{entry.entity}-{entry.number}" for entry in CHECKED])
def test_stated_chance_is_about_that_of_random_values(entry, sampler):
    if entry.chance == 0:
        return
    values = [sampler.random(entry, seed) for seed in range(500)]
    passed = sum(entry.passes(value) for value in values) / len(values)
    assert passed <= 1.6 * entry.chance + 0.03


@pytest.mark.parametrize("entry", CHECKED, ids=[f"{entry.entity}-{entry.number}" for entry in CHECKED])
def test_check_reads_past_the_usual_signs(entry, sampler):
    value = sampler.valid(entry)
    if entry.entity in ("FI_PERSONAL_IDENTITY_CODE", "SE_PERSONNUMMER", "CRYPTO", "HK_BRN"):
        return
    assert entry.passes(compact(value)) or not entry.passes(value)
