"""Vehicle plates: mainland China by form; Taiwan, Germany and Britain where name or text speak of a vehicle."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_CN = (
    r"[京津沪滬渝冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵"
    r"青藏川宁寧琼瓊使领領][A-HJ-NP-Z][·•. ]?"
    r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂掛学學警港澳]|[DF][A-HJ-NP-Z0-9]\d{4}|\d{5}[DF])"
)
_OTHER = r"[A-Z]{3}-\d{4}|\d{4}-[A-Z]{2}|[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}[ -]?\d{1,4}[EH]?|[A-Z]{2}\d{2} ?[A-Z]{3}"
_WORD = re.compile(
    r"(?i)(?<![a-z])(?:plate|licen[sc]e\s+plate|registration|vehicle|kennzeichen|reg\s?no)(?![a-z])|车牌|車牌|牌照|車號|车号"
)


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if re.fullmatch(_CN, match):
        return 90 if any(sign.isdigit() for sign in match) else 0
    return 70 if "VEHICLE_PLATE" in context.hints or _WORD.search(text) else 10


PLATE = PatternDetector(
    name="plate",
    entity="VEHICLE_PLATE",
    prefilter=rf"{_CN}|{_OTHER}",
    pattern=re.compile(rf"(?<![0-9A-Za-z-])(?P<hit>{_CN}|{_OTHER})(?![0-9A-Za-z]|-[0-9A-Za-z])"),
    check=_check,
    chance=0.2,
)
