"""Dates of birth: a date whose field or surroundings speak of birth."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAY = (
    r"(?:18|19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])(?![0-9])"
    r"|(?:3[01]|[12]\d|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])[-/.](?:(?:18|19|20)\d{2}|\d{2})(?![0-9])"
    r"|(?:18|19|20)\d{2}(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])(?![0-9])"
    rf"|(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?:{_MONTHS})[a-z]*\.?,?(?:\s+(?:18|19|20)\d{{2}})?(?![a-z0-9])"
    rf"|(?:{_MONTHS})[a-z]*\.?\s+(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?:,?\s+(?:18|19|20)\d{{2}})?(?![a-z0-9])"
    r"|(?:(?:18|19|20)?\d{2}|民国\s?\d{2,3}|民國\s?\d{2,3})\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号號])?"
    r"|\d{1,2}\s?月\s?\d{1,2}\s?[日号號]?"
    r"|[一二三四五六七八九十]{1,3}月(?:初|廿)?[一二三四五六七八九十]{1,3}[日号號]?"
)
_BIRTH = (
    r"(?:born(?:\s+on)?|birth\s?-?day|birth\s?-?date|date\s+of\s+birth|d\.?o\.?b\.?|geburtsdatum|geb\."
    r"|geboren|生日|生于|生於|出生(?:日期|年月日?)?|誕生日|诞辰|生辰)"
)
_WORD = re.compile(rf"(?i)(?<![a-z]){_BIRTH}(?![a-z])")


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if match.strip() == text.strip():
        return 70 if "DATE_OF_BIRTH" in context.hints else 5
    near = text[max(0, text.find(match) - 40) : text.find(match) + len(match) + 16]
    return 80 if _WORD.search(near) else None


BIRTH_DATE = PatternDetector(
    name="birth_date",
    entity="DATE_OF_BIRTH",
    prefilter=(
        rf"(?i)\d[-/.]\d{{1,2}}[-/.]\d{{2}}|(?:18|19|20)\d{{6}}|(?:{_MONTHS})[a-z]*\.? *\d|\d(?:st|nd|rd|th"
        rf"|\.)? +(?:of +)?(?:{_MONTHS})|[\d一二三四五六七八九十] ?月"
    ),
    pattern=re.compile(rf"(?i)(?<![0-9A-Za-z])(?<![0-9][-/.])(?P<hit>{_DAY})"),
    check=_check,
    longest=65_536,
)
