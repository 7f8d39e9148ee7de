"""A records database, working stand-ins for `protect` and the ledger, and stores on three engines."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.consent.book import ConsentBook
from governance.consent.conditions import ConsentConditions
from governance.consent.projection import ConsentProjection
from governance.consent.projection_tables import KeyKind
from governance.consent.upkeep import ProjectionUpkeep
from governance.ledger.events import EventDraft
from governance.records.database import create_records
from policies.catalog import Catalog, parse_catalog
from policies.errors import DecryptionError, LedgerError
from policies.purposes import PurposesFile
from policies.row_conditions import ExistsIn

PURPOSES = {
    "support": {"basis": {"gdpr": "contract"}},
    "marketing": {"basis": {"gdpr": "consent", "pipl": "consent"}},
    "marketing.email": {"parent": "marketing", "channels": ("email",)},
    "marketing.calls": {"parent": "marketing", "channels": ("phone", "sms")},
    "marketing.clinic": {"parent": "marketing", "consent": {"pipl": "separate", "tw-pdpa": "written"}},
}
CATALOG = """
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        subject_key: id
        fields: {id: {id: f1, category: user.unique_id, status: confirmed}}
      products: {id: d2}
      visits: {id: d3, subject_key: [clinic, patient], fields: {
        clinic: {id: f1, category: none, status: confirmed}, patient: {id: f2, category: user, status: confirmed}}}
      letters: {id: d4, subject_key: addressee,
        fields: {addressee: {id: f1, category: user.contact.email, status: confirmed}}}
"""


class TestHash:
    """A keyed hash as `protect` will make it."""

    __test__ = False

    def digest(self, domain: str, data: bytes) -> str:
        return hmac.new(b"k" * 32, domain.encode() + b"\0" + data, hashlib.sha256).hexdigest()


class TestSealer:
    """Authenticated encryption under one key."""

    __test__ = False
    _cipher = AESGCM(b"k" * 32)

    def seal(self, data: bytes, context: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, data, context)

    def seal_all(self, data: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        return [self.seal(each, context) for each, context in zip(data, contexts, strict=True)]

    def open(self, token: bytes, context: bytes) -> bytes:
        try:
            return self._cipher.decrypt(token[:12], token[12:], context)
        except InvalidTag:
            raise DecryptionError("token", found="another", expected="ours", next_step="none") from None


@dataclass
class TestLedger:
    """Keeps drafts in a table of the same database, so that they live and die with the transaction."""

    __test__ = False
    records: sa.Engine
    broken: bool = False

    def append_in(self, connection: sa.Connection, draft: EventDraft) -> object:
        if self.broken:
            raise LedgerError("ledger", found="a full disk", expected="space", next_step="make room")
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS test_ledger (kind TEXT, record TEXT)")
        insert = sa.text("INSERT INTO test_ledger VALUES (:kind, :record)")
        return connection.execute(insert, {"kind": draft.kind, "record": draft.refs.get("record")})

    def kinds(self) -> list[str]:
        with self.records.connect() as connection:
            return [row.kind for row in connection.exec_driver_sql("SELECT kind FROM test_ledger")]


class Clock:
    """A second passes at each look."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


@dataclass
class World:
    """Records, one store and all parts of consent."""

    records: sa.Engine
    store: sa.Engine
    purposes: PurposesFile
    clock: Clock
    ledger: TestLedger
    ids: Callable[[], str] = field(default_factory=lambda: map("e{}".format, itertools.count()).__next__)
    catalog: Catalog = field(default_factory=lambda: parse_catalog(CATALOG))

    def __post_init__(self) -> None:
        self.sealer = TestSealer()
        self.projection = ConsentProjection("crm", self.store)
        self.book = self.open_book()
        self.conditions = self.open_conditions()

    def open_book(self, purposes: PurposesFile | None = None) -> ConsentBook:
        return ConsentBook(
            self.records,
            purposes or self.purposes,
            keyed_hash=TestHash(),
            sealer=self.sealer,
            recorder=self.ledger,
            clock=self.clock,
            new_id=self.ids,
        )

    def open_upkeep(self, purposes: PurposesFile | None = None) -> ProjectionUpkeep:
        return ProjectionUpkeep(self.records, purposes or self.purposes, self.sealer, clock=self.clock)

    def open_conditions(self, purposes: PurposesFile | None = None) -> ConsentConditions:
        upkeep = self.open_upkeep(purposes)
        return ConsentConditions(purposes or self.purposes, self.catalog, upkeep, {"crm": self.projection})

    def rows(self) -> list[tuple[object, ...]]:
        with self.store.connect() as connection:
            query = "SELECT subject_key, purpose, channel, form, state FROM gov_consent ORDER BY 1, 2, 3"
            return [tuple(row) for row in connection.exec_driver_sql(query)]


def purposes_of(entries: Mapping[str, object]) -> PurposesFile:
    return PurposesFile.model_validate({"version": 1, "purposes": entries})


def sql_of(conditions: tuple[ExistsIn, ...], dataset: str = "customers") -> str:
    """What the guard will make of conditions, in small."""
    parts = ["1 = 1"]
    for each in conditions:
        match = [f"g.{column} = {dataset}.{name}" for column, name in each.match.items()]
        among = [
            f"g.{column} IN ({', '.join(repr(text) for text in texts)})".replace("\\", "")
            for column, texts in each.among.items()
        ]
        parts.append(f"{'NOT ' * each.absent}EXISTS (SELECT 1 FROM {each.table} g WHERE {' AND '.join(match + among)})")
    return f"SELECT id FROM {dataset} WHERE {' AND '.join(parts)} ORDER BY id"


def make_store(url: str, rows: int = 5, kind: str = "INTEGER") -> sa.Engine:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE customers (id {kind} PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE products (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE letters (id INTEGER PRIMARY KEY, addressee VARCHAR(80))")
        for number in range(1, rows + 1):
            connection.exec_driver_sql(f"INSERT INTO customers (id) VALUES ('{number}')")
    return engine


def make_world(records_url: str, store_url: str, kind: KeyKind = KeyKind.INTEGER) -> World:
    records = create_records(records_url)
    store = make_store(store_url, kind="INTEGER" if kind is KeyKind.INTEGER else "VARCHAR(40)")
    world = World(records, store, purposes_of(PURPOSES), Clock(), TestLedger(records))
    world.projection.create(kind)
    return world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(f"sqlite:///{tmp_path / 'gov.db'}", f"sqlite:///{tmp_path / 'crm.db'}")
    yield made
    made.records.dispose()
    made.store.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def each_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'crm.db'}"
    return str(request.getfixturevalue("postgres_url" if request.param == "postgresql" else "mysql_url"))


@pytest.fixture
def each_world(each_store_url: str, tmp_path: Path) -> Iterator[World]:
    made = make_world(f"sqlite:///{tmp_path / 'gov.db'}", each_store_url)
    yield made
    made.records.dispose()
    made.store.dispose()


@pytest.fixture
def make_sql() -> Callable[..., str]:
    return sql_of


@pytest.fixture
def make_purposes() -> Callable[[Mapping[str, object]], PurposesFile]:
    return purposes_of


@pytest.fixture
def build_world() -> Callable[..., World]:
    return make_world
