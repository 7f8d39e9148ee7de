"""Encrypts and decrypts fields by their reference: the catalog gives the stable ids, the keyring the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from governance.protect.blind_index import FieldIndex, IndexKey
from governance.protect.deterministic import SivKey, open_cells, seal_cells, sought_cells
from governance.protect.keyring.base import Keyring, KeyUse
from governance.protect.plaintexts import decode_values, encode_values, natural_inner
from governance.protect.tokens import (
    FieldPlace,
    decrypt_cells,
    decrypt_cells_of_subjects,
    encrypt_cells,
    encrypt_cells_of_subjects,
    key_ids,
    named_in_order,
)
from policies.catalog import BlindIndex, Catalog
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
        place = self.place(field)
        if self._is_deterministic(field):
            raise CatalogError(
                f"catalog, {field}",
                found="`cipher: siv` on a field that is encrypted under a key for each person",
                expected="`cipher: gcm`: under two keys equal values are not equal tokens",
                next_step="take `cipher` out, and declare a blind index if the field is searched",
            )
        keys = self._keyring.subjects.batch(place.store_id, subjects)
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
        if self._is_deterministic(field):
            return seal_cells(self._siv_keys(place)[0], place, plaintexts)
        return encrypt_cells(self._keyring.data_key(place.key_of), place, record_keys, plaintexts)

    def _decrypted(self, field: FieldRef, tokens: Sequence[Any], record_keys: Sequence[Any]) -> list[bytes | None]:
        place = self.place(field)
        if self._is_deterministic(field):
            return open_cells(self._siv_keys(place), place, tokens)
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

    def index_fields(self, dataset: DatasetRef) -> Mapping[str, str]:
        """The encrypted fields of a dataset that have a blind index, with the field that holds its cells."""
        entry = self._catalog.dataset(dataset)
        fields = entry.fields if entry is not None else {}
        return {name: each.blind_index.field for name, each in fields.items() if each.blind_index is not None}

    def index_cells(self, field: FieldRef, values: Sequence[Any], inner: str) -> list[bytes | None]:
        """The blind-index cells to write beside a field's values; None stays None.

        Raises CatalogError for a field without a blind index, BadInputError, KeyringError.
        """
        place = self.place(field)
        return self._field_index(field, inner).cells(self._index_keys(place)[0], values)

    def search_cells(self, field: FieldRef, value: Any, inner: str) -> list[bytes]:
        """The cells under which a value may lie, one for each index key that rows may still be under.

        A row whose cell is one of them is a candidate: decrypt it and keep it when `same_value` says so. Of a field
        with `cipher: siv` and no blind index they are its own tokens. Raises as `index_cells`, and BadInputError for
        None: NULL has no cell.
        """
        place = self.place(field)
        if self._is_deterministic(field) and self._index(field) is None and value is not None:
            plain = encode_values([value], inner)
            return [each for key in self._siv_keys(place) for each in sought_cells(key, place, plain) if each]
        return self._field_index(field, inner).sought(self._index_keys(place), value)

    def current_cells_start(self, field: FieldRef) -> bytes:
        """What the cells begin with that are under the active index key; any other one is to be made anew."""
        return self._index_keys(self.place(field))[0].head

    def same_value(self, field: FieldRef, inner: str, one: Any, other: Any) -> bool:
        """Whether two values are equal by the field's rule of normalisation: tells a hit from a shared cell."""
        first, second = self._field_index(field, inner).normalised([one, other])
        return first is not None and first == second

    def require_spread(self, field: FieldRef, values: Sequence[Any], inner: str) -> None:
        """Return when a field with these values may have a blind index. Raises BadInputError for too few of them."""
        index = self._field_index(field, inner)
        index.require_spread(len({each for each in index.normalised(values) if each is not None}))

    def _index(self, field: FieldRef) -> BlindIndex | None:
        entry = self._catalog.field(field)
        return entry.blind_index if entry is not None else None

    def _is_deterministic(self, field: FieldRef) -> bool:
        entry = self._catalog.field(field)
        return entry is not None and entry.cipher == "siv"

    def _siv_keys(self, place: FieldPlace) -> Sequence[SivKey]:
        return self._keyring.family(KeyUse.DETERMINISTIC, place.key_of, SivKey)

    def _field_index(self, field: FieldRef, inner: str) -> FieldIndex:
        index = self._index(field)
        if index is None:
            raise CatalogError(
                f"catalog, {field}",
                found="an encrypted field without a blind index",
                expected="`blind_index: {field: ..., normalise: ...}` on the field",
                next_step="declare one, add its column, and run `governance protect` over the rows that are there",
            )
        return FieldIndex(self.place(field), index, inner)

    def _index_keys(self, place: FieldPlace) -> Sequence[IndexKey]:
        return self._keyring.family(KeyUse.BLIND_INDEX, place.key_of, IndexKey)

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
