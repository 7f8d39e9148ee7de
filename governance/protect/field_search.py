"""Equality search over encrypted fields: the cells that stand beside tokens, and those that a search compares with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from governance.protect.blind_index import FieldIndex, IndexKey
from governance.protect.described_fields import DescribedFields
from governance.protect.deterministic import sought_cells
from governance.protect.keyring.base import KeyUse
from governance.protect.plaintexts import encode_values
from governance.protect.tokens import FieldPlace
from policies.catalog import BlindIndex
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef


class FieldSearch(DescribedFields):
    """Search over the fields that the catalog declares `encrypted`."""

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
        if self.is_deterministic(field) and self._index(field) is None and value is not None:
            plain = encode_values([value], inner)
            return [each for key in self.siv_keys(place) for each in sought_cells(key, place, plain) if each]
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

    def _field_index(self, field: FieldRef, inner: str) -> FieldIndex:
        index = self._index(field)
        if index is None:
            raise CatalogError(
                f"catalog, {field}",
                found="an encrypted field without a blind index",
                expected="`blind_index: {field: ..., normalise: ...}` on the field",
                next_step="declare one, add its column, and run `governance protect rotate` over the rows there are",
            )
        return FieldIndex(self.place(field), index, inner)

    def _index_keys(self, place: FieldPlace) -> Sequence[IndexKey]:
        return self._keyring.family(KeyUse.BLIND_INDEX, place.key_of, IndexKey)
