# ruff: noqa: E501 one case a line
"""The life of a write: what is recorded, and which rows and fields it reaches."""

from __future__ import annotations

import logging

import pytest
import structlog
from sqlalchemy import text

from governance.access.permits import FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from governance.guard.neutral import CONFLICT
from policies.errors import AccessRefusedError, LedgerError, StatementRefusedError, StoreError
from policies.nouns import Action, Principal
from policies.predicate import parse_predicate

from .hands import ALICE, CONTEXT, CUSTOMER_FIELDS, EU, WRITER
from .worlds import KINDS
from .writing import made_world, plain, run

CLEAR = dict.fromkeys(CUSTOMER_FIELDS, "clear")


@pytest.fixture(params=KINDS)
def world(request, tmp_path):
    yield from made_world(request, tmp_path, request.param)


@pytest.fixture
def postgres_world(request, tmp_path):
    yield from made_world(request, tmp_path, "postgresql")


def test_decision_comes_before_the_write_and_the_count_after(world):
    run(world, "UPDATE customers SET tier = 'x' WHERE tier = 'free'")
    draft = world.recorder.drafts[0]
    assert (draft.outcome, draft.action) == ("allowed", "write")
    assert [(each.ref, each.treatment) for each in draft.objects] == [("crm.customers.tier", "clear")]
    assert world.recorder.closes == [("e1", "done", {"rows": 2})]
    run(world, "DELETE FROM orders WHERE amount < 10")
    assert (world.recorder.drafts[1].action, world.recorder.closes[1][2]) == ("delete", {"rows": 2})


@pytest.mark.parametrize("sql", ["UPDATE customers SET tier = 'x'", "DELETE FROM orders",
                                 "INSERT INTO customers (id, region) VALUES (100, 'EU')"])  # fmt: skip
def test_nothing_is_written_when_the_ledger_is_down(world, sql):
    before = plain(world, "SELECT * FROM customers ORDER BY id"), plain(world, "SELECT * FROM orders ORDER BY id")
    world.recorder.down = True
    connection = world.store.connect(WRITER)
    with pytest.raises(LedgerError):
        connection.cursor().execute(sql)
    connection.commit()
    connection.close()
    assert (
        plain(world, "SELECT * FROM customers ORDER BY id"),
        plain(world, "SELECT * FROM orders ORDER BY id"),
    ) == before


def test_nothing_is_written_when_the_end_cannot_be_recorded(world):
    def down(*_, **__):
        raise LedgerError("ledger", found="down", expected="up", next_step="wait")

    world.recorder.close = down
    connection = world.store.connect(WRITER)
    with pytest.raises(LedgerError):
        connection.cursor().execute("UPDATE customers SET tier = 'x'")
    connection.commit()
    connection.close()
    assert plain(world, "SELECT count(*) FROM customers WHERE tier = 'x'") == [(0,)]


@pytest.mark.parametrize("sql", ["UPDATE customers SET tier = 'x'", "DELETE FROM customers",
                                 "INSERT INTO customers (id, region) VALUES (9, 'EU')"])  # fmt: skip
def test_connection_that_reads_does_not_write(world, sql):
    with pytest.raises(StatementRefusedError) as refusal:
        run(world, sql, context=CONTEXT)
    assert refusal.value.rule_ids == ("guard.kind",)
    assert world.store.connect(CONTEXT).read_only
    assert not world.store.connect(WRITER).read_only


def test_connection_that_wrote_goes_back_as_one_that_reads(postgres_world):
    run(postgres_world, "UPDATE customers SET tier = 'x' WHERE id = 1")
    raw = postgres_world.store._raw.raw_connection()
    with pytest.raises(postgres_world.store._errors):
        raw.driver_connection.cursor().execute("UPDATE customers SET name = 'x'")
    raw.close()


@pytest.mark.parametrize(("action", "writes"), [(Action.WRITE, False), (Action.DELETE, True), (Action.EXPORT, True)])
def test_context_states_reading_and_writing_apart(action, writes):
    with pytest.raises(AccessRefusedError):
        UseContext(ALICE, "app", "support", action, writes)


def test_each_statement_needs_its_own_action(world):
    for action, sql in ((Action.WRITE, "UPDATE customers SET tier = 'x'"), (Action.DELETE, "DELETE FROM customers"),
                        (Action.READ, "UPDATE customers SET tier = 'x'"),
                        (Action.READ, "INSERT INTO customers (id, region) VALUES (100, 'EU') RETURNING id")):  # fmt: skip
        held = world.permits.permits.pop(("customers", action))
        with pytest.raises(AccessRefusedError):
            run(world, sql)
        world.permits.permits["customers", action] = held
    del world.permits.permits["customers", Action.READ]
    assert run(world, "INSERT INTO customers (id, region) VALUES (100, 'EU')") == 1
    assert [each.action for each in world.recorder.drafts] == ["write", "delete", "write", "write", "write"]


def test_rows_of_the_write_permit_hold_before_and_after(world):
    world.permits.set("customers", Action.WRITE, CLEAR, "tier == 'free'")
    assert run(world, "UPDATE customers SET name = 'x'") == 2
    with pytest.raises(AccessRefusedError):
        run(world, "UPDATE customers SET tier = 'gold'")
    assert plain(world, "SELECT count(*) FROM customers WHERE name = 'x' AND tier = 'free' AND region = 'EU'") == [(2,)]


def test_special_and_denied_rows_are_not_written(world):
    special = (RowRule("s", parse_predicate("notes == 'likes tea'")),)
    denied = (RowRule("d", parse_predicate("tier == 'gold'")),)
    world.permits.set("customers", Action.WRITE, CLEAR, EU, special=special)
    assert run(world, "UPDATE customers SET name = 'x'") == 3  # a note that is unknown may reveal as well
    world.permits.set("customers", Action.DELETE, CLEAR, EU, deny=denied)
    plain(world, "DELETE FROM orders")
    assert run(world, "DELETE FROM customers") == 2


def test_field_that_decides_a_treatment_cannot_be_changed(world):
    mail = FieldPermit(
        "email", (FieldRule("a", "clear", parse_predicate("tier == 'free'")), FieldRule("b", "mask:email", None))
    )
    world.permits.set("customers", Action.READ, {**CUSTOMER_FIELDS, "email": "null"}, EU, permits={"email": mail})
    with pytest.raises(AccessRefusedError) as refusal:
        run(world, "UPDATE customers SET tier = 'free'")
    assert refusal.value.rule_ids == ("guard.write.deciding",)


def test_field_that_decides_with_a_hidden_one_cannot_be_changed(world):
    world.permits.set("customers", Action.READ, CUSTOMER_FIELDS, "tier == 'gold' or national_id == 'B456'")
    with pytest.raises(AccessRefusedError):
        run(world, "UPDATE customers SET tier = 'x' WHERE id = 1")


def test_write_permit_opens_the_fields_it_gives_in_clear_only(world):
    world.permits.set(
        "customers", Action.WRITE, {"id": "clear", "name": "clear", "region": "clear", "tier": "mask:redact"}, EU
    )
    assert run(world, "UPDATE customers SET name = 'x' WHERE id = 1") == 1
    for sql in ("UPDATE customers SET tier = 'x'", "INSERT INTO customers (id, region, phone) VALUES (100, 'EU', '1')",
                "INSERT INTO customers (id, region, tier) VALUES (100, 'EU', '1')"):  # fmt: skip
        with pytest.raises(AccessRefusedError):
            run(world, sql)


def test_key_of_a_hidden_row_gives_a_neutral_error_that_is_counted(world):
    with pytest.raises(StoreError) as failure:
        run(world, "INSERT INTO customers (id, name, region) VALUES (4, 'planted-marker', 'EU')")
    assert failure.value.found == CONFLICT
    assert failure.value.__cause__ is failure.value.__context__ is None
    assert "planted" not in str(failure.value)
    assert world.recorder.closes == [("e1", "failed", {"rows": 0, "conflicts": 1})]


def test_revoked_write_stops_at_the_next_statement(world):
    with world.store.session(WRITER) as session:
        session.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))
        del world.permits.permits["customers", Action.WRITE]
        with pytest.raises(AccessRefusedError):
            session.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))


def test_each_principal_writes_his_own_rows_by_one_plan(world):
    found = {}
    for region in ("EU", "US", None, "x' OR '1'='1"):
        context = UseContext(Principal("p", frozenset(), {"region": region}), "app", "support", writes=True)
        found[str(region)] = run(world, "UPDATE customers SET tier = 'x'", context=context)
    assert found == {"EU": 5, "US": 1, "None": 0, "x' OR '1'='1": 0}
    assert world.store.plans == 1


def test_planted_values_reach_no_log_and_no_error(world, caplog):
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
        told = ""
        for sql in ("INSERT INTO customers (id, name, region) VALUES (4, 'planted-marker', 'EU')",
                    "INSERT INTO customers (id, name, region) VALUES (100, 'planted-marker', 'US')",
                    "UPDATE customers SET name = 'planted-marker', email = 'x'",
                    "UPDATE customers SET planted_marker = 'planted-marker'",
                    "UPDATE customers SET name = 'planted-marker' WHERE CAST(name AS INTEGER) / (id - id) = 1 RETURNING id, length(name)",
                    "INSERT INTO orders (id, customer_id, address) VALUES (100, 77, 'planted-marker')"):  # fmt: skip
            with world.store.session(WRITER) as session:
                try:
                    session.execute(text(sql + " -- :x"), {"x": "planted-marker"})
                except (StoreError, AccessRefusedError) as error:
                    told += str(error) + repr(error) + str(error.__context__)
    assert told.count("Next:") >= 6
    assert "planted" not in told + caplog.text + repr(events) + repr(world.recorder.drafts) + repr(
        world.recorder.closes
    )
