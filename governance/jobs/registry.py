"""What jobs there are: plans that wait, jobs that run, wait or have ended; and giving up the salts of old ones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update

from governance.jobs.office import Office
from governance.jobs.row_list import list_path
from governance.jobs.tables import APPROVALS, BATCHES, CERTIFICATES, JOBS, PLANS, STEPS
from governance.ledger.events import EventDraft
from governance.records.transactions import reading, writing
from policies.errors import BadInputError


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One plan and what became of it."""

    id: str
    """The id of plan and job."""
    kind: str
    """The kind of job."""
    place: str
    """What it is about."""
    state: str
    """`planned`, `approved`, `expired`, `running` (perhaps killed: start it again), `paused` or `done`."""
    rows: int
    """Rows that the plan counted."""
    done: int
    """Rows that are done."""
    made: str
    """When it was planned, in UTC."""
    planned_by: str
    """The ledger's reference of who planned it."""
    approved_by: tuple[str, ...]
    """References of who approved it."""
    decision: str | None
    """The ledger's decision; None before it is run."""
    certificate: str | None
    """The id of its certificate; None before it has ended."""


def job_records(office: Office, job: str | None = None) -> list[JobRecord]:
    """All plans, or one, oldest first. Raises BadInputError for an id that is none."""
    query = _records().where(PLANS.c.id == job) if job else _records()
    with reading(office.records) as connection:
        rows = connection.execute(query).all()
        approvals: dict[str, list[str]] = {}
        for each in connection.execute(select(APPROVALS).order_by(APPROVALS.c.time, APPROVALS.c.approver)):
            approvals.setdefault(each.job, []).append(each.approver)
    if job and not rows:
        raise unknown_job()
    return [_record(row, tuple(approvals.get(row.id, ()))) for row in rows]


def job_steps(office: Office, job: str) -> list[dict[str, Any]]:
    """The steps of a job that have ended, with their counts, in order."""
    query = select(*(column for column in STEPS.c if column.name != "job")).where(STEPS.c.job == job)
    with reading(office.records) as connection:
        return [dict(row) for row in connection.execute(query.order_by(STEPS.c.number)).mappings()]


def certificate_text(office: Office, job: str) -> str:
    """The certificate of a job, as it was signed. Raises BadInputError for one that has none."""
    with reading(office.records) as connection:
        query = select(CERTIFICATES.c.text).where(CERTIFICATES.c.job == job)
        found: str | None = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise unknown_job("an id of no job that has ended", "the id of one that has a certificate")
    return found


def unlink_due(office: Office) -> int:
    """Give up the salts whose day has passed, and their row lists: from now on nobody can tie their marks to rows.

    Each is recorded as `job.unlinked`. A job that was begun keeps its salt until it has ended. Gives their number.
    """
    today = office.clock().astimezone(dt.UTC).date().isoformat()
    over = select(PLANS.c.id).outerjoin(JOBS, JOBS.c.id == PLANS.c.id)
    over = over.where(PLANS.c.salt != "", PLANS.c.salt_ends < today, or_(JOBS.c.id.is_(None), JOBS.c.state == "done"))
    with reading(office.records) as connection:
        due = connection.execute(over).scalars().all()
    for plan in due:
        with writing(office.records) as connection:
            empty = update(PLANS).where(PLANS.c.id == plan, PLANS.c.salt != "").values(salt="")
            if connection.execute(empty).rowcount:
                office.ledger.append_in(connection, _unlinked(office, plan))
        if office.folder is not None:
            list_path(office, plan).unlink(missing_ok=True)
    return len(due)


def unknown_job(
    found: str = "an id of no plan", expected: str = "the id of a plan that these records know"
) -> BadInputError:
    """The error of an id that is nobody's."""
    return BadInputError("job", found=found, expected=expected, next_step="see `governance job list`")


def _records() -> Select[Any]:
    done = select(func.coalesce(func.sum(BATCHES.c.rows), 0)).where(BATCHES.c.job == PLANS.c.id)
    done = done.where(BATCHES.c.state == "done")
    columns = [*PLANS.c, JOBS.c.state, JOBS.c.decision, CERTIFICATES.c.id.label("certificate")]
    query = select(*columns, done.scalar_subquery().label("done")).select_from(PLANS)
    query = query.outerjoin(JOBS, JOBS.c.id == PLANS.c.id).outerjoin(CERTIFICATES, CERTIFICATES.c.job == PLANS.c.id)
    return query.order_by(PLANS.c.made, PLANS.c.id)


def _record(row: Row[Any], approved_by: tuple[str, ...]) -> JobRecord:
    waiting = "expired" if not row.salt else "approved" if approved_by else "planned"
    return JobRecord(
        id=row.id,
        kind=row.kind,
        place=row.place,
        state=row.state or waiting,
        rows=row.rows,
        done=int(row.done),
        made=row.made,
        planned_by=row.planned_by,
        approved_by=approved_by,
        decision=row.decision,
        certificate=row.certificate,
    )


def _unlinked(office: Office, plan: str) -> EventDraft:
    return EventDraft(kind="job.unlinked", actor=office.actor, outcome="done", refs={"plan": plan, "job": plan})
