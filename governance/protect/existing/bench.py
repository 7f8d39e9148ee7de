"""What converting a column takes beside the office: catalog, keys, and the store."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from governance.protect.existing.turning import Scope
from governance.protect.keyring.base import Keyring
from governance.protect.protector import Protector
from policies.catalog import Catalog
from policies.nouns import FieldRef


@dataclass(frozen=True, slots=True)
class Bench:
    """What converting takes beside the office."""

    catalog: Catalog
    """The reviewed data map."""
    keyring: Keyring
    """Gives the keys."""
    store: Engine
    """The store whose column is converted."""

    def protector(self, field: FieldRef, scope: Scope | None = None) -> Protector:
        """A protector under a catalog that declares the field encrypted, and by whose keys, as it will be or was."""
        return Protector(self.keyring, _declaring(self.catalog, field, scope))

    def is_of_subjects(self, field: FieldRef) -> bool:
        """Whether the catalog says that the field is encrypted under the keys of persons."""
        entry = self.catalog.field(field)
        return entry is not None and entry.encrypted == "subject"


def _declaring(catalog: Catalog, field: FieldRef, scope: Scope | None) -> Catalog:
    store = catalog.stores[field.store]
    dataset = store.datasets[field.dataset]
    standing = dataset.fields[field.field]
    declared = standing.encrypted or True if scope is None else "subject" if scope == "subject" else True
    entry = standing.model_copy(update={"encrypted": declared})
    fields = dataset.model_copy(update={"fields": {**dataset.fields, field.field: entry}})
    datasets = store.model_copy(update={"datasets": {**store.datasets, field.dataset: fields}})
    return catalog.model_copy(update={"stores": {**catalog.stores, field.store: datasets}})
