"""Postal addresses in Latin letters, whole: unit, street, town, state, postcode and country, on one line or several."""

from __future__ import annotations

import re
from functools import cache, partial

from governance.scan.detectors.address_beginnings import Beginning, beginnings
from governance.scan.detectors.address_grammar import Grammar, grammar
from governance.scan.detectors.address_pieces import BREAK
from governance.scan.detectors.address_tail import Followed, follow
from governance.scan.detectors.reading import Place, Reader, ReadingDetector

_SURE, _LIKELY, _WEAK = 88, 80, 65
_REACH, _LONG = 32, 4
_HEADS, _HEAD_REACH = 5, 72
_TOLD, _ANNOUNCED_TELLS = 3, 2
_NEXT = re.compile(rf"{BREAK}(?:No\.? ?)?\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,4}})?,? \w")
"""A number behind the name of a building: the street begins there."""
_GOES_ON = re.compile(rf"{BREAK}[\w#]")
"""More behind units that stand alone: they belong to what follows."""
_YEARS = re.compile(r"(?:19|20)\d\d(?:[-–]\d{2,4})?(?!\w)")
_YEARS_LISTED = re.compile(r"(?:19|20)\d\d(?:[-–](?:19|20)?\d\d)?,")
_ANNOUNCED = re.compile(
    r"(?:address(?:es)?(?: is)?|addr\.?|lives? (?:at|in)|living at|resid\w{1,4} at|located at|based at|moved to"
    r"|arrived at|domicil\w{1,4} at"
    r"|(?:sen[dt]|ship(?:ped)?|deliver(?:ed)?|mail(?:ed)?) (?:it |them )?to|wohnhaft(?: in)?|anschrift"
    r"|adress?e|domicilio|dirección|indirizzo|endereço|morada|adres)"
    r"\s*:?\s*$",
    re.IGNORECASE,
)
_SMALL_WORDS = frozenset(("at", "in", "no", "a", "of", "do", "on", "la"))
"""Words of sentences that are words of street names in other languages."""


def places(text: str, rules: Grammar) -> list[Place]:
    """Start, end and score of the addresses in one text, in order."""
    found: list[Place] = []
    place, small = 0, text.islower()
    for each in beginnings(text, rules, small=small):
        if each.start < place:
            continue
        followed, score = _judged(each, text, rules, small=small)
        if score:
            start = _head(text, each.start, place, rules)
            place = _trimmed(text, each, followed.end)
            found.append((start, place, score))
    return found


def _judged(each: Beginning, text: str, rules: Grammar, *, small: bool) -> tuple[Followed, int]:
    """What follows a beginning, and how sure it is with that; 0 when it is none."""
    strong = each.kind not in ("town", "named", "bare") or (each.kind != "bare" and _announced(each, text))
    end = each.end
    if each.kind == "english":
        second = rules.second if each.suffix.lower() in rules.weak else rules.street
        end = match.end() if (match := second.match(text, end)) else end
    followed = follow(text, end, rules.tail, strong=strong, small=small)
    return followed, _score(each, text, rules, followed, small=small)


def _head(text: str, start: int, least: int, rules: Grammar) -> int:
    """Where an address begins with the units, floors and buildings before its street; not before `least`."""
    for _ in range(_HEADS):
        head = rules.head.search(text, max(least, start - _HEAD_REACH), start)
        if head is None:
            break
        start = head.start()
    return start


def _trimmed(text: str, each: Beginning, end: int) -> int:
    """The end without the sentence's own signs."""
    bare = text[each.start : end].rstrip(" ,;\n-–")
    return each.start + len(bare) - (bare.endswith(".") and end > each.end)


def _score(each: Beginning, text: str, rules: Grammar, followed: Followed, *, small: bool) -> int:
    """How sure a beginning is; 0 when it is none."""
    kind, street, more = each.kind, text[each.start : each.end].split(), bool(followed.kinds)
    words = [word.strip(",.").lower() for word in street if len(word) > 1 or word.islower()]
    large = small or any(word[0].isupper() for word in street if word[0].isalpha())
    if kind == "ship":
        return _SURE
    if _YEARS_LISTED.match(text, each.start) and not followed.kinds["code"]:
        return 0
    doubtful = street[0][-1] == "," or each.suffix.lower() in rules.weak
    if kind == "english" and doubtful and not more and _NEXT.match(text, followed.end):
        return 0
    if kind == "english":
        return _english(each.suffix, street, rules, more=more, small=small)
    if kind in ("town", "plain", "named"):
        if rules.strangers.intersection(words if kind != "named" else words[1:]) or not large:
            return 0
        return _WEAK if _told(each, text, followed) else 0
    if kind == "bare" and not followed.kinds["code"]:
        return 0
    strangers = rules.strangers.intersection(words) - _SMALL_WORDS
    if (kind in ("before", "glued", "french", "bare") and strangers) or not (large or more or kind == "box"):
        return 0
    return _SURE if more else _LIKELY


def _announced(each: Beginning, text: str) -> bool:
    """Whether the words before say that an address follows."""
    return _ANNOUNCED.search(text, max(0, each.start - _REACH), each.start) is not None


def _told(each: Beginning, text: str, followed: Followed) -> bool:
    """Whether what stands before a number and words, or follows them, says that they are an address."""
    announced = _announced(each, text)
    if _YEARS.match(text, each.start) and not announced:
        return bool(followed.kinds["code"]) and followed.weight > _TOLD
    if each.kind == "plain":
        return bool(followed.kinds)
    if set(followed.kinds) == {"unit"} and _GOES_ON.match(text, followed.end):
        return False
    return followed.weight + _ANNOUNCED_TELLS * announced >= (_TOLD if each.kind == "named" or not announced else 0)


def _english(suffix: str, street: list[str], rules: Grammar, *, more: bool, small: bool) -> int:
    inner = {word.strip(",.").lower() for word in street[1:-1]} - {"the", "of"}
    if rules.strangers.intersection(inner) or any(_ends_sentence(word) for word in street[1:-1]):
        return 0
    if not inner and not more:
        return 0
    large = any(word[0].isupper() for word in street[1:])
    if suffix.lower() in rules.weak:
        if not more and _YEARS.match(street[0]):
            return 0
        sure = suffix[0].isupper() and large
        return _SURE if sure and more else _LIKELY if sure else _WEAK if more else 0
    if not large and not small and not more:
        return _WEAK if len(suffix) > _LONG else 0
    return _SURE if more else _LIKELY


def _ends_sentence(word: str) -> bool:
    return word[-1] in ".:;!?" and len(word) > _LONG


@cache
def _rules() -> tuple[tuple[str, ...], Reader]:
    rules = grammar()
    return rules.prefilters, partial(places, rules=rules)


ADDRESS = ReadingDetector(name="address", entity="ADDRESS", rules=_rules, digits=1)
