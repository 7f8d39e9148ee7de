"""Phone numbers of every region: the patterns of phonenumbers, compiled once for each region.

Chinese mobile numbers have an expression of their own, so that two of them beside each other stay two. An extension
belongs to its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from re import _parser as parser  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from typing import Any

from governance.scan.detectors.base import NUMERIC, FieldContext
from governance.scan.detectors.cues import Cue, cue, is_amount
from governance.scan.detectors.pattern import PatternDetector

_EXTENSION = r"(?: ?(?:转|轉|分机号?|分機號?|内线|內線|(?i:ext\.?|extension|x)|#) ?[:：]? ?\d{1,6})?"
_MOBILE = (
    r"(?:\(1[3-9]\d\)|1[3-9]\d)"
    r"(?:[ ._/-]{0,2}\d{4}[ ._/-]{0,2}\d{4}|[ .-]\d{3}[ .-]\d{5}|\d[ -]\d{3}[ -]\d{4})|1(?:[ .-]\d){10}"
)
_COUNTRY = r"(?:(?:(?:\+ ?|00)86|86(?=[ -]|1[3-9]\d{9}(?!\d))|\((?:\+|00)?86\))[ -]{0,2})?"
_GENERAL = r"(?:\+ ?|00)?(?:\(\+?\d{1,4}\)|\+?\d{1,4})(?:[ .()/-]{0,2}\d){5,14}"
_GLUED = r"(?i:(?<=tel)|(?<=phone)|(?<=mobile)|(?<=mob)|(?<=cell)|(?<=fax)|(?<=wx)|(?<=vx)|(?<=call)|(?<=whatsapp))"
_PLACE = re.compile(
    rf"(?:(?:(?<![0-9A-Za-z])|{_GLUED})(?<![0-9][.:/-])|(?<=[0-9]/)(?=\+?(?:86)?1[3-9]))"
    rf"(?P<hit>{_COUNTRY}(?:{_MOBILE}){_EXTENSION}(?![0-9]|(?i:[a-uyz])|[.:-][0-9])"
    rf"|{_GENERAL}{_EXTENSION}(?![0-9A-Za-z]|[.:/-][0-9]))"
)
_START = re.compile(r"[+(\d](?<![0-9].)(?=(?:[ ._()/+-]{0,5}\d){5})")
"""A match begins with one of these signs, holds six digits or more, and no digit stands right before it."""
_TAIL = re.compile(rf"{_EXTENSION[:-1]}$")
_DATE = re.compile(
    r"(?:19|20)\d{2}[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12]\d|3[01])|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ T-]?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?"
    r"|(?:19|20)\d{2} ?- ?(?:19|20)\d{2}"
)
_GROUPS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\d{2}(?:-\d{2}){5}")
"""Four numbers with dots are an IP address, six pairs with dashes a MAC address."""
_NO_DIGIT = re.compile(r"\D")
_CN_MOBILE = re.compile(r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])\d{8}")
_CN_LOCAL = re.compile(r"[2-8]\d{6,7}")
_CN_SERVICE = re.compile(r"[48]00\d{7}|95\d{3,6}")
_NANP = re.compile(r"(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
"""As written in North America; also with an area code that is only used in examples."""
_WRITTEN = re.compile(r"\(\d{2,5}\) ?\d[\d -]{4,}\d|\d{3}[-. ]\d{3}[-. ]\d{4}|0\d{1,4}[-/ ]\d[\d -]{4,}\d")
"""Grouped as a number of some country is."""
_GROUPED = re.compile(r"[+(]?\d{1,4}\)?(?:[ .-]?\(?\d{2,4}\)?){1,4}")
"""Grouped as some numbers are; a phone number where the words around say so."""
_LEAD = 4
"""So many first digits tell which regions are worth a look."""
_TW_MOBILE = re.compile(r"09\d{8}")


def _judge(found: re.Match[str], context: FieldContext) -> int | None:
    text, match = found.string, found["hit"]
    bare = match.isdigit()
    number = match if bare else _TAIL.sub("", match)
    digits = match if bare else _NO_DIGIT.sub("", number)
    if not 7 <= len(digits) <= 15 or (not bare and _GROUPS.fullmatch(number)):
        return None
    if (not bare or match.startswith(("19", "20"))) and _DATE.fullmatch(number.strip()):
        return None
    about = cue(text, found.start("hit"), found.end("hit")) if len(match) < len(text) else Cue.NONE
    if len(set(digits)) < (2 if about is Cue.PHONE else 3):
        return None
    if is_amount(text, found.end("hit")) and about is not Cue.PHONE and not match.startswith("+"):
        return None
    score = _number_score(number, digits, context, hinted="PHONE_NUMBER" in context.hints or about is Cue.PHONE)
    if not score and about is Cue.PHONE and not bare and _GROUPED.fullmatch(number):
        return 55  # of no region asked for, yet the words around say what it is
    if about in (Cue.OTHER, Cue.CARD) and score and not match.startswith("+"):
        return 25 if about is Cue.OTHER or score < 85 else score
    return score


def _number_score(match: str, digits: str, context: FieldContext, *, hinted: bool) -> int | None:
    written = len(match) - len(digits)
    if (
        match.startswith(("+", "00", "(+", "(00"))
        and (international := _international(digits, match.lstrip("("))) is not None
    ):
        chinese = digits.startswith("0086") and _CN_MOBILE.fullmatch(digits[4:]) is not None
        plain = match.startswith("00") and not written and not hinted and not chinese
        if not international:  # of no plan in force, yet nothing else is written so
            return 55 if match.startswith("+") and written > 1 else 0
        return 45 if plain else 92
    if digits.startswith("86") and _CN_MOBILE.fullmatch(digits[2:]) and "CN" in context.regions:
        return 85 if hinted or written else 55
    if _CN_MOBILE.fullmatch(digits) and "CN" in context.regions:
        return _mobile_score(context, hinted=hinted, written=written > 0)
    if _CN_SERVICE.fullmatch(digits) and "CN" in context.regions:
        return 40
    if hinted and _NANP.fullmatch(match) and not {"US", "CA"}.isdisjoint(context.regions):
        return 75
    if not _is_of(digits, context.regions):
        if hinted and _CN_LOCAL.fullmatch(digits) and "CN" in context.regions:
            return 60
        return 0
    return _national_score(match, digits, context, hinted=hinted)


def _mobile_score(context: FieldContext, *, hinted: bool, written: bool) -> int:
    """Eleven digits of a Chinese mobile prefix: a third of all 11-digit numbers that begin with 1 look the same."""
    if context.type in ("integer", "decimal") and not hinted:
        return 45
    return 85 if hinted or written else 75


def _national_score(match: str, digits: str, context: FieldContext, *, hinted: bool) -> int:
    if hinted:
        return 75
    if _TW_MOBILE.fullmatch(digits) and "TW" in context.regions:
        return 60 if context.type in ("string", "json", "other") else 40
    return 60 if _WRITTEN.fullmatch(match) else 25


def _international(digits: str, match: str) -> bool | None:
    """Whether a number with a country code is one of that country; None when it has no country code after all."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    digits = digits[2:] if match.startswith("00") else digits
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0), ())
        if regions and _is_of(digits[length:].removeprefix("0"), regions, abroad=True):
            return True
    return False if match.startswith("+") else None


def national(digits: str, region: str, *, abroad: bool = False) -> bool:
    """Whether bare digits are a number of one region; only a call from abroad leaves a trunk prefix `0` out."""
    pattern, prefix = _region(region)
    if pattern is None:
        return False
    if prefix and digits.startswith(prefix) and pattern.fullmatch(digits[len(prefix) :]):
        return True
    needs_trunk = not abroad and prefix == "0" and not _CN_MOBILE.fullmatch(digits)
    return not needs_trunk and pattern.fullmatch(digits) is not None


def _is_of(digits: str, regions: tuple[str, ...], *, abroad: bool = False) -> bool:
    """Whether bare digits are a number of one of some regions."""
    able = _able(digits[:_LEAD], len(digits), regions)
    return any(national(digits, region, abroad=abroad) for region in able)


@lru_cache(16_384)
def _able(lead: str, length: int, regions: tuple[str, ...]) -> tuple[str, ...]:
    """The regions that have numbers of this length with these first digits, with or without a trunk prefix."""
    return tuple(region for region in regions if _may_be(lead, length, region))


def _may_be(lead: str, length: int, region: str) -> bool:
    pattern, prefix = _region(region)
    if pattern is None:
        return False
    if prefix and lead.startswith(prefix) and _begins(region, lead[len(prefix) :], length - len(prefix)):
        return True
    return _begins(region, lead, length)


def _begins(region: str, lead: str, length: int) -> bool:
    pattern, shortest, longest = _partial(region)
    return shortest <= length <= longest and pattern.fullmatch(lead, partial=True) is not None


@cache
def _partial(region: str) -> tuple[Any, int, int]:
    """The pattern of a region for first digits alone, and the fewest and the most digits of its numbers."""
    import regex  # type: ignore[import-untyped]  # publishes no types

    pattern, _ = _region(region)
    expression = pattern.pattern if pattern is not None else ""
    return regex.compile(expression), *parser.parse(expression).getwidth()


@cache
def _region(region: str) -> tuple[re.Pattern[str] | None, str]:
    from phonenumbers import PhoneMetadata

    data = PhoneMetadata.metadata_for_region(region)
    if data is None:
        return None, ""
    kinds = (data.mobile, data.fixed_line, data.voip, data.toll_free, data.shared_cost, data.personal_number)
    patterns = {kind.national_number_pattern for kind in kinds if kind is not None and kind.national_number_pattern}
    return re.compile("|".join(f"(?:{each})" for each in sorted(patterns))), data.national_prefix or ""


def _starts(text: str) -> Iterator[int]:
    return (match.start() for match in _START.finditer(text))


PHONE = PatternDetector(
    name="phone",
    entity="PHONE_NUMBER",
    prefilter=r"\d(?:[ ._()/-]{0,3}\d){6}",
    pattern=_PLACE,
    judge=_judge,
    digits=7,
    chance=0.3,
    types=NUMERIC,
    whole=(
        r"^\+86[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}$|^\+1[ -]?\(?[2-9][0-8]\d\)?[ -]?[2-9]\d{2}[ -]?\d{4}$"
        r"|^\+886[ -]?9\d{2}[ -]?\d{3}[ -]?\d{3}$"
    ),
    whole_score=92,
    starts=_starts,
)
