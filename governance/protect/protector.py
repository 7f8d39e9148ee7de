"""Encrypts and decrypts fields by their reference: the catalog gives the stable ids, the keyring the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from governance.protect.deterministic import open_cells, seal_cells
from governance.protect.field_search import FieldSearch
from governance.protect.keyring.base import KeyState
from governance.protect.plaintexts import decode_values, encode_values, natural_inner, refused_token
from governance.protect.tokens import (
    decrypt_cells,
    decrypt_cells_of_subjects,
    encrypt_cells,
    encrypt_cells_of_subjects,
    key_ids,
    named_in_order,
)
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef

if TYPE_CHECKING:
    import pyarrow as pa

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


class Protector(FieldSearch):
    """Encryption of the fields that the catalog declares `encrypted`."""

    def encrypt_column(
        self, field: FieldRef, values: Sequence[Any], record_keys: Sequence[tuple[Any, ...]], inner: str
    ) -> list[bytes | None]:
        """The tokens of a column's values, each with its record's key; None stays None.

        Raises CatalogError for a field that is not declared encrypted, or that takes the keys of persons, BadInputError
        for a value or key of a wrong type, KeyringError.
        """
        return self._encrypted(field, encode_values(values, inner), record_keys)

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
        if self.is_deterministic(field):
            raise CatalogError(
                f"catalog, {field}",
                found="`cipher: siv` on a field that is encrypted under a key for each person",
                expected="`cipher: gcm`: under two keys equal values are not equal tokens",
                next_step="take `cipher` out, and declare a blind index if the field is searched",
            )
        return self._encrypted_of_subjects(field, encode_values(values, inner), record_keys, subjects)

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
        return decode_values(self._decrypted(field, tokens, record_keys), inner)

    def encrypt_array(self, field: FieldRef, values: pa.Array, record_keys: pa.Array, inner: str) -> pa.Array:
        """As `encrypt_column`, an Arrow column in and a column of binary out; NULL stays NULL.

        `record_keys` is a column where the key has one part, else a column of structs in the order of `record_key`.
        """
        import pyarrow as pa

        from governance.protect.arrow_columns import array_keys, array_plaintexts

        tokens = self._encrypted(field, array_plaintexts(values, inner), array_keys(record_keys))
        return pa.array(tokens, pa.binary())

    def decrypt_array(
        self, field: FieldRef, tokens: pa.Array, record_keys: pa.Array, inner: str, kind: pa.DataType | None = None
    ) -> pa.Array:
        """As `decrypt_column`, an Arrow column of binary in and one of the values out, as `kind` where it is given."""
        from governance.protect.arrow_columns import array_cells, array_keys, values_array

        plaintexts = self._decrypted(field, array_cells(tokens), array_keys(record_keys))
        return values_array(plaintexts, inner, kind)

    def _encrypted(
        self, field: FieldRef, plaintexts: Sequence[bytes | None], record_keys: Sequence[Any]
    ) -> list[bytes | None]:
        place = self.place(field)
        if self.is_of_subjects(field):
            raise CatalogError(
                f"catalog, {field}",
                found="values without their persons, for a field that is `encrypted: subject`",
                expected="the subject key of each record, whose person's key encrypts the value",
                next_step="name the subject key in the write, or write through a session that knows the whole record",
            )
        if self.is_deterministic(field):
            return seal_cells(self.siv_keys(place)[0], place, plaintexts)
        return encrypt_cells(self._keyring.data_key(place.key_of), place, record_keys, plaintexts)

    def _encrypted_of_subjects(
        self,
        field: FieldRef,
        plaintexts: Sequence[bytes | None],
        record_keys: Sequence[tuple[Any, ...]],
        subjects: Sequence[Any],
    ) -> list[bytes | None]:
        place = self.place(field)
        return encrypt_cells_of_subjects(
            self._keyring.subjects.batch(place.store_id, subjects), place, record_keys, plaintexts
        )

    def _decrypted(self, field: FieldRef, tokens: Sequence[Any], record_keys: Sequence[Any]) -> list[bytes | None]:
        place = self.place(field)
        if self.is_deterministic(field):
            return open_cells(self.siv_keys(place), place, tokens)
        named = key_ids(tokens)
        if len(named) <= _FEW:
            return decrypt_cells(self._keyring.key, place, record_keys, tokens)
        in_order = named_in_order(tokens)
        persons = self._keyring.person_keys(in_order) if in_order is not None else None
        if persons is not None:
            return decrypt_cells_of_subjects(persons, place, record_keys, tokens)
        together = self._keyring.keys([each.hex() for each in named])
        return decrypt_cells(
            lambda key_id: together.get(key_id) or self._keyring.key(key_id), place, record_keys, tokens
        )

    def renew_column(
        self,
        field: FieldRef,
        tokens: Sequence[bytes],
        record_keys: Sequence[tuple[Any, ...]],
        *,
        subjects: Sequence[Any] | None = None,
    ) -> list[bytes | None]:
        """Tokens of the same values under the keys that are active now: of the dataset, or of `subjects`.

        Each is opened again before it is given. Raises as `decrypt_column` and `encrypt_column`.
        """
        plain = self._decrypted(field, tokens, record_keys)
        if subjects is None:
            renewed = self._encrypted(field, plain, record_keys)
        else:
            renewed = self._encrypted_of_subjects(field, plain, record_keys, subjects)
        if self._decrypted(field, renewed, record_keys) != plain:
            raise refused_token()
        return renewed

    def destroyed(self, tokens: Sequence[Any]) -> frozenset[bytes]:
        """Of the keys that tokens name, the ids of those of persons that were destroyed."""
        named = [each.hex() for each in key_ids(tokens)]
        states = self._keyring.person_states(named)
        return frozenset(bytes.fromhex(key) for key, state in states.items() if state is KeyState.DESTROYED)

    def seal_columns(
        self,
        dataset: DatasetRef,
        columns: Mapping[str, Sequence[Any]],
        record_keys: Sequence[tuple[Any, ...]],
        inners: Mapping[str, str] | None = None,
        *,
        subjects: Sequence[Any] | None = None,
    ) -> dict[str, list[bytes | None]]:
        """All columns that must be written for the clear values of encrypted fields: tokens and blind-index cells.

        `columns` gives the values by field, each with its record's key at the same place; `inners` the type of a
        field's values, read off the values where it is not given. The answer has a column of tokens for each field,
        under its own name, and one of cells for each field that the catalog declares a blind index for, under the
        index field's name; None stays None in both. With `subjects` each value is encrypted under its person's key.
        Raises as `encrypt_column` and `encrypt_column_of_subjects` do.
        """
        sealed: dict[str, list[bytes | None]] = {}
        for name, values in columns.items():
            field = FieldRef(dataset.store, dataset.dataset, name)
            inner = (inners or {}).get(name) or natural_inner(values)
            if subjects is None:
                sealed[name] = self.encrypt_column(field, values, record_keys, inner)
            else:
                sealed[name] = self.encrypt_column_of_subjects(field, values, record_keys, inner, subjects=subjects)
            index = self._index(field)
            if index is not None:
                sealed[index.field] = self.index_cells(field, values, inner)
        return sealed
