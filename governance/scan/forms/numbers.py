"""Numbers with a check digit or a calendar in them: payment cards, Chinese resident ids, US social security, dates."""

from __future__ import annotations

import numpy as np

from governance.scan.forms.base import Checked, Form, Signs, Written, entities
from governance.scan.makeup import DIGIT, UPPER, Truth, kinds


def _luhn(signs: Signs) -> Truth:
    digits = signs.astype(np.int64) - ord("0")
    digits[:, -2::-2] *= 2
    digits -= 9 * (digits > 9)
    return np.asarray(digits.sum(axis=1) % 10 == 0)


def _mod11(signs: Signs) -> Truth:
    digits = signs.astype(np.int64) - ord("0")
    digits[signs[:, -1] == ord("X"), -1] = 10
    weights = np.array([2 ** (signs.shape[1] - 1 - place) % 11 for place in range(signs.shape[1])])
    return np.asarray(digits @ weights % 11 == 1)


_ALIKE = "|".join(f"^(?:{sign}[ -]?)+$" for sign in "0123456789")
_DAY = r"(?:(?:0[1-9]|1[0-2]){0}(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2]){0}(?:29|30)|(?:0[13578]|1[02]){0}31)"
"""A month and a day that every year has, with a separator."""


def _card(name: str, exemplar: str, brand: str) -> tuple[Checked, ...]:
    """A brand of 16 digits in a row, or by fours with blanks or dashes."""
    bare = tuple(range(16))
    grouped = tuple(place for place in range(19) if place % 5 != 4)
    return tuple(
        Checked(
            Written(
                name=f"card_{name}_{word}",
                entities=entities("CREDIT_CARD"),
                exemplar=sign.join(exemplar[low : low + 4] for low in range(0, 16, 4)),
                expression=rf"^{brand}\d*{sign}\d{{4}}{sign}\d{{4}}{sign}\d{{4}}$" if sign else rf"^{brand}\d+$",
                kinds=DIGIT | kinds(sign),
                sizes=(len(places), len(places)) if not sign else (19, 19),
                digits=(16, 16),
                but=_ALIKE,
            ),
            places,
            _luhn,
        )
        for word, sign, places in (("bare", "", bare), ("blank", " ", grouped), ("dash", "-", grouped))
    )


_CN_ID = Checked(
    Written(
        name="cn_resident_id",
        entities=entities("CN_RESIDENT_ID"),
        exemplar="110105198805120026",
        expression=r"^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])0[1-9]0[1-9](?:19[3-9]\d|20[01]\d)"
        rf"{_DAY.format('')}\d{{3}}[0-9X]$",
        kinds=DIGIT | UPPER,
        sizes=(18, 18),
        digits=(17, 18),
    ),
    tuple(range(18)),
    _mod11,
)
_US_SSN = Written(
    name="us_ssn",
    entities=entities("US_SSN"),
    exemplar="536-22-8741",
    expression=r"^(?:[1-578]\d\d|6[0-57-9]\d|66[0-57-9])-(?:0[1-9]|[1-9]\d)"
    r"-(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})$",
    kinds=DIGIT | kinds("-"),
    sizes=(11, 11),
    digits=(9, 9),
    but=rf"078-05-1120|219-09-9999|123-45-6789|457-55-5462|{_ALIKE}",
)


def _date(name: str, exemplar: str, expression: str, signs: str, digits: int = 8) -> Written:
    return Written(
        name=name,
        entities=entities("DATE_OF_BIRTH"),
        exemplar=exemplar,
        expression=expression,
        kinds=DIGIT | kinds(signs),
        sizes=(len(exemplar), len(exemplar)),
        digits=(digits, digits),
    )


def _moment(name: str, exemplar: str, between: str) -> Written:
    clock = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    return _date(name, exemplar, rf"^20[12]\d-{_DAY.format('-')}{between}{clock}$", f"-:{between}", 14)


NUMBERS: tuple[Form, ...] = (
    _date("date", "1987-05-23", rf"^(?:19[3-9]\d|200\d)-{_DAY.format('-')}$", "-"),
    _date("date_slashed", "23/05/1987", r"^(?:0[1-9]|1\d|2[0-8])/(?:0[1-9]|1[0-2])/(?:19[3-9]\d|200\d)$", "/"),
    _moment("moment", "2024-03-14T10:20:30", "T"),
    _moment("moment_spaced", "2024-03-14 10:20:30", " "),
    _US_SSN,
    _CN_ID,
    *_card("visa", "4539578763621486", "4"),
    *_card("master", "5425233430109903", "5[1-5]"),
    *_card("union", "6222021234567894", "62"),
)
"""Forms of numbers."""
