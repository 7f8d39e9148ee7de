"""The guard of each store: a database's own, and one over records alone for a CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.config import Medium

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.guard.engine import GuardedStore
    from policies.catalog import Catalog


def guard_of(gov: Governance, store: str) -> GuardedStore:
    """The guard of a database; as `Governance.guard`."""
    catalog = gov.catalog
    known = gov.guards.get((store, catalog.digest))
    if known is not None:
        return known
    catalog.reviewed(store)
    return _made(gov, store, gov.project.database_url(store), catalog, store)


def record_guard_of(gov: Governance, store: str) -> GuardedStore:
    """What decides on records of a store that the caller holds already: for a CRM, over its stand-in.

    It opens no statement on a CRM, which has none. Raises as `Governance.guard`.
    """
    if gov.project.store(store).medium is not Medium.CRM:
        return guard_of(gov, store)
    catalog = gov.catalog
    name = f"{store}:records"
    known = gov.guards.get((name, catalog.digest))
    if known is not None:
        return known
    gov.stand_ins.shape(store, catalog.reviewed(store))
    return _made(gov, store, gov.stand_ins.url(store), catalog, name)


def _made(gov: Governance, store: str, url: str, catalog: Catalog, name: str) -> GuardedStore:
    from governance.guard.engine import GuardedStore
    from governance.protect.protector import Protector
    from governance.protect.reading import Reading

    protector = Protector(gov.keyring, catalog)
    made = GuardedStore(
        store,
        url,
        permits=gov.policy_files,
        catalog=catalog.reviewed(store),
        recorder=gov.ledger,
        clock=gov.clock,
        predicate=gov.row_conditions,
        decryptor=Reading(protector),
        encryptor=protector,
        schema_check_seconds=gov.project.config.schema_check_seconds,
        stop_of=gov.holds.stop,
    )
    gov.guards[name, catalog.digest] = made
    return made
