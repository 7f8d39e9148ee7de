"""The clock and the ids of the real world; everything below takes them as arguments."""

from __future__ import annotations

import datetime as dt
import os
import time

_MILLISECOND = 1_000_000  # nanoseconds
_RANDOM_BITS = 74


def now() -> dt.datetime:
    """The present, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def new_id() -> str:
    """A fresh id: 32 hexadecimal digits, a UUID of version 7 without its hyphens (RFC 9562, 5.7).

    It begins with the time in milliseconds, so that ids made one after the other are neighbours in an index; 74 bits
    come from the operating system's randomness.
    """
    random = int.from_bytes(os.urandom(10), "big") >> (80 - _RANDOM_BITS)
    high, low = random >> 62, random & (1 << 62) - 1
    return f"{time.time_ns() // _MILLISECOND << 80 | 7 << 76 | high << 64 | 2 << 62 | low:032x}"
