"""Postal addresses in Latin letters, whole: unit, street, town, state, postcode and country, on one line or several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache, partial
from typing import NamedTuple

from governance.scan.detectors.address_grammar import Grammar, grammar
from governance.scan.detectors.reading import Place, Reader, ReadingDetector
from governance.scan.lexicon_latin import ORDINARY, latin_lexicon

_SURE, _LIKELY, _WEAK = 88, 80, 65
_REACH, _FAR, _MOST_WORDS, _LONG = 32, 70, 8, 4
_UNITS = frozenset(("apt", "apartment", "suite", "ste", "unit"))
_NUMBERS = re.compile(r"(?<![\w.@#/$€£%-])(?:No\.? ?)?\d{1,5}(?!\d)")
_NOT_BEHIND = frozenset(("%", ":", ".", "", "€", "$", "+", ")"))
_ANNOUNCED = re.compile(
    r"(?:address(?: is)?|lives? (?:at|in)|living at|resid\w{1,4} at|located at|based at|moved to|arrived at"
    r"|(?:sen[dt]|ship(?:ped)?|deliver(?:ed)?|mail(?:ed)?) (?:it |them )?to|wohnhaft|anschrift"
    r"|adresse|domicilio|indirizzo)"
    r"\s*:?\s*$",
    re.IGNORECASE,
)

_SHIP = re.compile(
    r"(?<!\w)(?:USS|USNS|USNV|USCGC)(?: [A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]+){1,3}(?:,? |,?\s*\n\s*)FPO,? A[AEP] \d{5}(?!\d)"
)
"""The address of a ship's crew."""


class Beginning(NamedTuple):
    """Street or box, before what may follow is looked at."""

    start: int
    """First code point."""
    end: int
    """One behind the last."""
    kind: str
    """A key of `Grammar.kinds`, `corner` or `ship`."""
    suffix: str
    """The word that ends an English street."""


def places(text: str, rules: Grammar) -> list[Place]:
    """Start, end and score of the addresses in one text, in order."""
    tail = _tail_of(rules.small) if text.islower() or text.isupper() else rules.tail
    found: list[Place] = []
    place = 0
    for each in _beginnings(text, rules):
        if each.start < place:
            continue
        end, more = _end(text, each.end, rules, tail)
        score = _score(each, text, rules, more=more)
        if score:
            place = _trimmed(text, each, end)
            ahead = rules.ahead.search(text, max(0, each.start - _REACH), each.start)
            found.append((ahead.start() if ahead else each.start, place, score))
    return found


@lru_cache(2)
def _tail_of(small: str) -> re.Pattern[str]:
    return re.compile(small, re.IGNORECASE)


def _beginnings(text: str, rules: Grammar) -> Iterator[Beginning]:
    """Where addresses may begin: corners, then at each number what begins with a word before it, or with itself."""
    if "orner of" in text or "ntersection of" in text:
        for match in rules.corner.finditer(text):
            yield Beginning(*match.span(), "corner", "")
    if "FPO" in text:
        for match in _SHIP.finditer(text):
            yield Beginning(*match.span(), "ship", "")
    for number in _NUMBERS.finditer(text):
        start, end = number.span()
        found = _from_before(text, start, rules)
        if found is None and text[end : end + 1] not in _NOT_BEHIND:
            found = _from_number(text, start, end, rules)
        if found is not None:
            yield found


def _from_before(text: str, number: int, rules: Grammar) -> Beginning | None:
    """What begins with a word before the number: `Hauptstr. 5`, `Via Roma 41`, `PO Box 12`."""
    words = text[max(0, number - _FAR) : number].rsplit("\n", 1)[-1].split(" ")[-_MOST_WORDS:]
    last = (words[-1] or " ".join(words[-2:-1])).lower()
    if last.endswith(rules.glued):
        house = rules.number.match(text, number)
        return house and Beginning(number - _street_length(words), house.end(), "glued", "")
    length = -1
    for place in range(len(words) - 1, -1, -1):
        length += len(words[place]) + 1
        if words[place].lower().lstrip("(") in rules.openers:
            if place and words[place - 1].lower() in rules.openers:
                length += len(words[place - 1]) + 1
            for kind in ("before", "box", "military"):
                match = rules.kinds[kind].match(text, number - length)
                if match is not None and match.end() > number:
                    return Beginning(*match.span(), kind, "")
            return None
    return None


def _street_length(words: list[str]) -> int:
    """How long the name of a street before its number is: its last word, and those before that begin with a capital."""
    count = 2 if words[-1] == "" else 1
    while count < min(len(words), 4) and words[-count - 1][:1].isupper() and words[-count - 1][-1] not in ".,:;!?":
        count += 1
    return len(" ".join(words[-count:]))


def _from_number(text: str, start: int, end: int, rules: Grammar) -> Beginning | None:
    """What begins with the number: `12 Baker Street`, `12 rue de la Paix`, `5 Tylova 42` with a town behind."""
    words = [word.strip(".,").lower() for word in text[end : end + _FAR].split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]]
    for kind in _kinds_by(words, text[end : end + _FAR], rules):
        match = rules.kinds[kind].match(text, start)
        if match is not None:
            return Beginning(*match.span(), kind, match["suffix"] or "" if kind == "english" else "")
    return None


def _kinds_by(words: list[str], behind: str, rules: Grammar) -> Iterator[str]:
    """The kinds of streets that the words behind a number allow."""
    if not rules.suffixes.isdisjoint(words) or words[:1] == ["broadway"]:
        yield "english"
    if any(word in rules.prefixes or f"{word}." in rules.prefixes for word in words[:3]):
        yield from ("before", "french")
    if any(word.endswith(rules.glued) for word in words):
        yield "glued"
    if not _UNITS.isdisjoint(words):
        yield "plain"
    if behind[:1] in (" ", ",") and words and (behind.lstrip(" ,")[:1].isupper() or behind.islower()):
        yield "town"


def _end(text: str, end: int, rules: Grammar, tail: re.Pattern[str]) -> tuple[int, int]:
    """Where the address ends, and how many pieces follow the street."""
    more, unit = 0, False
    for pattern in (rules.street, rules.unit, rules.unit, tail):
        match = pattern.match(text, end)
        if match is not None and match.end() > end:
            end, more, unit = match.end(), more + 1, pattern is rules.unit
    town = rules.town.match(text, end) if unit else None
    if town is not None and not latin_lexicon().flags.get(town["first"].lower(), 0) & ORDINARY:
        end = town.end()
    return end, more


def _trimmed(text: str, each: Beginning, end: int) -> int:
    """The end without the sentence's own signs."""
    bare = text[each.start : end].rstrip(" ,;\n")
    return each.start + len(bare) - (bare.endswith(".") and end > each.end)


def _score(each: Beginning, text: str, rules: Grammar, *, more: int) -> int:
    """How sure a beginning is; 0 when it is none."""
    kind, street = each.kind, text[each.start : each.end].split()
    words = [word.strip(",.").lower() for word in street]
    if kind == "ship":
        return _SURE
    if kind == "english":
        return _english(each.suffix, text, street, rules, more=more)
    if kind in ("town", "plain"):
        large = any(word[0].isupper() for word in street if word[0].isalpha())
        told = more or (kind == "town" and _ANNOUNCED.search(text, max(0, each.start - _REACH), each.start))
        if not told or rules.strangers.intersection(words) or not (large or text.islower()):
            return 0
        return _WEAK
    if kind in ("before", "glued", "french") and rules.strangers.intersection(words) - {
        "at",
        "in",
        "no",
        "a",
        "of",
        "do",
    }:
        return 0
    return _SURE if more else _LIKELY


def _english(suffix: str, text: str, street: list[str], rules: Grammar, *, more: int) -> int:
    inner = {word.strip(",.").lower() for word in street[1:-1]} - {"the", "of"}
    if rules.strangers.intersection(inner) or any(_ends_sentence(word) for word in street[1:-1]):
        return 0
    if not inner and not more:
        return 0
    large = any(word[0].isupper() for word in street[1:])
    if suffix.lower() in rules.weak:
        sure = suffix[0].isupper() and large
        return _SURE if sure and more else _LIKELY if sure else _WEAK if more else 0
    if not large and not text.islower() and not more:
        return _WEAK if len(suffix) > _LONG else 0
    return _SURE if more else _LIKELY


def _ends_sentence(word: str) -> bool:
    return word[-1] in ".:;!?" and len(word) > _LONG


@cache
def _rules() -> tuple[tuple[str, ...], Reader]:
    rules = grammar()
    return rules.prefilters, partial(places, rules=rules)


ADDRESS = ReadingDetector(name="address", entity="ADDRESS", rules=_rules, digits=1)
