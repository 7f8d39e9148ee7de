"""Postal addresses in English and German: number, street, unit, post box."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_SUFFIX = (
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|circle|cir|place|pl|terrace"
    r"|ter|way|highway|hwy|square|sq|parkway|pkwy|trail|trl|close|crescent|cres|grove|gardens|mews|row"
    r"|alley|loop|pike|path|walk|hill|green)"
)
_UNIT_EN = r"(?:,?\s*(?:apt|apartment|suite|ste|unit|flat|room|rm|floor|fl|#)\.?\s*[A-Za-z]?\d{0,5}[A-Za-z]?)?"
_WORD = r"[A-Za-zÀ-ÿ0-9'’.-]+"
_ENGLISH = (
    rf"(?:(?:flat|rm|room|unit|suite|apt)\.?\s*[A-Za-z0-9]{{1,6}},?\s*)?"
    rf"(?:\d{{1,3}}/F\.?,?\s*)?\d{{1,6}}[A-Za-z]?(?:-\d{{1,6}})?,?\s+(?:{_WORD}\s+){{1,5}}?{_SUFFIX}"
    rf"(?![A-Za-z])\.?{_UNIT_EN}"
)
_BOX = r"(?:p\.?\s?o\.?\s?box|postfach|postbus|apartado)\s*\d{1,6}"
_GERMAN = (
    r"[A-ZÄÖÜ][A-Za-zäöüß.-]*(?: [A-ZÄÖÜ][A-Za-zäöüß.-]*){0,3}?(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|[Ww]eg"
    r"|[Pp]latz|[Aa]llee|[Gg]asse|[Rr]ing|[Dd]amm|[Uu]fer)\s+\d{1,4}\s?[a-zA-Z]?(?![A-Za-z0-9])"
)
_NOT = re.compile(
    r"(?i)^\d+\s+(?:[a-z]+\s+)?(?:way|way|place|row|drive|walk|path|close)s?$|\b(?:minutes?|hours?|days?|weeks?|times|people|items|orders?|pieces?|percent)\b"
)


def _check_latin(match: str, _text: str, _context: FieldContext) -> int | None:
    return 0 if _NOT.search(match) else 80


ADDRESS = PatternDetector(
    name="address",
    entity="ADDRESS",
    prefilter=rf"(?i)\d[a-z]?,?\s+(?:\S+\s+){{1,5}}{_SUFFIX}(?:[^A-Za-z]|$)|{_BOX}|(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer)\s+\d",
    pattern=re.compile(rf"(?<![A-Za-z0-9])(?P<hit>(?i:{_ENGLISH})|(?i:{_BOX})|{_GERMAN})"),
    check=_check_latin,
    longest=65_536,
)
