"""Payment cards: issuer ranges, length and the Luhn digit; in groups with spaces, dashes or dots."""

from __future__ import annotations

import re

from governance.scan.detectors.base import NUMERIC, FieldContext
from governance.scan.detectors.cues import Cue, cue, is_amount
from governance.scan.detectors.pattern import PatternDetector

_BRANDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
)
_CHINESE = re.compile(r"(?:62|60|65|68|69|90|95|98|49|45|43|40|52|53|54|55|35|37)\d{14,17}")
"""Issuer numbers of mainland banks, some of them older than the brand's range."""
_GROUPED = re.compile(r"\d{4}([ .-])\d{4}\1\d{4}\1\d{1,7}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{5}|\d{6}([ -])\d{10,13}")
_PIECES = re.compile(r"\d{3,16}(?:[ .-]{1,2}\d{1,16}){0,5}")


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn digit of the others."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        number = ord(sign) - 48
        total += number if place % 2 == 0 else number * 2 - 9 * (number > 4)
    return total % 10 == 0


def _judge(found: re.Match[str], context: FieldContext) -> int | None:
    match, text = found["hit"], found.string
    digits = re.sub(r"\D", "", match)
    if not 13 <= len(digits) <= 19 or is_amount(text, found.end("hit")):
        return None
    about = cue(text, found.start("hit"), found.end("hit")) if len(match) < len(text) else Cue.NONE
    if len(digits) < len(match) and not (_PIECES if about is Cue.CARD else _GROUPED).fullmatch(match):
        return None
    if not _BRANDS.fullmatch(digits) and not (about is Cue.CARD and _CHINESE.fullmatch(digits)):
        return None
    if not luhn(digits) or len(set(digits)) < 2:
        return 0
    return _score(written=len(digits) < len(match), about=about, context=context)


def _score(*, written: bool, about: Cue, context: FieldContext) -> int:
    if "CREDIT_CARD" in context.hints:
        return 90
    if context.type in ("integer", "decimal"):
        return 40
    if about in (Cue.OTHER, Cue.PHONE) and not written:
        return 30
    return 85 if written or about is Cue.CARD else 70


CARD = PatternDetector(
    name="card",
    entity="CREDIT_CARD",
    prefilter=r"\d{13}|\d(?:[ .-]{0,2}\d){12}",
    pattern=re.compile(
        r"(?:(?<![0-9A-Za-z])|(?i:(?<=card)|(?<=visa)|(?<=no)))(?<![0-9][.-])(?P<hit>\d(?:[ .-]{0,2}\d){12,18})"
        r"(?![0-9A-Za-z]|[.-][0-9])"
    ),
    judge=_judge,
    digits=13,
    chance=0.1,
    types=NUMERIC,
)
