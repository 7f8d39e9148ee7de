# ruff: noqa: ARG002 hand-made parts keep the form of the protocols
"""Writes beside others: consent that is withdrawn, rows that leave the scope, counters of two writers."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import text

from policies.errors import AccessRefusedError
from policies.row_conditions import ExistsIn

from .hands import WRITER, write_permits
from .worlds import KINDS, guard
from .writing import made_world, plain, run


@pytest.fixture(params=KINDS)
def world(request, tmp_path):
    yield from made_world(request, tmp_path, request.param)


@pytest.fixture
def postgres_world(request, tmp_path):
    yield from made_world(request, tmp_path, "postgresql")


class Consent:
    """Consent as rows of a table of ours; what is not there has not been given."""

    def prepare(self, store, purpose, run=None):
        run("SELECT epoch FROM gov_consent_epoch WHERE id = 1")

    def conditions(self, dataset, purpose):
        key = "id" if dataset.dataset == "customers" else "customer_id"
        return (ExistsIn("gov_consent", {"subject": key}, {"state": ("given",)}, "consent.news"),)


def test_consent_holds_for_writing(world):
    for sql in ("CREATE TABLE gov_consent (subject INTEGER, state TEXT)",
                "CREATE TABLE gov_consent_epoch (id INTEGER, epoch INTEGER)",
                "INSERT INTO gov_consent_epoch VALUES (1, 7)",
                "INSERT INTO gov_consent VALUES (1, 'given'), (2, 'withdrawn'), (4, 'given')"):  # fmt: skip
        plain(world, sql)
    fresh = guard(world.url, permits=write_permits(), predicate=Consent())
    try:
        assert run(fresh, "UPDATE customers SET tier = 'x'") == 1
        assert run(fresh, "INSERT INTO orders (id, customer_id) VALUES (100, 1)") == 1
        for sql in (
            "INSERT INTO orders (id, customer_id) VALUES (101, 2)",
            "UPDATE orders SET customer_id = 4 WHERE id = 1",
        ):
            with pytest.raises(AccessRefusedError):
                run(fresh, sql)
        assert "consent.news" in fresh.recorder.drafts[0].rules
        plain(world, "UPDATE gov_consent SET state = 'withdrawn'")
        assert run(fresh, "DELETE FROM orders") == 0
        assert run(fresh, "UPDATE customers SET tier = 'y'") == 0
    finally:
        fresh.store.close()


def wait_for_lock(world, work):
    while not plain(world, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0]:
        assert work.is_alive()


def test_row_that_left_the_scope_meanwhile_is_not_written(postgres_world):
    world, told = postgres_world, []

    def late():
        try:
            told.append(run(world, "UPDATE customers SET tier = 'late' WHERE id = 1"))
        except AccessRefusedError as error:
            told.append(error.rule_ids)

    other = sa.create_engine(world.url)
    with other.connect() as connection:
        connection.execute(text("UPDATE customers SET region = 'US' WHERE id = 1"))
        work = threading.Thread(target=late)
        work.start()
        wait_for_lock(world, work)
        connection.commit()
        work.join(10)
    other.dispose()
    assert told == [("guard.write.scope",)]
    assert plain(world, "SELECT tier FROM customers WHERE id = 1") == [("gold",)]


def test_counter_is_raised_by_each_of_two_writers(postgres_world):
    raise_it = "UPDATE orders SET amount = amount + 1 WHERE id = 1"
    one = postgres_world.store.connect(WRITER)
    one.cursor().execute(raise_it)
    work = threading.Thread(target=lambda: run(postgres_world, raise_it))
    work.start()
    wait_for_lock(postgres_world, work)
    one.commit()
    work.join(10)
    one.close()
    assert plain(postgres_world, "SELECT amount FROM orders WHERE id = 1") == [(12.0,)]
