"""Places in Chinese texts, from the gazetteer, the countries of the world and words for kinds of places.

Places in a row are one (浙江省杭州市). What speaks of people or an office of a place (北京人, 美国政府) names no place.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache

from babel import Locale

from governance.scan.detectors.chinese.gazetteer import Gazetteer, made, own_places
from governance.scan.detectors.chinese.segments import (
    LONGEST,
    TWO_HAN,
    Segments,
    is_han,
    part_of_speech,
    simplified,
)
from governance.scan.detectors.organization_zh import begin_of_name, is_proper
from governance.scan.detectors.reading import Place, ReadingDetector
from governance.scan.lexicon import NEWEST
from governance.scan.lexicon_zh import names_zh
from policies.pack_loader import load_pack

_PIECE = 4_096
_SCORE, _SHORT = 55, 2
_TOWARDS = frozenset("在到去来往赴抵回离从于飞")
"""What stands before a place that somebody is at or goes to."""


@dataclass(frozen=True, slots=True)
class PlacesZh:
    """What places in Chinese are told by, in simplified characters."""

    known: Gazetteer
    """Names of places at home and abroad."""
    countries: frozenset[str]
    """Those that are countries."""
    kinds: re.Pattern[str]
    """Words that end the name of a place, the longest first."""
    goes_on: re.Pattern[str]
    """What belongs to a place right behind it."""
    kills: re.Pattern[str]
    """What makes the name of a place a word for people, offices and languages."""


@cache
def places_zh() -> PlacesZh:
    """The newest edition. Raises PackError when the pack is wrong."""
    body = load_pack("gazetteer_zh", NEWEST).body
    territories = Locale.parse("zh").territories
    countries = frozenset(name for code, name in territories.items() if len(code) == 2 and code.isalpha()) | frozenset(
        body["countries"].split()
    )
    names = own_places() | countries | frozenset(body["abroad"].split())
    return PlacesZh(
        made(name for name in names - frozenset(body["not_alone"].split()) if len(name) > 1),
        countries,
        re.compile("|".join(sorted(body["kinds"].split(), key=lambda each: (-len(each), each)))),
        re.compile("|".join(body["goes_on"].split())),
        re.compile("|".join(sorted(body["kills"].split(), key=lambda each: (-len(each), each)))),
    )


def places_in(text: str) -> list[Place]:
    """Start, end and score of the places in one text, in order, none across another."""
    plain = simplified(text)
    return [
        (low + start, low + end, _SCORE)
        for low in range(0, len(plain), _PIECE)
        for start, end in _in_piece(plain[low : low + _PIECE])
    ]


def _in_piece(text: str) -> Iterator[tuple[int, int]]:
    rules = places_zh()
    segments, behind = Segments(text), 0
    named = list(_named(segments, rules))
    found = sorted([*named, *_told(segments, rules, {start for start, _ in named})])
    for place, (start, end) in enumerate(found):
        if start < behind:
            continue
        behind = end
        for low, high in found[place + 1 :]:
            if low > behind:
                break
            behind = max(behind, high)
        if not _killed(segments, start, behind, rules):
            yield start, behind


def _named(segments: Segments, rules: PlacesZh) -> Iterator[tuple[int, int]]:
    """Names of the lists that stand as words."""
    for start, end in rules.known.places(segments.text):
        if segments.at(start) is not None and segments.before(end) is not None:
            more = rules.goes_on.match(segments.text, end)
            yield start, more.end() if more else end


def _told(segments: Segments, rules: PlacesZh, known: Container[int]) -> Iterator[tuple[int, int]]:
    """Names that end in a word for a kind of place; one that holds a name of the lists begins with it."""
    behind = 0
    for match in rules.kinds.finditer(segments.text):
        word = segments.before(match.end())
        if match.start() < behind or word is None or not _is_kind(word, match[0]):
            continue
        start = begin_of_name(segments, match.start(), behind, names_zh())
        start = next((place for place in range(start, match.start()) if place in known), start)
        if match.start() - start >= 1 and is_proper(segments, start, match.start()):
            behind = match.end()
            yield start, behind


def _is_kind(word: str, kind: str) -> bool:
    """Whether a word is the kind itself or the name of a place, and not a word that ends like one: 退路, 城市."""
    return word == kind or (len(word) > _SHORT and part_of_speech(word) == "ns")


def _killed(segments: Segments, start: int, end: int, rules: PlacesZh) -> bool:
    """Whether what follows makes a place a word for people or an office, or a country an attribute."""
    text = segments.text
    if rules.kills.match(text, end):
        return True
    if text[start - 1 : start] in _TOWARDS and start:
        return False
    word = segments.at(end) if end < len(text) else None
    if word is None or text[start:end] not in rules.countries or not is_han(word[0]):
        return False
    return part_of_speech(word)[:1] == "n" or part_of_speech(word) in ("vn", "an")


LOCATION_ZH = ReadingDetector(
    name="location_zh",
    entity="LOCATION",
    rules=lambda: ((TWO_HAN,), places_in),
    foreign=True,
    longest=LONGEST,
    prefilter=TWO_HAN,
)
"""An address that another detector explains as a whole is no place."""
