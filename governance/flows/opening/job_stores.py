"""Stores as jobs work on them: a database by an engine that may write it, a CRM by a mirror that decides for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connectors.crm.base import CrmStore
from connectors.crm.mirror import Mirror
from governance.flows.opening.offices import ROW_LISTS, writable_store
from governance.jobs.crm_step import CrmStep
from governance.jobs.open_batch import OpenBatch
from governance.protect.sealing import KeyringSealer
from policies.config import Medium
from policies.errors import ConfigError

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(frozen=True, slots=True)
class JobStore:
    """One store, open for a job."""

    name: str
    """Its name."""
    engine: sa.Engine
    """To the database, or to the mirror of a CRM."""
    mirror: Mirror | None = None
    """The mirror; None for a database."""


@contextmanager
def job_store(gov: Governance, name: str) -> Iterator[JobStore]:
    """A store open for a job; a CRM's mirror is still empty. Raises ConfigError for a store of files, StoreError."""
    if gov.project.store(name).medium is Medium.CRM:
        with closing(gov.crm(name)) as crm, mirrored(gov, crm) as mirror:
            yield JobStore(name, mirror.engine, mirror)
        return
    with writable_store(gov, name) as engine:
        yield JobStore(name, engine)


@contextmanager
def mirrored(gov: Governance, store: CrmStore) -> Iterator[Mirror]:
    """An empty mirror of a CRM in the project's private folder; it is gone when the block ends. Raises StoreError."""
    folder = gov.project.keyring_path.parent
    folder.mkdir(parents=True, exist_ok=True)
    mirror = Mirror(store, folder, gov.project.config.time_zone)
    try:
        yield mirror
    finally:
        mirror.close()


def acting(gov: Governance, job: str, step: Any, store: JobStore, *, whole: bool = False) -> Any:
    """A step as it acts on a store: as it is on a database, through the vendor's calls on a CRM.

    `whole` reads every field of a record again before it is changed, and not only those that the mirror holds of all.
    """
    if store.mirror is None:
        return step
    dataset = step.dataset.dataset
    reads = store.mirror.fields(dataset) if whole else store.mirror.filled[dataset]
    return CrmStep.over(step, store.mirror, reads, open_batch(gov, job, step.name))


def open_batch(gov: Governance, job: str, step: str) -> OpenBatch:
    """Where a step on a CRM keeps the batch that is under way."""
    return OpenBatch(gov.project.keyring_path.parent / ROW_LISTS, job, step, KeyringSealer(gov.keyring))


def is_read_only(gov: Governance, name: str) -> bool:
    """Whether the configuration lets no job change a store."""
    store = gov.project.store(name)
    return store.medium is Medium.CRM and not store.write


def refuse_read_only(gov: Governance, names: list[str]) -> None:
    """Return when jobs may change stores. Raises ConfigError for one that is only read."""
    for name in names:
        if is_read_only(gov, name):
            raise ConfigError(
                f"{gov.project.path}, stores.{name}, write",
                found="a CRM that is only read",
                expected="`write: true`, for jobs alone",
                next_step="allow it and give the vendor's application the right to write, or leave the store out",
            )
