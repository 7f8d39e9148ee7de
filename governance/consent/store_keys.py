"""Whose key a row of a dataset holds, and whether it is of the kind under which consent lies in its store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from governance.consent.projection import ConsentProjection, key_kind_of
from governance.consent.projection_tables import TABLE, KeyKind
from governance.consent.refusals import refused
from governance.consent.temporary import SET
from governance.consent.whose import Whose, not_theirs
from policies.catalog import Catalog
from policies.errors import StoreError
from policies.nouns import DatasetRef, FieldRef


class StoreKeys:
    """The subject keys of all stores. Raises AccessRefusedError for what cannot be compared."""

    def __init__(
        self,
        catalog: Catalog,
        projections: Mapping[str, ConsentProjection],
        temporary: Collection[str],
        whose: Callable[[DatasetRef], Whose],
    ) -> None:
        self.temporary = frozenset(temporary)
        """The stores that must not be written."""
        self.projections = dict(projections)
        """The projection of each store that is a database."""
        self._catalog = catalog
        self._whose = whose
        self._kinds: dict[FieldRef, KeyKind] = {}

    def names_person(self, dataset: DatasetRef) -> bool:
        """Whether rows of a dataset are about persons."""
        entry = self._catalog.dataset(dataset)
        return entry is not None and bool(entry.subject_key)

    def whose(self, dataset: DatasetRef, purpose: str) -> Whose:
        """Whether rows of a dataset are about the persons whom consent names in its store."""
        try:
            return self._whose(dataset)
        except StoreError as cause:
            raise refused(str(dataset), purpose, cause.found, cause.expected, cause.next_step) from None

    def check_persons(self, dataset: DatasetRef, purpose: str) -> None:
        """Refuse rows that are not for certain about the persons whom consent names in their store."""
        whose = self.whose(dataset, purpose)
        if whose is not Whose.NAMED:
            raise not_theirs(whose, dataset, purpose)

    def table(self, dataset: DatasetRef) -> str:
        """The table of ours that a query over a dataset joins."""
        return SET if dataset.store in self.temporary else TABLE

    def subject_key(self, dataset: DatasetRef, purpose: str) -> str:
        """The one field that says whom a row is about."""
        entry = self._catalog.dataset(dataset)
        keys = entry.subject_key if entry is not None else ()
        if len(keys) != 1:
            raise refused(
                str(dataset),
                purpose,
                f"{len(keys)} subject-key fields in the catalog",
                "one `subject_key` that says whom a row is about",
                "state `subject_key` for this dataset in catalog.yaml",
            )
        return keys[0]

    def projection(self, store: str, purpose: str) -> ConsentProjection:
        """The projection of a store."""
        projection = self.projections.get(store)
        if projection is None:
            raise refused(
                store,
                purpose,
                "a store without a projection of consent",
                "a database in which consent can be joined",
                "read this store for a purpose that needs no consent, or move the data to a database",
            )
        return projection

    def kind(self, dataset: DatasetRef, field: str, purpose: str) -> KeyKind:
        """The kind of a field as the store declares it, asked once."""
        place = FieldRef(dataset.store, dataset.dataset, field)
        if place not in self._kinds:
            engine = self.projection(dataset.store, purpose).engine
            try:
                self._kinds[place] = key_kind_of(engine, dataset.dataset, field)
            except StoreError as cause:
                raise refused(str(place), purpose, cause.found, cause.expected, cause.next_step) from None
        return self._kinds[place]

    def store_kind(self, store: str, purpose: str) -> KeyKind:
        """The kind of the keys under which a store's consent knows persons."""
        key = self._catalog.stores[store].person_key
        return self.kind(DatasetRef(store, key[0]), key[1], purpose) if key is not None else KeyKind.STRING

    def check_kind(self, dataset: DatasetRef, key: str, purpose: str) -> None:
        """Refuse a comparison of unlike types, which some databases decide by cutting text down to a number."""
        kind = self.kind(dataset, key, purpose)
        try:
            known = self._known_kind(dataset, purpose)
        except StoreError as cause:
            raise refused(str(dataset), purpose, cause.found, cause.expected, cause.next_step) from None
        if known != kind:
            raise refused(
                f"{dataset}.{key}",
                purpose,
                f"a subject key of kind {kind}",
                f"kind {known or 'unknown'}, as the projection of consent has it",
                "name the field that holds the store's subject key",
            )

    def _known_kind(self, dataset: DatasetRef, purpose: str) -> str | None:
        """The kind of key that consent has in a store; None where nobody has made its projection."""
        if dataset.store in self.temporary:
            return self.store_kind(dataset.store, purpose)
        head = self.projection(dataset.store, purpose).head()
        return head.key_kind if head is not None else None
