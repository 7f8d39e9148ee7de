"""Many sets of parameters, savepoints and transactions of writes."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from policies.errors import AccessRefusedError, StatementRefusedError

from .hands import WRITER
from .worlds import KINDS
from .writing import made_world, mark, plain, run


@pytest.fixture(params=KINDS)
def world(request, tmp_path):
    yield from made_world(request, tmp_path, request.param)


def test_many_sets_are_written_together_or_not_at_all(world):
    names = ("id", "name", "region")
    sql = f"INSERT INTO customers (id, name, region) VALUES ({mark(world, names)})"
    sets = [{"id": number, "name": f"n{number}", "region": "EU"} for number in range(1000, 1700)]
    assert run(world, sql, sets, many=True) == 700
    assert world.recorder.closes[-1][1:] == ("done", {"rows": 700})
    assert plain(world, "SELECT count(*), min(name), max(id) FROM customers WHERE id >= 1000") == [(700, "n1000", 1699)]
    sets = [{"id": number, "name": "m", "region": "US" if number == 2600 else "EU"} for number in range(2000, 2700)]
    with pytest.raises(AccessRefusedError):
        run(world, sql, sets, many=True)
    assert plain(world, "SELECT count(*) FROM customers WHERE id >= 2000") == [(0,)]
    assert len(world.recorder.drafts) == 2
    assert run(world, sql, [], many=True) == 0
    assert world.store.plans < 10


def test_many_changes_and_deletions_count_visible_rows(world):
    sql = "UPDATE customers SET tier = {} WHERE id = {}".format(*mark(world, ("tier", "id")).split(", "))
    assert run(world, sql, [{"tier": f"t{number}", "id": number} for number in range(1, 9)], many=True) == 5
    assert plain(world, "SELECT tier FROM customers WHERE id IN (3, 4) ORDER BY id") == [("t3",), ("gold",)]
    sql = f"DELETE FROM orders WHERE id = {mark(world, ('id',))}"
    assert run(world, sql, [{"id": number} for number in (1, 2, 99)], many=True) == 2


@pytest.mark.parametrize("parameters", ["ab", {"id": 1}, 5, ["ab"], [5], None])
def test_odd_sets_of_parameters_are_refused(world, parameters):
    with pytest.raises(StatementRefusedError):
        run(world, f"DELETE FROM orders WHERE id = {mark(world, ('id',))}", parameters, many=True)


def test_many_sets_are_for_writing(world):
    with pytest.raises(StatementRefusedError):
        run(world, f"SELECT id FROM orders WHERE id = {mark(world, ('id',))}", [{"id": 1}], many=True)


def test_rollback_and_savepoints_take_writes_back(world):
    with world.store.session(WRITER) as session:
        session.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))
        nested = session.begin_nested()
        session.execute(text("UPDATE customers SET tier = 'y' WHERE id = 2"))
        nested.rollback()
        with pytest.raises(AccessRefusedError):
            session.execute(text("UPDATE customers SET region = 'US' WHERE id = 3"))
        assert session.execute(text("SELECT tier FROM customers WHERE id < 4 ORDER BY id")).scalars().all() == [
            "x",
            "free",
            "free",
        ]
        session.rollback()
    assert plain(world, "SELECT count(*) FROM customers WHERE tier IN ('x', 'y')") == [(0,)]


def test_autocommit_writes_each_statement_whole(world):
    engine = world.store.engine(WRITER).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))
        with pytest.raises(AccessRefusedError):
            connection.execute(text("UPDATE customers SET region = 'US'"))
        assert plain(world, "SELECT id FROM customers WHERE tier = 'x'") == [(1,)]
    assert plain(world, "SELECT count(*) FROM customers WHERE region = 'EU'") == [(5,)]
