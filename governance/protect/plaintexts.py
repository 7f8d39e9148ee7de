r"""Canonical bytes of a value before encryption, each kind by one letter in front, so that bytes alone tell the type.

    s  string    UTF-8                      d  date      2026-11-22
    i  integer   decimal digits             t  datetime  ISO, offset kept where there is one
    n  decimal   as str(Decimal) writes it  c  time      ISO
    f  float     as repr writes it          j  json      compact JSON, UTF-8
    b  boolean   0 or 1                     x  binary    as it is

None is not encrypted: it stays NULL in the store. Empty text is a token like any other.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from policies.errors import BadInputError, DecryptionError


@dataclass(frozen=True, slots=True)
class Inner:
    """One type of value that can be encrypted."""

    letter: bytes
    """What its bytes begin with."""
    accepts: type | tuple[type, ...]
    """Types of Python values."""
    refuses: type | tuple[type, ...]
    """Subtypes that mean something else: a bool is no integer, a datetime no date."""
    encode: Callable[[Any], bytes]
    """The bytes of a value."""
    decode: Callable[[bytes], Any]
    """The value of bytes. Raises ValueError."""


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _boolean(raw: bytes) -> bool:
    return {b"0": False, b"1": True}[raw]


INNERS: Mapping[str, Inner] = MappingProxyType(
    {
        "string": Inner(b"s", str, (), str.encode, lambda raw: str(raw, "utf-8")),
        "integer": Inner(b"i", int, bool, lambda value: b"%d" % value, int),
        "decimal": Inner(
            b"n", (Decimal, int), bool, lambda value: str(Decimal(value)).encode(), lambda raw: Decimal(raw.decode())
        ),
        "float": Inner(
            b"f", (float, int), bool, lambda value: repr(float(value)).encode(), lambda raw: float(raw.decode())
        ),
        "boolean": Inner(b"b", bool, (), lambda value: b"1" if value else b"0", _boolean),
        "date": Inner(
            b"d",
            dt.date,
            dt.datetime,
            lambda value: value.isoformat().encode(),
            lambda raw: dt.date.fromisoformat(raw.decode()),
        ),
        "datetime": Inner(
            b"t",
            dt.datetime,
            (),
            lambda value: value.isoformat().encode(),
            lambda raw: dt.datetime.fromisoformat(raw.decode()),
        ),
        "time": Inner(
            b"c",
            dt.time,
            (),
            lambda value: value.isoformat().encode(),
            lambda raw: dt.time.fromisoformat(raw.decode()),
        ),
        "json": Inner(b"j", (dict, list, str, int, float, bool), (), _json, json.loads),
        "binary": Inner(b"x", (bytes, bytearray, memoryview), (), bytes, bytes),
    }
)
"""Types that can be encrypted, by the words of `connectors.base.Field.type`."""

_BY_LETTER = {inner.letter: name for name, inner in INNERS.items()}


def encode_values(values: Sequence[Any], inner: str) -> list[bytes | None]:
    """The bytes of many values of one type; None stays None. Raises BadInputError, without the value."""
    kind = inner_type(inner)
    letter, encode, accepts, refuses = kind.letter, kind.encode, kind.accepts, kind.refuses
    kinds = set(map(type, values))
    for each in kinds:
        if each is not type(None) and (not issubclass(each, accepts) or issubclass(each, refuses)):
            raise _wrong_value(inner, f"a {each.__name__}")
    try:
        if kinds == {str} and inner == "string":
            return [b"s" + value.encode() for value in values]
        return [None if value is None else letter + encode(value) for value in values]
    except (ValueError, TypeError, OverflowError, RecursionError):  # half a surrogate pair, NaN or an object in JSON
        raise _wrong_value(inner, f"a value that {inner} cannot hold") from None


def decode_values(plaintexts: Sequence[bytes | None], inner: str | None = None) -> list[Any]:
    """The values of many bytes. With `inner`, bytes of another type raise DecryptionError."""
    if inner in ("string", None) and {raw[:1] for raw in plaintexts if raw is not None} == {b"s"}:
        try:
            return [None if raw is None else str(raw[1:], "utf-8") for raw in plaintexts]
        except ValueError:
            raise refused_token() from None
    return [None if raw is None else _decode(raw, inner) for raw in plaintexts]


def natural_inner(values: Sequence[Any]) -> str:
    """The type that values in Python have, by the first that is not None. Raises BadInputError for one without a type.

    Text is a string, not JSON: who writes JSON texts names the type. Nothing but None is a string as well as any other.
    """
    first = next((each for each in values if each is not None), "")
    for name, inner in INNERS.items():
        if isinstance(first, inner.accepts) and not isinstance(first, inner.refuses):
            return name
    raise _wrong_value("type that can be encrypted", f"a {type(first).__name__}")


def inner_type(name: str) -> Inner:
    """The type of a name. Raises BadInputError."""
    found = INNERS.get(name)
    if found is None:
        raise BadInputError(
            "type of an encrypted field",
            found="a type that cannot be encrypted",
            expected=" or ".join(INNERS),
            next_step="declare the field with one of these types",
        )
    return found


def _decode(raw: bytes, inner: str | None) -> Any:
    name = _BY_LETTER.get(raw[:1])
    if name is None or (inner is not None and name != inner):
        raise refused_token()
    try:
        return INNERS[name].decode(raw[1:])
    except (ValueError, KeyError, InvalidOperation):
        raise refused_token() from None


def refused_token() -> DecryptionError:
    """The one error of everything that does not decrypt: it does not say what was wrong."""
    return DecryptionError(
        "encrypted field",
        found="a cell that does not decrypt",
        expected="a token made for this record and field, with a key of this keyring",
        next_step="restore the cell, or the keyring, from a backup",
    )


def _wrong_value(inner: str, found: str) -> BadInputError:
    return BadInputError(
        "value of an encrypted field", found=found, expected=f"a {inner}", next_step="convert it before it is written"
    )
