"""What the catalog says of encrypted fields, and the families of keys that follow from it."""

from __future__ import annotations

from collections.abc import Sequence

from governance.protect.deterministic import SivKey
from governance.protect.keyring.base import Keyring, KeyUse
from governance.protect.tokens import FieldPlace
from policies.catalog import Catalog
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef


class DescribedFields:
    """The encrypted fields of a catalog, by their references."""

    def __init__(self, keyring: Keyring, catalog: Catalog) -> None:
        self._keyring = keyring
        self._catalog = catalog

    def place(self, field: FieldRef) -> FieldPlace:
        """The stable ids of an encrypted field. Raises CatalogError for any other field."""
        store = self._catalog.stores.get(field.store)
        dataset = self._catalog.dataset(field.of)
        entry = self._catalog.field(field)
        if store is None or dataset is None or entry is None or not entry.encrypted:
            raise CatalogError(
                f"catalog, {field}",
                found="no such field" if entry is None else "a field that is not declared encrypted",
                expected="`encrypted: true` or `encrypted: subject` on the field",
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

    def subject_key(self, dataset: DatasetRef) -> tuple[str, ...]:
        """The fields that tell whose key encrypts; empty when no field of the dataset is `encrypted: subject`."""
        entry = self._catalog.dataset(dataset)
        if entry is None or not any(each.encrypted == "subject" for each in entry.fields.values()):
            return ()
        return entry.subject_key

    def is_of_subjects(self, field: FieldRef) -> bool:
        """Whether each value of a field is encrypted under the key of its person."""
        entry = self._catalog.field(field)
        return entry is not None and entry.encrypted == "subject"

    def is_deterministic(self, field: FieldRef) -> bool:
        """Whether equal values of a field are equal tokens."""
        entry = self._catalog.field(field)
        return entry is not None and entry.cipher == "siv"

    def siv_keys(self, place: FieldPlace) -> Sequence[SivKey]:
        """The keys of deterministic tokens that still open some: the active one first."""
        return self._keyring.family(KeyUse.DETERMINISTIC, place.key_of, SivKey)
