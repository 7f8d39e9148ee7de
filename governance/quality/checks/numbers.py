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


@dataclass(frozen=True, slots=True)
class Form:
    """Numbers of one form with their check."""

    pattern: str
    """The form of the whole number, letters in capitals, without its signs."""
    check: Callable[[str], bool]
    """Whether the check digit is right."""


def _ssn(text: str) -> bool:
    """A US social security number: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    return text[:3] not in ("000", "666") and text[0] != "9" and text[3:5] != "00" and text[5:] != "0000"


FORMS: Mapping[str, Sequence[Form]] = MappingProxyType(
    {
        "bank_account": (Form(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", check_named("stdnum.iban")),),
        "card": (Form(r"\d{13,19}", luhn),),
        "national_id": (
            Form(r"\d{17}[\dX]", cn_resident_id),
            Form(r"[A-Z][1289A-D]\d{8}", tw_national_id),
            Form(r"[A-Z]{1,2}\d{6}[\dA]", hk_id),
            Form(r"\d{9}", _ssn),
        ),
        "organization_id": (Form(r"[0-9A-HJ-NPQRTUWXY]{18}", check_named("stdnum.cn.uscc")),),
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
        broken[places] = [not form.check(text) for text in texts]
    return judged, broken
