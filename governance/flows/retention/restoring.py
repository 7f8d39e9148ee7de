"""After a restore: delete again what retention had deleted, and keep evidence of restore tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from governance.flows.opening.offices import office_of, pace_of, writable_store
from governance.jobs.outcome import JobOutcome
from governance.jobs.plan import Plan
from governance.jobs.plan import read_plan as read_job_plan
from governance.jobs.running import Progress
from governance.retention.drills import Drill, DrillDraft, drills, record_drill
from governance.retention.reapply import KIND, plan_reapply, run_reapply

if TYPE_CHECKING:
    from governance.app import Governance


def plan_subject_reapply(gov: Governance, store: str) -> Plan | None:
    """What retention had deleted from a store and a restore has brought back, as a plan to review and run.

    None when no job is known that deleted from it. Changes nothing; recorded as `job.planned`. Raises ConfigError,
    StoreError, TamperedError, LedgerError.
    """
    gov.project.store(store)
    with writable_store(gov, store) as engine:
        return plan_reapply(office_of(gov), store, engine)


def run_subject_reapply(
    gov: Governance, text: str, place: str = "plan", *, on_progress: Progress | None = None
) -> JobOutcome:
    """Delete again what a plan lists; start it again after a kill. Raises as `keeping.run_retention`."""
    plan = read_job_plan(text, KIND, gov.keyring.keyed_hash(), place)
    with writable_store(gov, plan.place) as engine:
        return run_reapply(office_of(gov), plan, engine, pace=pace_of(gov), on_progress=on_progress)


def record_backup_drill(gov: Governance, said: DrillDraft, *, note: str | None = None) -> Drill:
    """Keep evidence that a backup of a store was restored as a test; recorded as `backup.drilled`.

    The note is kept in the erasable table beside the ledger. Raises ConfigError for an unknown store, BadInputError,
    LedgerError.
    """
    gov.project.store(said.store)
    return record_drill(office_of(gov), replace(said, note=gov.ledger.refer("note", note) if note else None))


def backup_drills(gov: Governance, store: str | None = None) -> list[Drill]:
    """The restore tests of a store or of all, oldest first."""
    return drills(gov.records, store)
