"""Requests and complaints from receipt to their end, and every refusal on the way; each move is in the ledger."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from governance.requests.desk import Said
from governance.requests.tables import EVENTS, REQUESTS
from policies.errors import BadInputError, LedgerError, PackError

ROUTES = ("authority", "court")
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def kinds(world):
    return [each.kind for each in world.ledger.events() if each.kind.startswith("request.")]


def test_a_request_goes_from_receipt_to_its_end(world) -> None:
    register = world.register
    made = register.open(world.intake(cause="billing", tier="gold", contact="n:x", note="n:y"))
    assert (made.state, made.due_day, made.clock) == ("received", "2026-04-02", "gdpr.request")
    world.clock.go(days=1)
    assert register.ask(made.id).state == "identity_pending"
    assert register.pause(made.id, "identity").paused is not None
    world.clock.go(days=7)
    verified = register.verify(made.id, "reasonable")
    assert (verified.state, verified.paused, verified.due_day) == ("verified", None, "2026-04-09")
    task = register.task(made.id, "crm.customers", world.desk.actor)
    assert register.get(made.id).state == "in_work"
    assert register.extend(made.id, "complex").due_day == "2026-06-09"
    assert register.done(made.id, task.id).state == "done"
    ended = register.answer(made.id)
    assert (ended.state, ended.outcome, ended.on_time) == ("answered", "answered", True)
    assert register.close(made.id).state == "closed"
    assert kinds(world) == [
        f"request.{each}"
        for each in (
            "opened",
            "asked",
            "paused",
            "verified",
            "task_given",
            "extended",
            "task_done",
            "answered",
            "closed",
        )
    ]
    history = register.history(made.id)
    events = {each.id: each for each in world.ledger.events()}
    assert [each.number for each in history] == list(range(1, 10))
    for each in history:
        assert events[each.event].kind == f"request.{each.kind}"
        assert events[each.event].refs["request"] == made.id
    world.ledger.verify()


def test_a_complaint_takes_its_four_steps(world) -> None:
    register = world.register
    world.clock.now = dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)
    made = register.open(world.intake(type="complaint", law="uk-gdpr"))
    assert (made.ack_clock, made.ack_day) == ("uk.complaint-acknowledgement", "2026-07-31")
    for move in (register.resolve, register.answer, register.close):
        with pytest.raises(BadInputError, match="a complaint that is received, which cannot be"):
            move(made.id)
    world.clock.go(days=31)
    assert register.get(made.id).is_unacknowledged("2026-08-01T09:00:00.000000Z")
    register.acknowledge(made.id)
    assert register.investigate(made.id).state == "investigated"
    task = register.task(made.id, "crm", world.desk.actor)
    with pytest.raises(BadInputError, match="1 open tasks"):
        register.resolve(made.id)
    register.done(made.id, task.id)
    assert register.resolve(made.id).state == "resolved"
    assert register.answer(made.id).state == "answered"
    assert register.close(made.id).outcome == "answered"


def test_ccpa_asks_for_identity_and_gives_no_pause(light) -> None:
    register = light.register
    made = register.open(light.intake(law="ccpa"))
    assert made.ack_day == "2026-03-16"
    with pytest.raises(BadInputError, match=r"expected the level reasonably_high \(11 CCR 7062\(c\)\)"):
        register.answer(made.id)
    with pytest.raises(BadInputError, match="reasonably_high"):
        register.task(made.id, "crm", light.desk.actor)
    register.ask(made.id)
    with pytest.raises(BadInputError, match="no pause at all"):
        register.pause(made.id, "identity")
    register.verify(made.id, "reasonable")
    with pytest.raises(BadInputError, match="sure to the level reasonable"):
        register.answer(made.id)
    register.verify(made.id, "reasonably_high")
    assert register.answer(made.id).on_time


def test_an_opt_out_in_california_may_not_be_verified(light) -> None:
    made = light.register.open(light.intake(law="ccpa", type="opt_out", channel="gpc"))
    for move in (light.register.ask, lambda each: light.register.verify(each, "reasonable")):
        with pytest.raises(BadInputError, match="nobody may be asked who they are"):
            move(made.id)
    assert light.register.answer(made.id).state == "answered"


def test_extending_is_refused_after_the_first_period_twice_and_where_the_law_has_none(light) -> None:
    register = light.register
    late, twice = (register.open(light.intake()) for _ in range(2))
    none = register.open(light.intake(law="pipl"))
    with pytest.raises(BadInputError, match="cannot be made longer"):
        register.extend(none.id, "complex")
    with pytest.raises(BadInputError, match="a reason that is no code") as caught:
        register.extend(twice.id, "Ann Miller has many orders")
    assert "Miller" not in str(caught.value)
    register.extend(twice.id, "complex")
    with pytest.raises(BadInputError, match="one extension"):
        register.extend(twice.id, "complex")
    light.clock.now = dt.datetime.fromisoformat(late.due) - dt.timedelta(microseconds=1)
    register.get(late.id)
    light.clock.go(microseconds=1)
    with pytest.raises(BadInputError, match="over after 2026-04-02"):
        register.extend(late.id, "complex")
    assert register.get(late.id) == late


def test_the_last_instant_of_the_last_day_is_in_time(light) -> None:
    made = [light.register.open(light.intake()) for _ in range(2)]
    light.clock.now = dt.datetime(2026, 4, 2, 21, 59, 59, 999999, tzinfo=dt.UTC)
    assert light.register.answer(made[0].id).on_time is True
    light.clock.go(microseconds=1)
    now = "2026-04-02T22:00:00.000000Z"
    assert light.register.get(made[1].id).is_late(now)
    assert light.register.answer(made[1].id).on_time is False


def test_pauses_are_refused_that_the_law_or_the_clock_does_not_allow(light) -> None:
    register = light.register
    made, old, new = (
        register.open(light.intake()),
        register.open(light.intake(law="uk-gdpr", received=dt.datetime(2026, 2, 4, 9, tzinfo=dt.UTC))),
        register.open(light.intake(law="uk-gdpr")),
    )
    for each in (made, old):
        with pytest.raises(BadInputError, match="a pause for clarification; expected identity"):
            register.pause(each.id, "clarification")
    with pytest.raises(BadInputError, match="was not asked who they are"):
        register.pause(made.id, "identity")
    with pytest.raises(BadInputError, match="a clock that runs"):
        register.resume(made.id)
    light.clock.go(days=1)
    register.pause(new.id, "clarification")
    with pytest.raises(BadInputError, match="stands already"):
        register.pause(new.id, "clarification")
    with pytest.raises(BadInputError, match=r"resume .* first"):
        register.answer(new.id)
    light.clock.go(days=60)
    assert not register.get(new.id).is_overdue("2027-01-01T00:00:00.000000Z")
    with pytest.raises(BadInputError, match="before the beginning of the pause"):
        register.resume(new.id, Said(at=START))
    assert register.resume(new.id).due_day == "2026-06-01"
    register.ask(made.id)
    with pytest.raises(BadInputError, match="overdue then"):
        register.pause(made.id, "identity")


def test_a_refusal_needs_a_ground_of_the_law_and_names_the_routes(light) -> None:
    register = light.register
    made, partly, cn = (
        register.open(light.intake()),
        register.open(light.intake()),
        register.open(light.intake(law="pipl")),
    )
    with pytest.raises(BadInputError, match="a ground that the law does not have"):
        register.refuse(made.id, "too_much_work", ROUTES)
    with pytest.raises(BadInputError, match=r"does not say how to go to authority and court; .*GDPR Art\. 11"):
        register.refuse(made.id, "manifestly_unfounded", ())
    with pytest.raises(BadInputError, match="does not say how to go to court"):
        register.answer_partly(partly.id, "exempt", ["authority"])
    with pytest.raises(BadInputError, match="a ground that the law does not have"):
        register.refuse(cn.id, "excessive", ROUTES)
    assert register.answer_partly(partly.id, "exempt", ROUTES).outcome == "partly"
    refused = register.refuse(made.id, "identity_not_proven", ROUTES)
    assert (refused.state, refused.reason) == ("refused", "identity_not_proven")
    assert [each.code for each in register.history(made.id)] == [None, "identity_not_proven"]
    for move in (register.answer, register.ask, lambda each: register.extend(each, "complex")):
        with pytest.raises(BadInputError, match="a request that is refused, which cannot be"):
            move(made.id)


def test_a_request_that_needs_no_answer_is_closed_with_its_ground(light) -> None:
    made = light.register.open(light.intake())
    with pytest.raises(BadInputError, match="withdrawn or duplicate"):
        light.register.drop(made.id, "tired")
    assert light.register.drop(made.id, "duplicate").outcome == "duplicate"
    assert light.register.get(made.id).on_time is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"law": "lex"}, "no clock is known"),
        ({"type": "wish"}, "a type that there is not"),
        ({"channel": "pigeon"}, "a channel that there is not"),
        ({"requester": "neighbour"}, "no kind of requester"),
        ({"subject_ref": "ann@example.org"}, "no keyed reference"),
        ({"cause": "Ann wrote"}, "no code"),
        ({"tier": "Gold!"}, "no code"),
        ({"received": START + dt.timedelta(seconds=1)}, "or to come"),
        ({"received": START.replace(tzinfo=None)}, "without a zone"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(light, changes, words) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        light.register.open(light.intake(**changes))
    assert "ann@" not in str(caught.value)
    assert light.register.all() == []
    assert kinds(light) == []


def test_an_unknown_request_task_and_moment_are_refused(light) -> None:
    register = light.register
    with pytest.raises(BadInputError, match="an id of no request"):
        register.answer("nosuch")
    made = register.open(light.intake())
    register.task(made.id, "crm", light.desk.actor)
    with pytest.raises(BadInputError, match="no open task"):
        register.done(made.id, "nosuch")
    for wrong in (START + dt.timedelta(days=1), START - dt.timedelta(days=1), START.replace(tzinfo=None)):
        with pytest.raises(BadInputError, match="between its receipt and now"):
            register.acknowledge(made.id, Said(at=wrong))
    register.acknowledge(made.id)
    with pytest.raises(BadInputError, match="was acknowledged"):
        register.acknowledge(made.id)


def test_a_move_whose_ledger_entry_fails_did_not_happen(light, monkeypatch) -> None:
    made = light.register.open(light.intake())

    def fail(ledger, connection, draft):
        raise LedgerError("ledger", found="a full disk", expected="room", next_step="make room")

    monkeypatch.setattr(type(light.ledger), "append_in", fail)
    with pytest.raises(LedgerError):
        light.register.answer(made.id)
    with pytest.raises(LedgerError):
        light.register.open(light.intake())
    assert light.register.all() == [made]
    assert len(light.register.history(made.id)) == 1


def test_a_clock_that_this_release_does_not_have_is_refused(light) -> None:
    made = light.register.open(light.intake())
    with light.records.begin() as connection:
        connection.execute(sa.update(REQUESTS).values(clock="gdpr.later"))
    with pytest.raises(PackError, match="later one"):
        light.register.extend(made.id, "complex")


def test_the_tables_hold_references_codes_and_times_alone(light) -> None:
    made = light.register.open(light.intake(cause="billing"))
    light.register.extend(made.id, "complex")
    plain = re.compile(r"[a-z0-9_.:-]{0,80}|\d{4}-\d\d-\d\dT[\d:.]+Z", re.IGNORECASE)
    with light.records.connect() as connection:
        for table in (REQUESTS, EVENTS):
            for row in connection.execute(sa.select(table)):
                assert all(plain.fullmatch(str(each)) for each in row), row
    assert made.subject_ref not in repr(made)
