"""What two datasets or stores say of the same person: what differs, and what is only written otherwise."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.memory import MemoryStore
from connectors.opening import open_store
from policies.catalog import parse_catalog
from policies.quality_rules import QualityFile

RULES = QualityFile(subjects={"customer": ("crm.people", "shop.clients")})
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        subject_key: id
        record_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          name: {id: f2, category: user.name, status: confirmed}
          email: {id: f3, category: user.contact.email, status: confirmed}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed}
          born: {id: f5, category: user.demographic.date_of_birth, status: confirmed}
          news: {id: f6, category: user.privacy_preferences, status: confirmed}
  shop:
    id: s2
    datasets:
      clients:
        id: d1
        subject_key: person
        record_key: no
        fields:
          no: {id: f1, category: user.unique_id, status: confirmed}
          person: {id: f2, category: user.unique_id, status: confirmed}
          name: {id: f3, category: user.name, status: confirmed}
          email: {id: f4, category: user.contact.email, status: confirmed}
          phone: {id: f5, category: user.contact.phone_number, status: confirmed}
          born: {id: f6, category: user.demographic.date_of_birth, status: confirmed}
          news: {id: f7, category: user.privacy_preferences, status: confirmed}
          ship_phone: {id: f8, category: user.contact.phone_number, status: confirmed}
"""
SERVER_CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
          born: {id: f3, category: user.demographic.date_of_birth, status: confirmed}
          news: {id: f4, category: user.privacy_preferences, status: confirmed}
          amount: {id: f5, category: none, status: confirmed}
      leads:
        id: d2
        subject_key: person
        fields:
          person: {id: f1, category: user.unique_id, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
          news: {id: f3, category: user.privacy_preferences, status: confirmed}
"""
_CREATED = dt.datetime(2020, 1, 1, 12)  # noqa: DTZ001 as the column holds it
PEOPLE = (
    (1, "ann@example.org", dt.date(1980, 2, 9), True, 5, _CREATED, dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
    (2, "Ann@example.org", dt.date(1980, 2, 9), False, -5, _CREATED, dt.datetime(2019, 1, 2, tzinfo=dt.UTC)),
    (3, "c@@example", dt.date(2031, 1, 1), None, None, _CREATED, dt.datetime(2031, 1, 1, tzinfo=dt.UTC)),
)
LEADER = {
    "name": "欧阳小明",
    "email": "ming@example.cn",
    "phone": "13912345678",
    "born": "1980-02-09",
    "news": "true",
}


def _store(name: str, dataset: str, rows: list[dict[str, str | None]]) -> MemoryStore:
    columns = {key: pa.array([row.get(key) for row in rows], pa.string()) for key in rows[0]}
    return MemoryStore(name, {dataset: pa.table(columns)})


def _differs(look_at, field: str, said: str | None, *, leader: str | None = "") -> bool:
    catalog = parse_catalog(CATALOG).stores
    led = {"id": "7", **LEADER} | ({field: leader} if leader != "" else {})
    other = {"no": "1", "person": "7", "ship_phone": "13700000001", **dict.fromkeys(LEADER), field: said}
    stores = {
        _store("shop", "clients", [other]): catalog["shop"],  # the leader need not be read first
        _store("crm", "people", [led]): catalog["crm"],
    }
    found = look_at(stores, RULES, only=["consistency"])
    assert {place for place, _ in found.rows} <= {f"shop.clients.{field}"}
    return bool(found.rows)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("email", "other@example.cn"),
        ("phone", "13912345679"),
        ("name", "欧阳小红"),
        ("born", "1980-02-10"),
        ("news", "N"),
    ],
)
def test_another_value_differs(look_at, field: str, said: str) -> None:
    assert _differs(look_at, field, said)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("email", "MING+shop@Example.cn"),
        ("email", "test@test.com"),
        ("email", None),
        ("phone", "+86 139-1234-5678"),
        ("phone", "010-66778899"),  # a landline beside a mobile
        ("phone", "13800138000"),
        ("name", "歐陽小明"),
        ("name", "OUYANG Xiaoming"),
        ("name", "Au Yeung Siu Ming"),  # another romanisation: nobody can tell
        ("born", "1980/2/9"),
        ("news", "是"),
        ("news", "perhaps"),
    ],
)
def test_another_notation_does_not_differ(look_at, field: str, said: str | None) -> None:
    assert not _differs(look_at, field, said)


def test_what_the_leader_does_not_know_is_not_compared(look_at) -> None:
    assert not _differs(look_at, "email", "other@example.cn", leader=None)


@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_columns_of_a_server_are_judged_by_their_own_types(server: str, request, look_at) -> None:
    url = request.getfixturevalue(server)
    engine = sa.create_engine(url)
    metadata = sa.MetaData()
    people = sa.Table(
        "people",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("email", sa.String(80)),
        sa.Column("born", sa.Date),
        sa.Column("news", sa.Boolean),
        sa.Column("amount", sa.Numeric(10, 2)),
        sa.Column("created_at", sa.DateTime),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
    )
    leads = sa.Table(
        "leads",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Integer, sa.ForeignKey("people.id")),
        sa.Column("email", sa.String(80)),
        sa.Column("news", sa.String(5)),
    )
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(
            sa.insert(people),
            [dict(zip(people.columns.keys(), row, strict=True)) for row in PEOPLE],
        )
        connection.execute(sa.insert(leads), [{"id": 1, "person": 1, "email": "bea@example.org", "news": "N"}])
    engine.dispose()
    store = open_store("crm", url)
    found = look_at({store: parse_catalog(SERVER_CATALOG).stores["crm"]})
    store.close()
    wrong = {(place, rule): {key[0] for key in keys} for (place, rule), keys in found.rows.items()}
    assert wrong == {
        ("crm.people", "freshness.stale"): {"2"},
        ("crm.people", "uniqueness.person"): {"2"},
        ("crm.people.amount", "validity.negative"): {"2"},
        ("crm.people.born", "validity.date"): {"3"},
        ("crm.people.email", "validity.form"): {"3"},
        ("crm.people.updated_at", "validity.date"): {"3"},
        ("crm.people.updated_at", "validity.order"): {"2"},
        ("crm.leads.email", "consistency.differs"): {"1"},
        ("crm.leads.news", "consistency.differs"): {"1"},
    }
