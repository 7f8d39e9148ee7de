"""Whose key a dataset's `subject_key` is: the dataset of persons that it means.

A *dataset of persons* has one record a person: its subject key is its record key. The subject key of any other dataset
means a person of the one that a foreign key or declared join refers to, else of the only one in the store. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.catalog import CatalogDataset
from policies.nouns import DatasetRef


@dataclass(frozen=True, slots=True)
class Reference:
    """Fields of a dataset that refer to another one."""

    fields: tuple[str, ...]
    """The referring fields."""
    parent: DatasetRef
    """The dataset referred to."""
    referred: tuple[str, ...]
    """The fields referred to, in the same order."""


@dataclass(frozen=True)
class KeyedDataset:
    """A reviewed dataset, as far as it tells whose keys it holds."""

    ref: DatasetRef
    """Which one."""
    entry: CatalogDataset
    """What people decided about it."""
    key: tuple[str, ...]
    """The fields of a record's key; empty where there is none."""
    foreign: tuple[Reference, ...] = ()
    """Its foreign keys, as the store declares them."""

    @property
    def is_of_persons(self) -> bool:
        """Whether it has one record a person."""
        return bool(self.entry.subject_key) and set(self.entry.subject_key) == set(self.key)

    @property
    def of_subject(self) -> Iterator[Reference]:
        """The foreign keys, then the declared joins, whose fields are its subject key."""
        joins = (Reference(each.fields, DatasetRef(*each.to.split(".", 1)), each.referred) for each in self.entry.joins)
        for each in (*self.foreign, *joins):
            if set(each.fields) == set(self.entry.subject_key):
                yield each


def subject_spaces(found: Mapping[DatasetRef, KeyedDataset]) -> dict[DatasetRef, DatasetRef | None]:
    """By dataset with a subject key the dataset of persons that it means; None where nobody can tell.

    One without a name stands for the persons of a store that has no dataset of persons.
    """
    return {ref: _space(each, found, frozenset()) for ref, each in found.items() if each.entry.subject_key}


def _space(
    each: KeyedDataset, found: Mapping[DatasetRef, KeyedDataset], seen: frozenset[DatasetRef]
) -> DatasetRef | None:
    key = each.entry.subject_key
    if not key or each.ref in seen:
        return None
    foreign = False
    for link in each.of_subject:
        parent = found.get(link.parent)
        if parent is None or link.parent == each.ref:
            continue
        foreign = foreign or bool(parent.entry.subject_key)
        to = tuple(dict(zip(link.fields, link.referred, strict=True))[name] for name in key)
        if to == parent.entry.subject_key and (space := _space(parent, found, seen | {each.ref})):
            return space
    if each.is_of_persons:
        return each.ref
    if foreign:
        return None
    if (elsewhere := _elsewhere(each, found)) is not None:
        return elsewhere
    beside = [one for one in found.values() if one.ref.store == each.ref.store]
    meant = (one.ref if _is_of_its_own(one, found) else _elsewhere(one, found) for one in beside)
    persons = {one for one in meant if one is not None and one.store == each.ref.store}
    if len(persons) != 1:
        return None if persons else DatasetRef(each.ref.store, "")
    (only,) = persons
    parts = found[only].entry.subject_key if only in found else ()
    return only if not parts or len(parts) == len(key) else None


def _elsewhere(each: KeyedDataset, found: Mapping[DatasetRef, KeyedDataset]) -> DatasetRef | None:
    """A dataset that the subject key refers to and of which nobody knows persons: its are not those of another."""
    if not each.entry.subject_key or each.is_of_persons:
        return None
    referred = [link.parent for link in each.of_subject]
    if any(parent in found and found[parent].entry.subject_key for parent in referred):
        return None
    return next(iter(referred), None)


def _is_of_its_own(each: KeyedDataset, found: Mapping[DatasetRef, KeyedDataset]) -> bool:
    """Whether it is of persons, and not an extension of another such dataset under the same key."""
    extends = any(link.parent in found and link.parent != each.ref for link in each.of_subject)
    return each.is_of_persons and not extends
