"""Turn a column's cells: clear values into tokens, or tokens into clear values; tell whether turned cells are right."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from governance.protect.existing.values import typed_values
from governance.protect.keyring.base import Keyring
from governance.protect.plaintexts import decode_values, encode_values
from governance.protect.tokens import (
    FieldPlace,
    decrypt_cells,
    encrypt_cells,
    encrypt_cells_of_subjects,
    key_ids,
)
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


class Turning(Protocol):
    """One direction."""

    def turn(self, cells: Cells) -> list[Any]:
        """What stands in the new column, as the driver takes it. Raises StoreError, DecryptionError, KeyringError."""
        ...

    def right(self, cells: Cells, turned: Sequence[Any]) -> bool:
        """Whether cells of the new column say what those of the old one say. Raises as `turn`."""
        ...


@dataclass(frozen=True, slots=True)
class ToTokens:
    """Clear values into tokens."""

    field: FieldRef
    """The field."""
    place: FieldPlace
    """Its stable ids."""
    word: str
    """The type of its values."""
    scope: Scope
    """Whose key encrypts."""
    keyring: Keyring
    """Gives the keys."""
    dialect: str
    """The kind of store."""

    def turn(self, cells: Cells) -> list[Any]:
        """The tokens."""
        plain = encode_values(self._typed(cells.values), self.word)
        if self.scope == "subject":
            keys = self.keyring.subjects.of(self.place.store_id, cells.subjects)
            return list(encrypt_cells_of_subjects(keys, self.place, cells.record_keys, plain))
        return list(encrypt_cells(self.keyring.data_key(self.place.key_of), self.place, cells.record_keys, plain))

    def right(self, cells: Cells, turned: Sequence[Any]) -> bool:
        """Whether each token decrypts to its value."""
        opened = decrypt_cells(finder(self.keyring, turned), self.place, cells.record_keys, turned)
        return same(decode_values(opened, self.word), self._typed(cells.values))

    def _typed(self, values: Sequence[Any]) -> list[Any]:
        return typed_values(self.field, values, self.word, parsed_json=self.dialect == "postgresql")


@dataclass(frozen=True, slots=True)
class ToClear:
    """Tokens into clear values."""

    field: FieldRef
    """The field."""
    place: FieldPlace
    """Its stable ids."""
    word: str
    """The type of its values."""
    keyring: Keyring
    """Gives the keys."""
    dialect: str
    """The kind of store."""

    def turn(self, cells: Cells) -> list[Any]:
        """The values, in the form that the driver takes."""
        return [_written(value, self.word, self.dialect) for value in self._opened(cells)]

    def right(self, cells: Cells, turned: Sequence[Any]) -> bool:
        """Whether each value is what its token decrypts to."""
        found = typed_values(self.field, turned, self.word, parsed_json=self.dialect == "postgresql")
        return same(found, self._opened(cells))

    def _opened(self, cells: Cells) -> list[Any]:
        tokens = cells.values
        opened = decrypt_cells(finder(self.keyring, tokens), self.place, cells.record_keys, tokens)
        return decode_values(opened, self.word)


def finder(keyring: Keyring, tokens: Sequence[Any]) -> Callable[[str], Any]:
    """Finds the keys that tokens name, those of many persons together."""
    together = keyring.keys(key_ids(tokens))
    return lambda key_id: together.get(key_id) or keyring.key(key_id)


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
