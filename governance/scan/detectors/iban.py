"""International bank account numbers, checked by country length and mod 97."""

from __future__ import annotations

import re

from stdnum import iban

from governance.scan.detectors.base import LEFT, RIGHT, FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text


def _check(match: str, _text: str, _context: FieldContext) -> int | None:
    return 97 if iban.is_valid(match) else 0


IBAN = PatternDetector(
    name="iban",
    entity="IBAN_CODE",
    prefilter=r"[A-Za-z]{2}\d{2}[ -]?[A-Za-z0-9]{4}[ -]?[A-Za-z0-9]{3}",
    pattern=re.compile(
        rf"{LEFT}(?P<hit>[A-Z]{{2}}\d{{2}}(?:[ -]?[A-Z0-9]{{4}}){{2,7}}(?:[ -]?[A-Z0-9]{{1,3}})?"
        rf"|[a-z]{{2}}\d{{2}}(?:[ -]?[a-z0-9]{{4}}){{2,7}}(?:[ -]?[a-z0-9]{{1,3}})?){RIGHT}"
    ),
    judge=by_text(_check),
    digits=2,
    chance=0.01,
)
