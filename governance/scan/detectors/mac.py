"""MAC addresses with colons, dashes or dots."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_PATTERN = (
    r"[0-9A-Fa-f]{2}(?P<sep>[:-])(?:[0-9A-Fa-f]{2}(?P=sep)){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
)


def _check(match: str, _text: str, _context: FieldContext) -> int:
    digits = re.sub(r"[:.-]", "", match).lower()
    return 0 if len(set(digits)) == 1 else 90


MAC = PatternDetector(
    name="mac",
    entity="MAC_ADDRESS",
    prefilter=r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
    pattern=re.compile(rf"(?<![0-9A-Za-z:.-])(?P<hit>{_PATTERN})(?![0-9A-Za-z:-]|\.[0-9A-Fa-f])"),
    judge=by_text(_check),
)
