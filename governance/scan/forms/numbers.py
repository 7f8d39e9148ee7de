"""Numbers with a check digit or a calendar in them: payment cards, Chinese resident ids, US social security, dates."""

from __future__ import annotations

import numpy as np

from governance.scan.forms.base import Checked, Form, Placed, Signs, Written, entities, joined
from governance.scan.makeup import DIGIT, UPPER, Truth, kinds

_NOT_ISSUED = np.array([78_05_1120, 219_09_9999, 123_45_6789, 457_55_5462])
"""Numbers that were printed as examples."""


def _luhn(digits: Signs) -> Truth:
    doubled = digits[-2::-2] * np.uint8(2)
    doubled -= np.uint8(9) * (doubled > 9)
    total = doubled.sum(axis=0, dtype=np.uint16) + digits[-1::-2].sum(axis=0, dtype=np.uint16)
    return np.asarray(total % 10 == 0)


def _mod11(signs: Signs) -> Truth:
    digits = signs.astype(np.int64) - ord("0")
    digits[-1, signs[-1] == ord("X")] = 10
    weights = np.array([2 ** (len(signs) - 1 - place) % 11 for place in range(len(signs))])
    return np.asarray(weights @ digits % 11 == 1)


def _varied(digits: Signs) -> Truth:
    return np.asarray((digits != digits[0]).any(axis=0))


def _issued(digits: Signs) -> Truth:
    """Social security numbers of areas, groups and serials in use."""
    area, group, serial = (joined(part) for part in (digits[:3], digits[3:5], digits[5:]))
    able = (area >= 100) & (area < 900) & (area != 666) & (group > 0) & (serial > 0)
    return np.asarray(able & _varied(digits) & ~np.isin(joined(digits), _NOT_ISSUED))


_DAY = r"(?:(?:0[1-9]|1[0-2]){0}(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2]){0}(?:29|30)|(?:0[13578]|1[02]){0}31)"
"""A month and a day that every year has, with a separator."""


def _card(name: str, exemplar: str, lead: tuple[int, int]) -> tuple[Placed, ...]:
    """A brand of 16 digits in a row, or by fours with blanks or dashes; `lead` bounds its first two digits."""

    def check(digits: Signs) -> Truth:
        first = joined(digits[:2])
        return (first >= lead[0]) & (first <= lead[1]) & _varied(digits) & _luhn(digits)

    return tuple(
        Placed(
            f"card_{name}_{word}",
            entities("CREDIT_CARD"),
            sign.join(exemplar[low : low + 4] for low in range(0, 16, 4)),
            check,
        )
        for word, sign in (("bare", ""), ("blank", " "), ("dash", "-"))
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
_US_SSN = Placed("us_ssn", entities("US_SSN"), "536-22-8741", _issued)


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
    *_card("visa", "4539578763621486", (40, 49)),
    *_card("master", "5425233430109903", (51, 55)),
    *_card("union", "6222021234567894", (62, 62)),
)
"""Forms of numbers."""
