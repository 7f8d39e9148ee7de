"""Words about health: diagnoses, medicines, treatments, in English and Chinese; blood groups and ICD codes by name."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text
from governance.scan.lexicon import lexicon

_CODE = r"[A-TV-Z]\d{2}(?:\.[0-9A-Z]{1,4})?"
_BLOOD = r"(?:A|B|AB|O)(?:[+-]|\s?(?:pos|neg)(?:itive|ative)?|型|\s?Rh[+-])"


def _words() -> str:
    return rf"(?i:(?<![A-Za-z])(?:{lexicon().health_en})(?![A-Za-z]))|{lexicon().health_zh}"


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if re.fullmatch(_BLOOD, match):
        return 55 if match == text.strip() else None
    if re.fullmatch(_CODE, match):
        return None if match != text.strip() else 60 if "HEALTH" in context.hints else 10
    return 65


def make_health() -> PatternDetector:
    """The detector over the pack's words."""
    return PatternDetector(
        name="health",
        entity="HEALTH",
        prefilter=rf"(?i)(?:^|[^A-Za-z])(?:{lexicon().health_en})|{lexicon().health_zh}|^\s*{_CODE}\s*$|^\s*{_BLOOD}\s*$",
        pattern=re.compile(rf"(?P<hit>{_words()}|^\s*{_CODE}\s*$|^\s*{_BLOOD}\s*$)"),
        judge=by_text(_check),
        longest=65_536,
    )
