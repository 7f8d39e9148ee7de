"""Ages in Chinese: 34岁, 三十四歲, 年龄：34, 今年34; no age bands and no spans of time."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector

_NUMERALS = "〇零一二三四五六七八九十百两兩"
_VALUE = {sign: place % 10 for place, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_MOST = 120
_BAND = re.compile(r"[ ]?(?:以上|以下|以内|以內|及以上|起|前|之前|后|後|段|组|組|用|适用|適用|级|級|[-~至到])")
_BAND_BEFORE = re.compile(
    r"(?:[0-9〇零一二三四五六七八九十](?:[岁歲])?[ ]?[-~至到、]|满|滿|未满|未滿|不足|超过|超過|适合|適合)[ ]?$"
)


def _number(written: str) -> int:
    """The number that ASCII digits or Chinese numerals up to 199 write."""
    if written.isascii():
        return int(written)
    total = 0
    hundreds, _, rest = written.rpartition("百")
    if hundreds:
        total += 100 * _VALUE.get(hundreds[-1], 1)
    tens, ten, ones = rest.rpartition("十")
    if ten:
        total += 10 * (_VALUE.get(tens[-1], 1) if tens else 1)
    return total + (_VALUE.get(ones[-1], 0) if ones else 0)


def _judge(match: re.Match[str], _context: FieldContext) -> int | None:
    text, start, end = match.string, match.start("hit"), match.end("hit")
    written = match["years"] or match["told"] or match["now"]
    if _number(written) > _MOST or _BAND.match(text, end) or _BAND_BEFORE.search(text[max(0, start - 5) : start]):
        return None
    return 62 if match["now"] else 80


AGE_ZH = PatternDetector(
    name="age_zh",
    entity="AGE",
    prefilter=rf"[0-9{_NUMERALS}] ?(?:周|週)?[岁歲]"
    rf"|[年][龄齡纪紀]|今年[是已才刚剛满滿快]{{0,2}} ?[0-9{_NUMERALS}]|个月大|個月大",
    pattern=re.compile(
        rf"(?<![0-9.A-Za-z{_NUMERALS}])(?P<hit>(?P<years>[0-9]{{1,3}}|[{_NUMERALS}]{{1,5}}) ?"
        rf"(?:(?:周|週)?[岁歲](?:半|零?[0-9一二三四五六七八九十]{{1,2}}[个個]月)?"
        rf"(?![月末数數])|[个個]月大)"
        rf"|(?:年[龄齡]|年[纪紀])(?:为|為|是)?[ :]{{0,2}}(?P<told>[0-9]{{1,3}}|[{_NUMERALS}]{{2,4}})"
        rf"(?![0-9{_NUMERALS}年月日.-]|[岁歲])"
        rf"|(?<=今年)(?:[是已才刚剛满滿快]{{0,2}} ?)(?P<now>[1-9][0-9]?|[{_NUMERALS}]{{2,3}})(?=[了,，。;.!]|$))"
    ),
    judge=_judge,
)
