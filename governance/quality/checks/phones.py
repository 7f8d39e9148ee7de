"""Phone numbers: the form that people write them in, and whether a region's numbering plan has such a number.

Most numbers are told by their digits in one pass with the plans of libphonenumber as RE2 expressions; only what those
do not admit is parsed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from governance.quality.columns import where

_FORM = r"^(?:[+(\d])[\d\s()+./\-#*]*(?:(?:;?\s*(?:ext\.?|x|转|轉|分机|分機))\s*\d{1,7})?$"
_LEAST_DIGITS = 5
_COUNTRIES = {"UK": "GB", "EN": "GB", "PRC": "CN", "ROC": "TW", "USA": "US"}
"""Codes that shops write for a country, with the ISO code."""
_KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan")


def faults(texts: pa.Array, countries: pa.Array | None, regions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where a folded text is no phone number at all, and where it is one that cannot be reached.

    A number is reached when it is valid in the country of its row, or, where that is not known, in one of the regions;
    one that is written with a country's prefix, in that country.
    """
    written = where(pc.match_substring_regex(texts, _FORM))
    digits = pc.replace_substring_regex(texts, r"\(0\)|[^\d+]", "")
    given = where(pc.is_valid(texts))
    wrong = given & ~(written & where(pc.greater_equal(pc.utf8_length(digits), _LEAST_DIGITS)))
    unreached = np.zeros(len(texts), bool)
    for rows, admitted in _by_regions(countries, regions, len(texts)):
        rest = np.flatnonzero(rows & given & ~wrong & ~where(pc.match_substring_regex(digits, _plans(admitted))))
        unreached[rest] = [not is_reached(text, admitted) for text in texts.take(pa.array(rest)).to_pylist()]
    return wrong, unreached


def _by_regions(
    countries: pa.Array | None, regions: tuple[str, ...], rows: int
) -> Iterator[tuple[np.ndarray, tuple[str, ...]]]:
    """Rows with the regions that their numbers may belong to."""
    left = np.ones(rows, bool)
    for country in pc.unique(countries).to_pylist() if countries is not None else ():
        code = _COUNTRIES.get(country.upper(), country.upper()) if country else ""
        if code in phonenumbers.SUPPORTED_REGIONS:
            chosen = where(pc.equal(countries, country))
            left &= ~chosen
            yield chosen, (code,)
    if left.any():
        yield left, regions


def is_reached(text: str, regions: tuple[str, ...]) -> bool:
    """Whether a number is valid in one of the regions, or in the country whose prefix it has."""
    return any(_is_valid(text, region) for region in regions)


def is_mobile(text: str, regions: tuple[str, ...]) -> bool | None:
    """Whether a number is a mobile's; None where its plan does not tell or no region has it."""
    for region in regions:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            kind = phonenumbers.number_type(number)
            if kind == phonenumbers.PhoneNumberType.MOBILE:
                return True
            return None if kind == phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE else False
    return None


def _is_valid(text: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


@cache
def _plans(regions: tuple[str, ...]) -> str:
    """An RE2 expression of all digits that dial a valid number of one of the regions."""
    return f"^(?:{'|'.join(filter(None, map(_plan, regions)))})$" if regions else "^$x"


def _plan(region: str) -> str:
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if plan is None:
        return ""
    kinds = [getattr(plan, kind) for kind in _KINDS]
    national = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    admitted = [pattern for pattern in national if not re.search(r"\(\?[=!<]", pattern)]
    trunk = f"(?:{plan.national_prefix})?" if plan.national_prefix else ""
    return rf"(?:(?:\+|00){plan.country_code}|{trunk})(?:{'|'.join(admitted)})" if admitted else ""
