"""What characters can add to a Chinese name, as arrays by code: bounds, whatever words they stand in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from governance.scan.detectors.chinese import familiar, foreign, native
from governance.scan.lexicon_zh import NamesZh

Weights = npt.NDArray[np.int16]
Codes = npt.NDArray[np.uint16]
Kinds = npt.NDArray[np.uint8]

CODES = 1 << 16
"""Characters beyond stand in no name."""
NONE = -99
"""The weight of what cannot be."""
FAMILY, RUN, DOT, PREFIX, TITLED, FITS, TITLE = (1 << place for place in range(7))
"""What a character may be: a surname, part of a foreign name, a dot, 老, a surname with a title, behind 老, a title."""
BEFORE, FREE = 1, 2
"""What a side may be: one that announces or tells, one that stands free."""
_EDGE = 0
_HAN = range(0x4E00, 0xA000)


@dataclass(frozen=True, slots=True)
class Tables:
    """By character; the first code stands for the edges of a text."""

    plain: Codes
    """The simplified character."""
    kinds: Kinds
    """What it may be."""
    family: Weights
    """What it weighs as a surname."""
    first: Weights
    """As the first character of a given name."""
    last: Weights
    """As the last one."""
    begins: Weights
    """What a name loses that begins with it."""
    ends: Weights
    """What a name loses that ends with it."""
    titled: Weights
    """What a name of three loses whose second character it is."""
    left: Weights
    """The most that is added where it stands before."""
    left_sides: Kinds
    """What that side may be."""
    right: Weights
    """The most that is added where it stands behind."""
    right_sides: Kinds
    """What that side may be."""
    doubled: npt.NDArray[np.bool_]
    """Whether it may begin a surname of two characters."""
    doubles: npt.NDArray[np.uint32]
    """These surnames, as one number each."""


def make_tables(names: NamesZh) -> Tables:
    """The tables of a pack."""
    words, weights = names.words, names.native
    plain = np.arange(CODES, dtype=np.uint16)
    for traditional, simple in names.simplified.items():
        plain[traditional] = ord(simple)
    first, last = _given(names.given_first), _given(names.given_last)
    first[first <= native.BARRED] = NONE
    small = _signs(words.behind | words.verbs | words.lists)
    left, right = _left(names), _right(names)
    doubles = np.array([ord(each[0]) << 16 | ord(each[1]) for each in names.surnames_double], np.uint32)
    doubled = np.zeros(CODES, np.bool_)
    doubled[doubles >> 16] = True
    return Tables(
        plain=plain,
        kinds=_kinds(names),
        family=_table((sign, weights["surname"] * weight) for sign, weight in names.surnames.items()),
        first=first,
        last=last,
        begins=_table((sign, weights["begins_with_small"]) for sign in _signs(words.before | words.lists)),
        ends=_table((sign, weights["ends_with_small"]) for sign in small)
        + _table((sign, weights["ends_like_place"]) for sign in words.place_endings),
        titled=_table((sign, weights["begins_with_title"]) for sign in words.short_titles),
        left=_most(left, weights),
        left_sides=_sides(left, native.BEFORE_NAMES, native.FREE_LEFT),
        right=_most(right, weights),
        right_sides=_sides(right, native.BEHIND_NAMES, native.FREE_RIGHT),
        doubled=doubled,
        doubles=doubles,
    )


def _given(weights: Mapping[str, int]) -> Weights:
    """Weights of given names: nothing for a Chinese character that the pack does not know, `NONE` for other signs."""
    table = np.full(CODES, NONE, np.int16)
    table[_HAN.start : _HAN.stop] = 0
    for sign, weight in weights.items():
        table[ord(sign)] = weight
    return table


def _table(pairs: Iterable[tuple[str, int]]) -> Weights:
    table = np.zeros(CODES, np.int16)
    for sign, weight in pairs:
        table[ord(sign)] = weight
    return table


def _signs(words: Iterable[str]) -> set[str]:
    return {word for word in words if len(word) == 1}


def _kinds(names: NamesZh) -> Kinds:
    words, kinds = names.words, np.zeros(CODES, np.uint8)
    fitting = {sign for sign, weight in names.surnames.items() if weight >= familiar.COMMON}
    fitting |= {sign for sign, weight in names.given_last.items() if weight >= familiar.GIVEN}
    groups: Mapping[int, Iterable[str]] = {
        FAMILY: names.surnames,
        RUN: [sign for sign, weight in names.transliteration.items() if weight >= foreign.RUN],
        DOT: foreign.DOTS,
        PREFIX: "老小阿",
        TITLED: [sign for sign, weight in names.surnames.items() if weight >= familiar.SURNAME],
        FITS: fitting,
        TITLE: {word[0] for word in words.titles | words.short_titles},
    }
    for kind, signs in groups.items():
        kinds[[ord(sign) for sign in signs]] |= kind
    return kinds


Sides = Mapping[str, Collection[int]]
"""By the name of a piece of evidence: the characters that may stand at its edge."""


def _left(names: NamesZh) -> Sides:
    """What may stand before a name, by its last character."""
    words = names.words
    return {
        **_shared("left", "nvpdx", "nvx", _HAN),
        "left_start": [_EDGE],
        "left_list": _lasts({*words.lists, "、"}),
        "left_at": [ord("@")],
        "left_field": [ord(":")],
        "left_colon": [ord(":")],
        "left_announcing": [*_lasts(words.announcing), ord(":"), ord(" ")],
        "left_role": _lasts(words.roles),
        "left_small": _lasts(words.before),
        "left_like_role": set(map(ord, words.role_endings)),
    }


def _right(names: NamesZh) -> Sides:
    """What may stand behind a name, by its first character."""
    words = names.words
    places = set(map(ord, words.place_endings))
    return {
        **_shared("right", "nvpdx", "nvdx", set(_HAN) - places),
        "right_end": [_EDGE],
        "right_colon": [ord(":")],
        "right_list": _firsts({*words.lists, "、"}),
        "right_title": _firsts(words.titles),
        "right_verb": _firsts(words.verbs),
        "right_small": _firsts(words.behind),
        "right_place": places,
    }


def _shared(side: str, short: str, long: str, plain: Collection[int]) -> dict[str, Collection[int]]:
    """Signs, letters, and the characters that words of no list may have there."""
    others = [code for code in range(1, CODES) if code not in _HAN]
    known = {f"{side}_inside_word": plain}
    known |= {f"{side}_short_{tag}": plain for tag in short} | {f"{side}_word_{tag}": plain for tag in long}
    return {
        **known,
        f"{side}_latin": [code for code in others if chr(code).isalnum()],
        f"{side}_sign": [code for code in others if not chr(code).isalnum()],
    }


def _lasts(words: Iterable[str]) -> set[int]:
    return {ord(word[-1]) for word in words}


def _firsts(words: Iterable[str]) -> set[int]:
    return {ord(word[0]) for word in words}


def _most(sides: Sides, weights: Mapping[str, int]) -> Weights:
    table = np.full(CODES, np.iinfo(np.int16).min // 4, np.int16)
    for key, codes in sides.items():
        chosen = list(codes)
        table[chosen] = np.maximum(table[chosen], weights.get(key, 0))
    return table


def _sides(sides: Sides, before: frozenset[str], free: frozenset[str]) -> Kinds:
    table = np.zeros(CODES, np.uint8)
    for key, codes in sides.items():
        table[list(codes)] |= BEFORE * (key in before) | FREE * (key in free)
    return table
