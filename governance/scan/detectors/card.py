"""Payment cards: issuer ranges, length and the Luhn digit; grouped by four with spaces or dashes."""

from __future__ import annotations

import re

from governance.scan.detectors.base import LEFT, NUMERIC, FieldContext, PatternDetector

_BRANDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
)
_WORDS = re.compile(
    r"(?i)(?<![a-z])(?:card|visa|master\s?card|amex|credit|debit|kreditkarte|ccn?)(?![a-z])|卡|信用|银联|銀聯"
)
_GROUPED = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5}|\d{6}([ -])\d{13}")


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn digit of the others."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        number = ord(sign) - 48
        total += number if place % 2 == 0 else number * 2 - 9 * (number > 4)
    return total % 10 == 0


def _check(match: str, text: str, context: FieldContext) -> int | None:
    digits = re.sub(r"[ -]", "", match)
    if not 13 <= len(digits) <= 19:
        return None
    if len(digits) < len(match) and not _GROUPED.fullmatch(match):
        return None
    if not _BRANDS.fullmatch(digits):
        return None
    if not luhn(digits) or len(set(digits)) < 2:
        return 0
    if "CREDIT_CARD" in context.hints:
        return 90
    if context.type in ("integer", "decimal"):
        return 40
    return 85 if len(digits) < len(match) or _WORDS.search(text) else 70


CARD = PatternDetector(
    name="card",
    entity="CREDIT_CARD",
    prefilter=r"\d{13}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d|\d{4}[ -]\d{6}[ -]\d{5}|\d{6}[ -]\d{13}",
    pattern=re.compile(rf"{LEFT}(?<![0-9][.-])(?P<hit>\d(?:[ -]?\d){{12,18}})(?![0-9A-Za-z]|[.-][0-9])"),
    check=_check,
    digits=13,
    chance=0.1,
    types=NUMERIC,
)
