"""Organizations in texts in Latin letters: by legal form, by the word that heads them, by what announces them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from governance.scan.detectors.reading import Place, Reader, ReadingDetector
from governance.scan.lexicon import NEWEST
from governance.scan.lexicon_latin import COMMON, NEVER, ORDINARY, PLACE, SURNAME, bare, latin_lexicon
from governance.scan.listed import either, phrases
from policies.pack_loader import load_pack

_LARGE = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž0-9][\w'’+-]{0,24}(?:\.\w{1,12}){0,3}|[a-z]{1,2}[A-Z]\w{1,20})"
_LINK = r"(?:&|of|the|de|des|du|do|da|für|for|di)"
_NAME = rf"{_LARGE}(?: (?:{_LINK} ){{0,2}}{_LARGE}){{0,4}}?"
_LEFT = r"(?<![\w@./&-])"
_SURNAME = r"[A-ZÀ-ÖØ-ÞĀ-Ž][a-zà-öø-ÿ]+(?:[-'’][A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+)?"
_FIRM = rf"{_SURNAME}(?:(?:, {_SURNAME}){{1,3}},? (?:and|&)| &) {_SURNAME}"
_FIRM_PREFILTER = r"\p{Lu}[\p{L}'’-]+(?:, \p{Lu}[\p{L}'’-]+,? (?:and|&)| &) \p{Lu}\p{Ll}"
_ADDRESSED = re.compile(r"[A-Z][\w'’.-]*,? $")
_YEARS = re.compile(r"(?:19|20)\d\d(?:-(?:19|20)?\d\d)?,?")
_REACH = 26
_SCORES = {"firm": 79, "form": 75, "head": 60, "of": 65, "known": 62, "told": 56}


@cache
def _rules() -> tuple[tuple[str, ...], Reader]:
    """Raises PackError when the pack is wrong."""
    body = load_pack("organizations_latin", NEWEST).body
    forms, known = either(phrases(body["forms"])), either(phrases(body["known"]))
    heads, of_heads = either(body["heads"].split()), either(body["of_heads"].split())
    told = either(phrases(body["announced"]))
    not_first = frozenset(body["not_first"].split())
    pattern = re.compile(
        rf"{_LEFT}(?:(?P<form>{_NAME},? {forms})(?!\w)"
        rf"|(?P<of>(?:{_LARGE} ){{0,2}}{of_heads} (?:of|de|di|des|für) (?:the )?"
        rf"{_LARGE}(?: (?:and |of )?{_LARGE}){{0,3}})"
        rf"|(?P<head>{_NAME} {heads})(?![\w'’]| [A-Z])|(?P<known>{known})(?!\w|-[A-Za-z])"
        rf"|(?P<firm>{_FIRM})(?![\w'’-]| [A-Z])"
        rf"|(?i:{told}):? (?P<told>[A-Z][\w'’&-]+(?: (?:& )?[A-Z][\w'’&-]+){{0,3}}))"
    )

    def read(text: str) -> Iterator[Place]:
        for match in pattern.finditer(text):
            place = _place(match, not_first)
            if place is not None:
                yield place

    prefilters = (
        rf"[\w'.+-],? (?:{forms})(?:\W|$)",
        rf"[A-Za-z0-9] (?:{heads})|(?:{of_heads}) (?:of|de|di|des|für) ",
        rf"(?:^|\W)(?:{known})(?:\W|$)",
        rf"(?i:{told}):? [A-Z]",
        _FIRM_PREFILTER,
    )
    return prefilters, read


def _place(match: re.Match[str], not_first: frozenset[str]) -> Place | None:
    """The place without the words of the sentence before the name; None when no name is left."""
    kind = next(kind for kind in _SCORES if match[kind] is not None)
    start, end = match.span(kind)
    if kind == "firm" and not _firm(match, not_first):
        return None
    if kind in ("told", "known", "firm"):
        return start, end, _SCORES[kind]
    words = match[kind].split(" ")
    while len(words) > 1 and (words[0].lower().strip(".,'") in not_first or _YEARS.fullmatch(words[0])):
        start += len(words.pop(0)) + 1
    flags = latin_lexicon().flags
    if kind != "of" and all(flags.get(word.lower().strip(".,"), 0) & NEVER for word in words[:-1]):
        return None
    if kind == "head" and not any(_names(flags.get(word.lower(), 0)) for word in words[:-1]):
        return None
    return start, end, _SCORES[kind]


def _firm(match: re.Match[str], not_first: frozenset[str]) -> bool:
    """Whether names in a row are surnames alone, as a firm has them: `Davis, Reynolds and Williamson`."""
    if match.string[max(0, match.start() - 2) : match.start()].rstrip().endswith(":"):
        return False
    before = _ADDRESSED.search(match.string, max(0, match.start() - _REACH), match.start())
    word = before[0].lower().strip("., '") if before is not None else ""
    if word and (word not in not_first or latin_lexicon().before.get(word) == "title"):
        return False
    flags = [latin_lexicon().flags.get(bare(word), 0) for word in re.findall(_SURNAME, match["firm"])]
    return (
        all(each & SURNAME and not each & (NEVER | PLACE) for each in flags)
        and sum(each & COMMON for each in flags) <= 1
    )


def _names(flags: int) -> bool:
    """Whether a word before a head makes it one organization of many: a name, a place, a word that no list knows."""
    return not flags & ORDINARY or bool(flags & PLACE and not flags & NEVER)


ORGANIZATION = ReadingDetector(name="organization", entity="ORGANIZATION", rules=_rules)
