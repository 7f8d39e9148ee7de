"""Who was erased stays erased after a restore; a new person with an old key stays."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.reapplying_erasure import plan_erasure_again
from governance.flows.subjects.running_erasure import run_erasure

spec = importlib.util.spec_from_file_location("company_of_reapplying", Path(__file__).parent / "conftest.py")
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)
trace, person = club.trace, club.person
TABLES = ("households", "customers", "orders", "order_items", "tickets")
CREATED = "datasets:\n  crm.customers: {created: since}\n"


@pytest.fixture
def aged(company):
    """Customers know since when they are."""
    company.change("ALTER TABLE customers ADD COLUMN since DATE")
    company.change("UPDATE customers SET since = '2020-01-01'")
    company.rule(CREATED)
    return company


def backup(engine):
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()]
            for name in TABLES
        }


def restore(engine, rows):
    """Put back what a backup holds, whatever is there now."""
    kind = engine.dialect.name
    with engine.begin() as connection:
        if kind == "mysql":
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
        if kind == "postgresql":
            connection.execute(sa.text("SET session_replication_role = replica"))
        for name in TABLES:
            connection.execute(sa.text(f"DELETE FROM {name}"))
            for row in rows[name]:
                fields = ", ".join(row)
                marks = ", ".join(f":{each}" for each in row)
                connection.execute(sa.text(f"INSERT INTO {name} ({fields}) VALUES ({marks})"), row)
        if kind == "mysql":
            connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 1"))
        if kind == "postgresql":
            connection.execute(sa.text("SET session_replication_role = DEFAULT"))


def erase(gov, number):
    made = plan_erasure(gov, trace(gov, person(number)), person(number))
    found = run_erasure(gov, made.text(), tracer=trace)
    assert not found.failed


def test_erased_restored_and_reapplied_the_person_stays_gone(aged, gov):
    rows = backup(aged.crm)
    erase(gov, 2)
    restore(aged.crm, rows)
    assert 2 in aged.ids("customers")
    found = plan_erasure_again(gov, "crm", tracer=trace)
    assert (found.persons, found.newer, found.undecided) == (1, 0, 0)
    assert not run_erasure(gov, found.plan.text(), tracer=trace).failed
    assert aged.ids("customers") == [1, 3, 4, 5, 6]
    assert aged.rows("SELECT COUNT(*) FROM tickets WHERE customer = 2") == [(0,)]
    assert (aged.ids("orders"), aged.ids("households")) == ([1], [1, 3, 4, 5, 6])
    assert plan_erasure_again(gov, "crm", tracer=trace).plan is None


def test_a_restored_sqlite_file_too(lite_company, lite_gov):
    lite_company.rule("datasets:\n  crm.customers: {created: since}\n")
    lite_company.change("ALTER TABLE customers ADD COLUMN since DATE")
    lite_company.change("UPDATE customers SET since = '2020-01-01'")
    shutil.copy("crm.db", "backup.db")
    erase(lite_gov, 2)
    lite_company.crm.dispose()
    shutil.copy("backup.db", "crm.db")
    found = plan_erasure_again(lite_gov, "crm", tracer=trace)
    assert not run_erasure(lite_gov, found.plan.text(), tracer=trace).failed
    assert lite_company.ids("customers") == [1, 3, 4, 5, 6]


def test_a_new_customer_with_an_old_key_stays(lite_company, lite_gov):
    lite_company.rule(CREATED)
    lite_company.change("ALTER TABLE customers ADD COLUMN since DATE")
    erase(lite_gov, 2)
    lite_company.change(
        "INSERT INTO customers (id, name, email, since) VALUES (2, 'New', 'n@example.org', '2026-11-23')"
    )
    lite_company.change("INSERT INTO tickets VALUES (900, 2, 'hello')")
    found = plan_erasure_again(lite_gov, "crm", tracer=trace)
    assert (found.plan, found.persons, found.newer, found.undecided) == (None, 1, 2, 0)
    lite_company.change("UPDATE customers SET since = '2026-11-22'")  # the day of the erasure itself
    assert plan_erasure_again(lite_gov, "crm", tracer=trace).undecided == 2


def test_what_nobody_can_date_waits_for_a_decision(lite_company, lite_gov):
    rows = backup(lite_company.crm)
    erase(lite_gov, 5)
    restore(lite_company.crm, rows)
    found = plan_erasure_again(lite_gov, "crm", tracer=trace)
    assert (found.plan, found.undecided) == (None, 4)
    decided = plan_erasure_again(lite_gov, "crm", undecided=True, tracer=trace)
    assert not run_erasure(lite_gov, decided.plan.text(), tracer=trace).failed
    assert 5 not in lite_company.ids("customers")


def test_what_a_duty_keeps_is_kept_again(lite_company, lite_gov):
    rows = backup(lite_company.crm)
    erase(lite_gov, 1)
    restore(lite_company.crm, rows)
    found = plan_erasure_again(lite_gov, "crm", undecided=True, tracer=trace)
    assert not run_erasure(lite_gov, found.plan.text(), tracer=trace).failed
    assert lite_company.rows("SELECT name FROM customers WHERE id = 1") == [("***",)]
    assert 1 in lite_company.ids("orders")


def test_without_a_tombstone_nothing_is_found(lite_gov):
    assert plan_erasure_again(lite_gov, "crm", tracer=trace).to_json()["persons"] == 0
