"""Legal holds bind a guarded DELETE, whatever way the row is taken away."""

from __future__ import annotations

import pytest

from governance.jobs.holds import Stop
from governance.jobs.keys import key_digest
from policies.errors import AccessRefusedError, RecordsError
from policies.nouns import Action, DatasetRef

from .hands import CATALOG, WRITER, write_permits
from .worlds import KINDS, guard
from .writing import made_world, plain, run

PEOPLE, ORDERS = DatasetRef("crm", "customers"), DatasetRef("crm", "orders")


class Hash:
    """A keyed hash of which only equality counts."""

    def digest(self, purpose, data):
        return f"{purpose}:{data.decode()}"


class Office:
    """Holds that a test places."""

    def __init__(self):
        self.placed = set()
        self.asked = 0
        self.down = False

    def place(self, ref, scope="dataset", *key):
        self.placed.add((ref, scope, key_digest(Hash(), scope, ref, key) if key else ""))

    def stop(self, ref):
        self.asked += 1
        if self.down:
            raise RecordsError("records", found="none", expected="records", next_step="wait")
        mine = [(scope, digest) for place, scope, digest in self.placed if place == ref]
        return Stop(
            ref,
            Hash(),
            everything=("dataset", "") in mine,
            digests=frozenset(each for each in mine if each[1]),
        )


@pytest.fixture(params=KINDS)
def world(request, tmp_path):
    yield from made_world(request, tmp_path, request.param)


@pytest.fixture
def held(world):
    """The world behind a guard that asks for holds, and the holds."""
    office = Office()
    orders = CATALOG.datasets["orders"].model_copy(update={"subject_key": ("customer_id",)})
    catalog = CATALOG.model_copy(update={"datasets": {**CATALOG.datasets, "orders": orders}})
    made = guard(world.url, catalog, permits=write_permits(), stop_of=office.stop)
    yield made, office
    made.store.close()


def left(world):
    return [row[0] for row in plain(world, "SELECT id FROM orders ORDER BY id")]


def refused(world, sql):
    with pytest.raises(AccessRefusedError) as refusal:
        run(world, sql)
    assert refusal.value.rule_ids == ("guard.write.held",)
    assert "Main St" not in str(refusal.value)


def test_held_record_is_not_deleted_and_others_are(held):
    world, office = held
    office.place(ORDERS, "record", 1)
    refused(world, "DELETE FROM orders WHERE id = 1")
    refused(world, "DELETE FROM orders")
    assert left(world) == [1, 2, 3, 4, 5]
    assert run(world, "DELETE FROM orders WHERE id IN (2, 3)") == 2
    assert left(world) == [1, 4, 5]
    office.placed.clear()
    assert run(world, "DELETE FROM orders") == 3


def test_rows_of_a_held_person_are_not_deleted(held):
    world, office = held
    office.place(ORDERS, "subject", "1")
    refused(world, "DELETE FROM orders WHERE amount < 8")
    assert run(world, "DELETE FROM orders WHERE customer_id <> 1") == 3
    assert left(world) == [1, 5]


def test_held_dataset_keeps_every_row(held):
    world, office = held
    office.place(ORDERS)
    refused(world, "DELETE FROM orders WHERE id = 2")
    assert run(world, "DELETE FROM orders WHERE id = 99") == 0
    assert run(world, "UPDATE orders SET amount = 1 WHERE id = 2") == 1
    assert left(world) == [1, 2, 3, 4, 5]


def test_many_deletions_stop_at_the_held_one_all_together(held):
    world, office = held
    office.place(ORDERS, "record", 2)
    mark = ":id" if world.store._kind == "sqlite" else "%(id)s"
    with pytest.raises(AccessRefusedError):
        run(world, f"DELETE FROM orders WHERE id = {mark}", [{"id": number} for number in (1, 2, 3)], many=True)
    assert left(world) == [1, 2, 3, 4, 5]


def test_own_columns_come_back_without_the_keys_of_the_check(held):
    world, _ = held
    connection = world.store.connect(WRITER)
    cursor = connection.cursor().execute("DELETE FROM orders WHERE id = 2 RETURNING amount")
    assert [each[0] for each in cursor.description] == ["amount"]
    assert cursor.fetchall() == [(20.0,)]
    connection.close()


def test_deletion_that_takes_along_rows_under_a_hold_is_refused(world):
    plain(world, "DROP TABLE orders")
    plain(
        world,
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id) ON DELETE CASCADE,"
        " amount DOUBLE PRECISION, address VARCHAR(50))",
    )
    plain(world, "INSERT INTO orders (id, customer_id) VALUES (1, 1), (2, 2)")
    office = Office()
    made = guard(world.url, permits=write_permits(), stop_of=office.stop)
    try:
        office.place(ORDERS, "record", 2)
        refused(made, "DELETE FROM customers WHERE id = 1")
        office.placed.clear()
        assert run(made, "DELETE FROM customers WHERE id = 1") == 1
        assert left(world) == [2]
    finally:
        made.store.close()


def test_nothing_is_deleted_when_holds_cannot_be_asked_for(held):
    world, office = held
    office.down = True
    with pytest.raises(RecordsError):
        run(world, "DELETE FROM orders WHERE id = 2")
    assert left(world) == [1, 2, 3, 4, 5]
    assert world.recorder.closes[-1][1] == "failed"
    assert world.recorder.drafts[-1].action == Action.DELETE
