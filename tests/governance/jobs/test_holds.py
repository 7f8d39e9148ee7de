"""A hold stops what it names and nothing else, and keeps no key."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from governance.jobs.holds import Holds
from governance.jobs.keys import key_digest
from governance.jobs.tables import HOLDS
from policies.errors import BadInputError
from policies.nouns import DatasetRef

ORDERS, CUSTOMERS = DatasetRef("crm", "orders"), DatasetRef("crm", "customers")


@pytest.fixture
def holds(records, keyed_hash, clock, new_id):
    return Holds(records, keyed_hash, clock=clock, new_id=new_id)


def test_a_record_is_held_by_its_key_alone(holds):
    holds.place(ORDERS, "record", [7], by="p:dpo")
    stop = holds.stop(ORDERS)
    assert stop.holds((7,), ())
    assert not stop.holds((8,), (7,))
    assert not holds.stop(CUSTOMERS).holds((7,), ())


def test_a_person_is_held_in_every_record(holds):
    holds.place(ORDERS, "subject", ["c1", 2], by="p:dpo")
    stop = holds.stop(ORDERS)
    assert stop.holds((7,), ("c1", 2))
    assert not stop.holds(("c1", 2), ("c1", 3))


def test_a_held_dataset_holds_every_row(holds):
    holds.place(ORDERS, "dataset", [], by="p:dpo")
    assert holds.stop(ORDERS).holds((1,), ())


def test_nothing_is_held_without_a_hold(holds):
    assert not holds.stop(ORDERS).holds((1,), (2,))


def test_a_released_hold_stays_as_evidence_and_stops_nothing(holds, records):
    hold = holds.place(ORDERS, "record", [7], by="p:dpo", reason="n:1")
    holds.release(hold.id, by="p:judge")
    assert holds.standing() == []
    with records.connect() as connection:
        row = connection.execute(sa.select(HOLDS)).one()
    assert (row.reason, row.released_by) == ("n:1", "p:judge")


@pytest.mark.parametrize("again", [True, False])
def test_a_hold_that_does_not_stand_cannot_be_released(holds, again):
    hold = holds.place(ORDERS, "record", [7], by="p:dpo")
    holds.release(hold.id, by="p:dpo")
    with pytest.raises(BadInputError):
        holds.release(hold.id if again else "nosuch", by="p:dpo")


@pytest.mark.parametrize(("scope", "key"), [("record", []), ("subject", []), ("dataset", [1])])
def test_a_hold_without_its_key_is_refused(holds, scope, key):
    with pytest.raises(BadInputError):
        holds.place(ORDERS, scope, key, by="p:dpo")


def test_no_key_stands_in_the_records(holds, records):
    holds.place(ORDERS, "subject", ["zhang.wei@example.cn"], by="p:dpo")
    with records.connect() as connection:
        assert "zhang" not in repr(connection.execute(sa.select(HOLDS)).one())


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ([7], ["7"], True),
        ([None], ["None"], False),
        (["a", "b"], ["a,b"], False),
        (["ab", ""], ["a", "b"], False),
        ([dt.date(2026, 1, 2)], ["2026-01-02"], True),
        ([uuid.UUID(int=5)], ["00000000-0000-0000-0000-000000000005"], True),
        ([b"\x01"], ["01"], True),
        (["é"], ["e\u0301"], False),
    ],
)
def test_keys_are_told_apart(keyed_hash, one, other, equal):
    found = [key_digest(keyed_hash, "record", ORDERS, each) for each in (one, other)]
    assert (found[0] == found[1]) is equal


def test_the_same_key_in_two_scopes_or_datasets_is_unrelated(keyed_hash):
    found = {key_digest(keyed_hash, scope, ref, [7]) for scope in ("record", "subject") for ref in (ORDERS, CUSTOMERS)}
    assert len(found) == 4
