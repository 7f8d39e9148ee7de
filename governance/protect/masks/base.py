"""What a mask is: a name, the types that it takes, what it gives of a value and of a column.

Each mask is defined so plainly that the SQL of PostgreSQL, SQLite and MySQL can equal it: lengths and positions count
code points, positions start at 1, comparison is by code point. A differential test holds the Python, Arrow and SQL
forms equal. NULL stays NULL under every mask. Text holds no NUL character. Masks read neither clock nor key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

ANY_TYPE = frozenset(
    {"string", "integer", "decimal", "float", "boolean", "date", "datetime", "time", "json", "binary", "other"}
)
"""Every field type of `connectors.base.Field.type`."""

TEXT = frozenset({"string"})
"""Fields that hold text."""


class Form(Protocol):
    """A mask over the fields of one type."""

    def one(self, value: object) -> object | None:
        """What is left of a value; None for None and for a value of another type."""

    def column(self, values: pa.Array) -> pa.Array:
        """What is left of each value of a column, of the same Arrow type."""


@dataclass(frozen=True, slots=True)
class Mask:
    """One mask. On a field of a type that it does not take it gives NULL, and policy lint says so."""

    name: str
    """As in `mask:NAME`."""
    output_type: str
    """The type of what it gives, of `connectors.base.Field.type`; `same`: that of the field."""
    definition: str
    """What it gives of `v` with `n = LENGTH(v)`, case by case, the first that holds."""
    forms: Mapping[str, Form]
    """By type of the field."""

    @property
    def input_types(self) -> frozenset[str]:
        """Field types that it takes."""
        return frozenset(self.forms)

    def keeps(self, type_: str) -> bool:
        """Whether it takes fields of a type and what it gives is of that type, so that typed readers keep working."""
        return type_ in self.forms and self.output_type in ("same", type_)

    def apply(self, value: object, type_: str = "string") -> Any:
        """What is left of a value of a field of a type; None for None and for what the mask cannot take."""
        return self.forms[type_].one(value) if self.keeps(type_) else None

    def column(self, values: pa.Array, type_: str = "string") -> pa.Array:
        """What is left of each value of a column; all NULL for a type that the mask cannot take."""
        return self.forms[type_].column(values) if self.keeps(type_) else pa.nulls(len(values), values.type)


def by_distinct(form: Form, values: pa.Array) -> pa.Array:
    """A column treated value by value, each distinct value once."""
    encoded = values.dictionary_encode()
    treated = pa.array([form.one(each.as_py()) for each in encoded.dictionary], values.type)
    return treated.take(encoded.indices)
