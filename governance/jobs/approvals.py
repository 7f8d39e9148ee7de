"""Approvals: somebody who neither made nor runs a plan has looked at just this plan and agreed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from governance.jobs.office import Office
from governance.jobs.plan import Plan, objects_of, salt_of
from governance.jobs.running import Running
from governance.jobs.tables import APPROVALS
from governance.ledger.events import EventDraft, stamp
from governance.records.transactions import reading, writing
from policies.errors import AccessRefusedError


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's agreement to one plan."""

    approver: str
    """The ledger's reference of who approved."""
    event: str
    """The id of the ledger's event."""
    time: str
    """When, in UTC."""


def approve(office: Office, plan: Plan) -> Approval:
    """Agree to a plan as the office's actor; recorded as `job.approved`. A second time gives the first.

    Raises AccessRefusedError for the plan's own maker, StalePlanError for a plan of other records, LedgerError.
    """
    salt_of(office, plan)
    if office.actor == plan.actor:
        raise _refused(plan, "the person who made the plan", "somebody else")
    for each in approvals_of(office, plan):
        if each.approver == office.actor:
            return each
    draft = EventDraft(
        kind="job.approved",
        actor=office.actor,
        outcome="done",
        objects=objects_of(plan),
        counts={"rows": plan.rows},
        versions={"plan": plan.seal},
        refs={"plan": plan.id, "job": plan.id},
    )
    with writing(office.records) as connection:
        event = office.ledger.append_in(connection, draft)
        made = Approval(office.actor, event.id, stamp(office.clock()))
        row = {"job": plan.id, "approver": made.approver, "seal": plan.seal, "event": made.event, "time": made.time}
        connection.execute(insert(APPROVALS).values(**row))
    return made


def approvals_of(office: Office, plan: Plan) -> list[Approval]:
    """Who approved just this plan, in the order of time."""
    query = select(APPROVALS).where(APPROVALS.c.job == plan.id, APPROVALS.c.seal == plan.seal)
    with reading(office.records) as connection:
        rows = connection.execute(query.order_by(APPROVALS.c.time, APPROVALS.c.approver)).all()
    return [Approval(row.approver, row.event, row.time) for row in rows]


def approved_by(office: Office, plan: Plan) -> Approval | None:
    """The first approval of somebody who neither made the plan nor acts now; None when there is none."""
    return next((each for each in approvals_of(office, plan) if each.approver not in {plan.actor, office.actor}), None)


def refuse_unapproved(run: Running) -> None:
    """Return when the plan may run. Raises AccessRefusedError where a second person must approve and did not."""
    if run.office.two_persons and approved_by(run.office, run.plan) is None:
        refused = run.event("decision", {"rows": run.plan.rows}, outcome="refused")
        run.office.ledger.append(refused)
        raise _refused(run.plan, "no approval of a second person", "one by somebody who neither made nor runs the plan")


def _refused(plan: Plan, found: str, expected: str) -> AccessRefusedError:
    return AccessRefusedError(
        f"{plan.kind} plan {plan.id}",
        found=found,
        expected=expected,
        next_step=f"have another person run `governance job approve` on the plan file of {plan.id}",
    )
