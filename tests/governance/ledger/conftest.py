"""A ledger on each kind of records database, with a clock and ids that the test controls."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from governance.ledger.events import EventDraft
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records


class Clock:
    """A clock that goes one millisecond at each look, and as far as a test turns it."""

    def __init__(self):
        self.now = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)

    def __call__(self):
        self.now += dt.timedelta(milliseconds=1)
        return self.now

    def turn(self, seconds):
        self.now += dt.timedelta(seconds=seconds)


def make_ledger(engine, clock, prefix="e", **options):
    numbers = itertools.count(1)
    return Ledger(
        engine,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=HmacKeyedHash(b"k" * 32),
        clock=clock,
        new_id=lambda: f"{prefix}{next(numbers)}",
        **options,
    )


def make_draft(kind="scan", **parts):
    return EventDraft(kind=kind, actor="p:alice", **parts)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def records_url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path / 'gov.db'}"


@pytest.fixture
def engine(records_url):
    engine = create_records(records_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine, clock):
    return make_ledger(engine, clock)


@pytest.fixture
def make(engine, clock):
    return lambda prefix="x", **options: make_ledger(engine, clock, prefix, **options)


@pytest.fixture
def make_on(clock):
    return lambda engine, prefix: make_ledger(engine, clock, prefix)


@pytest.fixture
def draft():
    return make_draft


@pytest.fixture
def other(clock, tmp_path):
    """Another log under the same keys."""
    engine = create_records(f"sqlite:///{tmp_path / 'other.db'}")
    yield make_ledger(engine, clock)
    engine.dispose()
