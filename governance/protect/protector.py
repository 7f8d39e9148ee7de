"""Encrypts and decrypts fields by their reference: the catalog gives the stable ids, the keyring the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from governance.protect.keyring.base import Keyring
from governance.protect.plaintexts import decode_values, encode_values
from governance.protect.tokens import FieldPlace, decrypt_cells, encrypt_cells, encrypt_cells_of_subjects, key_ids
from policies.catalog import Catalog
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef

_FEW = 4


class Decryptor(Protocol):
    """What the guard needs of protect: the clear values of a column of tokens."""

    def decrypt_column(
        self, field: FieldRef, tokens: Sequence[Any], record_keys: Sequence[tuple[Any, ...]]
    ) -> Sequence[Any]:
        """The values of one field's tokens, each with its record's key as the driver gave it; None stays None.

        Raises CatalogError for a field that is not declared encrypted, DecryptionError.
        """
        ...


class Protector:
    """Encryption of the fields that the catalog declares `encrypted`."""

    def __init__(self, keyring: Keyring, catalog: Catalog) -> None:
        self._keyring = keyring
        self._catalog = catalog

    def encrypt_column(
        self, field: FieldRef, values: Sequence[Any], record_keys: Sequence[tuple[Any, ...]], inner: str
    ) -> list[bytes | None]:
        """The tokens of a column's values, each with its record's key; None stays None.

        Raises CatalogError for a field that is not declared encrypted, BadInputError for a value or key of a wrong
        type, KeyringError.
        """
        place = self.place(field)
        key = self._keyring.data_key(place.key_of)
        return encrypt_cells(key, place, record_keys, encode_values(values, inner))

    def encrypt_column_of_subjects(
        self,
        field: FieldRef,
        values: Sequence[Any],
        record_keys: Sequence[tuple[Any, ...]],
        inner: str,
        *,
        subjects: Sequence[Any],
    ) -> list[bytes | None]:
        """As `encrypt_column`, each value under the key of its person, told by the store's own subject key.

        Raises KeyringError too for a person whose key was destroyed.
        """
        place = self.place(field)
        keys = self._keyring.subjects.of(place.store_id, subjects)
        return encrypt_cells_of_subjects(keys, place, record_keys, encode_values(values, inner))

    def decrypt_column(
        self,
        field: FieldRef,
        tokens: Sequence[Any],
        record_keys: Sequence[tuple[Any, ...]],
        inner: str | None = None,
    ) -> list[Any]:
        """The values of one field's tokens, each with its record's key as the driver gave it; None stays None.

        The type of a value is read from the token; with `inner` another one is refused. Raises CatalogError for a field
        that is not declared encrypted, DecryptionError.
        """
        place, find_key = self.place(field), self._keyring.key
        named = key_ids(tokens)
        if len(named) > _FEW:  # persons' keys: found together
            together = self._keyring.keys(named)
            find_key = lambda key_id: together.get(key_id) or self._keyring.key(key_id)  # noqa: E731
        return decode_values(decrypt_cells(find_key, place, record_keys, tokens), inner)

    def place(self, field: FieldRef) -> FieldPlace:
        """The stable ids of an encrypted field. Raises CatalogError for any other field."""
        store = self._catalog.stores.get(field.store)
        dataset = self._catalog.dataset(field.of)
        entry = self._catalog.field(field)
        if store is None or dataset is None or entry is None or not entry.encrypted:
            raise CatalogError(
                f"catalog, {field}",
                found="no such field" if entry is None else "a field that is not declared encrypted",
                expected="`encrypted: true` on the field",
                next_step="add it to the catalog before values are written",
            )
        return FieldPlace(store.id, dataset.id, entry.id)

    def record_key(self, dataset: DatasetRef) -> tuple[str, ...]:
        """The fields whose values bind a dataset's tokens. Raises CatalogError when the catalog names none."""
        entry = self._catalog.dataset(dataset)
        if entry is None or not entry.record_key:
            raise CatalogError(
                f"catalog, {dataset}",
                found="no record_key",
                expected="the fields that identify a record, known before it is written",
                next_step="name them, or add a `gov_row_id` UUID column and name that",
            )
        return entry.record_key
