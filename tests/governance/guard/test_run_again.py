"""A statement that ran before: what of its plan and of the schema that it met is taken as known, and when it is not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.guard.plans import Planner
from policies.errors import AccessRefusedError

from .hands import dataset_permit


@pytest.fixture
def traced(make_world):
    """A world, and what each of its statements runs on SQLite, by the driver's own account."""
    world = make_world()

    def run(sql):
        parked = world.store._parked.take()
        ran = []
        parked.dbapi_connection.set_trace_callback(ran.append)
        parked.dbapi_connection.rollback()
        world.store._parked.give(parked)
        rows = world.rows(sql)[1]
        return rows, [each.split()[0] + " " + each.split()[1] for each in ran]

    return world, run


VERSION = "PRAGMA schema_version"


def test_the_schema_is_asked_for_when_sqlite_has_prepared_a_statement_and_not_again(traced):
    _, run = traced
    first, asked = run("SELECT id FROM customers")
    assert VERSION in asked
    again, asked = run("SELECT id FROM customers")
    assert again == first
    assert len(asked) == 1
    assert VERSION not in asked


@pytest.mark.parametrize("back", [False, True])
def test_another_schema_is_noticed_by_a_statement_that_was_prepared(traced, back):
    world, run = traced
    known = [run("SELECT id FROM customers") for _ in range(2)]
    ddl = ["ALTER TABLE customers ADD COLUMN more TEXT", *(["ALTER TABLE customers DROP COLUMN more"] if back else [])]
    other = sa.create_engine(world.url, poolclass=sa.NullPool)
    with other.begin() as connection:
        for each in ddl:
            connection.exec_driver_sql(each)
    rows, asked = run("SELECT id FROM customers")
    assert rows == known[0][0]
    assert VERSION in asked
    assert run("SELECT id FROM customers") == known[1]


def test_a_statement_that_the_driver_forgot_asks_for_the_schema_again(traced):
    _, run = traced
    for _ in range(2):
        run("SELECT id FROM customers")
    for number in range(150):  # the driver keeps 128 prepared
        run(f"SELECT id, {number} AS n FROM customers")
    assert VERSION in run("SELECT id FROM customers")[1]


def test_another_version_is_not_seen_though_the_driver_had_it_prepared(make_world):
    world = make_world()
    raw = world.store._raw.raw_connection()
    check, sql = raw.info["gov_check"], "SELECT id FROM customers"
    for seen in (False, True):
        with check.statement(sql, {"customers": frozenset({"id"})}):
            raw.driver_connection.execute(sql).fetchall()
        assert check.is_seen(sql, (1,)) == seen
        check.see(sql, (1,))
    assert not check.is_seen(sql, (2,))
    assert not check.is_seen("SELECT id FROM orders", (1,))
    for number in range(1_000):
        check.see(str(number), (1,))
    assert len(check._seen) <= 256
    raw.close()


def test_the_plan_that_a_statement_had_last_serves_no_other_statement_permit_or_parameters(make_world):
    world = make_world()
    first = "SELECT id FROM customers WHERE id >= :a AND id <= :b"
    other = "SELECT id FROM customers WHERE id >= :b AND id <= :a"  # the same, once its parameters are numbered
    for _ in range(3):
        assert world.rows(first, {"a": 1, "b": 3})[1] == world.rows(other, {"a": 3, "b": 1})[1] != []
        assert world.rows(first, {"a": 3, "b": 1})[1] == world.rows(other, {"a": 1, "b": 3})[1] == []
    allowed = world.permits.permits["customers"]
    assert world.rows(first, {"a": 1, "b": 3}) == world.rows(first, {"a": 1, "b": 3})
    world.permits.permits["customers"] = dataset_permit("customers", {"id": "clear"}, "id == 2")
    assert world.rows(first, {"a": 1, "b": 3})[1] == [(2,)]
    world.permits.permits["customers"] = allowed
    assert len(world.rows(first, {"a": 1, "b": 3})[1]) > 1
    del world.permits.permits["customers"]
    with pytest.raises(AccessRefusedError):
        world.rows(first, {"a": 1, "b": 3})


def test_a_long_text_is_fenced_though_its_statement_had_a_plan_without(make_world, monkeypatch):
    world = make_world()
    plan, used = Planner.plan, []
    monkeypatch.setattr(Planner, "plan", lambda *given, **named: used.append(plan(*given, **named)) or used[-1])
    for text_ in ("x", "x", "x" * 20_000, "x"):
        world.rows("SELECT id FROM customers WHERE email = :t OR id > 0", {"t": text_})
    assert [each.rewritten.fenced for each in used] == [False, False, True, False]
    assert used[0] is used[1] is used[3]
