"""Where two persons are asked for, nothing runs without one who neither made nor runs the plan."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from governance.jobs.approvals import approvals_of, approve
from governance.jobs.engine import run_job
from policies.errors import AccessRefusedError, StalePlanError


@pytest.fixture
def desk(club):
    """The office as somebody opens it."""
    return lambda who: club.office(actor=f"p:{who}", two_persons=True)


def marked(store, club):
    try:
        return club.marks(store)
    except DBAPIError as error:  # there is no such column
        return type(error).__name__


def test_without_an_approval_nothing_runs_and_the_refusal_is_recorded(club, store, desk):
    made = club.plan(desk("planner"), store)
    with pytest.raises(AccessRefusedError, match="second person"):
        club.run(desk("runner"), made, store)
    assert marked(store, club) == "OperationalError"
    (refused,) = desk("x").ledger.events("decision")
    assert (refused.outcome, refused.actor) == ("refused", "p:runner")
    assert not list(desk("x").ledger.open_decisions())


def test_the_person_who_made_a_plan_cannot_approve_it(club, store, desk):
    made = club.plan(desk("planner"), store)
    with pytest.raises(AccessRefusedError, match="made the plan"):
        approve(desk("planner"), made)
    assert not approvals_of(desk("x"), made)


def test_the_person_who_approved_a_plan_cannot_run_it_alone(club, store, desk):
    made = club.plan(desk("planner"), store)
    approve(desk("approver"), made)
    with pytest.raises(AccessRefusedError):
        club.run(desk("approver"), made, store)
    approve(desk("another"), made)
    assert club.run(desk("approver"), made, store).state == "done"


@pytest.mark.parametrize("runner", ["planner", "runner"])
def test_a_plan_that_a_second_person_approved_runs(club, store, desk, runner):
    made = club.plan(desk("planner"), store)
    given = approve(desk("approver"), made)
    assert club.run(desk(runner), made, store).total("done") == 30
    (event,) = desk("x").ledger.events("job.approved")
    assert (event.id, event.actor, event.versions["plan"]) == (given.event, "p:approver", made.seal)


def test_a_second_approval_of_one_person_gives_the_first(club, store, desk):
    made = club.plan(desk("planner"), store)
    assert approve(desk("approver"), made) == approve(desk("approver"), made)
    assert len(list(desk("x").ledger.events("job.approved"))) == 1


def test_an_approval_is_for_just_one_plan(club, store, desk):
    first, second = club.plan(desk("planner"), store), club.plan(desk("planner"), store)
    approve(desk("approver"), first)
    with pytest.raises(AccessRefusedError):
        club.run(desk("runner"), second, store)


def test_a_plan_of_other_records_cannot_be_approved(club, store, desk, records):
    made = club.plan(club.office(records=records), store)
    with pytest.raises(StalePlanError):
        approve(desk("approver"), made)


def test_without_the_setting_nobody_is_asked(club, store, office):
    assert run_job(office, club.work({}), club.plan(office, store), store).state == "done"
