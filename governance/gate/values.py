"""Which kinds of personal values stand in some texts; the detectors of the scan, without models and names.

Invented values are told from real ones as far as that can be: domains that RFC 2606 and RFC 6761 reserve, and card
numbers that issuers publish for tests.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import pyarrow as pa

from governance.scan.detectors.base import Detector, FieldContext
from governance.scan.normalise import fold

_SURE = 80
_RESERVED = re.compile(
    r"(?:^|[.@])(?:example\.(?:com|net|org|edu)|(?:[a-z0-9-]+\.)*(?:example|test|invalid|localhost|local))$"
)
_TEST_CARDS = frozenset(
    [
        "4111111111111111", "4242424242424242", "4012888888881881", "5555555555554444", "5105105105105100",
        "378282246310005", "371449635398431", "6011111111111117", "3530111333300000", "4000056655665556",
    ]
)  # fmt: skip
_LONGEST = 10_000
_MARKS = re.compile(r"@|\d{6}|[A-Z]\d")


def kinds_in(texts: Sequence[str]) -> Mapping[str, int]:
    """How many texts hold each kind of value; only kinds whose form or check digits are beyond chance."""
    worth = [fold(each[:_LONGEST]) for each in texts if _MARKS.search(each)]
    found: Counter[str] = Counter()
    if not worth:
        return found
    column = pa.array(worth, pa.string())
    for detector in _detectors():
        hits = detector.find(column, FieldContext())
        places = {
            value
            for value, start, end, score in zip(hits.index, hits.start, hits.end, hits.score, strict=True)
            if score >= _SURE and not _is_invented(worth[value][start:end])
        }
        if places:
            found[detector.entity] += len(places)
    return found


@cache
def _detectors() -> tuple[Detector, ...]:
    from governance.scan.detectors.card import CARD
    from governance.scan.detectors.email import EMAIL
    from governance.scan.detectors.iban import IBAN
    from governance.scan.detectors.national_ids import CN_RESIDENT_ID, TW_NATIONAL_ID

    return (EMAIL, CARD, IBAN, CN_RESIDENT_ID, TW_NATIONAL_ID)


def _is_invented(text: str) -> bool:
    return _RESERVED.search(text.lower()) is not None or re.sub(r"\D", "", text) in _TEST_CARDS
