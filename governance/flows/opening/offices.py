"""What jobs need of a project: their office, their pace, an engine that may write a store, one moment of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.sql.address import normalised
from connectors.sql.silent import silenced
from governance.jobs.office import Office
from governance.jobs.pace import Pace, Window
from governance.jobs.work import Key
from governance.protect.token_counts import snapshot
from policies.errors import StoreError

if TYPE_CHECKING:
    from governance.app import Governance

ROW_LISTS = "plans"
"""The folder of row lists, beside the keyring."""


def office_of(gov: Governance) -> Office:
    """The office in which the project's jobs are planned, approved and run. Raises RecordsError, KeyringError."""
    config = gov.project.config
    return Office(
        records=gov.records,
        ledger=gov.ledger,
        keyed_hash=gov.keyring.keyed_hash(),
        signer=gov.keyring.signer("ledger"),
        clock=gov.clock,
        new_id=gov.new_id,
        zone=config.time_zone,
        digest=gov.policy_files.policy.digest,
        actor=gov.actor_ref,
        folder=gov.project.keyring_path.parent / ROW_LISTS,
        grave=_grave(gov),
        two_persons=config.jobs.approval == "two_persons",
        certificate_days=config.jobs.certificate_days,
    )


def pace_of(gov: Governance) -> Pace:
    """How hard the project's jobs may work. Raises ConfigError."""
    jobs = gov.project.config.jobs
    window = Window.parse(jobs.window) if jobs.window else None
    return Pace(jobs.batch_rows, jobs.rows_per_second, window)


@contextmanager
def writable_store(gov: Governance, store: str) -> Iterator[sa.Engine]:
    """A plain engine that may write a store; a job is bound by its plan and not by the access policy.

    Raises ConfigError for a store that is no database.
    """
    engine = silenced(sa.create_engine(normalised(f"stores.{store}.url", gov.project.database_url(store))))
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def store_snapshot(gov: Governance, store: str) -> Iterator[sa.Connection]:
    """One moment of a database, raw, to count in. Raises StoreError, InstallationError, ConfigError."""
    url = normalised(f"stores.{store}.url", gov.project.database_url(store))
    if url.drivername == "sqlite" and not Path(url.database or "").is_file():
        raise StoreError(store, found="no file at its path", expected="a SQLite file", next_step="check the path")
    engine = silenced(sa.create_engine(url, poolclass=sa.NullPool))
    try:
        with snapshot(engine, store) as connection:
            yield connection
    finally:
        engine.dispose()


def _grave(gov: Governance) -> Callable[[str, Key], str | None] | None:
    """How tombstones name a person, where the project has persons' keys."""
    if not gov.keyring.has_subjects():
        return None
    subjects, stores = gov.keyring.subjects, gov.catalog.stores

    def grave(store: str, subject: Key) -> str | None:
        if not subject or None in subject or store not in stores:
            return None
        return subjects.tombstone(subjects.ref(stores[store].id, subject)).hex()

    return grave
