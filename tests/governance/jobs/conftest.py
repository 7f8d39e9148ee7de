"""Records on SQLite and PostgreSQL, with a ledger."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@pytest.fixture
def keyed_hash():
    return HmacKeyedHash(b"k" * 32)


@pytest.fixture
def clock():
    return lambda: NOW


@pytest.fixture
def new_id():
    numbers = itertools.count(1)
    return lambda: f"id{next(numbers)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request, tmp_path):
    if request.param == "postgresql":
        engine = create_records(request.getfixturevalue("postgres_url"))
    else:
        engine = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(records, keyed_hash, clock, new_id):
    return Ledger(
        records,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=keyed_hash,
        clock=clock,
        new_id=new_id,
    )
