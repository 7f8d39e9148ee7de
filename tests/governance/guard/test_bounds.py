"""Bounds of time and size, and what one principal's objects tell of another's."""

from __future__ import annotations

import io
import logging

import pytest
import sqlalchemy as sa
from sqlalchemy import event, text

from governance.guard.base import UseContext
from policies.errors import AccessRefusedError, GovernanceError, StatementRefusedError, StoreError
from policies.nouns import Principal

from .hands import CONTEXT, catalog_store, dataset_permit
from .worlds import CUSTOMERS, FIXTURES, KINDS, ORDERS, fill, guard, make_models

BOB = UseContext(Principal("bob", frozenset({"support"}), {"region": "US"}), "app", "support")
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) FROM t"
CROSSED = "SELECT count(*) FROM " + ", ".join(f"customers c{number}" for number in range(14))
"""MariaDB ends a recursion by itself after 1,000 rounds."""
DOUBLING = "WITH RECURSIVE t(x) AS (SELECT 'ab' UNION ALL SELECT x || x FROM t) SELECT length(max(x)) FROM t"


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    found = f"sqlite:///{tmp_path / 'one.db'}"
    if request.param != "sqlite":
        found = request.getfixturevalue(f"{FIXTURES[request.param]}_url")
    fill(found, CUSTOMERS, ORDERS)
    return found


def test_endless_statement_is_broken_off_and_the_connection_serves_on(url):
    world = guard(url, statement_seconds=0.3)
    try:
        with pytest.raises(StoreError, match="cancelled"):
            world.rows(CROSSED if world.store._kind == "mysql" else ENDLESS)
        assert world.rows("SELECT id FROM customers WHERE id = 1")[1] == [(1,)]
    finally:
        world.store.close()


def test_text_that_doubles_ends_at_the_bound(make_world):
    with pytest.raises(StoreError, match="refused"):
        make_world().rows(DOUBLING)


def test_statement_with_too_many_unions_is_refused_by_the_bound(make_world):
    with pytest.raises(GovernanceError):
        make_world().rows(" UNION ALL ".join(["SELECT 1"] * 250))


@pytest.mark.parametrize("hook", ["do_connect", "do_execute", "do_execute_no_params", "handle_error"])
def test_listener_of_one_principal_hears_nothing_of_another(url, hook):
    world = guard(url)
    heard = []
    try:
        event.listen(world.engine(), hook, lambda *found: heard.append(found))
        with world.store.engine(BOB).connect() as connection:
            connection.execute(text("SELECT id FROM customers WHERE name = :n"), {"n": "BOBSPARAM"}).all()
            with pytest.raises(GovernanceError):
                connection.execute(text("SELECT nothing FROM customers"))
        assert heard == []
    finally:
        world.store.close()


def test_compiled_statements_belong_to_one_principal(make_world):
    world, models = make_world(), make_models()
    with world.store.session(BOB) as session:
        session.scalars(sa.select(models.Customer).where(models.Customer.name == "BOBSPARAM")).all()
    assert len(world.engine().get_execution_options()["compiled_cache"]) == 0
    assert world.engine().dialect is not world.store.engine(BOB).dialect


def test_engine_says_nothing_at_any_level(url, caplog):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logger = logging.getLogger("sqlalchemy")
    logger.addHandler(handler)
    world = guard(url)
    try:
        with caplog.at_level(logging.DEBUG, logger="sqlalchemy"):
            for engine in (world.engine(), world.engine().execution_options(x=1)):
                engine.echo = "debug"
                with engine.connect() as connection:
                    assert connection.execute(text("SELECT name FROM customers WHERE id = 1")).all() == [("Ann",)]
        said = out.getvalue() + caplog.text
    finally:
        world.store.close()
        logger.removeHandler(handler)
    assert "Row" not in said
    assert "Ann" not in said


def test_session_keeps_its_engine(make_world):
    world = make_world()
    with world.store.session(CONTEXT) as session:
        with pytest.raises(AccessRefusedError):
            session.bind = world.store.engine(BOB)
        with pytest.raises(AccessRefusedError):
            session.execute(text("SELECT 1"), bind_arguments={"bind": world.store.engine(BOB)})
        assert session.execute(text("SELECT count(*) FROM customers")).scalar() == 5


def test_cursor_ends_with_its_connection(make_world):
    connection = make_world().store.connect(CONTEXT)
    cursor = connection.cursor().execute("SELECT id FROM customers")
    connection.close()
    with pytest.raises(StatementRefusedError):
        cursor.fetchall()


@pytest.mark.parametrize("parameters", [["\ud800"], 5, "x"])
def test_odd_parameters_end_neutrally_and_leave_no_open_decision(make_world, parameters):
    world = make_world()
    with pytest.raises(GovernanceError) as caught:
        world.rows("SELECT id FROM customers WHERE name = ?", parameters)
    assert caught.value.__context__ is None
    assert len(world.recorder.closes) == len([each for each in world.recorder.drafts if each.outcome == "allowed"])


def test_setting_of_one_check_out_does_not_reach_the_next(make_world):
    world = make_world()
    one = world.store.connect(CONTEXT)
    before, one.isolation_level = one.isolation_level, "EXCLUSIVE"
    one.close()
    assert world.store.connect(BOB).isolation_level == before


def test_json_field_with_a_masked_path_is_not_shown(make_world):
    world = make_world()
    permit = dataset_permit("customers", {"id": "clear", "notes": "clear", "notes:email": "mask:redact"}, None)
    world.permits.permits["customers"] = permit
    assert world.rows("SELECT * FROM customers WHERE id = 1") == (("id",), [(1,)])
    with pytest.raises(AccessRefusedError):
        world.rows("SELECT notes FROM customers")


def test_dataset_that_departed_stays_closed_until_the_store_is_opened_again(make_world):
    world = make_world(catalog=catalog_store({"customers": {"id": None, "name": None, "notes": None}}))
    engine = sa.create_engine(world.url)
    assert world.rows("SELECT name FROM customers WHERE id = 1")[1] == [("Ann",)]
    for one, other in (("notes", "tmp"), ("name", "notes"), ("tmp", "name")):
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE customers RENAME COLUMN {one} TO {other}"))
        with pytest.raises(GovernanceError, match=r"drift|closed|opened again"):
            world.rows("SELECT name FROM customers WHERE id = 1")
    engine.dispose()
