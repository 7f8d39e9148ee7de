"""The subject map: per dataset what identifies a person, what hangs together, and how a record is reached. Pure.

A *dataset of persons* has one record a person: its subject key is its record key. The subject key of any other dataset
means a person of such a dataset: of the one that its foreign key or declared join refers to, else of the only one in
the store. Where there are several and nothing tells which, keys are not followed, and the map says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from connectors.base import Dataset
from governance.requests.traced import Unreached
from policies.catalog import CatalogDataset
from policies.nouns import DatasetRef, FieldRef, LabelStatus
from policies.taxonomy import HARMLESS

LEADING = ("email", "government_id", "phone")
"""Kinds that mean the same person wherever they stand; a customer number or a login of one system does not."""


@dataclass(frozen=True, slots=True)
class Link:
    """Records of two datasets that belong together."""

    child: DatasetRef
    """The dataset that refers."""
    fields: tuple[str, ...]
    """The referring fields."""
    parent: DatasetRef
    """The dataset referred to."""
    referred: tuple[str, ...]
    """The fields referred to, in the same order."""
    declared: bool
    """Whether the catalog says so; a foreign key of the store otherwise."""
    down: bool = True
    """Whether whoever has the record referred to has the referring one."""
    up: bool = False
    """Whether whoever has the referring record has the one that it refers to."""


@dataclass(frozen=True)
class DatasetMap:
    """How persons are found in one dataset."""

    ref: DatasetRef
    """Which one."""
    entry: CatalogDataset
    """What people decided about it."""
    shape: Dataset
    """As the store declares it."""
    key: tuple[str, ...]
    """The fields of a record's key; empty for a file whose records are known by their number."""
    identifiers: Mapping[str, str]
    """Field to the kind of identifier that it holds."""
    texts: tuple[str, ...]
    """Fields in which free text may name a person."""
    space: DatasetRef | None = None
    """The dataset of persons that its subject key means; None when it has none or nobody can tell."""
    staff: frozenset[str] = frozenset()
    """In a CRM, fields that its vendor uses for the organisation's own people, such as who owns a record."""

    @property
    def is_of_persons(self) -> bool:
        """Whether it has one record a person."""
        return bool(self.entry.subject_key) and set(self.entry.subject_key) == set(self.key)

    @property
    def third_persons(self) -> tuple[str, ...]:
        """Fields about somebody else: those that the catalog names, and those of employees."""
        declared = {*self.entry.third_persons, *(self.entry.identifiers or {}), *self.entry.subject_key}
        return (*self.entry.third_persons, *sorted(self.staff - declared))

    @property
    def is_personal(self) -> bool:
        """Whether it holds anything about persons, by the catalog."""
        found = (each for each in self.entry.fields.values() if each.status is LabelStatus.CONFIRMED)
        return bool(self.entry.subject_key) or any(each.category != HARMLESS for each in found)

    def field(self, name: str) -> FieldRef:
        """The reference of one of its fields."""
        return FieldRef(self.ref.store, self.ref.dataset, name)

    def encrypted(self, name: str) -> bool:
        """Whether a field holds tokens."""
        entry = self.entry.fields.get(name)
        return entry is not None and bool(entry.encrypted)


@dataclass(frozen=True)
class SubjectMap:
    """All datasets in which persons are looked for."""

    datasets: Mapping[DatasetRef, DatasetMap]
    """By reference, in the order of the catalog."""
    links: tuple[Link, ...]
    """Foreign keys and declared joins between them."""
    unreached: tuple[Unreached, ...]
    """What is not looked at, or where keys are not followed."""

    def persons(self) -> tuple[DatasetRef, ...]:
        """What subject keys can mean, in the order of the catalog."""
        return tuple(dict.fromkeys(each.space for each in self.datasets.values() if each.space is not None))

    def tells_whose(self, dataset: DatasetMap, name: str) -> bool:
        """Whether an identifier in this field says whose record it is, so that its subject key is the person's.

        So it is in a dataset of persons, where the catalog declares the field, and where no dataset of persons has an
        identifier of this kind. Elsewhere, as with the phone of a parcel's receiver, it may be somebody else's.
        """
        if dataset.is_of_persons or name in (dataset.entry.identifiers or {}):
            return True
        return dataset.space is not None and dataset.identifiers[name] not in self._kinds.get(dataset.space, ())

    def leads_on(self, dataset: DatasetMap, name: str) -> bool:
        """Whether an identifier that a record of the person holds in this field is looked for elsewhere."""
        if name in (dataset.entry.identifiers or {}):
            return True
        return dataset.is_of_persons and dataset.identifiers[name] in LEADING

    @cached_property
    def _kinds(self) -> Mapping[DatasetRef, frozenset[str]]:
        """What dataset of persons has identifiers of which kinds."""
        return {each.ref: frozenset(each.identifiers.values()) for each in self.datasets.values() if each.is_of_persons}

    def reached(self) -> dict[DatasetRef, list[str]]:
        """How each dataset is reached: `identifier`, `subject_key`, `join:DATASET`, `mention`; empty for none."""
        found: dict[DatasetRef, list[str]] = {}
        for ref, each in self.datasets.items():
            ways = ["identifier"] if each.identifiers else []
            ways += ["subject_key"] if each.space is not None else []
            found[ref] = ways
        for link, to, source in self._steps():
            name = f"join:{source}"
            if name not in found[to] and set(link.fields) != set(self.datasets[to].entry.subject_key):
                found[to].append(name)
        for ref, each in self.datasets.items():
            found[ref] += ["mention"] if each.texts else []
        return found

    def _steps(self) -> Iterator[tuple[Link, DatasetRef, DatasetRef]]:
        """Each way of a link between personal datasets, with where it leads and from where."""
        for link in self.links:
            if link.down and self.datasets[link.parent].is_personal and link.child != link.parent:
                yield link, link.child, link.parent
            if link.up and link.child != link.parent:
                yield link, link.parent, link.child
