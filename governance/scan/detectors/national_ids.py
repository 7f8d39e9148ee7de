"""National identifiers: Chinese resident id (18 digits), Taiwan citizen and resident id, Hong Kong id, US SSN."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from governance.scan.detectors.base import LEFT, NUMERIC, RIGHT, FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CN_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
        "91",
    ]
)
"""The first two digits of a region in China; 91 stands before foreigners."""
_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_TW_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_SSN_WORDS = re.compile(r"(?i)(?<![a-z])(?:ssn|social\s+security|soc\s*sec|social\s*#)(?![a-z])|社会安全号|社會安全")
_SSN_START = re.compile(r"\d(?<![0-9].)(?=\d\d(?:[ .-]\d\d[ .-]\d{4}|\d{6}))")
_TW_START = re.compile(r"[A-Za-z](?<![0-9A-Za-z].)(?=[1289A-Da-d]\d{8})")
_SSN_ADVERTISED = frozenset({"078051120", "219099999"})
_SSN_FILLER = "123456789"
"""A bare one is a filler; with dashes or the word it stands for a number."""
_HK_WORDS = re.compile(
    r"(?i)(?<![a-z])(?:hkid|hk\s?id|hong\s?kong\s+id(?:entity)?|identity\s+card|id\s+card)(?![a-z])|身[份分][证證]|香港证件|證件|证件"
)


def cn_resident_id(text: str) -> bool:
    """Whether an 18-sign text is a resident id: province, a day that exists, and the ISO 7064 check sign."""
    if text[:2] not in CN_PROVINCES or not is_day(text[6:14]):
        return False
    total = sum(weight * (ord(sign) - 48) for weight, sign in zip(_CN_WEIGHTS, text, strict=False))
    return "10X98765432"[total % 11] == text[17].upper()


def tw_national_id(text: str) -> bool:
    """Whether a 10-sign text is a Taiwan citizen id or resident certificate by its check digit."""
    letter = _TW_LETTERS.find(text[0].upper())
    if letter < 0:
        return False
    number = letter + 10
    second = text[1].upper()
    first = str((_TW_LETTERS.find(second) + 10) % 10) if second.isalpha() else second
    digits = f"{number}{first}{text[2:]}"
    return sum(weight * int(digit) for weight, digit in zip(_TW_WEIGHTS, digits, strict=True)) % 10 == 0


def hk_id(text: str) -> bool:
    """Whether a Hong Kong id such as `A123456(3)` has the right check sign."""
    signs = re.sub(r"[()\s-]", "", text.upper())
    body, last = signs[:-1], signs[-1]
    padded = body.rjust(8)
    numbers = [36 if sign == " " else ord(sign) - 55 if sign.isalpha() else int(sign) for sign in padded]
    total = sum(number * weight for number, weight in zip(numbers, range(9, 1, -1), strict=True))
    wanted = (11 - total % 11) % 11
    return last == ("A" if wanted == 10 else str(wanted))


def is_day(digits: str) -> bool:
    """Whether eight digits are a day from 1880 to 2099, year first."""
    try:
        day = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1880 <= day.year <= 2099


def _check_cn(match: str, _text: str, _context: FieldContext) -> int | None:
    signs = re.sub(r"[ -]", "", match)
    if len(signs) < len(match) and not re.fullmatch(r"\d{6}([ -])(?:\d{8}|\d{4}\1?\d{4})\1\d{3}[0-9Xx]", match):
        return None
    return 98 if cn_resident_id(signs) else 0


def _check_tw(match: str, _text: str, _context: FieldContext) -> int:
    return 80 if tw_national_id(match) else 0


def _check_hk(match: str, text: str, context: FieldContext) -> int:
    if not hk_id(match):
        return 0
    return 85 if "(" in match or "HK_ID" in context.hints or _HK_WORDS.search(text) else 45


def _names_ssn(text: str) -> bool:
    """Whether a text speaks of social security; most texts fail at the letters alone."""
    folded = text.casefold()
    return ("ssn" in folded or "soc" in folded or "安全" in text) and _SSN_WORDS.search(text) is not None


def _ssn_starts(text: str) -> Iterator[int]:
    return (match.start() for match in _SSN_START.finditer(text))


def _tw_starts(text: str) -> Iterator[int]:
    return (match.start() for match in _TW_START.finditer(text))


def _check_ssn(match: str, text: str, context: FieldContext) -> int | None:
    digits = re.sub(r"[ .-]", "", match)
    hinted = "US_SSN" in context.hints or _names_ssn(text)
    written = len(digits) < len(match)
    if digits[:3] in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000":
        return 0
    if digits in _SSN_ADVERTISED or len(set(digits)) == 1 or (digits == _SSN_FILLER and not (written or hinted)):
        return 0
    if digits[0] == "9":
        return 75 if written and hinted else 0
    if not written:
        return 55 if hinted else 10
    if "." in match:
        return 90 if hinted else 20
    return 90 if hinted else 60 if "-" in match else 30


CN_RESIDENT_ID = PatternDetector(
    name="cn_resident_id",
    entity="CN_RESIDENT_ID",
    prefilter=r"\d{17}[0-9Xx]|\d{6}[ -]\d{4}[ -]?\d{4}[ -]\d{3}[0-9Xx]",
    pattern=re.compile(rf"{LEFT}(?P<hit>\d{{6}}[ -]?\d{{4}}[ -]?\d{{4}}[ -]?\d{{3}}[0-9Xx]){RIGHT}"),
    judge=by_text(_check_cn),
    digits=17,
    chance=0.0001,
    types=NUMERIC,
)
TW_NATIONAL_ID = PatternDetector(
    name="tw_national_id",
    entity="TW_NATIONAL_ID",
    prefilter=r"[A-Za-z][1289A-Da-d]\d{8}",
    pattern=re.compile(rf"{LEFT}(?P<hit>[A-Za-z][1289A-Da-d]\d{{8}})(?![0-9A-Za-z@])"),
    judge=by_text(_check_tw),
    starts=_tw_starts,
    alone=r"(?:^|[^0-9A-Za-z])[A-Za-z][1289A-Da-d]\d{8}(?:[^0-9A-Za-z@]|$)",
    digits=8,
    chance=0.1,
)
HK_ID = PatternDetector(
    name="hk_id",
    entity="HK_ID",
    prefilter=r"[A-Z]{1,2} ?\d{6} ?\(? ?[0-9A]",
    pattern=re.compile(rf"{LEFT}(?P<hit>[A-Z]{{1,2}} ?\d{{6}} ?(?:\( ?[0-9A] ?\)|[0-9A](?![0-9A-Za-z])))"),
    judge=by_text(_check_hk),
    digits=6,
    chance=0.09,
)
US_SSN = PatternDetector(
    name="us_ssn",
    entity="US_SSN",
    prefilter=r"\d{3}[ .-]\d{2}[ .-]\d{4}|\d{9}",
    pattern=re.compile(
        rf"{LEFT}(?<![0-9][.-])(?P<hit>\d{{3}}([ .-])\d{{2}}\2\d{{4}}|\d{{9}})(?![0-9A-Za-z]|[.-][0-9])"
    ),
    judge=by_text(_check_ssn),
    starts=_ssn_starts,
    alone=r"\d{3}[ .-]\d{2}[ .-]\d{4}|(?i:ssn|soc)|安全",
    digits=9,
    chance=0.6,
    types=NUMERIC,
)
