"""Numbers that look like national ids and that no office ever gave out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from governance.protect.pseudonyms.draws import Draws, joined, padded


@dataclass(frozen=True, slots=True)
class NationalId:
    """The pseudonyms of one country."""

    why_free: str
    """Why nobody has such a number."""
    make: Callable[[Draws], pa.Array]
    """As many numbers as there are draws."""


def _us(draws: Draws) -> pa.Array:
    return joined("666-", draws.pick(padded(1, 99, 2)), "-", draws.pick(padded(1, 9999, 4)))


def _gb(draws: Draws) -> pa.Array:
    return joined(
        "QQ", draws.pick(padded(0, 999, 3)), draws.pick(padded(0, 999, 3)), draws.pick(pa.array(list("ABCD")))
    )


def _de(draws: Draws) -> pa.Array:
    first = joined("0", *(draws.pick(padded(0, 999, 3)) for _ in range(3)))
    rest = np.full(draws.count, 10)
    for digits in _digits(first, 10).T:
        total = (digits + rest) % 10
        rest = np.where(total == 0, 10, total) * 2 % 11
    return joined(first, padded(0, 9, 1).take(pa.array((11 - rest) % 10)))


def _cn(draws: Draws) -> pa.Array:
    first = joined("99", draws.pick(padded(0, 9999, 4)), draws.pick(_birthdays()), draws.pick(padded(1, 999, 3)))
    weights = np.array([2 ** (17 - place) % 11 for place in range(17)])
    return joined(first, pa.array(list("10X98765432")).take(pa.array(_digits(first, 17) @ weights % 11)))


def _tw(draws: Draws) -> pa.Array:
    letters = draws.below(26).astype(np.int64)
    first = joined(draws.pick(pa.array(["1", "2"])), *(draws.pick(padded(0, 9999, 4)) for _ in range(1)),
                   draws.pick(padded(0, 999, 3)))  # fmt: skip
    codes = np.array(
        [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33]
    )
    code = codes[letters]
    total = code // 10 + code % 10 * 9 + _digits(first, 8) @ np.arange(8, 0, -1)
    wrong = (10 - total % 10 + 1 + draws.below(9).astype(np.int64)) % 10
    letter = pa.array([chr(ord("A") + place) for place in range(26)]).take(pa.array(letters))
    return joined(letter, first, padded(0, 9, 1).take(pa.array(wrong)))


def _digits(texts: pa.Array, width: int) -> np.ndarray:
    """The digits of texts of one width, a row for each."""
    flat = np.frombuffer("".join(texts.to_pylist()).encode(), dtype=np.uint8)
    return flat.reshape(len(texts), width).astype(np.int64) - ord("0")


@cache
def _birthdays() -> pa.Array:
    first = dt.date(1950, 1, 1).toordinal()
    last = dt.date(2004, 12, 31).toordinal()
    return pa.array([dt.date.fromordinal(day).strftime("%Y%m%d") for day in range(first, last + 1)])


NATIONAL_IDS: Mapping[str, NationalId] = MappingProxyType(
    {
        "CN": NationalId("no region has a code that begins with 99; the check digit is right", _cn),
        "DE": NationalId("tax numbers that begin with 0 are kept for tests; the check digit is right", _de),
        "GB": NationalId("the prefix QQ is never used", _gb),
        "TW": NationalId("the check digit is wrong", _tw),
        "US": NationalId("the area 666 is never used", _us),
    }
)
"""By country, in the place of a locale."""
