"""The access policy as views of a PostgreSQL database, so that other programs meet the same policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from governance.consent.projection_tables import EPOCH_TABLE
from governance.flows.opening.offices import writable_store
from governance.guard.compile_check import Departure, departures_of
from governance.guard.compile_views import Compiling
from governance.guard.compiled import CompiledPolicy
from governance.guard.schema import StoreSchema
from governance.guard.watch import SchemaWatch
from policies.catalog import CatalogStore
from policies.errors import ConfigError, StoreError
from policies.nouns import Action, DatasetRef
from policies.row_conditions import ExistsIn

if TYPE_CHECKING:
    from governance.app import Governance

TARGETS = ("postgres",)
"""What a policy can be compiled for."""


def compile_policy(
    gov: Governance, store: str, *, action: Action = Action.READ, login_prefix: str = ""
) -> CompiledPolicy:
    """The policy of a store as views, as policy, catalog and schema stand now; nothing is changed in the store.

    `login_prefix` stands before a user's name in the name of the database role. Raises ConfigError for a store that is
    no PostgreSQL database, CatalogError for one that nobody has reviewed, AccessRefusedError for a name that
    PostgreSQL cannot keep, StoreError when it does not answer.
    """
    with _connected(gov, store) as connection:
        return _compiled(gov, store, connection, action, login_prefix)


def check_compiled(
    gov: Governance, store: str, *, action: Action = Action.READ, login_prefix: str = ""
) -> list[Departure]:
    """Where the database departs from the policy as it stands now, sorted. Raises as `compile_policy`."""
    with _connected(gov, store) as connection:
        return departures_of(_compiled(gov, store, connection, action, login_prefix), connection)


def _compiled(
    gov: Governance, store: str, connection: sa.Connection, action: Action, login_prefix: str
) -> CompiledPolicy:
    catalog = gov.catalog.reviewed(store)
    database = connection.exec_driver_sql("SELECT pg_catalog.current_database()").scalar_one()
    return Compiling(
        policy=gov.policy_files.policy,
        schema=_schema(gov, store, connection, catalog),
        catalog=catalog,
        conditions=lambda dataset, purpose: _conditions(gov, dataset, purpose),
        database=str(database),
        action=action,
        login_prefix=login_prefix,
    ).compiled()


def _conditions(gov: Governance, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
    """What the guard asks of rows, and that the projection was computed under the purposes that were compiled.

    Whoever is shut out later is heeded too, once the store has the projection that says so.
    """
    asked = gov.row_conditions.lasting(dataset, purpose)
    if not asked:
        return ()
    same_purposes = {"tree": (gov.consent_conditions.upkeep.tree,)}
    return (*asked, ExistsIn(table=EPOCH_TABLE, match={}, among=same_purposes, rule_id=f"consent:{purpose}"))


def _schema(gov: Governance, store: str, connection: sa.Connection, catalog: CatalogStore) -> StoreSchema:
    every = gov.project.config.schema_check_seconds
    watch = SchemaWatch(store, connection.engine.url, catalog, clock=gov.clock, check_seconds=every)
    default = connection.dialect.default_schema_name or "public"
    return watch.current(lambda: None, default)


@contextmanager
def _connected(gov: Governance, store: str) -> Iterator[sa.Connection]:
    with writable_store(gov, store) as engine:
        if engine.dialect.name != "postgresql":
            raise ConfigError(
                f"store {store}",
                found=f"a {engine.dialect.name} database",
                expected="a PostgreSQL database, which has roles and views of this kind",
                next_step="name a store of PostgreSQL; SQLite has no grants, so who can open the file can read it",
            )
        try:
            connection = engine.connect()
        except sa.exc.SQLAlchemyError as cause:
            raise StoreError(
                f"store {store}",
                found=type(cause).__name__,
                expected="a database that answers",
                next_step="run `governance doctor`",
            ) from None
        with connection:
            yield connection
            connection.rollback()
