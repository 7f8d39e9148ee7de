"""Vehicle plates: mainland China, Japan, Korea by form; Taiwan, Hong Kong, Macau, Germany, Britain beside a word."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_PROVINCES = "京津沪滬渝冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵青藏川宁寧琼瓊"
_CN = (
    rf"(?:[{_PROVINCES}使领領][A-HJ-NP-Z]|WJ[{_PROVINCES}])[·•.・ -]?"
    r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂掛学學警港澳领領使]|[DFABCEGHJK][A-HJ-NP-Z0-9]\d{4}|\d{5}[DFABCEGHJK])"
)
"""A province, a letter, and five signs, or six of a car on electricity: the extra letter stands first or last."""
_JP = r"[\u4e00-\u9fff]{1,3} ?\d{2,3} ?[\u3041-\u3093] ?(?:\d{1,2}-\d{2}|・{0,3}\d{1,4})"
_KR = r"\d{2,3}[가-힣] ?\d{4}"
_SURE = rf"{_CN}|{_JP}|{_KR}"
_OTHER = (
    r"[A-Z]{3}-\d{4}|\d{4}-[A-Z]{2}|[A-Z]{2}-\d{4}|[A-Z]{2,3}-\d{3}|\d{3}-[A-Z]{3}|[A-Z]{2}-\d{2}-\d{2}"
    r"|[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}[ -]?\d{1,4}[EH]?|[A-ZÄÖÜ]{1,3} [A-Z]{1,2} \d{1,4}[EH]?"
    r"|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2} ?\d{3,4}"
)
_WORD = re.compile(
    r"(?i)(?<![a-z])(?:plate|licen[sc]e\s+plate|registration|vehicle|kennzeichen|kfz|reg\s?no|car)(?![a-z])|车牌|車牌|牌照|車號|车号|汽車|號牌"
)
_NEAR = 60


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if not any(sign.isdigit() for sign in match):
        return 0
    if re.fullmatch(_CN, match):
        return 90
    if re.fullmatch(_SURE, match):
        return 70
    place = text.find(match)
    near = text[max(0, place - _NEAR) : place + len(match) + _NEAR]
    return 70 if "VEHICLE_PLATE" in context.hints or _WORD.search(near) else 10


PLATE = PatternDetector(
    name="plate",
    entity="VEHICLE_PLATE",
    prefilter=rf"{_CN}|[\x{{3041}}-\x{{3093}}] ?\d|\d[가-힣] ?\d{{4}}|{_OTHER}",
    pattern=re.compile(rf"(?<![0-9A-Za-z-])(?P<hit>{_SURE}|{_OTHER})(?![0-9A-Za-z]|-[0-9A-Za-z])"),
    judge=by_text(_check),
    chance=0.2,
)
