"""The clock and the ids of the real world; everything below takes them as arguments."""

from __future__ import annotations

import datetime as dt
import uuid


def now() -> dt.datetime:
    """The present, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def new_id() -> str:
    """A fresh id: 32 hexadecimal digits from the operating system's randomness."""
    return uuid.uuid4().hex
