"""Names of people inside texts in Latin letters, without a model: given names, surnames, titles, announcing words."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector
from governance.scan.detectors.person import latin_name

_CAPITAL = r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’-]+"
_HONORIFIC = r"(?:Mrs?|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sir|Madam)\.?"
_KIN_EN = (
    r"(?i:(?<![a-z])(?:name(?:\s+is|:|\s+of)|my\s+(?:wife|husband|son|daughter|mother|father|brother|sister|partner|spouse|boss|colleague)"
    r"|(?:his|her)\s+(?:wife|husband|son|daughter|mother|father|partner)|customer|patient|client|contact|spoke\s+(?:to|with)|called\s+by|regards,?|sincerely,?|dear|i\s+am|i'm|this\s+is))"
)
_ANNOUNCES = re.compile(rf"{_KIN_EN}\s*[:,]?\s*$")


def _check_inside(match: str, text: str, _context: FieldContext) -> int | None:
    if match.strip() == text.strip():
        return None
    bare = re.sub(rf"^{_HONORIFIC}\s+", "", match)
    score = latin_name(bare)
    if bare != match:
        return 65 if score is None or score > 0 else None
    if score is not None and 60 <= score < 80:
        return 60 if _announced_before(match, text) else None
    return 65 if score is not None and score >= 80 else None


def _announced_before(match: str, text: str) -> bool:
    """Whether a word that announces a person stands just before the match."""
    place = text.find(match)
    return _ANNOUNCES.search(text[max(0, place - 24) : place]) is not None


PERSON_LATIN = PatternDetector(
    name="person_in_text",
    entity="PERSON",
    prefilter=rf"[A-Z\x{{c0}}-\x{{de}}][^ ]+ (?:[A-Z]\. )?[A-Z\x{{c0}}-\x{{de}}]|{_HONORIFIC} *[A-Z\x{{c0}}-\x{{de}}]",
    pattern=re.compile(
        rf"(?:(?<=[^\u4e00-\u9fffA-Za-z])|(?<=[\u3400-\u9fff])|^)"
        rf"(?P<hit>(?:{_HONORIFIC}\s+)?{_CAPITAL}(?: [A-Z]\.)? {_CAPITAL}|{_HONORIFIC}\s+{_CAPITAL})(?![A-Za-z])"
    ),
    check=_check_inside,
    longest=65_536,
)
