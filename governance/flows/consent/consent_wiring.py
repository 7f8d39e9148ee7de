"""Give the guard the consent that stands now, over the policy files, records and stores of a project."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property

import sqlalchemy as sa

from connectors.sql.address import normalised
from connectors.sql.silent import silenced
from governance.consent.changes import ChangeRule
from governance.consent.conditions import ConsentConditions, ReadHead
from governance.consent.projection import ConsentProjection, key_kind_of
from governance.consent.upkeep import ProjectionUpkeep
from governance.flows.access.stand_ins import StandIns
from governance.flows.consent.kinds_of_persons import StoreKinds
from governance.flows.opening.policy_files import PolicyFiles
from governance.project import Project
from governance.protect.sealing import KeyringSealer
from policies.catalog import Catalog, CatalogStore
from policies.config import Medium
from policies.consent_laws import load_consent_laws
from policies.nouns import DatasetRef
from policies.purposes import PurposesFile
from policies.row_conditions import ExistsIn


def change_rule(project: Project, purposes: PurposesFile, now: dt.datetime) -> ChangeRule:
    """What lets a consent die with a change of its purpose, under the laws of a project."""
    return ChangeRule(purposes, load_consent_laws(now.date()), project.config.laws)


class LiveConsent:
    """Conditions of consent under the policy files as they stand at each statement."""

    def __init__(
        self,
        project: Project,
        files: PolicyFiles,
        records: Callable[[], sa.Engine],
        sealer: KeyringSealer,
        clock: Callable[[], dt.datetime],
        stand_ins: StandIns,
    ) -> None:
        self._stand_ins = stand_ins
        self._standing: dict[str, CatalogStore] = {}
        self._project = project
        self._files = files
        self._records = records
        self._sealer = sealer
        self._clock = clock
        self._last: tuple[str, ConsentConditions, StoreKinds] | None = None

    def prepare(self, store: str, purpose: str, run: ReadHead | None = None) -> None:
        """Make sure that what a statement will see of consent is the latest; as `ConsentConditions.prepare`."""
        self._current(store).prepare(store, purpose, run)

    def conditions(self, dataset: DatasetRef, purpose: str, *, every_row: bool = False) -> tuple[ExistsIn, ...]:
        """What must hold of each row; as `ConsentConditions.conditions`."""
        return self._current(dataset.store).conditions(dataset, purpose, every_row=every_row)

    def lasting(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """The same for what outlives the moment; as `ConsentConditions.lasting`."""
        return self._current(dataset.store).lasting(dataset, purpose)

    @property
    def kinds(self) -> StoreKinds:
        """The kinds of persons in the stores, under the catalog as it stands."""
        return self._standing_now()[1]

    def create_projection(self, store: str) -> bool:
        """Make the two tables of consent in a store; gives whether the catalog names a subject key for it.

        Side effect: writes to the store. Raises StoreError.
        """
        if store in self.temporary:
            return False
        key = self._files.catalog.stores[store].person_key
        if key is None:
            return False
        projection = self.projections[store]
        projection.create(key_kind_of(projection.engine, *key))
        self.upkeep.bring_up_to_date(projection)
        return True

    def make_ready(self, store: str) -> bool:
        """Make the two tables where they are missing; gives whether the store has them now. Raises StoreError."""
        projection = self.projections.get(store)
        if store in self.temporary:
            return True
        if store in self._crms:
            self._stand_in(store, self._files.catalog)
        return projection is not None and (projection.is_made_now() or self.create_projection(store))

    @property
    def upkeep(self) -> ProjectionUpkeep:
        """What brings a projection up to date."""
        changes = change_rule(self._project, self._files.purposes, self._clock())
        return ProjectionUpkeep(self._records(), self._files.purposes, self._sealer, clock=self._clock, changes=changes)

    @property
    def temporary(self) -> frozenset[str]:
        """The stores that must not be written."""
        stores = self._project.config.stores
        return frozenset(name for name, store in stores.items() if store.consent == "temporary")

    @cached_property
    def projections(self) -> dict[str, ConsentProjection]:
        """The projection of each store that is a database, and of each CRM, in its stand-in."""
        found = {}
        for name, store in self._project.config.stores.items():
            if store.medium is not Medium.FILES:
                url = normalised(f"stores.{name}.url", self._address(name))
                found[name] = ConsentProjection(name, silenced(sa.create_engine(url)))
        return found

    def close(self) -> None:
        """Close the connections to the stores."""
        for projection in self.__dict__.get("projections", {}).values():
            projection.engine.dispose()

    def _address(self, store: str) -> str:
        if store in self._crms:
            return self._stand_ins.url(store)
        return self._project.store_target(store)

    @cached_property
    def _crms(self) -> frozenset[str]:
        stores = self._project.config.stores
        return frozenset(name for name, store in stores.items() if store.medium is Medium.CRM)

    def _stand_in(self, store: str, catalog: Catalog) -> None:
        """Bring a CRM's stand-in to what the catalog says now, the tables of consent included."""
        entry = catalog.stores.get(store)
        if entry is not None and self._standing.get(store) != entry:
            self._stand_ins.shape(store, entry)
            self.create_projection(store)
            self._standing[store] = entry

    def _current(self, store: str) -> ConsentConditions:
        if store in self._crms:
            self._stand_in(store, self._files.catalog)
        return self._standing_now()[0]

    def _standing_now(self) -> tuple[ConsentConditions, StoreKinds]:
        policy = self._files.policy
        stands = f"{policy.digest} {self._clock().date()}"  # the packs of law are those of the day
        if self._last is None or self._last[0] != stands:
            kinds = StoreKinds(self._project, policy.catalog, self._engine, self._clock)
            conditions = ConsentConditions(
                policy.purposes,
                policy.catalog,
                self.upkeep,
                self.projections,
                temporary=self.temporary,
                whose=kinds.whose,
            )
            self._last = stands, conditions, kinds
        return self._last[1:]

    def _engine(self, store: str) -> sa.Engine:
        return self.projections[store].engine
