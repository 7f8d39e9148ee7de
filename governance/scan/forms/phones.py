"""Phone numbers as whole values: Chinese mobiles and North American numbers, in the ways people write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import numpy as np

from governance.scan.detectors.phone import national
from governance.scan.forms.base import Form, Placed, Signs, entities, joined
from governance.scan.makeup import Truth

_CN = re.compile(r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])")
_ELEVEN, _TEN = 11, 10
_FEWEST = 3
"""A number of fewer different digits is a filler."""


def _varied(digits: Signs) -> Truth:
    seen = np.bitwise_or.reduce(np.left_shift(np.uint16(1), digits), axis=0)
    return np.asarray(np.bitwise_count(seen) >= _FEWEST)


def _chinese(digits: Signs) -> Truth:
    """Eleven digits, the first three of a network in use; a country code counts among the different digits."""
    return np.asarray(_networks()[joined(digits[-_ELEVEN:][:3])] & _varied(digits))


def _american(digits: Signs) -> Truth:
    """Ten digits of an area that is in use whatever follows, and an exchange that does not begin with 0 or 1."""
    digits = digits[-_TEN:]
    return np.asarray(_areas()[joined(digits[:3])] & (digits[3] > 1) & _varied(digits))


@cache
def _networks() -> Truth:
    """By number: the first three digits of Chinese mobiles."""
    return np.array([_CN.fullmatch(f"{lead:03d}") is not None for lead in range(1_000)], np.bool_)


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


def _form(name: str, exemplar: str, check: Callable[[Signs], Truth], lead: int = 0) -> Placed:
    return Placed(name, entities("PHONE_NUMBER", "MOBILE_PHONE"), exemplar, check, lead)


PHONES: tuple[Form, ...] = (
    _form("phone_cn", "13812345678", _chinese),
    _form("phone_cn_abroad", "+8613812345678", _chinese, 3),
    _form("phone_cn_spaced", "+86 138 1234 5678", _chinese, 3),
    _form("phone_us_spaced", "+1 212 555 0123", _american, 2),
    _form("phone_us_dashed", "+1-212-555-0123", _american, 2),
    _form("phone_us_bracketed", "+1 (212) 555-0123", _american, 2),
    _form("phone_us_abroad", "+12125550123", _american, 2),
    _form("phone_us_area", "(212) 555-0123", _american),
    _form("phone_us_area_tight", "(212)555-0123", _american),
    _form("phone_us_home", "212-555-0123", _american),
    _form("phone_us_dotted", "212.555.0123", _american),
)
"""Forms of phone numbers."""
