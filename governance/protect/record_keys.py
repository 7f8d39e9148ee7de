r"""Canonical bytes of a record's key, equal for the value that an application writes and the one that a driver reads.

    count of parts, 2 bytes, big-endian; for each part: kind (1 byte), length (4 bytes, big-endian), bytes
    kind i   a whole number, in decimal: int, bool, a whole Decimal
    kind s   text as UTF-8: str as it stands, UUID as 32 hex digits, date and datetime in ISO form (datetime with a
             space and six digits of microseconds), as SQLAlchemy writes them where the store has no such type
    kind b   bytes

Floats are no keys: two spellings of one number would be two records.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from governance.protect.lengths import prefixed
from policies.errors import BadInputError

_SHORT = [number.to_bytes(4, "big") for number in range(512)]
_INT_HEADS = [_SHORT[size + 7] + b"\x00\x01i" + _SHORT[size] for size in range(64)]
"""What stands before the digits of a key of one whole number, by how many they are."""


def record_key_bytes(key: Any) -> bytes:
    """The bytes of a key: one value, or a tuple of values in the order of the catalog's `record_key`.

    Raises BadInputError for a missing part or a type that cannot be a key.
    """
    parts = key if isinstance(key, tuple | list) else (key,)
    return len(parts).to_bytes(2, "big") + b"".join([_part(part) for part in parts])


def bound_keys(keys: Sequence[Any], before: bytes) -> list[bytes]:
    """The bytes of many keys, each behind `before` and its length, as associated data holds them.

    Raises BadInputError.
    """
    alone = _one_part(keys)
    if alone is not None and set(map(type, alone)) == {int}:
        texts = [b"%d" % number for number in alone]
        if max(map(len, texts), default=0) < len(_INT_HEADS):
            heads = [before + head for head in _INT_HEADS]
            return [heads[len(digits)] + digits for digits in texts]
    return [before + prefixed(record_key_bytes(key)) for key in keys]


def _one_part(keys: Sequence[Any]) -> Sequence[Any] | None:
    """The parts of keys that have one each; None when any has more."""
    kinds = set(map(type, keys))
    if kinds == {tuple} and set(map(len, keys)) == {1}:
        return [part for (part,) in keys]
    return keys if kinds == {int} else None


def _part(value: Any) -> bytes:
    kind, raw = _canonical(value)
    return kind + (_SHORT[len(raw)] if len(raw) < 512 else len(raw).to_bytes(4, "big")) + raw


def _canonical(value: Any) -> tuple[bytes, bytes]:
    if isinstance(value, int):
        return b"i", b"%d" % value
    if isinstance(value, str):
        return b"s", _utf8(value)
    if isinstance(value, uuid.UUID):
        return b"s", value.hex.encode()
    if isinstance(value, dt.datetime):
        return b"s", value.isoformat(" ", "microseconds").encode()
    if isinstance(value, dt.date):
        return b"s", value.isoformat().encode()
    if isinstance(value, bytes | bytearray | memoryview):
        return b"b", bytes(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return b"i", b"%d" % int(value)
    raise BadInputError(
        "record key",
        found="no value" if value is None else f"a {type(value).__name__}",
        expected="whole numbers, texts, UUIDs, dates or bytes",
        next_step="name a key of such a type as record_key in the catalog, or add a `gov_row_id` column",
    )


def _utf8(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise BadInputError(
            "record key",
            found="text with half a surrogate pair",
            expected="text that UTF-8 can hold",
            next_step="mend the key in the store",
        ) from None
