"""Shapes: what a value looks like, without any character of it.

Digits become `9`, capitals `A`, other letters `a`, Chinese characters `中`; other signs stay, except that anything
outside a short list of punctuation becomes `?`. Long values are cut. A shape tells only the lengths of its parts.
"""

from __future__ import annotations

import string
import unicodedata
from functools import cache

import pyarrow as pa

from governance.scan.detectors.base import Detector, FieldContext
from governance.scan.detectors.card import CARD
from governance.scan.detectors.email import EMAIL
from governance.scan.detectors.iban import IBAN
from governance.scan.detectors.national_ids import CN_RESIDENT_ID, HK_ID, TW_NATIONAL_ID, US_SSN
from governance.scan.detectors.person import PERSON
from governance.scan.detectors.phone import PHONE
from governance.scan.detectors.plate import PLATE
from governance.scan.detectors.secret import SECRET
from governance.scan.needs import need_of
from governance.scan.normalise import fold

_KEPT = frozenset(" .,;:@/\\-_+*#()[]{}=?&%'\"|~!<>，。；：、（）·•\n\t")
_LONGEST = 40
_SURE = 60


def shape(text: str) -> str:
    """The shape of a value: `ada@example.org` gives `aaa@aaaaaaa.aaa`."""
    signs = "".join(_sign(sign) for sign in text[:_LONGEST])
    return signs + "…" if len(text) > _LONGEST else signs


def shape_name(name: str) -> str:
    """A name of a file, column or key as it may be shown: itself, or its shape when it holds a person's value."""
    return shape(name) if looks_personal(name) else name


def looks_personal(name: str) -> bool:
    """Whether a name of a thing holds what looks like a value of a person: e-mail, phone, id, card, account, a name."""
    text = fold(name).replace("_", " ")
    digits, values, context = sum(sign in string.digits for sign in text), pa.array([text], pa.string()), FieldContext()
    return any(
        (detector.find(values, context).score >= _SURE).any()
        for detector, needed in _name_detectors()
        if digits >= needed
    )


@cache
def _name_detectors() -> tuple[tuple[Detector, int], ...]:
    """Detectors, each with the digits that a value with a hit holds at least."""
    detectors = (EMAIL, CARD, IBAN, CN_RESIDENT_ID, TW_NATIONAL_ID, HK_ID, US_SSN, PHONE, PLATE, SECRET, PERSON)
    return tuple((each, max(each.digits, need_of(each.prefilter).digits)) for each in detectors)


def _sign(sign: str) -> str:
    if sign in _KEPT:
        return sign
    kind = unicodedata.category(sign)
    if kind.startswith("N"):
        return "9"
    if kind == "Lu":
        return "A"
    if kind.startswith("L"):
        return "中" if "\u2e80" <= sign <= "\u9fff" or sign >= "\uf900" else "a"
    return "?"
