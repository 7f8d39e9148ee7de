"""The pool of guarded engines: no connection stays, and nothing that one check-out left meets the next."""

import sqlite3

import pytest
import sqlalchemy as sa

from connectors.sql.silent import SilentEngine, SilentNullPool


class Opened(sqlite3.Connection):
    """A connection that tells when it was closed."""

    def close(self):
        self.gone = True
        super().close()


@pytest.fixture
def opened():
    return []


@pytest.fixture
def engine(opened):
    def connect():
        opened.append(sqlite3.connect(":memory:", factory=Opened))
        return opened[-1]

    dialect = sa.create_engine("sqlite://").dialect
    pool = SilentNullPool(connect)
    pool._dialect = dialect
    return SilentEngine(pool, dialect, sa.URL.create("sqlite"))


def used(engine):
    with engine.connect() as connection:
        return connection.connection.dbapi_connection


def test_each_check_out_is_another_connection_and_is_closed_behind_it(engine, opened):
    assert [used(engine) for _ in range(3)] == opened
    assert len(set(map(id, opened))) == 3
    assert all(each.gone for each in opened)


def test_many_at_once_are_many_connections(engine, opened):
    held = [engine.connect() for _ in range(40)]
    assert len(opened) == 40
    for each in held:
        each.close()
    assert all(each.gone for each in opened)
    assert used(engine) is opened[-1]


def test_what_one_check_out_left_meets_no_other(engine):
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.info == {}
            connection.info["who"] = "somebody"
            record = connection.connection._connection_record
            assert not record.finalize_callback


def test_who_listens_later_hears_every_connection(engine, opened):
    used(engine)
    heard = []
    for name in ("connect", "checkout", "checkin", "close"):
        sa.event.listen(engine, name, lambda raw, *_, name=name: heard.append((name, raw)))
    used(engine), used(engine)
    assert heard == [(name, raw) for raw in opened[1:] for name in ("connect", "checkout", "checkin", "close")]


def test_a_connection_that_cannot_be_had_stands_in_no_ones_way(engine, opened):
    used(engine)
    creator, engine.pool._creator = engine.pool._creator, lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        used(engine)
    engine.pool._creator = creator
    assert used(engine) is opened[-1]


def test_an_invalidated_or_detached_connection_is_not_handed_out_again(engine, opened):
    with engine.connect() as connection:
        connection.invalidate()
    with engine.connect() as connection:
        connection.detach()
    assert used(engine) is opened[2]
    assert all(each.gone for each in opened)


def test_a_check_out_that_was_forgotten_is_closed(engine, opened):
    import gc

    connection = engine.connect()
    del connection
    gc.collect()
    assert opened[0].gone
    assert used(engine) is opened[1]
