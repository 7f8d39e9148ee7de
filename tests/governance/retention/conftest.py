"""A shop's orders in a store, an office with a real ledger and records, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from governance.jobs.office import Office
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.keyring.base import DataKey, KeyInfo, KeyState, KeyUse
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records
from governance.retention.archive import ArchiveHeader, ArchiveWriter
from policies.retention_rules import RetentionRule, read_retention

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
RULES = """
rules:
  orders:
    dataset: crm.orders
    start: placed
    period: P3Y
    where: status == "closed"
    basis: commercial law
"""


def make_ledger(records):
    return Ledger(
        records,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=HmacKeyedHash(b"k" * 32),
        clock=lambda: NOW,
        new_id=lambda: uuid.uuid4().hex,
    )


def make_office(records, **changes):
    return Office(
        **{
            "records": records,
            "ledger": make_ledger(records),
            "keyed_hash": HmacKeyedHash(b"k" * 32),
            "clock": lambda: NOW,
            "signer": Ed25519Signer("governance.ledger/test", b"s" * 32),
            "new_id": lambda: uuid.uuid4().hex,
            "folder": Path(records.url.database).parent / "plans",
            "zone": "UTC",
            "digest": "d1",
            **changes,
        }
    )


def make_key():
    return DataKey(KeyInfo("00" * 8, KeyUse.DATA, "s1/d1/archive", KeyState.ACTIVE), b"a" * 32)


def make_archive(path: Path):
    """Opens one archive for whatever target."""

    def opened(target):
        fields, keys = (tuple(each.name for each in columns) for columns in (target.table.c, target.key))
        return ArchiveWriter(path, ArchiveHeader("j1", str(target.rule.dataset), fields, keys, "00" * 8), make_key())

    return opened


def make_rule(tmp_path: Path, text: str = RULES) -> RetentionRule:
    path = tmp_path / "retention.yaml"
    path.write_text(text, encoding="utf-8")
    return next(iter(read_retention(path).values()))


def fill(engine, orders=40):
    """Orders, one placed every 60 days back from NOW, every fifth still open; items refer to every seventh."""
    metadata = sa.MetaData()
    table = sa.Table(
        "orders",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer", sa.Integer),
        sa.Column("placed", sa.DateTime),
        sa.Column("status", sa.String(10)),
    )
    items = sa.Table(
        "items",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.ForeignKey("orders.id", ondelete="CASCADE")),
    )
    metadata.create_all(engine)
    rows = [
        {
            "id": number,
            "customer": number % 6,
            "placed": None if number == 39 else (NOW - dt.timedelta(days=60 * number)).replace(tzinfo=None),
            "status": "open" if number % 5 == 0 else "closed",
        }
        for number in range(orders)
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(table), rows)
        connection.execute(
            sa.insert(items), [{"id": number, "order_id": number} for number in range(orders) if number % 7 == 0]
        )


DUE = {number for number in range(19, 39) if number % 5 and number % 7}
"""Orders that began more than three years before NOW, are closed and have no items."""


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def store(store_url):
    engine = sa.create_engine(store_url)
    fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def records(tmp_path):
    engine = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def office(records):
    return make_office(records)


@pytest.fixture
def rule(tmp_path):
    return make_rule(tmp_path)


def left(engine):
    with engine.connect() as connection:
        return set(connection.execute(sa.text("SELECT id FROM orders")).scalars())


@pytest.fixture
def shop(tmp_path, records):
    """What tests of this folder share: numbers, texts and makers."""
    return SimpleNamespace(
        due=DUE,
        now=NOW,
        rules=RULES,
        left=left,
        office=lambda **changes: make_office(records, **changes),
        rule=lambda text: make_rule(tmp_path, text),
        key=make_key,
        archive=make_archive,
    )
