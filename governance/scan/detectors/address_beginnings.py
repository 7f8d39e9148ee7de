"""Where postal addresses in Latin letters may begin: at corners, ships, and around each number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from governance.scan.detectors.address_grammar import Grammar
from governance.scan.lexicon_latin import ORDINARY, WORD, latin_lexicon

_FAR, _MOST_WORDS, _LONG, _CODE_DIGITS = 70, 8, 4, 3
_UNITS = frozenset(("apt", "apartment", "suite", "ste", "unit"))
_NUMBERS = re.compile(r"(?<![\w.@#/$€£%-])(?:No\.? ?)?\d{1,5}(?!\d)")
_NOT_BEHIND = frozenset(("%", ":", ".", "", "€", "$", "+", ")"))
_MARK = re.compile(r"(?:n[º°]|nº|nr|no:)\.?:? ?$", re.IGNORECASE)
"""What announces the number of a house behind its street."""
_SHIP = re.compile(
    r"(?<!\w)(?:USS|USNS|USNV|USCGC)(?: [A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]+){1,3}(?:,? |,?\s*\n\s*)FPO,? A[AEP] \d{5}(?!\d)",
    re.IGNORECASE,
)
"""The address of a ship's crew."""


class Beginning(NamedTuple):
    """Street or box, before what may follow is looked at."""

    start: int
    """First code point."""
    end: int
    """One behind the last."""
    kind: str
    """A key of `Grammar.kinds`, `corner`, `ship` or `named`: a name and a number."""
    suffix: str
    """The word that ends an English street."""


def beginnings(text: str, rules: Grammar, *, small: bool) -> Iterator[Beginning]:
    """Where addresses may begin: corners, ships, then at each number what begins before or with it, likeliest first."""
    if "orner of" in text or "ntersection of" in text:
        for match in rules.corner.finditer(text):
            yield Beginning(*match.span(), "corner", "")
    if "FPO" in text or "fpo" in text:
        for match in _SHIP.finditer(text):
            yield Beginning(*match.span(), "ship", "")
    for number in _NUMBERS.finditer(text):
        start, end = number.span()
        mark = _MARK.search(text, max(0, start - _FAR), start)
        first = mark.start() if mark else start
        words = text[max(0, first - _FAR) : first].rsplit("\n", 1)[-1].split(" ")[-_MOST_WORDS:]
        if (found := _from_before(text, first, words, rules)) is not None:
            yield found
        elif (
            end - start > _CODE_DIGITS
            and text[max(0, start - 2) : start].strip() in ("", ",")
            and (bare := rules.kinds["bare"].search(text, max(0, start - _FAR), start)) is not None
        ):
            yield Beginning(*bare.span(), "bare", "")
        kinds = (
            list(_from_number(text, start, end, rules, small=small)) if text[end : end + 1] not in _NOT_BEHIND else []
        )
        yield from (each for each in kinds if each.kind != "town")
        if found is None and (named := _named(text, first, words, rules)) is not None:
            yield named
        yield from (each for each in kinds if each.kind == "town")


def _from_before(text: str, number: int, words: list[str], rules: Grammar) -> Beginning | None:
    """What begins with a word before the number: `Hauptstr. 5`, `Via Roma 41`, `PO Box 12`."""
    last = (words[-1] or " ".join(words[-2:-1])).lower()
    if last.endswith(rules.glued) or last in rules.standing:
        house = rules.number.match(text, number)
        start = number - _street_length(words, rules)
        alone = last in rules.standing or last in rules.glued
        single = start + len(last) + 1 >= number
        if house and not (single and (alone or _is_word(last))):
            return Beginning(start, house.end(), "glued", "")
    length = -1
    for place in range(len(words) - 1, -1, -1):
        length += len(words[place]) + 1
        if words[place].lower().lstrip("(") in rules.openers:
            if place and words[place - 1].lower() in rules.openers:
                length += len(words[place - 1]) + 1
            for kind in ("before", "box", "military", "rural"):
                match = rules.kinds[kind].match(text, number - length)
                if match is not None and match.end() > number:
                    return Beginning(*match.span(), kind, "")
            break
    return None


def _named(text: str, number: int, words: list[str], rules: Grammar) -> Beginning | None:
    """A name with a capital before a number, which is a street if what follows says so: `Makedonská 946`."""
    last, before = [*("", "", *(word.rstrip(",") for word in words if word))][:-3:-1]
    if text[number - 1] != " " or len(last) < 2 or last[-1] in ":;!?)" or not last[0].isalpha():
        return None
    if not rules.units.isdisjoint((last.lower(), before.lower())):
        return None
    small = last[0].islower()
    if small and not (last.isalpha() and before.isalpha() and before[0].isupper()):
        return None
    flags = latin_lexicon().flags
    if any(flags.get(word.lower().strip("."), 0) & ORDINARY for word in (last, before)[: 1 + small]):
        return None
    house = rules.number.match(text, number)
    if house is None:
        return None
    length = _street_length(words, rules)
    return Beginning(number - length, house.end(), "named", "")


def _street_length(words: list[str], rules: Grammar) -> int:
    """How long the name of a street before its number is: its last word, and those before that begin with a capital."""
    count = least = 2 if words[-1] == "" and len(words) > 1 else 1
    while count < min(len(words), least + 3):
        word = words[-count - 1]
        large = word[:1].isupper() and (word[-1] != "." or len(word) <= _LONG) and word[-1] not in ",:;!?"
        led = word.isalpha() and count + 1 < len(words) and words[-count - 2].lower() in rules.leading
        if not large and word not in rules.links and not led:
            break
        count += 1 + (led and not large)
    while count > least and (words[-count] in rules.links or words[-count].lower() in rules.sentence):
        count -= 1
    return len(" ".join(words[-count:]))


def _is_word(last: str) -> bool:
    """Whether a word that ends like a street is one of every day in English: `during 2019`, `Spring 5`."""
    return bool(latin_lexicon().flags.get(last.strip(".,("), 0) & (ORDINARY | WORD))


def _from_number(text: str, start: int, end: int, rules: Grammar, *, small: bool) -> Iterator[Beginning]:
    """What begins with the number: `12 Baker Street`, `12 rue de la Paix`, `5 Tylova 42` with a town behind."""
    words = [word.strip(".,").lower() for word in text[end : end + _FAR].split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]]
    for kind in _kinds_by(words, text[end : end + _FAR], rules, small=small):
        match = rules.kinds[kind].match(text, start)
        if match is not None:
            yield Beginning(*match.span(), kind, match["suffix"] or "" if kind == "english" else "")


def _kinds_by(words: list[str], behind: str, rules: Grammar, *, small: bool) -> Iterator[str]:
    """The kinds of streets that the words behind a number allow."""
    if not rules.suffixes.isdisjoint(words) or words[:1] == ["broadway"]:
        yield "english"
    if any(word in rules.prefixes or f"{word}." in rules.prefixes for word in words[:3]):
        yield from ("french", "before")
    if any(word.endswith(rules.glued) for word in words):
        yield "glued"
    if not _UNITS.isdisjoint(words):
        yield "plain"
    if behind[:1] in (" ", ",", "-", "/") and words and (behind.lstrip(" ,-/0123456789")[:1].isupper() or small):
        yield "town"
