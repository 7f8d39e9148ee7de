"""Passport numbers: weak by form, strong where the word or the field's name stands beside them."""

from __future__ import annotations

import re

from governance.scan.detectors.base import LEFT, RIGHT, FieldContext, PatternDetector

_WORD = re.compile(
    r"(?i)(?<![a-z])(?:passport|reisepass|passeport|pasaporte|travel\s+document)(?![a-z])|护照|護照|通行证|通行證"
)
_FORMS = r"(?:E[A-HJ-NP-Z]|[EGDSPHK])\d{8}|[A-Z]\d{8}|[A-Z]{2}\d{7}|[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}|\d{9}"


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if not any(sign.isdigit() for sign in match):
        return None
    hinted = "PASSPORT" in context.hints or _WORD.search(text) is not None
    if hinted:
        return 75
    return None if match.isdigit() else 15


PASSPORT = PatternDetector(
    name="passport",
    entity="PASSPORT",
    prefilter=r"[A-Z]{1,2}\d{7}|\d{9}|[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}",
    pattern=re.compile(rf"{LEFT}(?P<hit>{_FORMS}){RIGHT}"),
    check=_check,
    digits=6,
    chance=0.9,
)
