"""Named masks: what is left of a value under the treatment `mask:NAME`.

Each mask is defined so plainly that the SQL of PostgreSQL, SQLite and MySQL can equal it: lengths and positions count
code points, positions start at 1, comparison is by code point (in MySQL: a `_bin` collation), and only LENGTH, SUBSTR,
INSTR (`STRPOS`), REPLACE and concatenation are used. The Python form here and the SQL form in the guard are held equal
by a differential test. NULL stays NULL under every mask. Text holds no NUL character.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.errors import PolicyFileError

ANY_TYPE = frozenset(
    {"string", "integer", "decimal", "float", "boolean", "date", "datetime", "time", "json", "binary", "other"}
)
"""Every field type of `connectors.base.Field.type`."""

TEXT = frozenset({"string"})
"""Fields that hold text."""

DIGITS = "0123456789"
"""What `phone` shows at the end of a number."""

PLUS_DIGITS = "+0123456789"
"""What `phone` shows at the start of a number."""

EMAIL_STOPS = " \t\n\r,;:/<>()\"'，；：、（）"
"""A value that holds one of these is not one bare e-mail address, so `email` shows none of it."""


@dataclass(frozen=True, slots=True)
class Mask:
    """One mask. Fields of a type outside `input_types` are refused by policy lint."""

    name: str
    """As in `mask:NAME`."""
    input_types: frozenset[str]
    """Field types that it takes, of `connectors.base.Field.type`."""
    output_type: str
    """The type of what it gives; a column of another type gets NULL, so that typed readers keep working."""
    definition: str
    """What it gives of `v` with `n = LENGTH(v)`, case by case, the first that holds."""
    text: Callable[[str], str]
    """The mask of a text."""

    def apply(self, value: object) -> str | None:
        """What is left of a value; None for None and for anything that is no text."""
        return self.text(value) if isinstance(value, str) else None


def _redact(_: str) -> str:
    return "***"


def _email(value: str) -> str:
    if value.count("@") != 1 or any(stop in value for stop in EMAIL_STOPS):
        return "***"
    at = value.index("@")  # from 0: the number of characters before it
    return value[: 1 if at >= 2 else 0] + "***" + value[at:]


def _phone(value: str) -> str:
    length = len(value)
    if length < 8 or any(each not in DIGITS for each in value[-4:]):
        return "****"
    if length < 11 or any(each not in PLUS_DIGITS for each in value[:3]):
        return "****" + value[-4:]
    return value[:3] + "****" + value[-4:]


def _last4(value: str) -> str:
    return "****" + value[-4:] if len(value) >= 8 else "****"


def _name(value: str) -> str:
    return value[0] + "*" if len(value) >= 2 else "*"


MASKS: Mapping[str, Mask] = MappingProxyType(
    {
        mask.name: mask
        for mask in (
            Mask(
                "email",
                TEXT,
                "string",
                "Let p = INSTR(v, '@'). '***' when LENGTH(REPLACE(v, '@', '')) is not n - 1, or when v holds any "
                "character of EMAIL_STOPS (INSTR(v, c) > 0). SUBSTR(v, 1, 1) || '***' || SUBSTR(v, p) when p >= 3. "
                "Else '***' || SUBSTR(v, p).",
                _email,
            ),
            Mask(
                "last4",
                TEXT,
                "string",
                "'****' || SUBSTR(v, n - 3, 4) when n >= 8. Else '****'.",
                _last4,
            ),
            Mask(
                "name",
                TEXT,
                "string",
                "SUBSTR(v, 1, 1) || '*' when n >= 2. Else '*'.",
                _name,
            ),
            Mask(
                "phone",
                TEXT,
                "string",
                "'****' when n < 8 or when one of the last four characters c has INSTR(DIGITS, c) = 0. "
                "'****' || SUBSTR(v, n - 3, 4) when n < 11 or when one of the first three characters c has "
                "INSTR(PLUS_DIGITS, c) = 0. Else SUBSTR(v, 1, 3) || '****' || SUBSTR(v, n - 3, 4).",
                _phone,
            ),
            Mask(
                "redact",
                ANY_TYPE,
                "string",
                "'***'. For a field that is no text: NULL.",
                _redact,
            ),
        )
    }
)
"""Every mask by name, sorted."""


def mask(name: str) -> Mask:
    """The mask of a name. Raises PolicyFileError for a name that there is no mask for."""
    found = MASKS.get(name)
    if found is None:
        raise PolicyFileError(
            f"treatment `mask:{name}`",
            found="a mask that does not exist",
            expected="one of " + ", ".join(MASKS),
            next_step="name one of these masks, or `null` to show nothing",
        )
    return found
