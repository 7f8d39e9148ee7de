"""The kinds of persons in stores: a clinic's patients and staff have numbers of their own, and consent is of one kind.

What a subject key means is what the subject map says: the dataset of persons that it refers to by a foreign key or a
declared join, else the only one of the store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from connectors.base import Dataset, DatasetKind
from connectors.opening import open_store
from connectors.sql.faults import translated
from governance.consent.whose import Whose
from governance.guard.watch import VERSION_SQL, kind_of
from governance.project import Project
from governance.requests.mapping import spaces_of
from governance.scan.shapes import shape_name
from policies.catalog import Catalog
from policies.config import Medium
from policies.crm_facts import crm_facts
from policies.errors import StoreError
from policies.nouns import DatasetRef


@dataclass(frozen=True)
class Kinds:
    """The kinds of persons in one store."""

    spaces: Mapping[DatasetRef, DatasetRef | None]
    """By dataset with a subject key the dataset of persons that it means; None where nobody can tell."""
    declared: tuple[DatasetRef, ...]
    """Those whose keys consent and restriction name, by the catalog."""

    @classmethod
    def of(cls, catalog: Catalog, store: str, shapes: Sequence[Dataset]) -> Kinds:
        """Those of a reviewed store, described as it is now."""
        declared = tuple(DatasetRef(store, name) for name in catalog.reviewed(store).persons)
        return cls(spaces_of(catalog, store, shapes), declared)

    @cached_property
    def found(self) -> tuple[DatasetRef, ...]:
        """The datasets of persons that subject keys mean."""
        return tuple(dict.fromkeys(each for each in self.spaces.values() if each is not None))

    @property
    def are_undeclared(self) -> bool:
        """Whether there are several, and nobody said of which consent is."""
        return len(self.found) > 1 and not self.declared

    def names(self, space: DatasetRef) -> bool:
        """Whether the keys of a dataset of persons are those that consent and restriction name, as far as is said."""
        return not self.declared or space in self._meant

    def whose(self, dataset: DatasetRef) -> Whose:
        """Whether rows of a dataset are about the persons whom consent names."""
        if self.are_undeclared:
            return Whose.UNDECLARED
        space = self.spaces.get(dataset)
        if space is not None and self.names(space):
            return Whose.NAMED
        known = space in self.spaces and None not in self._meant
        return Whose.OTHERS if known else Whose.UNTOLD

    @cached_property
    def _meant(self) -> frozenset[DatasetRef | None]:
        return frozenset(self.spaces.get(each) for each in self.declared)


@dataclass(frozen=True, slots=True)
class _Held:
    kinds: Kinds | None
    version: object
    asked: dt.datetime


class StoreKinds:
    """The kinds of persons in all stores under one catalog. May be shared by threads.

    A store is described when it is first asked about, and anew once its schema has changed, for which it is asked every
    `schema_check_seconds`. A store in which one dataset has a subject key is never asked.
    """

    def __init__(
        self,
        project: Project,
        catalog: Catalog,
        engine: Callable[[str], sa.Engine],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._project = project
        self._catalog = catalog
        self._engine = engine
        self._clock = clock
        self._every = dt.timedelta(seconds=project.config.schema_check_seconds)
        self._held: dict[str, _Held] = {}

    def whose(self, dataset: DatasetRef) -> Whose:
        """Whether rows of a dataset are about the persons whom consent names in its store. Raises StoreError."""
        kinds = self.of(dataset.store)
        return kinds.whose(dataset) if kinds is not None else Whose.NAMED

    def names(self, space: DatasetRef) -> bool:
        """Whether consent and restriction name persons of a dataset of persons in its store. Raises StoreError."""
        kinds = self.of(space.store)
        return kinds is None or kinds.names(space)

    def undeclared(self, stores: Iterable[str]) -> frozenset[str]:
        """The stores among some that have several kinds, none of them declared; of one that is down nothing is said."""
        return frozenset(each for each in stores if self._is_undeclared(each))

    def of(self, store: str) -> Kinds | None:
        """The kinds in a store, as `read_kinds`. Raises StoreError."""
        held = self._held.get(store)
        if held is not None and self._clock() - held.asked < self._every:
            return held.kinds
        if not _may_be_several(self._project, self._catalog, store):
            return None
        version = self._version(store)
        if held is not None and held.version == version:
            kinds = held.kinds
        else:
            kinds = read_kinds(self._project, self._catalog, store, self._clock().date())
        self._held[store] = _Held(kinds, version, self._clock())
        return kinds

    def _is_undeclared(self, store: str) -> bool:
        try:
            kinds = self.of(store)
        except StoreError:
            return False
        return kinds is not None and kinds.are_undeclared

    def _version(self, store: str) -> object:
        """What changes with a store's schema; a CRM is described by the catalog, which does not change here."""
        if self._project.store(store).medium is Medium.CRM:
            return None
        engine = self._engine(store)
        with translated(store), engine.connect() as connection:
            row = connection.execute(sa.text(VERSION_SQL[kind_of(engine.url)])).first()
        return tuple(row) if row is not None else None


def read_kinds(project: Project, catalog: Catalog, store: str, day: dt.date) -> Kinds | None:
    """The kinds of persons in a store as it is now; a CRM is described by the catalog, and nobody is called.

    None where there can be no two, and for files, over which no consent is joined. Raises StoreError.
    """
    if not _may_be_several(project, catalog, store):
        return None
    settings = project.store(store)
    if settings.medium is Medium.CRM:
        key = crm_facts(str(settings.kind), day).key
        modules = (Dataset(name, DatasetKind.MODULE, (), (key,)) for name in catalog.reviewed(store).datasets)
        return Kinds.of(catalog, store, tuple(modules))
    described = open_store(store, project.store_target(store), name_filter=shape_name)
    try:
        return Kinds.of(catalog, store, described.datasets())
    finally:
        described.close()


def _may_be_several(project: Project, catalog: Catalog, store: str) -> bool:
    entry = catalog.stores.get(store)
    if entry is None or project.store(store).medium is Medium.FILES:
        return False
    return sum(bool(each.subject_key) for each in entry.datasets.values()) > 1
