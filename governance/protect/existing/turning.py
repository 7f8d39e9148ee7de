"""Turn a column's cells: clear values into tokens, or tokens into clear values; tell whether turned cells are right."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from governance.protect.existing.values import typed_values
from governance.protect.protector import Protector
from policies.nouns import FieldRef

Scope = Literal["dataset", "subject"]
"""Whose key encrypts: one of the dataset, or one of each person."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one column, row by row. Its repr shows no value."""

    values: Sequence[Any]
    """As the driver gives them."""
    record_keys: Sequence[tuple[Any, ...]]
    """What their tokens are, or will be, bound to."""
    subjects: Sequence[Any]
    """The subject key of each row; empty where keys are the dataset's."""

    def __repr__(self) -> str:
        return f"Cells({len(self.values)})"


@dataclass(frozen=True, slots=True)
class Turned:
    """What is written for some cells. Its repr shows no value."""

    cells: Sequence[Any]
    """Of the new column, as the driver takes them."""
    beside: Sequence[Any] | None = None
    """Of the field's blind index; None where it has none."""

    def __repr__(self) -> str:
        return f"Turned({len(self.cells)})"


class Turning(Protocol):
    """One direction."""

    def turn(self, cells: Cells) -> Turned:
        """What is to be written. Raises StoreError, DecryptionError, KeyringError."""
        ...

    def right(self, cells: Cells, turned: Sequence[Any]) -> bool:
        """Whether cells of the new column say what those of the old one say. Raises as `turn`."""
        ...


@dataclass(frozen=True, slots=True)
class ToTokens:
    """Clear values into tokens, and cells of a blind index beside them."""

    field: FieldRef
    """The field."""
    word: str
    """The type of its values."""
    scope: Scope
    """Whose key encrypts."""
    protector: Protector
    """Encrypts, under a catalog that declares the field encrypted."""
    dialect: str
    """The kind of store."""

    def turn(self, cells: Cells) -> Turned:
        """The tokens."""
        sealed = self.protector.seal_columns(
            self.field.of,
            {self.field.field: self._typed(cells.values)},
            cells.record_keys,
            {self.field.field: self.word},
            subjects=cells.subjects if self.scope == "subject" else None,
        )
        return Turned(sealed.pop(self.field.field), next(iter(sealed.values()), None))

    def right(self, cells: Cells, turned: Sequence[Any]) -> bool:
        """Whether each token decrypts to its value."""
        opened = self.protector.decrypt_column(self.field, turned, cells.record_keys, self.word)
        return same(opened, self._typed(cells.values))

    def _typed(self, values: Sequence[Any]) -> list[Any]:
        return typed_values(self.field, values, self.word, parsed_json=self.dialect == "postgresql")


@dataclass(frozen=True, slots=True)
class ToClear:
    """Tokens into clear values; cells of a blind index are emptied."""

    field: FieldRef
    """The field."""
    word: str
    """The type of its values."""
    protector: Protector
    """Decrypts, under a catalog that declares the field encrypted."""
    dialect: str
    """The kind of store."""

    def turn(self, cells: Cells) -> Turned:
        """The values, in the form that the driver takes."""
        values = [_written(value, self.word, self.dialect) for value in self._opened(cells)]
        indexed = self.field.field in self.protector.index_fields(self.field.of)
        return Turned(values, [None] * len(values) if indexed else None)

    def right(self, cells: Cells, turned: Sequence[Any]) -> bool:
        """Whether each value is what its token decrypts to."""
        found = typed_values(self.field, turned, self.word, parsed_json=self.dialect == "postgresql")
        return same(found, self._opened(cells))

    def _opened(self, cells: Cells) -> list[Any]:
        return self.protector.decrypt_column(self.field, cells.values, cells.record_keys, self.word)


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether values are equal, row by row; what is not a number equals itself."""
    return len(one) == len(other) and all(
        a == b or (a != a and b != b)  # noqa: PLR0124 NaN
        for a, b in zip(one, other, strict=True)
    )


def _written(value: Any, word: str, dialect: str) -> Any:
    """A value as the driver takes it for a column of its type."""
    if value is None:
        return None
    if word == "json":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if dialect != "sqlite":
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, dt.time):
        return value.isoformat("microseconds")
    return value.isoformat() if isinstance(value, dt.date) else value
