"""The one engine of every bulk job: a reviewed plan becomes batches, each one transaction, and ends in a certificate.

    check, approved?, decision; each step: (bounds, batch, intent, apply, commit, settle)*; findings, certificate

A run can be killed at any instant and started again: it goes on where it stood, does nothing twice and counts nothing
twice. Rows that are held, barred or not as the plan saw them are left alone and reported. Rows that a store without
transactions locks or refuses wait, with the later steps in that store, until the job is started again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

import structlog
from sqlalchemy import Engine

from governance.jobs.approvals import refuse_unapproved
from governance.jobs.certificate import certify
from governance.jobs.journal import JobHead, Journal, enter, find
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome, StepOutcome
from governance.jobs.pace import Pace, Throttle
from governance.jobs.plan import Plan, salt_day, salt_of, stale
from governance.jobs.registry import unlink_due
from governance.jobs.row_list import opened_rows
from governance.jobs.running import Progress, Running
from governance.jobs.step_run import PausedError, StepRun
from governance.jobs.store_connection import connected
from governance.jobs.work import Work
from governance.records.alone import alone

_log = structlog.get_logger()
_SKIPPED = ("held", "barred", "changed", "gone", "fresh")


def run_job(
    office: Office,
    work: Work,
    plan: Plan,
    store: Engine,
    *,
    pace: Pace | None = None,
    on_progress: Progress | None = None,
    beside: Mapping[str, Engine] | None = None,
) -> JobOutcome:
    """Carry out a plan on the store that it changes; one that was carried out gives its outcome and changes nothing.

    A plan over several stores names the others in `beside`, each under its name: a step is worked on where its dataset
    lies, each batch in a transaction of its own store.

    Outside its time window it stops between two batches, with state `paused`. Raises StalePlanError when the world is
    not the plan's or another run of it is going, AccessRefusedError when an approval is missing, StoreError,
    LedgerError. After any of them, and after a kill, start again.
    """
    head = JobHead(plan.id, plan.kind, plan.place, plan.seal)
    with alone(office.records, plan.id):
        found = find(office.records, office.ledger, head, office.clock)
        if found is not None and found[1]:
            return _ended(found[0])
        salt = salt_of(office, plan)
        _check_plan(office, work, plan)
        pace = pace or Pace()
        with connected(store, plan.place) as connection, opened_rows(office, plan) as rows, ExitStack() as others:
            run = Running(
                office=office,
                work=work,
                plan=plan,
                connection=connection,
                rows=rows,
                salt=salt,
                pace=pace,
                throttle=Throttle(pace),
                on_progress=on_progress,
                beside={name: others.enter_context(connected(each, name)) for name, each in (beside or {}).items()},
            )
            return _carry_out(run, head)


def _check_plan(office: Office, work: Work, plan: Plan) -> None:
    """What was reviewed is what would be done: policy, steps, their order and their data."""
    if work.kind != plan.kind:
        raise stale(plan, "a plan of another kind")
    if plan.versions.get("policy") != office.digest:
        raise stale(plan, "a policy or catalog that was changed since")
    if [(step.name, str(step.dataset), step.action) for step in work.steps] != [
        (line.step, line.dataset, line.action) for line in plan.lines
    ]:
        raise stale(plan, "steps that differ from those that it lists")


def _carry_out(run: Running, head: JobHead) -> JobOutcome:
    run.work.check(run.connection)
    run.connection.rollback()
    refuse_unapproved(run)
    decision = run.event("decision", {"rows": run.plan.rows}, outcome="allowed")
    journal, _ = enter(run.office.records, run.office.ledger, head, decision, run.office.clock)
    ended, waiting = journal.steps(), dict[int, StepOutcome]()
    stuck: set[str] = set()
    try:
        for number, step in enumerate(run.work.steps):
            if number in ended or step.dataset.store in stuck:
                continue
            outcome = StepRun(run, journal, number).outcome()
            if outcome.left:  # what comes after it in this store waits with it
                waiting[number] = outcome
                stuck.add(step.dataset.store)
            else:
                ended[number] = outcome
                journal.end_step(number, outcome)
    except PausedError as pause:
        return _paused(run, journal, pause.until, waiting)
    if waiting:
        return _paused(run, journal, None, waiting)
    return _finish(run, journal, tuple(ended[number] for number in sorted(ended)))


def _finish(run: Running, journal: Journal, steps: tuple[StepOutcome, ...]) -> JobOutcome:
    findings = run.work.findings(run.connection)
    run.connection.rollback()
    found = JobOutcome(run.plan.id, journal.decision, "done", steps, journal.done()[0])
    certificate = certify(run, journal, found, findings)
    counts = {"rows": found.total("done"), "batches": found.batches}
    counts |= {name: found.total(name) for name in _SKIPPED}
    refs = {"decision": journal.decision, "certificate": certificate.id}
    done = run.event("job.done", counts, refs=refs)
    done = replace(done, versions={**done.versions, "certificate": certificate.sha256})
    journal.finish([done, run.event("close", counts, refs=refs)], certificate, until=salt_day(run.office))
    unlink_due(run.office)
    _log.info("job.done", job=run.plan.id, batches=found.batches, rows=counts["rows"])
    return replace(found, certificate=certificate.id)


def _paused(run: Running, journal: Journal, until: dt.datetime | None, waiting: dict[int, StepOutcome]) -> JobOutcome:
    batches, rows = journal.done()
    counts = {"rows": rows} | ({"left": sum(each.left for each in waiting.values())} if waiting else {})
    journal.pause(run.event("job.paused", counts, refs={"decision": journal.decision}))
    ended, steps = journal.steps() | waiting, []
    for number, line in enumerate(run.plan.lines):
        done = journal.done(number)[1]
        still = StepOutcome(line.step, line.rows, done, left=max(0, line.rows - done))
        steps.append(ended.get(number, still))
    return JobOutcome(run.plan.id, journal.decision, "paused", tuple(steps), batches, resumes=until)


def _ended(journal: Journal) -> JobOutcome:
    steps = tuple(outcome for _, outcome in sorted(journal.steps().items()))
    return JobOutcome(journal.job, journal.decision, "done", steps, journal.done()[0], journal.certificate())
