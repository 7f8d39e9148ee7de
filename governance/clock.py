"""The clock and the ids of the real world; everything below takes them as arguments."""

from __future__ import annotations

import datetime as dt
import os
import time

_MILLISECOND = 1_000_000  # nanoseconds
_RANDOM_BYTES = 10
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # two bits of a digit, behind the variant's 10


def now() -> dt.datetime:
    """The present, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def new_id() -> str:
    """A fresh id: 32 hexadecimal digits, a UUID of version 7 without its hyphens (RFC 9562, 5.7).

    It begins with the time in milliseconds, so that ids made one after the other are neighbours in an index; 74 bits
    come from the operating system's randomness.
    """
    random = os.urandom(_RANDOM_BYTES).hex()
    high, variant, low = random[:3], _VARIANTS[random[3]], random[4:19]
    return f"{time.time_ns() // _MILLISECOND:012x}7{high}{variant}{low}"
