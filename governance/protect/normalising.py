"""What counts as equal when an encrypted field is searched, by the words of the catalog's `blind_index.normalise`.

    exact   the canonical bytes of the value (`plaintexts.py`), so "Ann" and "ann" differ; a decimal without trailing
            zeros, so 1.0 and 1.00 are one; JSON with sorted keys
    text    NFKC, full case folding, NFKC again; spaces at the ends removed, runs of spaces made one
    email   as text, and no space at all; the part before @ folded too, though a mail server may tell case apart
    phone   E.164 as libphonenumber reads it, `;ext=` and the extension behind; what it cannot read, as its digits alone

A rule never drops a value: what it cannot read still has bytes, else the record would never be found. None has none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from types import MappingProxyType
from typing import Any

from governance.protect.plaintexts import decode_values, encode_values
from policies.catalog import BlindIndex
from policies.errors import BadInputError

Normalise = Callable[[Any], bytes]
_DECIMALS = Context(prec=28, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])


def normaliser(index: BlindIndex, inner: str) -> Normalise:
    """Gives the bytes by which values of a type are compared. Raises BadInputError for a type that the rule is not for.

    The function raises BadInputError, without the value, for a value of another type.
    """
    if index.normalise == "exact" or inner == "string" or (inner == "json" and index.path is not None):
        return _RULES[index.normalise](index, inner)
    raise BadInputError(
        "blind index",
        found=f"`normalise: {index.normalise}` on a field that holds a {inner}",
        expected="a string, or `path` to a member of a JSON field",
        next_step="say `normalise: exact`",
    )


def member(value: Any, path: str | None) -> Any:
    """The member of a JSON value that a dotted path names; None where there is none."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def folded(value: str) -> str:
    """Text without case, width and spaces at the ends."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(text.split())


def _exact(_: BlindIndex, inner: str) -> Normalise:
    def exact(value: Any) -> bytes:
        written = encode_values([value], inner)
        if inner == "decimal":
            written = encode_values([_trimmed(Decimal(value))], inner)
        elif inner == "json":  # as it is read back: a number that is a key has become a text
            written = encode_values([_sorted(each) for each in decode_values(written)], inner)
        return written[0] or b""

    return exact


def _trimmed(value: Decimal) -> Decimal:
    """Without zeros at the end; what this thread sets for decimals elsewhere does not count."""
    if not value.is_finite():
        return value
    return _DECIMALS.add(value.normalize(_DECIMALS), Decimal(0))  # 0E+3 and -0 are 0


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _text(_: BlindIndex, __: str) -> Normalise:
    return lambda value: _utf8(folded(_string(value)))


def _email(_: BlindIndex, __: str) -> Normalise:
    return lambda value: _utf8(unicodedata.normalize("NFKC", folded(_string(value)).replace(" ", "")))


def _phone(index: BlindIndex, _: str) -> Normalise:
    return lambda value: _utf8(_e164(_string(value), index.region))


def _e164(value: str, region: str | None) -> str:
    import phonenumbers

    text = unicodedata.normalize("NFKC", value)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "".join(str(unicodedata.digit(each)) for each in text if each.isdigit())
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{written};ext={number.extension}" if number.extension else written


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise BadInputError(
        "blind index",
        found=f"a {type(value).__name__}",
        expected="text",
        next_step="convert the value, or say `normalise: exact`",
    )


def _utf8(value: str) -> bytes:
    [raw] = encode_values([value], "string")
    return raw or b""


_RULES: Mapping[str, Callable[[BlindIndex, str], Normalise]] = MappingProxyType(
    {"email": _email, "exact": _exact, "phone": _phone, "text": _text}
)
