"""Check digits of identifiers. A number of a form that no entry knows is not judged: silence is no praise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.quality.columns import where
from governance.scan.detectors.identifiers.checks import check_named, luhn
from governance.scan.detectors.national_ids import cn_resident_id, hk_id, tw_national_id

Judge = Callable[[Sequence[str]], np.ndarray]
"""Says of numbers of one form which have the right check digit."""


@dataclass(frozen=True, slots=True)
class Form:
    """Numbers of one form with their check."""

    pattern: str
    """The form of the whole number, letters in capitals, without its signs."""
    right: Judge
    """Which have the right check digit."""


def _each(check: Callable[[str], bool]) -> Judge:
    """A check of one number for many."""
    return lambda texts: np.fromiter((check(text) for text in texts), bool, len(texts))


_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
_CHECK_SIGNS = np.frombuffer(b"10X98765432", np.uint8)


def _cn_resident_ids(texts: Sequence[str]) -> np.ndarray:
    """As `cn_resident_id` for many: the check sign of all at once, the rest where that is right.

    Province and day repeat, and are looked up once for each pair of them.
    """
    signs = np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), 18)
    total = (signs[:, :17].astype(np.int64) - 48) @ _WEIGHTS
    right: np.ndarray = _CHECK_SIGNS[total % 11] == signs[:, 17]
    known: dict[str, bool] = {}
    for place in map(int, np.flatnonzero(right)):
        text = texts[place]
        head = text[:2] + text[6:14]
        if head not in known:
            known[head] = cn_resident_id(text)
        right[place] = known[head]
    return right


def _ssn(text: str) -> bool:
    """A US social security number: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    return text[:3] not in ("000", "666") and text[0] != "9" and text[3:5] != "00" and text[5:] != "0000"


FORMS: Mapping[str, Sequence[Form]] = MappingProxyType(
    {
        "bank_account": (Form(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", _each(check_named("stdnum.iban"))),),
        "card": (Form(r"\d{13,19}", _each(luhn)),),
        "national_id": (
            Form(r"\d{17}[\dX]", _cn_resident_ids),
            Form(r"[A-Z][1289A-D]\d{8}", _each(tw_national_id)),
            Form(r"[A-Z]{1,2}\d{6}[\dA]", _each(hk_id)),
            Form(r"\d{9}", _each(_ssn)),
        ),
        "organization_id": (Form(r"[0-9A-HJ-NPQRTUWXY]{18}", _each(check_named("stdnum.cn.uscc"))),),
    }
)
"""The forms of each kind of number; no text has two of them."""


def faults(signs: pa.Array, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Where a number has a known form, and where its check digit is wrong; `signs` are capitals without signs."""
    judged, broken = np.zeros(len(signs), bool), np.zeros(len(signs), bool)
    for form in FORMS[kind]:
        places = np.flatnonzero(where(pc.match_substring_regex(signs, f"^(?:{form.pattern})$")))
        judged[places] = True
        texts = signs.take(pa.array(places)).to_pylist()
        broken[places] = ~form.right(texts) if len(texts) else False
    return judged, broken
