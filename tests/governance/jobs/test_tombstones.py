"""Tombstones stand until their day, and are placed once."""

import datetime as dt
import itertools

import pytest

from governance.jobs.tombstones import Tombstones
from governance.records.database import create_records

REF = "ab" * 32


@pytest.fixture
def records(tmp_path):
    engine = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    yield engine
    engine.dispose()


def book(records, day=22):
    numbers = itertools.count(day * 100)
    clock = lambda: dt.datetime(2026, 11, day, 8, tzinfo=dt.UTC)  # noqa: E731
    return Tombstones(records, clock=clock, new_id=lambda: f"t{next(numbers)}")


def test_a_tombstone_stands_until_its_day_has_passed(records):
    placed = book(records).place(REF, basis="erasure", ends=dt.date(2026, 11, 24))
    assert placed.placed == "2026-11-22T08:00:00.000000Z"
    assert list(book(records, 24).standing()) == [placed]
    assert list(book(records, 25).standing()) == []


def test_the_same_tombstone_is_placed_once_and_a_longer_one_beside_it(records):
    first = book(records).place(REF, basis="erasure", ends=dt.date(2026, 11, 24))
    assert book(records, 23).place(REF, basis="erasure", ends=dt.date(2026, 11, 24)) == first
    longer = book(records, 23).place(REF, basis="erasure", ends=dt.date(2026, 12, 24))
    assert [each.id for each in book(records).standing()] == [first.id, longer.id]
