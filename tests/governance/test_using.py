"""Every way in passes the one guard; who acts comes from the context, and a lost context is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from governance.app import Governance
from policies.errors import AccessRefusedError, ConfigError, InstallationError, LedgerError, StatementRefusedError

from .conftest import MARKERS

NAMES = "SELECT name, email, region FROM customers ORDER BY id LIMIT 3"
ALICE = {"principal": "alice", "purpose": "support"}


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    region: Mapped[str]


@pytest.fixture(scope="module")
def gov(shared_project: Path) -> Iterator[Governance]:
    with Governance.open(shared_project / "governance.yaml") as opened:
        yield opened


@pytest.fixture(scope="module")
def shown(gov: Governance) -> list[tuple[Any, ...]]:
    """What alice sees through a session."""
    with gov.session("crm", **ALICE) as db:
        return [tuple(row) for row in db.execute(sa.text(NAMES))]


def refusals(gov: Governance) -> int:
    return sum(event.outcome == "refused" for event in gov.ledger.events())


def test_a_connection_shows_what_a_session_shows(gov, shown):
    with gov.connect("crm", **ALICE) as connection:
        assert connection.cursor().execute(NAMES).fetchall() == shown
    assert MARKERS["email"] not in repr(shown)


def test_a_closed_connection_refuses(gov):
    connection = gov.connect("crm", **ALICE)
    connection.close()
    with pytest.raises(StatementRefusedError):
        connection.cursor()


# --- asyncio


def test_asyncio_shows_what_a_session_shows(gov, shown):
    async def read() -> None:
        async with gov.async_session("crm", **ALICE) as db:
            assert [tuple(row) for row in await db.execute(sa.text(NAMES))] == shown
            people = (await db.scalars(sa.select(Customer).order_by(Customer.id).limit(3))).all()
            assert [(each.name, each.email, each.region) for each in people] == shown
            streamed = await db.stream(sa.text(NAMES))
            assert [tuple(row) async for row in streamed] == shown
        engine = gov.async_engine("crm", **ALICE)
        async with engine.connect() as connection:
            assert [tuple(row) for row in await connection.execute(sa.text(NAMES))] == shown
        await engine.dispose()

    asyncio.run(read())


def test_asyncio_in_postgresql_shows_what_a_session_shows(shared_project, postgres_url, tmp_path, monkeypatch):
    raw = sa.create_engine(postgres_url)
    with raw.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, region TEXT,"
            " notes TEXT, created_at TEXT)"
        )
        connection.exec_driver_sql(
            "INSERT INTO customers SELECT n, 'N' || n, 'a' || n || '@x.io', '5',"
            " CASE mod(n, 2) WHEN 0 THEN 'EU' ELSE 'US' END, '', '' FROM generate_series(1, 900) n"
        )
    raw.dispose()
    config = (shared_project / "governance.yaml").read_text().replace("sqlite:///crm.db", postgres_url)
    monkeypatch.chdir(shared_project)
    other = shared_project / "on_postgresql.yaml"
    other.write_text(config)

    async def read(gov: Governance) -> None:
        sql = "SELECT id, name, email FROM customers ORDER BY id"
        with gov.session("crm", **ALICE) as plain:
            expected = [tuple(row) for row in plain.execute(sa.text(sql))]
        assert len(expected) == 450
        async with gov.async_session("crm", **ALICE) as db:
            assert [tuple(row) for row in await db.execute(sa.text(sql))] == expected
            assert [tuple(row) async for row in await db.stream(sa.text(sql))] == expected
            with pytest.raises(StatementRefusedError):
                await db.execute(sa.text("SELECT pg_sleep(0)"))
            await db.rollback()

    with Governance.open(other) as gov:
        asyncio.run(read(gov))


def test_asyncio_refuses_what_a_session_refuses(gov):
    async def read() -> None:
        async with gov.async_session("crm", **ALICE) as db:
            for sql in ("SELECT national_id FROM customers", "PRAGMA table_info(customers)", "SELECT 1; SELECT 2"):
                with pytest.raises(AccessRefusedError):
                    await db.execute(sa.text(sql))
            connection = await db.connection()
            raw = await connection.get_raw_connection()
            with pytest.raises(AttributeError, match="closed off"):
                raw.driver_connection.execute("SELECT 1")

    before = refusals(gov)
    asyncio.run(read())
    assert refusals(gov) == before + 3


def test_asyncio_records_before_rows_and_fails_without_the_ledger(gov, monkeypatch):
    def down(*_: object) -> None:
        raise LedgerError("ledger", found="down", expected="up", next_step="wait")

    async def read() -> None:
        async with gov.async_session("crm", **ALICE) as db:
            await db.execute(sa.text("SELECT count(*) FROM customers"))
            monkeypatch.setattr(type(gov.ledger), "decide", down)
            with pytest.raises(LedgerError):
                await db.execute(sa.text("SELECT count(*) FROM customers"))

    count = len(list(gov.ledger.events()))
    asyncio.run(read())
    assert [event.kind for event in list(gov.ledger.events())[count:]] == ["decision", "close"]


def test_asyncio_without_its_extra_is_refused(gov, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for opening in (gov.async_session, gov.async_engine):
        with pytest.raises(InstallationError, match="async"):
            opening("crm", **ALICE)


def test_tasks_of_several_people_do_not_mix(gov, shown):
    async def one(who: str) -> list[tuple[Any, ...]] | str:
        with gov.acting(who, "support"):
            async with gov.async_session("crm") as db:
                await asyncio.sleep(0)
                try:
                    return [tuple(row) for row in await db.execute(sa.text(NAMES))]
                except AccessRefusedError:
                    return "refused"

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(one(("alice", "mallory")[turn % 2]) for turn in range(12)))

    found = asyncio.run(all_of_them())
    assert found == [shown, "refused"] * 6


# --- the context


def test_what_nobody_acts_for_is_refused_and_recorded(gov):
    before = refusals(gov)
    for opening in (gov.session, gov.engine, gov.connect, gov.async_engine, gov.async_session):
        with pytest.raises(AccessRefusedError, match="no principal"):
            opening("crm")
    with gov.acting("alice"), pytest.raises(AccessRefusedError, match="no purpose"):
        gov.session("crm")
    assert refusals(gov) == before + 6


def test_another_project_does_not_know_who_acts(gov, shared_project):
    with (
        Governance.open(shared_project / "governance.yaml") as other,
        gov.acting("alice", "support"),
        pytest.raises(AccessRefusedError, match="no principal"),
    ):
        other.session("crm")


def test_unknown_principal_in_the_context_is_refused(gov):
    with gov.acting("nobody-known", "support"), pytest.raises(AccessRefusedError):
        gov.session("crm")


def test_context_that_a_thread_lost_is_refused(gov, shown):
    def read(db: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in db.execute(sa.text(NAMES))]

    async def lost(db: Any) -> None:
        assert await asyncio.to_thread(read, db) == shown
        with pytest.raises(AccessRefusedError, match="another context"):
            await asyncio.get_running_loop().run_in_executor(None, read, db)

    with gov.acting("alice", "support"), gov.session("crm") as db:
        assert read(db) == shown
        asyncio.run(lost(db))
        with ThreadPoolExecutor(1) as threads, pytest.raises(AccessRefusedError, match="another context"):
            threads.submit(read, db).result()
        failed: list[BaseException] = []
        thread = threading.Thread(target=lambda: _keep(failed, lambda: gov.session("crm")))
        thread.start()
        thread.join()
        assert isinstance(failed[0], AccessRefusedError)


def _keep(failed: list[BaseException], act: Any) -> None:
    try:
        act()
    except BaseException as error:  # noqa: BLE001 handed to the thread that asserts
        failed.append(error)


def test_session_of_one_context_is_refused_in_the_next(gov):
    with gov.acting("alice", "support"):
        db = gov.session("crm")
        connection = gov.connect("crm")
        connection.cursor().execute(NAMES)
    with gov.acting("mallory", "support"):
        with pytest.raises(AccessRefusedError, match="another context"):
            db.execute(sa.text(NAMES))
        with pytest.raises(AccessRefusedError, match="another context"):
            connection.cursor().execute(NAMES)
        with pytest.raises(AccessRefusedError, match="another context"):
            connection.cursor().executemany("DELETE FROM customers WHERE id = ?", [(1,)])
    db.close()
    connection.close()


def test_session_with_both_named_needs_no_context(gov, shown):
    db = gov.session("crm", **ALICE)
    with ThreadPoolExecutor(1) as threads:
        assert [tuple(row) for row in threads.submit(lambda: db.execute(sa.text(NAMES)).all()).result()] == shown
    db.close()


def test_purpose_named_beside_a_principal_of_the_context(gov, shown):
    with gov.acting("alice"), gov.session("crm", purpose="support") as db:
        assert [tuple(row) for row in db.execute(sa.text(NAMES))] == shown
    with gov.acting("alice"), gov.session("crm", purpose="marketing") as db, pytest.raises(AccessRefusedError):
        db.execute(sa.text(NAMES))  # a purpose that nobody granted to her


def test_who_acts_is_not_in_any_repr(gov):
    from governance.guard.acting import current

    with gov.acting(MARKERS["name"], "support"):
        assert MARKERS["name"] not in repr(current(gov))
        with pytest.raises(AccessRefusedError) as refused:
            gov.session("crm")
    assert MARKERS["name"] not in str(refused.value)


# --- functions


def test_function_works_for_its_purpose(gov, shown):
    @gov.guarded(purpose="support")
    def names() -> list[tuple[Any, ...]]:
        with gov.session("crm") as db:
            return [tuple(row) for row in db.execute(sa.text(NAMES))]

    @gov.guarded(purpose="support")
    async def names_later() -> list[tuple[Any, ...]]:
        await asyncio.sleep(0)
        return names()

    with gov.acting("alice"):
        assert names() == shown
        assert asyncio.run(names_later()) == shown
        with pytest.raises(AccessRefusedError):
            gov.session("crm")  # the purpose ended with the function
    for call in (names, lambda: asyncio.run(names_later())):
        with pytest.raises(AccessRefusedError, match="no principal"):
            call()
    assert names.__name__ == "names"


def test_answer_of_a_function_is_treated(gov):
    @gov.guarded(purpose="support", returns="crm.customers")
    def people() -> list[dict[str, Any]]:
        return [
            {"id": 1, "name": "A", "email": MARKERS["email"], "region": "EU", "unknown": MARKERS["note"]},
            {"id": 2, "name": "B", "email": MARKERS["email"], "region": "CN"},
        ]

    with gov.acting("alice"):
        found = people()
    assert [each["id"] for each in found] == [1]
    assert MARKERS["email"] not in repr(found)
    assert MARKERS["note"] not in repr(found)


def test_generator_cannot_be_decorated(gov):
    with pytest.raises(ConfigError, match="generator"):

        @gov.guarded(purpose="support")
        def rows() -> Iterator[int]:
            yield 1


# --- ASGI


class Server:
    """Calls an ASGI application as a server does: each request in a task of its own."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def get(self, who: str | None, kind: str = "http") -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": f"{kind}.request", "body": b""}

        scope = {"type": kind, "headers": [] if who is None else [(b"x-user", who.encode())]}
        await asyncio.create_task(self._app(scope, receive, send))
        return sent[0].get("status", sent[0].get("code", 0)), b"".join(each.get("body", b"") for each in sent)


def _signed_in(scope: Any) -> str | None:
    return next((value.decode() for name, value in scope["headers"] if name == b"x-user"), None)


@pytest.fixture
def server(gov):
    @gov.guarded(purpose="support")
    async def answer() -> bytes:
        async with gov.async_session("crm") as db:
            first = (await db.execute(sa.text("SELECT count(*) FROM customers"))).scalar_one()
            await asyncio.sleep(0.001)
            second = (await db.execute(sa.text("SELECT count(*) FROM customers"))).scalar_one()
            return f"{first} {second}".encode()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.startup.complete"})
            return
        body = await answer()
        await send({"type": f"{scope['type']}.response.start", "status": 200, "headers": []})
        await send({"type": f"{scope['type']}.response.body", "body": body})

    return Server(gov.asgi(app, _signed_in))


def test_requests_at_once_do_not_mix(gov, server):
    with gov.session("crm", **ALICE) as db:
        count = db.execute(sa.text("SELECT count(*) FROM customers")).scalar_one()

    async def many() -> list[tuple[int, bytes]]:
        people = ["alice", "mallory", None] * 8
        return await asyncio.gather(*(server.get(who) for who in people))

    found = asyncio.run(many())
    allowed, refused = (200, f"{count} {count}".encode()), (403, b'{"error": "refused by the access policy"}')
    assert found == [allowed, refused, refused] * 8


def test_request_of_nobody_is_refused_even_where_the_server_was_started_by_somebody(gov, server):
    with gov.acting("alice", "support"):
        assert asyncio.run(server.get(None))[0] == 403


def test_websocket_of_nobody_is_closed(server):
    assert asyncio.run(server.get(None, "websocket"))[0] == 1008


def test_lifespan_goes_through(server):
    assert asyncio.run(server.get(None, "lifespan")) == (0, b"")


def test_sign_in_may_wait_and_name_the_purpose(gov):
    async def identify(_: Any) -> tuple[str, str]:
        await asyncio.sleep(0)
        return "alice", "support"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        with gov.session("crm") as db:
            assert db.execute(sa.text(NAMES)).all()
        await send({"type": "http.response.start", "status": 204, "headers": []})

    assert asyncio.run(Server(gov.asgi(app, identify)).get(None))[0] == 204


def test_refusal_after_the_answer_began_goes_on_to_the_server(gov):
    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gov.session("crm")

    with pytest.raises(AccessRefusedError):
        asyncio.run(Server(gov.asgi(app, lambda _: None)).get(None))


def test_sign_in_that_gives_something_else_is_an_error(gov):
    with pytest.raises(ConfigError, match="int"):
        asyncio.run(Server(gov.asgi(lambda *_: None, lambda _: 7)).get(None))
