"""Dates of birth: a date whose field or surroundings speak of birth."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector

_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|janv|févr|mars|avr|juin|juil|août|déc|ene|abr|ago|dic"
    "|gen|mag|giu|lug|set|ott|fev|out|maj|aoû"
)
_DAY = (
    r"(?:18|19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])(?![0-9])"
    r"|(?:3[01]|[12]\d|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])[-/.](?:(?:18|19|20)\d{2}|\d{2})(?![0-9])"
    r"|(?:18|19|20)\d{2}(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])(?![0-9])"
    rf"|(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|º|er|\.)?[\s-]+(?:of\s+|de\s+)?(?:{_MONTHS})[a-zäéûç]*\.?,?"
    rf"(?:[\s-]+(?:de\s+)?(?:18|19|20)\d{{2}})?(?![a-z0-9])"
    rf"|(?:{_MONTHS})[a-z]*\.?\s+(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?:,?\s+(?:18|19|20)\d{{2}})?(?![a-z0-9])"
    r"|(?:(?:18|19|20)?\d{2}|民国\s?\d{2,3}|民國\s?\d{2,3})\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号號])?"
    r"|\d{1,2}\s?月\s?\d{1,2}\s?[日号號]?"
    r"|[一二三四五六七八九十]{1,3}月(?:初|廿)?[一二三四五六七八九十]{1,3}[日号號]?"
)
_BIRTH = (
    r"(?:born|birth\s?-?day|b-?day|birth\s?-?date|date\s+of\s+birth|d\.?\s?o\.?\s?b\.?|birth|geburtsdatum"
    r"|geburtstag|geb\."
    r"|geboren|née? le|date de naissance|naissance|nacid[oa]|fecha de nacimiento|nacimiento|nat[oa]|data di nascita"
    r"|nascita|data de nascimento|nascid[oa]|geboortedatum|urodzon[ya]|data urodzenia|född|født|syntynyt"
    r"|生日|生于|生於|出生(?:日期|年月日?)?|誕生日|诞辰|生辰)"
)
_BEFORE = re.compile(
    rf"(?i)(?<![a-z]){_BIRTH}(?![a-z])(?:[^0-9\n]|\n(?=[^\n]{{0,20}}$)){{0,40}}"
    r"(?:\((?:mm|dd|yyyy|[-/. dmy])+\)[:\s]*)?$"
)
_BEHIND = re.compile(rf"(?i)\s?[,(;]?\s?(?:is|was|as)?\s?(?:his|her|my|the|their)?\s?{_BIRTH}(?![a-z])")
_REACH = 64
_WORD_PREFILTER = (
    r"(?i)birth|b-?day|d\.?\s?o\.?\s?b|geb|geburt|naissan|né(?:e)? le|nacid|nacim|nato |nata |nascit|nascid|nascim"
    r"|geboor"
    r"|urodz|född|født|born|syntynyt|[生诞辰誕]"
)


def _judge(match: re.Match[str], context: FieldContext) -> int | None:
    text, start, end = match.string, match.start("hit"), match.end("hit")
    if match["hit"].strip() == text.strip():
        return 70 if "DATE_OF_BIRTH" in context.hints else 5
    if _BEFORE.search(text[max(0, start - _REACH) : start]) or _BEHIND.match(text[end : end + _REACH]):
        return 80
    return None


BIRTH_DATE = PatternDetector(
    name="birth_date",
    entity="DATE_OF_BIRTH",
    prefilter=(
        rf"(?i)\d[-/.]\d{{1,2}}[-/.]\d{{2}}|(?:18|19|20)\d{{6}}|(?:{_MONTHS})[a-z]*\.? *\d|\d(?:st|nd|rd|th"
        rf"|\.)?[ -]+(?:of +|de +)?(?:{_MONTHS})|[\d一二三四五六七八九十] ?月|{_WORD_PREFILTER.removeprefix('(?i)')}"
    ),
    pattern=re.compile(rf"(?i)(?<![0-9A-Za-z])(?<![0-9][-/.])(?P<hit>{_DAY})"),
    judge=_judge,
    longest=65_536,
)

BIRTH_YEAR = PatternDetector(
    name="birth_year",
    entity="DATE_OF_BIRTH",
    prefilter=r"(?i)(?:born|née?|geboren|nacid[oa]|nat[oa]) +(?:in|en|nel) +(?:18|19|20)\d\d"
    r"|(?:birth year|year of birth|yob|geburtsjahr)\W{1,3}(?:is )?\d{4}",
    pattern=re.compile(
        r"(?i)(?<![a-z])(?:(?:was|were|i'm|ist|est)? ?(?:born|née?|geboren|nacid[oa]|nat[oa]) (?:in|en|nel)|birth year"
        r"|year of birth|yob|geburtsjahr)\W{1,3}(?:is )?(?P<hit>(?:18|19|20)\d{2})(?!\d|[-/.]\d)"
    ),
    judge=lambda _match, _context: 60,
    longest=65_536,
)
"""Years of birth: `born in 1984`."""
