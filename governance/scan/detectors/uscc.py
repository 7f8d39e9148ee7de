"""Unified social credit codes of Chinese organizations: 18 signs with a mod-31 check."""

from __future__ import annotations

import re

from stdnum.cn import uscc

from governance.scan.detectors.base import LEFT, RIGHT, FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text


def _check(match: str, _text: str, _context: FieldContext) -> int:
    return 95 if uscc.is_valid(match) else 0


USCC = PatternDetector(
    name="uscc",
    entity="CN_USCC",
    prefilter=r"[1-9ANY][1-9ANY]\d{6}[0-9A-HJ-NP-RTUW-Y]{10}",
    pattern=re.compile(rf"{LEFT}(?P<hit>[159ANY][1239]\d{{6}}[0-9A-HJ-NP-RTUW-Y]{{10}}){RIGHT}"),
    judge=by_text(_check),
    digits=6,
    chance=0.035,
)
