"""Every mask by name. A width or length is part of the name: the list of treatments stays finite and ordered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from governance.protect.masks.base import ANY_TYPE, Mask
from governance.protect.masks.days import YearForm
from governance.protect.masks.numbers import AgeBandForm, BucketForm, GridForm
from governance.protect.masks.texts import AddressForm, TextForm, email_form, name_form, phone_form
from policies.errors import PolicyFileError

BUCKETS = (10, 100, 1_000, 10_000)
"""Widths of `bucket_N`."""

POSTCODES = (2, 3, 4)
"""Characters that `postcode_N` shows."""

_ID_CARD = TextForm(((r"([0-9]{6}).{5,8}([0-9]{3}[0-9Xx])", r"\1********\2"),), "****")
_YEAR = TextForm((("([0-9]{4})([-/.年].*)?", r"\1"),), "****")

_FIXED = (
    Mask(
        "address",
        "same",
        "Let s be v after each replacement of PLACE_FORMS in order, h = INSTR(s, '号') or n + 1. For each (c, limit) "
        "of PLACE_ENDS in order with p = INSTR(s, c): SUBSTR(v, 1, p) || '****' when 2 <= p <= limit and p < h. "
        "Else '****'.",
        {"string": AddressForm()},
    ),
    Mask(
        "age_band",
        "same",
        "Of an age in years: the greatest of AGE_BANDS that is not above v when 0 <= v <= 150. Else NULL. It takes no "
        "date of birth: what reads the clock would say something else tomorrow.",
        {"integer": AgeBandForm()},
    ),
    Mask(
        "email",
        "same",
        "Let p = INSTR(v, '@'). '***' when LENGTH(REPLACE(v, '@', '')) is not n - 1, or when v holds any character of "
        "EMAIL_STOPS (INSTR(v, c) > 0). SUBSTR(v, 1, 1) || '***' || SUBSTR(v, p) when p >= 3. "
        "Else '***' || SUBSTR(v, p).",
        {"string": email_form()},
    ),
    Mask(
        "grid",
        "same",
        "FLOOR(v * 10 + 0.5) / 10 when -180 <= v <= 180. Else NULL.",
        {"decimal": GridForm(10), "float": GridForm(10)},
    ),
    Mask(
        "grid_1",
        "same",
        "FLOOR(v + 0.5) when -180 <= v <= 180. Else NULL.",
        {"decimal": GridForm(1), "float": GridForm(1)},
    ),
    Mask(
        "id_card",
        "same",
        "SUBSTR(v, 1, 6) || '********' || SUBSTR(v, n - 3, 4) when 15 <= n <= 18, the first six characters and the "
        "three before the last are of DIGITS, and the last one is of DIGITS, X or x. Else '****'.",
        {"string": _ID_CARD},
    ),
    Mask(
        "last4",
        "same",
        "'****' || SUBSTR(v, n - 3, 4) when n >= 8. Else '****'.",
        {"string": TextForm(((r".{4,}(.{4})", r"****\1"),), "****")},
    ),
    Mask(
        "name",
        "same",
        "'*' when n < 2. When SUBSTR(v, 1, 2) is of COMPOUND_SURNAMES and n >= 3: these two, then '*' when n = 3, else "
        "'**'. When SUBSTR(v, 1, 1) is of HAN: that one, then '*' when n = 2, else '**'. With p = INSTR(v, ' '): "
        "SUBSTR(v, 1, 1) || '*** ' || SUBSTR(v, p + 1, 1) || '***' when 2 <= p < n and the character after p is no "
        "blank. Else SUBSTR(v, 1, 1) || '***'.",
        {"string": name_form()},
    ),
    Mask(
        "phone",
        "same",
        "'****' when n < 8 or when one of the last four characters c has INSTR(DIGITS, c) = 0. "
        "'****' || SUBSTR(v, n - 3, 4) when n < 11 or when one of the first three characters c has "
        "INSTR(PLUS_DIGITS, c) = 0. Else SUBSTR(v, 1, 3) || '****' || SUBSTR(v, n - 3, 4).",
        {"string": phone_form()},
    ),
    Mask(
        "redact",
        "string",
        "'***'. For a field that is no text: NULL.",
        dict.fromkeys(sorted(ANY_TYPE), TextForm((), "***")),
    ),
    Mask(
        "year",
        "same",
        "Of a date or time: the first instant of its year (years 1 to 9999, else NULL). Of a text: SUBSTR(v, 1, 4) "
        "when these are of DIGITS and n = 4 or the fifth character is one of - / . 年. Else '****'.",
        {"date": YearForm(timed=False), "datetime": YearForm(timed=True), "string": _YEAR},
    ),
)


def _bucket(width: int) -> Mask:
    return Mask(
        f"bucket_{width}",
        "same",
        f"The greatest multiple of {width} that is not above v when -10^15 <= v <= 10^15. Else NULL.",
        dict.fromkeys(("decimal", "float", "integer"), BucketForm(width)),
    )


def _postcode(length: int) -> Mask:
    return Mask(
        f"postcode_{length}",
        "same",
        f"SUBSTR(v, 1, {length}) || '***' when n >= {length + 2}. Else '***'.",
        {"string": TextForm(((f"(.{{{length}}}).{{2,}}", r"\1***"),), "***")},
    )


MASKS: Mapping[str, Mask] = MappingProxyType(
    {
        each.name: each
        for each in sorted(
            (*_FIXED, *map(_bucket, BUCKETS), *map(_postcode, POSTCODES)),
            key=lambda each: each.name,
        )
    }
)
"""Every mask by name, sorted."""


def mask(name: str) -> Mask:
    """The mask of a name. Raises PolicyFileError for a name that there is no mask for."""
    found = MASKS.get(name)
    if found is None:
        raise PolicyFileError(
            f"treatment `mask:{name}`",
            found="a mask that does not exist",
            expected="one of " + ", ".join(MASKS),
            next_step="name one of these masks, or `null` to show nothing",
        )
    return found
