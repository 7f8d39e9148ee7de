"""Names of people as whole values, without a model: surnames, given names, titles.

A value that is a name as a whole and a name inside a text are different questions: `names_latin` and `names_zh` answer
the second.
"""

from __future__ import annotations

import re

from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text
from governance.scan.lexicon import lexicon

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_LATIN = r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž][A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’.-]*"
_HONORIFIC = r"(?:Mrs?|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sir|Madam)\.?"
_HALF_KNOWN = 30
"""From this score on a part of the value is known as a name, so that a field named after people settles it; words of
which nothing is known stay weak, since the name of the field alone would speak through them."""
_SURNAME_FIRST = re.compile(rf"({_LATIN}(?: {_LATIN})?), ?({_LATIN}(?: {_LATIN}){{0,2}})")


def chinese_name(text: str) -> int | None:
    """How much 2 to 4 Chinese characters look like surname and given name; None when they do not begin so."""
    words = lexicon()
    surname = text[:2] if text[:2] in words.surnames_zh and len(text) > 2 else text[:1]
    given = text[len(surname) :]
    if surname not in words.surnames_zh or not 1 <= len(given) <= 2:
        return None
    if text in words.not_names_zh:
        return 0
    common = sum(sign in words.given_zh for sign in given)
    if common == len(given):
        return 65 if len(given) == 2 or len(surname) == 2 else 58
    return 30


def latin_name(text: str) -> int | None:
    """How much one to five Latin words look like a person's name."""
    turned = _SURNAME_FIRST.fullmatch(text)
    parts = re.sub(rf"^{_HONORIFIC} ", "", f"{turned[2]} {turned[1]}" if turned else text).split()
    lower = [part.casefold().strip(".,'’") for part in parts]
    words = lexicon()
    if not 1 <= len(parts) <= 5 or any(len(part) > 20 for part in parts):
        return None
    if any(len(part) > 1 and part in words.not_names_latin and part not in words.given_latin for part in lower):
        return 0
    given = lower[0] in words.given_latin or lower[0].split("-")[0] in words.given_latin
    family = lower[-1] in words.surnames_latin
    if len(parts) == 1:
        return 35 if given or family else 10
    if parts[0].islower() and parts[-1].islower():
        return 40 if given and family else None
    swapped = lower[0] in words.surnames_latin and (lower[-1] in words.given_latin or len(lower[-1]) > 1)
    return 80 if given and family else 60 if given else 45 if family else 40 if swapped else 15


def _check_whole(match: str, _text: str, context: FieldContext) -> int | None:
    name = match.strip()
    if re.fullmatch(rf"{_HAN}{{2,4}}", name):
        score = chinese_name(name)
    elif "·" in name or "•" in name:
        score = 60
    elif re.search(_HAN, name):
        inner = re.search(rf"{_HAN}{{2,4}}", name)
        score = chinese_name(inner[0]) if inner else None
    else:
        score = latin_name(name)
    if score and _HALF_KNOWN <= score < STRONG and "PERSON" in context.hints:
        return 55
    return score


PERSON = PatternDetector(
    name="person",
    entity="PERSON",
    prefilter=r"^[^0-9@:/\\_=<>{}\[\]]{2,80}$",
    pattern=re.compile(
        rf"^\s*(?P<hit>{_HAN}{{2,4}}|{_HAN}{{1,8}}[·•]{_HAN}{{1,12}}|{_LATIN}(?:,? {_LATIN}){{0,4}}"
        rf"(?: ?[(]?{_HAN}{{2,4}}[)]?)?|{_HAN}{{2,4}} ?[(]?{_LATIN}(?: {_LATIN}){{0,3}}[)]?)\s*$"
    ),
    judge=by_text(_check_whole),
    longest=80,
)
