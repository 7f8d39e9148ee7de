"""The schema that a store really has, and where it departs from the one that the catalog was reviewed on.

A field that the catalog does not know is invisible. A dataset with a field missing, retyped or moved to another place
is closed until somebody has looked at it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Field
from connectors.sql.inventory import NAME_CLASH, Inventory
from governance.guard.parsing import refused
from governance.guard.writing_facts import NOTHING_KNOWN, TableKey, WritingFacts
from policies.catalog import CatalogDataset, CatalogStore
from policies.errors import SchemaDriftError
from policies.nouns import DatasetRef

_RESERVED = "gov_"
"""What the names of our own tables begin with."""


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table or view as the store declares it."""

    dataset: str
    """The name as policies write it."""
    schema: str
    """The database schema that it lies in."""
    name: str
    """Its own name."""
    fields: Mapping[str, Field]
    """By name, in the store's order."""
    primary_key: tuple[str, ...]
    """The fields of the primary key; empty without one."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """The fields of each index in order; an empty one where an expression is among them."""
    collates: bool = False
    """Whether, in SQLite, some field may have a collation of its own."""
    mark: str = ""
    """What tells it from another of the same name: kind, identity, a view's definition."""
    places: Mapping[str, int] = field(default_factory=dict)
    """In PostgreSQL the number of each column, which a renamed one keeps."""
    writing: WritingFacts = NOTHING_KNOWN
    """What a write to it may set off or tell."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a store holds now."""

    inventory: Inventory
    """Tables, views and their columns."""
    indexes: Mapping[str, tuple[tuple[str, ...], ...]]
    """Of each dataset."""
    marks: Mapping[tuple[str, str], tuple[str, bool, Mapping[str, int]]]
    """By schema and name: `TableShape.mark`, `collates` and `places`."""
    writing: Mapping[TableKey, WritingFacts]
    """By schema and name."""


@dataclass(frozen=True, slots=True)
class StoreSchema:
    """All tables of a store that the catalog knows."""

    store: str
    """The store's name."""
    kind: str
    """`sqlite`, `postgresql` or `mysql`."""
    default_schema: str
    """Where a bare name is looked up."""
    tables: Mapping[str, TableShape]
    """By dataset name."""
    drifted: Mapping[str, str]
    """Datasets that are closed, with why."""
    fingerprint: str
    """Of all of this: a cache key."""
    _by_place: Mapping[tuple[str, str], TableShape] = field(default_factory=dict)
    version: Any = None
    """What the store answered to the question for its version before the schema was read."""

    def find(self, schema: str | None, name: str) -> TableShape | None:
        """The table that a name in a statement means; None when there is none that the catalog knows."""
        return self._by_place.get((self.folded(schema or self.default_schema), self.folded(name)))

    def known(self, schema: str | None, name: str) -> TableShape:
        """The table that a name in a statement means. Raises AccessRefusedError for ours and for unknown ones."""
        table = None if self.folded(name).startswith(_RESERVED) else self.find(schema, name)
        if table is None:
            raise refused(
                "a table that is not in the catalog",
                "a dataset of the catalog",
                "guard.unknown_dataset",
                "scan the store and review the dataset in catalog.yaml",
            )
        return table

    def folded(self, name: str) -> str:
        """A name in the form in which this kind of store compares names."""
        return _folded(self.kind, name)

    def check(self, dataset: str) -> None:
        """Return when a dataset is as it was reviewed. Raises SchemaDriftError."""
        if dataset in self.drifted:
            raise SchemaDriftError(
                str(DatasetRef(self.store, dataset)),
                found=self.drifted[dataset],
                expected="the fields and types that the catalog was reviewed on",
                next_step="run `governance scan` and `governance catalog review`; until then the dataset is closed",
            )


def ascii_lower(name: str) -> str:
    """A name with ASCII letters in lower case and no other changed, as databases fold names."""
    return "".join(each.lower() if each.isascii() else each for each in name)


def make_schema(
    store: str,
    kind: str,
    default_schema: str,
    now: Found,
    catalog: CatalogStore,
    departures: Callable[[Iterable[TableShape], dict[str, str]], None],
) -> StoreSchema:
    """The schema as far as the catalog knows it; `departures` adds what changed since the store was opened."""
    tables: dict[str, TableShape] = {}
    drifted: dict[str, str] = {}
    clashing = {each.place for each in now.inventory.not_seen if each.reason == NAME_CLASH}
    for name, reviewed in catalog.datasets.items():
        found = now.inventory.tables.get(name)
        if found is None:
            drifted[name] = "no table or view of this name"
            continue
        fields = {each.name: each for each in found.dataset.fields}
        mark, collates, places = now.marks.get((found.schema or default_schema, found.name), ("", True, {}))
        tables[name] = TableShape(
            name,
            found.schema or default_schema,
            found.name,
            fields,
            tuple(found.dataset.primary_key),
            now.indexes.get(name, ()),
            collates,
            mark,
            places,
            now.writing.get((found.schema or default_schema, found.name), NOTHING_KNOWN),
        )
        why = _departure(reviewed, fields)
        if f"{store}.{name}" in clashing:
            why = "two tables that policies call by this name"
        if why:
            drifted[name] = why
    departures(list(tables.values()), drifted)
    for twins in _twins(kind, tables.values()):
        drifted.update(dict.fromkeys(twins, "tables whose names differ by case only"))
    by_place = {(_folded(kind, each.schema), _folded(kind, each.name)): each for each in tables.values()}
    return StoreSchema(store, kind, default_schema, tables, drifted, _fingerprint(tables, drifted), by_place)


def _twins(kind: str, tables: Iterable[TableShape]) -> list[list[str]]:
    """Datasets that a name of a statement could mean both."""
    places: dict[tuple[str, str], list[str]] = {}
    for each in tables:
        places.setdefault((_folded(kind, each.schema), _folded(kind, each.name)), []).append(each.dataset)
    return [each for each in places.values() if len(each) > 1]


def _folded(kind: str, name: str) -> str:
    return name if kind == "postgresql" else ascii_lower(name)


def _departure(reviewed: CatalogDataset, fields: Mapping[str, Field]) -> str | None:
    for name, entry in reviewed.fields.items():
        if ":" in name and name not in fields:
            continue  # a path inside a JSON column
        if name not in fields:
            return f"no field `{name}`"
        if entry.type is not None and not entry.encrypted and entry.type != fields[name].type:
            return f"field `{name}` of type {fields[name].type}, reviewed as {entry.type}"
    return None


def _fingerprint(tables: Mapping[str, TableShape], drifted: Mapping[str, str]) -> str:
    parts = [
        repr((each.dataset, each.schema, each.name, [(f.name, f.type, f.native_type) for f in each.fields.values()],
              each.primary_key, each.indexes, each.collates, each.mark, each.writing, drifted.get(each.dataset)))
        for each in tables.values()
    ]  # fmt: skip
    return hashlib.sha256("\n".join([*parts, *sorted(drifted)]).encode()).hexdigest()[:16]
