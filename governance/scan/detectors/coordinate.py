"""A place on earth: latitude and longitude as decimals, with degree signs, or each behind its word."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_PAIR = r"[(\[]?\s{0,2}[+-]?\d{1,3}\.\d{3,}\s{0,2}(?:[,;，]|\s)\s{0,2}[+-]?\d{1,3}\.\d{3,}\s{0,2}[)\]]?"
_POINT = r"POINT\s{0,2}\(\s{0,2}-?\d{1,3}\.\d{3,}\s{1,2}-?\d{1,2}\.\d{3,}\s{0,2}\)"
_ANGLE = r"\d{1,3}(?:\.\d+)?\s?[°º](?:\s?\d{1,2}(?:\.\d+)?\s?['′’](?:\s?\d{1,2}(?:\.\d+)?\s?(?:[\"″”]|''))?)?"
_DEGREES = (
    rf"(?:[NS北南]\s?{_ANGLE}|{_ANGLE}\s?[NS])\s{{0,2}}[,;/，]?\s{{0,2}}(?:[EW东東西]\s?{_ANGLE}|{_ANGLE}\s?[EW])"
)
_WORDED = (
    r"(?:(?i:lat(?:itude)?)|[纬緯]度|北[纬緯]|南[纬緯])\s?[:=：]?\s?[+-]?\d{1,2}\.\d{2,}°?\s{0,2}[,;，、]?\s{0,2}"
    r"(?:(?i:lon(?:gitude)?|lng|long)|[经經]度|[东東西][经經])\s?[:=：]?\s?[+-]?\d{1,3}\.\d{2,}°?"
    r"|(?:(?i:lon(?:gitude)?|lng)|[经經]度|[东東西][经經])\s?[:=：]?\s?[+-]?\d{1,3}\.\d{2,}°?\s{0,2}[,;，、]?\s{0,2}"
    r"(?:(?i:lat(?:itude)?)|[纬緯]度|[北南][纬緯])\s?[:=：]?\s?[+-]?\d{1,2}\.\d{2,}°?"
)

_FINE = 4
"""Decimals of two numbers with nothing but a space between."""


def _check(match: str, _text: str, _context: FieldContext) -> int | None:
    if "°" in match or "º" in match or re.match(r"[^\d(\[+-]", match):
        numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", match)]
        return 85 if max(numbers) <= 180 else 0
    decimals = re.findall(r"\d+\.(\d+)", match)
    if not re.search(r"[,;，(]", match) and min(len(each) for each in decimals) < _FINE:
        return None
    first, second = (abs(float(each)) for each in re.findall(r"\d+\.\d+", match)[:2])
    return 75 if max(first, second) <= 180 and min(first, second) <= 90 else 0


COORDINATE = PatternDetector(
    name="coordinate",
    entity="COORDINATE",
    prefilter=r"\d\.\d{3,}\s*(?:[,;，]|\s)\s*[+-]?\d{1,3}\.\d{3}|[°º]|(?i:lat|lon|lng)[a-z]{0,7}\s?[:=]?\s?[+-]?\d|[纬緯经經]度?\s?[:=]?\s?\d",
    pattern=re.compile(rf"(?<![0-9A-Za-z.-])(?P<hit>{_POINT}|{_DEGREES}|{_WORDED}|{_PAIR})(?![0-9A-Za-z]|\.\d)"),
    judge=by_text(_check),
    digits=4,
)
