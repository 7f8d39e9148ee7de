"""Phone numbers as whole values: Chinese mobiles and North American numbers, in the ways people write them."""

from __future__ import annotations

from functools import cache

import numpy as np

from governance.scan.detectors.phone import national
from governance.scan.forms.base import Checked, Form, Signs, Written, entities
from governance.scan.makeup import DIGIT, Truth, kinds

_CN = r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])"
_FEWEST = 3
"""A number of fewer different digits is a filler."""
_TEN = 10


def _varied(signs: Signs) -> Truth:
    seen = np.bitwise_or.reduce(1 << (signs.astype(np.int64) - ord("0")), axis=1)
    return np.asarray(np.bitwise_count(seen) >= _FEWEST)


def _american(signs: Signs) -> Truth:
    """Ten digits of an area that is in use whatever follows, and an exchange that does not begin with 0 or 1."""
    digits = signs.astype(np.int64) - ord("0")
    areas = digits[:, :3] @ np.array([100, 10, 1])
    return np.asarray(_areas()[areas] & (digits[:, 3] > 1) & _varied(signs))


@cache
def _areas() -> Truth:
    """By number: areas of the United States all of whose exchanges are numbers there, but 400 and 800."""
    leads = "23456789"
    return np.array(
        [
            area not in (400, 800) and all(national(f"{area:03d}{lead}345678", "US") for lead in leads)
            for area in range(1_000)
        ],
        np.bool_,
    )


def _form(name: str, exemplar: str, expression: str) -> Checked:
    places = [place for place, sign in enumerate(exemplar) if sign.isdigit()]
    chinese = expression.find(_CN) >= 0
    return Checked(
        Written(
            name=name,
            entities=entities("PHONE_NUMBER", "MOBILE_PHONE"),
            exemplar=exemplar,
            expression=f"^{expression}$",
            kinds=DIGIT | kinds(sign for sign in exemplar if not sign.isdigit()),
            sizes=(len(exemplar), len(exemplar)),
            digits=(len(places), len(places)),
        ),
        tuple(places if chinese else places[-_TEN:]),
        _varied if chinese else _american,
    )


PHONES: tuple[Form, ...] = (
    _form("phone_cn", "13812345678", rf"{_CN}\d{{8}}"),
    _form("phone_cn_abroad", "+8613812345678", rf"\+86{_CN}\d{{8}}"),
    _form("phone_cn_spaced", "+86 138 1234 5678", rf"\+86 {_CN} \d{{4}} \d{{4}}"),
    _form("phone_us_spaced", "+1 212 555 0123", r"\+1 \d{3} \d{3} \d{4}"),
    _form("phone_us_dashed", "+1-212-555-0123", r"\+1-\d{3}-\d{3}-\d{4}"),
    _form("phone_us_bracketed", "+1 (212) 555-0123", r"\+1 \(\d{3}\) \d{3}-\d{4}"),
    _form("phone_us_abroad", "+12125550123", r"\+1\d{10}"),
    _form("phone_us_area", "(212) 555-0123", r"\(\d{3}\) \d{3}-\d{4}"),
    _form("phone_us_area_tight", "(212)555-0123", r"\(\d{3}\)\d{3}-\d{4}"),
    _form("phone_us_home", "212-555-0123", r"\d{3}-\d{3}-\d{4}"),
    _form("phone_us_dotted", "212.555.0123", r"\d{3}\.\d{3}\.\d{4}"),
)
"""Forms of phone numbers."""
