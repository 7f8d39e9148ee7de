"""An adversary's attacks, kept: what Python objects and plain records give away by public names.

The worlds differ in masked values, in hidden rows, in the order in which rows lie, or in statistics of hidden rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import datetime as dt
import io
import logging
import pickle
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from governance.access.permits import RowRule
from governance.guard.base import UseContext
from governance.guard.filter import RecordFilter
from policies.errors import AccessRefusedError, GovernanceError
from policies.nouns import Principal
from policies.predicate import parse_predicate

from .hands import CATALOG, CONTEXT, dataset_permit
from .worlds import CUSTOMERS, FIXTURES, KINDS, ORDERS, Opened, World, fill, fresh_url, make_models

BOB = UseContext(Principal("bob", frozenset({"support"}), {"region": "US"}), "app", "support")

FILTERED: Mapping[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "boolean-as-text": ({"clinic": "boolean"}, {"clinic": "true"}, "clinic == True"),
    "boolean-as-digit": ({"clinic": "boolean"}, {"clinic": "1"}, "clinic == True"),
    "integer-as-text": ({"age": "integer"}, {"age": "17"}, "age == 17"),
    "integer-as-text-among": ({"age": "integer"}, {"age": "17"}, "age in (17, 18)"),
    "time-of-day": ({"at": "datetime"}, {"at": dt.datetime(2026, 6, 1, 11)}, 'at < "2026-06-01 12:00"'),  # noqa: DTZ001
    "date-as-text": ({"at": "date"}, {"at": "2026-6-1"}, 'at < "2026-06-02"'),
    "not-a-number": ({"score": "float"}, {"score": float("nan")}, "score > 5"),
    "bytes": ({"region": "string"}, {"region": b"US"}, 'region == "US"'),
    "list": ({"region": "string"}, {"region": ["US"]}, 'region == "US"'),
    "decimal": ({"score": "decimal"}, {"score": Decimal("5.1")}, "score > 5"),
    "null": ({"region": "string"}, {"region": None}, 'region == "US"'),
}


@pytest.mark.parametrize("form", FILTERED)
def test_a_record_of_other_types_is_not_shown(form: str) -> None:
    types, record, denied = FILTERED[form]
    deny = (RowRule("access.csv:9", parse_predicate(denied)),)
    permit = dataset_permit("people", dict.fromkeys(record, "clear"), None, deny=deny)
    try:
        shown = RecordFilter(permit, {}, types).filter([record])
    except AccessRefusedError:
        shown = []
    assert shown == []


def test_no_event_tells_the_address_of_the_store(make_world: Any) -> None:
    world, told = make_world(), []

    def spy(_: object, __: object, arguments: list[Any], options: dict[str, Any]) -> None:
        told.append((list(arguments), dict(options)))

    with contextlib.suppress(GovernanceError):
        event.listen(world.engine(), "do_connect", spy)
    connections = [world.store.connect(CONTEXT) for _ in range(4)]
    for each in connections:
        each.close()
    assert told == []


@pytest.mark.parametrize("name", ["do_execute", "handle_error"])
def test_no_event_hears_another_principal(make_world: Any, name: str) -> None:
    world, told = make_world(), []

    def spy(*heard: object) -> None:
        told.append(heard)

    with contextlib.suppress(GovernanceError):
        event.listen(world.engine(), name, spy)
    with world.store.session(BOB) as session:
        session.execute(sa.text("SELECT id FROM customers WHERE name = :n"), {"n": "Dee"}).all()
        with pytest.raises(AccessRefusedError):
            session.execute(sa.text("SELECT no_such FROM customers WHERE name = :n"), {"n": "Dee"})
    assert told == []


def test_compiled_statements_of_others_are_out_of_reach(make_world: Any) -> None:
    world, models = make_world(), make_models()
    with world.store.session(BOB) as session:
        session.scalars(sa.select(models.Customer.id).where(models.Customer.name == "PLANTED")).all()
    cache = world.engine().get_execution_options().get("compiled_cache") or {}
    assert "PLANTED" not in str([each.params for each in dict(cache.items()).values()])


def test_a_talkative_log_holds_no_row(make_world: Any) -> None:
    world, heard = make_world(), io.StringIO()
    logger, handler = logging.getLogger("sqlalchemy"), logging.StreamHandler(heard)
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with world.engine().connect() as connection:
            connection.execute(sa.text("SELECT name, email FROM customers")).all()
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
    assert "a***@x.io" not in heard.getvalue()


@pytest.mark.parametrize("parameters", [["\ud800"], [10**30], 5])
def test_odd_parameters_end_neutrally_and_closed(make_world: Any, parameters: Any) -> None:
    world = make_world()
    with pytest.raises(GovernanceError):
        world.rows("SELECT id FROM customers WHERE name = ?", parameters)
    allowed = [each for each in world.recorder.drafts if each.outcome == "allowed"]
    assert len(allowed) == len(world.recorder.closes)


def test_a_cursor_ends_with_its_connection(make_world: Any) -> None:
    connection = make_world().store.connect(CONTEXT)
    cursor = connection.cursor().execute("SELECT id FROM customers")
    connection.close()
    with pytest.raises(GovernanceError):
        cursor.fetchall()


def test_a_session_keeps_to_one_engine(make_world: Any) -> None:
    world, models = make_world(), make_models()
    with world.store.session(CONTEXT) as session:
        first = session.get(models.Customer, 1)
        second = None
        with contextlib.suppress(GovernanceError, AttributeError):
            session.bind = world.engine(BOB)
            second = session.get(models.Customer, 1)
        assert first is not None
        assert second is not first


def level(connection: Any, kind: str) -> Any:
    """The isolation level that a guarded connection has."""
    if kind != "mysql":
        return connection.isolation_level
    return connection.cursor().execute("SELECT @@tx_isolation").fetchone()


@pytest.mark.parametrize("kind", KINDS)
def test_settings_end_with_the_check_out(
    request: pytest.FixtureRequest, tmp_path: Path, opened: Opened, kind: str
) -> None:
    url = fresh_url(request, kind, tmp_path)
    fill(url, CUSTOMERS, ORDERS)
    world = opened(url, CATALOG)
    one = world.store.connect(CONTEXT)
    before = level(one, kind)
    if kind == "mysql":
        one.cursor().execute("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
    else:
        one.isolation_level = "EXCLUSIVE" if kind == "sqlite" else 4
    one.close()
    other = world.store.connect(BOB)
    after = level(other, kind)
    other.close()
    assert after == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_isolation_level_is_told_and_nothing_of_the_driver_beside_it(
    request: pytest.FixtureRequest, tmp_path: Path, opened: Opened, kind: str
) -> None:
    url = fresh_url(request, kind, tmp_path)
    fill(url, CUSTOMERS, ORDERS)
    world = opened(url, CATALOG)
    usual = {"sqlite": "SERIALIZABLE", "postgresql": "READ COMMITTED", "mysql": "REPEATABLE READ"}[kind]

    async def told() -> str:
        async with world.store.async_engine(CONTEXT).connect() as connection:
            level = await connection.run_sync(lambda each: each.get_isolation_level())
            await connection.execute(sa.text("SELECT id FROM customers"))
            return str(level)

    with world.engine().connect() as connection:
        assert connection.get_isolation_level() == usual
        assert len(connection.execute(sa.text("SELECT id FROM customers")).all()) > 0
        assert connection.get_isolation_level() == usual
        guarded: Any = connection.connection.dbapi_connection
        if kind == "postgresql":
            assert guarded.info._fields == ("transaction_status",)
            for name in ("dsn", "password", "get_parameters", "host", "backend_pid"):
                with pytest.raises(AttributeError):
                    getattr(guarded.info, name)
        else:
            with pytest.raises(AttributeError):
                _ = guarded.info
    assert asyncio.run(told()) == usual


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps])
def test_connections_and_cursors_are_not_copied(make_world: Any, take: Any) -> None:
    connection = make_world().store.connect(CONTEXT)
    for each in (connection, connection.cursor()):
        with pytest.raises(TypeError):
            take(each)
    connection.close()


@pytest.mark.parametrize("value", [None, 1, True, "EU\x00", "EU' OR 1=1 --", "eu", "EU ", float("inf"), "US"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_attribute_shows_no_row_of_others(request: pytest.FixtureRequest, kind: str, value: Any) -> None:
    worlds = request.getfixturevalue(f"{FIXTURES[kind]}_worlds")
    context = UseContext(Principal("x", frozenset({"support"}), {"region": value}), "app", "support")
    statement = "SELECT id FROM customers WHERE region = 'EU' OR 1 = 1"
    assert worlds["base"].rows(statement)[1]
    try:
        shown = worlds["base"].rows(statement, context=context)[1]
    except GovernanceError:
        shown = []
    assert shown == ([(4,)] if value == "US" else [])


def test_a_cached_plan_serves_each_principal_his_own(worlds: dict[str, World]) -> None:
    statement = "SELECT id FROM customers ORDER BY id"
    for _ in range(8):
        assert [row[0] for row in worlds["base"].rows(statement)[1]] == [1, 2, 3, 6, 8]
        assert [row[0] for row in worlds["base"].rows(statement, context=BOB)[1]] == [4]
