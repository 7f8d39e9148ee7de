"""Safe copies in a project: a first masks.yaml, plans, and runs of plans, with the parts that they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from connectors.base import FULL
from governance.copies.findings import has_residue
from governance.copies.pairs import Barred
from governance.copies.source import read_source
from governance.copies.starting import starting_rules
from governance.copies.steps import ACTION
from governance.copies.work import KIND, CopyWork, Places, plan_copy
from governance.flows.opening.offices import ROW_LISTS, office_of, pace_of, writable_store
from governance.flows.scan.scanning import scan_stores
from governance.jobs.bounds import bounds_of
from governance.jobs.engine import run_job
from governance.jobs.outcome import JobOutcome, StepOutcome
from governance.jobs.plan import Plan, read_plan
from governance.jobs.running import Progress
from governance.jobs.tables import CERTIFICATES
from governance.protect.pseudonyms import PseudonymKey
from governance.records.transactions import reading as reading_records
from policies.copy_rules import read_copy_rules
from policies.errors import CatalogError, ConfigError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.scan.result import ScanResult


@dataclass(frozen=True, slots=True)
class CopyOutcome:
    """What became of a copy."""

    job: JobOutcome
    """Of the engine."""
    certificate: str | None
    """The text of its certificate; None while it is paused."""

    @property
    def findings(self) -> dict[str, Any]:
        """What the copy holds; empty while it is paused."""
        found: dict[str, Any] = json.loads(self.certificate)["findings"] if self.certificate else {}
        return found

    @property
    def residue(self) -> bool:
        """Whether anything personal was left in clear, or whether that could not be looked at."""
        return self.certificate is not None and has_residue(self.findings)


def first_rules(gov: Governance, source: str) -> str:
    """The text of a first masks.yaml: every table that the catalog knows, every field protected that is about people.

    Raises CatalogError for a store that nobody has reviewed, StoreError.
    """
    entry = gov.catalog.stores.get(source)
    if entry is None or not entry.datasets:
        raise CatalogError(
            f"catalog, store {source}",
            found="a store that nobody has reviewed",
            expected="its datasets and fields",
            next_step="run `governance scan` and `governance catalog review`",
        )
    with writable_store(gov, source) as engine, engine.connect() as connection:
        keys = {name: each.record_key for name, each in entry.datasets.items()}
        tables = read_source(connection, source, list(entry.datasets), keys)
    return starting_rules(source, tables, entry)


def plan_safe_copy(gov: Governance, source: str, target: str, rules: Path) -> Plan:
    """What a copy by a rules file would take; recorded. Nothing is changed in a store.

    Raises ConfigError with the first fault, PredicateError, StoreError, LedgerError.
    """
    with _places(gov, source, target) as places:
        return plan_copy(office_of(gov), places, read_copy_rules(rules))


def run_safe_copy(
    gov: Governance, text: str, place: str = "plan", *, on_progress: Progress | None = None
) -> CopyOutcome:
    """Carry out the plan in a text; started again after a kill, it goes on where it stood.

    Side effects: writes the target, each batch in a transaction of its own, and records every step. Raises
    TamperedError for a changed plan, StalePlanError, AccessRefusedError without an approval that the project asks for,
    ConfigError for a target that holds anything else, StoreError, LedgerError.
    """
    plan = read_plan(text, KIND, gov.keyring.keyed_hash(), place)
    with _places(gov, plan.facts["source"], plan.facts["target"]) as places:
        office = office_of(gov)
        text_ = _certificate(gov, plan)
        if text_ is not None:  # its list of rows is gone by now
            return CopyOutcome(_ended(plan, text_), text_)
        with CopyWork(places, plan) as work:
            found = run_job(office, work, plan, places.target_engine, pace=pace_of(gov), on_progress=on_progress)
        if found.state == "done":
            work.tidy()
    return CopyOutcome(found, _certificate(gov, plan))


@contextmanager
def _places(gov: Governance, source: str, target: str) -> Iterator[Places]:
    if source == target:
        raise ConfigError(
            f"target {target}",
            found="the source itself",
            expected="another store of governance.yaml",
            next_step="add the store that the copy goes to",
        )
    with writable_store(gov, source) as reads, writable_store(gov, target) as writes:
        yield Places(
            source=source,
            target=target,
            source_engine=reads,
            target_engine=writes,
            catalog=gov.catalog,
            key=pseudonym_key(gov),
            folder=gov.project.keyring_path.parent / ROW_LISTS,
            scan=lambda: _scan(gov, target),
            barred=_barred(gov, source),
        )


def _barred(gov: Governance, source: str) -> Barred | None:
    """The persons whom a tombstone keeps out of a copy."""
    office = office_of(gov)
    graves, grave = bounds_of(office, DatasetRef(source, source), ACTION).graves, office.grave
    if not graves or grave is None or source not in gov.catalog.stores:
        return None
    keys = {name: entry.subject_key for name, entry in gov.catalog.stores[source].datasets.items()}
    return Barred(keys, lambda key: grave(source, key) in graves)


def pseudonym_key(gov: Governance) -> PseudonymKey:
    """The project's key of pseudonyms, made from its keyed-hash key: two stores of a project share it."""
    return PseudonymKey(bytes.fromhex(gov.keyring.keyed_hash().digest("pseudonyms", b"1")))


def _scan(gov: Governance, target: str) -> ScanResult:
    """A scan of every row of the copy, without what people said of the source."""
    store = gov.store(target)
    try:
        return scan_stores([store], gov.scan_options(FULL))
    finally:
        store.close()


def _certificate(gov: Governance, plan: Plan) -> str | None:
    with reading_records(gov.records) as connection:
        found: str | None = connection.execute(
            select(CERTIFICATES.c.text).where(CERTIFICATES.c.job == plan.id)
        ).scalar_one_or_none()
    return found


def _ended(plan: Plan, text: str) -> JobOutcome:
    body = json.loads(text)
    steps = tuple(
        StepOutcome(**{name: each[name] for name in StepOutcome.__slots__ if name in each}) for each in body["steps"]
    )
    return JobOutcome(plan.id, body["decision"], "done", steps, body["batches"], body["id"])
