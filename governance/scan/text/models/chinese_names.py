"""What the Chinese model says, weighed by how Chinese names are built: surname first, two to four characters.

The model's certainty is that of its least certain character. Transliterated names have three characters and more; a
word of two that begins with no surname is mostly a common noun. A name that runs into `国际` is part of another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from governance.scan.lexicon import lexicon
from governance.scan.text.spans import Span

DOUBTFUL = 0.4
"""The most that a place is worth that does not stand by itself."""
_LEAST = {"native": 0.5, "foreign": 0.5, "short": 0.7, "latin": 0.6}
_LEAST_OTHER = {"ORGANIZATION": 0.4, "LOCATION": 0.5}
_STANDS = 0.5
_RUNS_ON = re.compile(
    "国际|國際|集团|集團|公司|信托|乐园|樂園|牧场|牧場|大学|大學|学院|學院|中学|中學|小学|小學|医院|醫院|银行|銀行|酒店|风光|主场|客场|古玩城"
    "|[山峰湖河江镇鎮县縣市区區省州岛島寺庙廟桥橋](?![一-鿿]{0,1}(?:说|說|的|和|在|是))"
)


def tidy(text: str, spans: Iterable[Span]) -> list[Span]:
    """The model's spans of one text with what they are worth; those of one character are gone."""
    return [Span(each.start, each.end, each.entity, _worth(text, each)) for each in spans if each.end - each.start > 1]


def _worth(text: str, span: Span) -> float:
    least = _least(text, span) if span.entity == "PERSON" else _LEAST_OTHER[span.entity]
    if span.score < least:
        return min(span.score, DOUBTFUL)
    return max(span.score, _STANDS)


def _least(text: str, span: Span) -> float:
    """How certain the model must be of a person."""
    name = text[span.start : span.end]
    if name.isascii():
        return _LEAST["latin"] if any(sign.isupper() for sign in name) else 1.1
    if _RUNS_ON.match(text, span.end):
        return 1.1
    if name[0] in lexicon().surnames_zh and len(name) <= 4:
        return _LEAST["native"]
    return _LEAST["foreign" if len(name) > 2 else "short"]
