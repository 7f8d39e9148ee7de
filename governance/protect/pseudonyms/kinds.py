"""The kinds of pseudonym: how one is made from numbers that a keyed hash gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from governance.protect.pseudonyms.draws import Draws, joined, padded
from governance.protect.pseudonyms.national_ids import NATIONAL_IDS
from governance.protect.pseudonyms.shapes import same_shape
from governance.protect.pseudonyms.words import LOCALES, Locale

Make = Callable[[Draws, pa.Array, str], pa.Array]


@dataclass(frozen=True, slots=True)
class PseudonymKind:
    """One kind."""

    name: str
    """As in the settings of a copy."""
    meaning: str
    """What it gives, in a few words."""
    locales: tuple[str, ...]
    """The locales that it differs by; empty where there is only one form."""
    space: int
    """How many pseudonyms there are about; 0 where it depends on the value. Two values of n meet with a chance of about
    n * n / (2 * space): where each must have its own, use `Assignments`."""
    make: Make
    """The pseudonyms of distinct texts, given numbers for each, the texts and the locale."""


def _person(draws: Draws, _: pa.Array, locale: str) -> pa.Array:
    words = LOCALES[locale]
    given, surname = draws.pick(words.given), draws.pick(words.surnames)
    return joined(surname, given) if locale.startswith("zh") else joined(given, " ", surname)


def _email(draws: Draws, _: pa.Array, __: str) -> pa.Array:
    given, surname, codes, hosts = _email_parts()
    made = [draws.pick(codes) for _ in range(4)]
    return joined(draws.pick(given), ".", draws.pick(surname), ".", *made, "@", draws.pick(hosts))


def _phone(draws: Draws, _: pa.Array, locale: str) -> pa.Array:
    starts, ends = _phone_parts(locale)
    return joined(draws.pick(starts), *(draws.pick(each) for each in ends))


def _address(draws: Draws, _: pa.Array, locale: str) -> pa.Array:
    words, houses = LOCALES[locale], padded(1, 199, 1)
    street, place, house = draws.pick(words.streets), draws.pick(words.places), draws.pick(houses)
    if locale.startswith("zh"):
        return joined(place, street, house, "号" if locale == "zh-Hans" else "號")
    return joined(house, " ", street, ", ", place) if locale == "en" else joined(street, " ", house, ", ", place)


def _company(draws: Draws, _: pa.Array, locale: str) -> pa.Array:
    words: Locale = LOCALES[locale]
    blank = "" if locale.startswith("zh") else " "
    return joined(draws.pick(words.firms), draws.pick(words.firms), blank, draws.pick(words.trades))


def _national_id(draws: Draws, _: pa.Array, locale: str) -> pa.Array:
    return NATIONAL_IDS[locale].make(draws)


def _uuid(draws: Draws, _: pa.Array, __: str) -> pa.Array:
    """A UUID of version 8, whose 122 free bits come from the hash."""
    four, three, variant = _hex_parts()
    parts = [draws.pick(four) for _ in range(6)]
    return joined(*parts[:2], "-", parts[2], "-8", draws.pick(three), "-", draws.pick(variant), "-", *parts[3:])


def _hash(draws: Draws, _: pa.Array, __: str) -> pa.Array:
    """32 hex digits: who has no key cannot try out values."""
    four, _, _ = _hex_parts()
    return joined(*(draws.pick(four) for _ in range(8)))


def _number(draws: Draws, _: pa.Array, __: str) -> pa.Array:
    return pa.array(draws.below(2**31 - 1).astype(np.int64) + 1).cast(pa.string())


def _long_number(draws: Draws, _: pa.Array, __: str) -> pa.Array:
    high, low = draws.below(1 << 26).astype(np.int64), draws.below(1 << 27).astype(np.int64)
    return pa.array((high << 27) + low + 1).cast(pa.string())


def _big_number(draws: Draws, _: pa.Array, __: str) -> pa.Array:
    high, low = draws.below(2**31 - 1).astype(np.int64), draws.below(2**32).astype(np.int64)
    return pa.array((high << 32) + low + 1).cast(pa.string())


@cache
def _hex_parts() -> tuple[pa.Array, pa.Array, pa.Array]:
    """Four digits, three digits, and the four that begin with the two bits of the variant."""
    four = [f"{each:04x}" for each in range(1 << 16)]
    return pa.array(four), pa.array([f"{each:03x}" for each in range(1 << 12)]), pa.array(four[0x8000:0xC000])


@cache
def _email_parts() -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    words, letters = LOCALES["en"], "abcdefghijkmnpqrstuvwxyz23456789"
    codes = pa.array([a + b + c for a in letters for b in letters for c in letters])
    given, surname = (pa.array([each.as_py().lower() for each in part]) for part in (words.given, words.surnames))
    return given, surname, codes, pa.array(["example.com", "example.net", "example.org"])


@cache
def _phone_parts(locale: str) -> tuple[pa.Array, tuple[pa.Array, ...]]:
    """Starts and ends of numbers that nobody has: kept for fiction, else such as no numbering plan gives out."""
    starts, ends = {
        "en": (
            [f"+1-{area}-555-01" for area in _AREAS],
            (padded(0, 99, 2),),
        ),
        "de": (
            [f"+49 {start} " for start in ("30 23125", "40 66969", "69 90009", "89 99998", "221 4710")],
            (padded(0, 999, 3),),
        ),
        "zh-Hans": ([f"12{each}" for each in range(10)], (padded(0, 9999, 4), padded(0, 9999, 4))),
        "zh-Hant": (["0100-"], (padded(0, 999, 3), pa.array(["-"]), padded(0, 999, 3))),
    }[locale]
    return pa.array(starts), ends


_AREAS = (
    202, 206, 212, 213, 214, 215, 216, 303, 305, 312, 313, 314, 404, 407, 412, 415, 503, 504, 512, 602, 612, 615,
    617, 619, 702, 704, 713, 716, 718, 801, 804, 808, 813, 816, 901, 907, 916, 919,
)  # fmt: skip
_TONGUES = tuple(LOCALES)
KINDS: Mapping[str, PseudonymKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            PseudonymKind("address", "an address in a place that exists", _TONGUES, 100_000, _address),
            PseudonymKind("big_integer", "a whole number of 63 bits", (), 2**63 - 2**32, _big_number),
            PseudonymKind("company", "a company that does not exist", _TONGUES, 2_500, _company),
            PseudonymKind("email", "an address of an example domain", (), 2**70, _email),
            PseudonymKind("hash", "a keyed hash of 32 hex digits", (), 2**128, _hash),
            PseudonymKind("id", "the same length and classes of characters", (), 0, same_shape),
            PseudonymKind("integer", "a whole number of 31 bits", (), 2**31 - 1, _number),
            PseudonymKind("long_integer", "a whole number of 53 bits", (), 2**53, _long_number),
            PseudonymKind("national_id", "a number that no office gave out", tuple(NATIONAL_IDS), 10**6, _national_id),
            PseudonymKind("person", "a common name", _TONGUES, 3_700, _person),
            PseudonymKind("phone", "a number that nobody has", _TONGUES, 3_800, _phone),
            PseudonymKind("uuid", "a UUID of version 8", (), 2**122, _uuid),
        )
    }
)
"""Every kind by name, sorted; `space` is that of the smallest locale."""
