"""Give the guard the consent that stands now, over the policy files, records and stores of a project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import sqlalchemy as sa

from connectors.sql.address import normalised
from governance.consent.conditions import ConsentConditions, ReadHead
from governance.consent.projection import ConsentProjection, key_kind_of, translated
from governance.consent.upkeep import ProjectionUpkeep
from governance.policy_files import PolicyFiles
from governance.project import Project
from governance.protect.sealing import KeyringSealer
from policies.nouns import DatasetRef
from policies.row_conditions import ExistsIn


class LiveConsent:
    """Conditions of consent under the policy files as they stand at each statement."""

    def __init__(
        self, project: Project, files: PolicyFiles, records: Callable[[], sa.Engine], sealer: KeyringSealer
    ) -> None:
        self._project = project
        self._files = files
        self._records = records
        self._sealer = sealer
        self._last: tuple[str, ConsentConditions] | None = None

    def prepare(self, store: str, purpose: str, run: ReadHead | None = None) -> None:
        """Make sure that what a statement will see of consent is the latest; as `ConsentConditions.prepare`."""
        self._current().prepare(store, purpose, run)

    def conditions(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """What must hold of each row; as `ConsentConditions.conditions`."""
        return self._current().conditions(dataset, purpose)

    def standing(self, store: str, condition: ExistsIn, keys: Sequence[object]) -> frozenset[object]:
        """Of some subject keys, those for whom the projection in a store meets a condition. Raises StoreError."""
        projection = self.projections[store]
        table = sa.table(condition.table, *(sa.column(name) for name in (*condition.match, *condition.among)))
        (key,) = condition.match
        wanted = sorted({each for each in keys if each is not None}, key=repr)
        found: set[object] = set()
        with translated(f"{store}.{condition.table}"), projection.engine.connect() as connection:
            for start in range(0, len(wanted), 500):
                query = sa.select(table.c[key]).where(table.c[key].in_(wanted[start : start + 500]))
                query = query.where(*(table.c[name].in_(texts) for name, texts in condition.among.items()))
                found.update(connection.scalars(query))
        return frozenset(found)

    def create_projection(self, store: str) -> bool:
        """Make the two tables of consent in a store; gives whether the catalog names a subject key for it.

        Side effect: writes to the store. Raises StoreError.
        """
        for name, dataset in self._files.catalog.stores[store].datasets.items():
            if len(dataset.subject_key) == 1:
                projection = self.projections[store]
                kind = key_kind_of(projection.engine, name, dataset.subject_key[0])
                projection.create(kind)
                self.upkeep.bring_up_to_date(projection)
                return True
        return False

    @property
    def upkeep(self) -> ProjectionUpkeep:
        """What brings a projection up to date."""
        return ProjectionUpkeep(self._records(), self._files.purposes, self._sealer)

    @cached_property
    def projections(self) -> dict[str, ConsentProjection]:
        """The projection of each store that is a database."""
        found = {}
        for name, store in self._project.config.stores.items():
            if store.url is not None:
                url = normalised(f"stores.{name}.url", self._project.store_target(name))
                found[name] = ConsentProjection(name, sa.create_engine(url, hide_parameters=True))
        return found

    def close(self) -> None:
        """Close the connections to the stores."""
        for projection in self.__dict__.get("projections", {}).values():
            projection.engine.dispose()

    def _current(self) -> ConsentConditions:
        policy = self._files.policy
        if self._last is None or self._last[0] != policy.digest:
            conditions = ConsentConditions(policy.purposes, policy.catalog, self.upkeep, self.projections)
            self._last = policy.digest, conditions
        return self._last[1]
