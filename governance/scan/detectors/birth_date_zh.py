"""Dates of birth in Chinese: numerals, years of the republic, the lunar calendar, a year alone with its word."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector

_N = "〇零○一二三四五六七八九十廿"
_YEAR = (
    rf"(?:(?:公元)?(?:18|19|20)[0-9]{{2}}|[0-9]{{2}}|(?:民国|民國)[ ]?(?:[0-9]{{1,3}}|[{_N}百]{{1,5}}|元)"
    rf"|[一二][{_N}]{{3}}|[{_N}]{{2}})[ ]?年"
)
_MONTH = rf"(?:[0-9]{{1,2}}|[{_N}]{{1,3}}|正|冬|腊|臘|闰[{_N}]{{1,2}})[ ]?月"
_DAY = rf"(?:初[{_N}]|[0-9]{{1,2}}[ ]?[日号號]|[{_N}]{{1,3}}[日号號]?)"
_LUNAR = r"(?:农历|農曆|阴历|陰曆|阳历|陽曆|公历|公曆|新历|西元)?[ ]?"
_DATE = rf"{_LUNAR}(?:{_YEAR}[ ]?(?:{_LUNAR}{_MONTH}[ ]?(?:{_DAY})?)?|{_MONTH}[ ]?{_DAY})"
_WORD = (
    r"(?:出生(?:日期|年月日?|时间|時間|于|於)?|生日(?:是|为|為|在)?"
    r"|生于|生於|诞生于|誕生於|诞辰|誕辰|生辰(?:八字)?|誕生日|降生于|降生於)"
)
_BEHIND = re.compile(
    r"[ ]?(?:出生|生人?(?![产產活命意存成效物长長理态態])|诞生|誕生"
    r"|[,，]?(?:是)?(?:我|他|她|你|您|孩子|宝宝|老婆|妈妈)的?生日)"
)
_BEFORE = re.compile(rf"{_WORD}[ :：]{{0,2}}(?:是|为|為|在|于|於)?[ ]?$")


def _judge(match: re.Match[str], context: FieldContext) -> int | None:
    text, start, end = match.string, match.start("hit"), match.end("hit")
    if not start and end == len(text):
        return 70 if "DATE_OF_BIRTH" in context.hints else None
    if _BEFORE.search(text[max(0, start - 12) : start]) or _BEHIND.match(text, end):
        return 82
    return None


BIRTH_DATE_ZH = PatternDetector(
    name="birth_date_zh",
    entity="DATE_OF_BIRTH",
    prefilter=rf"[0-9{_N}元] ?年|[0-9{_N}正冬腊臘] ?月",
    pattern=re.compile(rf"(?<![0-9A-Za-z{_N}])(?P<hit>{_DATE})"),
    judge=_judge,
)
