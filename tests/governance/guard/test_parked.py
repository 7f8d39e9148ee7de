"""Check-outs that wait beside the pool: nothing of one use is left for the next, and nobody waits for one of them."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import text

from governance.guard import engine as guard_engine
from policies.errors import StatementRefusedError

from .hands import CONTEXT, WRITER, write_permits
from .worlds import CUSTOMERS, ORDERS, fill, guard

COUNT = "SELECT count(*) FROM orders"


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    fill(url, CUSTOMERS, ORDERS)
    return url


@pytest.fixture
def world(url):
    world = guard(url)
    yield world
    world.store.close()


def given_out(world):
    return world.store._raw.pool.checkedout()


def test_the_same_connection_is_used_again(world):
    for _ in range(5):
        assert world.rows(COUNT)[1] == [(5,)]
    assert given_out(world) == 1
    world.store.close()
    assert given_out(world) == 0


def test_a_transaction_that_was_left_open_is_given_up(url):
    world = guard(url, permits=write_permits())
    connection = world.store.connect(WRITER)
    cursor = connection.cursor()
    cursor.execute("UPDATE customers SET tier = 'x' WHERE id = 1")
    connection.close()
    with sa.create_engine(url).begin() as other:  # would wait for a lock
        other.execute(text("UPDATE customers SET tier = 'y' WHERE id = 2"))
    assert world.rows("SELECT tier FROM customers WHERE id = 1")[1] == [("gold",)]
    world.store.close()


def test_more_threads_than_connections_all_get_their_turn(url, monkeypatch):
    monkeypatch.setattr(guard_engine, "POOL_CONNECTIONS", 2)
    world = guard(url)
    got, start = [], threading.Barrier(12)

    def use():
        start.wait(10)
        got.extend(world.rows(COUNT)[1] for _ in range(20))

    threads = [threading.Thread(target=use, daemon=True) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert not any(each.is_alive() for each in threads)
    assert got == [[(5,)]] * 240
    world.store.close()
    assert given_out(world) == 0


def test_who_waits_for_the_pool_gets_what_is_given_back(url, monkeypatch):
    monkeypatch.setattr(guard_engine, "POOL_CONNECTIONS", 1)
    world = guard(url)
    held = [world.store.connect(CONTEXT) for _ in range(2)]
    got = []
    waiting = threading.Thread(target=lambda: got.append(world.rows(COUNT)[1]), daemon=True)
    waiting.start()
    while not world.store._parked._asking:
        pass
    held.pop().close()
    waiting.join(20)
    assert got == [[(5,)]]
    held.pop().close()
    world.store.close()


def test_a_forked_process_takes_none_of_its_parent(world):
    world.rows(COUNT)
    world.store._parked._process -= 1
    assert world.rows(COUNT)[1] == [(5,)]
    assert given_out(world) == 1  # the one of the parent, untouched


def test_a_store_that_was_closed_keeps_nothing(world):
    world.store.close()
    assert world.rows(COUNT)[1] == [(5,)]
    assert given_out(world) == 0


@pytest.mark.parametrize("sql", ["SELECT tier FROM customers WHERE id = 1", "SELECT * FROM customers WHERE id = 1"])
def test_a_statement_that_met_another_schema_is_decided_anew_before_a_row_is_handed_out(world, url, sql):
    before = world.rows(sql)
    with sa.create_engine(url).begin() as connection:
        connection.execute(text("ALTER TABLE customers ADD COLUMN extra TEXT DEFAULT 'more'"))
    assert world.rows(sql) == before
    assert [draft.outcome for draft in world.recorder.drafts] == ["allowed"] * 3
    assert [outcome for _, outcome, _ in world.recorder.closes] == ["done", "failed", "done"]
    world.rows(sql)
    assert len(world.recorder.drafts) == 4


def test_a_table_that_came_after_the_schema_was_read_is_found_at_once(url):
    with sa.create_engine(url).begin() as connection:
        connection.execute(text("ALTER TABLE orders RENAME TO later"))
    world = guard(url)
    with pytest.raises(StatementRefusedError):
        world.rows(COUNT)
    with sa.create_engine(url).begin() as connection:
        connection.execute(text("ALTER TABLE later RENAME TO orders"))
    assert world.rows(COUNT)[1] == [(5,)]
    assert [draft.outcome for draft in world.recorder.drafts] == ["refused", "allowed"]
    world.store.close()
