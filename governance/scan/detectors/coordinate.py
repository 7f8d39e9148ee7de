"""A place on earth as one value: latitude and longitude with at least three decimals each."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_PAIR = r"[(\[]?\s*-?\d{1,2}\.\d{3,}\s*[,;\s]\s*-?\d{1,3}\.\d{3,}\s*[)\]]?"
_POINT = r"POINT\s*\(\s*-?\d{1,3}\.\d{3,}\s+-?\d{1,2}\.\d{3,}\s*\)"


def _check(match: str, _text: str, _context: FieldContext) -> int:
    first, second = (abs(float(each)) for each in re.findall(r"\d+\.\d+", match)[:2])
    return 75 if max(first, second) <= 180 and min(first, second) <= 90 else 0


COORDINATE = PatternDetector(
    name="coordinate",
    entity="COORDINATE",
    prefilter=r"\d\.\d{3,}\s*[,;\s]\s*-?\d{1,3}\.\d{3}",
    pattern=re.compile(rf"(?<![0-9A-Za-z.-])(?P<hit>{_POINT}|{_PAIR})"),
    check=_check,
    digits=8,
)
