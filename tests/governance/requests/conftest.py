"""A shop in one of three databases, with files beside it, in which people hang together in every awkward way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.cli.main import main

CONFIG = """
version: 1
stores:
  crm: {{url: "{url}"}}
  files: {{path: "exports/*"}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr, pipl, tw-pdpa, ccpa]
scan: {{regions: [DE, CN, TW]}}
"""
PURPOSES = """
version: 1
purposes:
  answer_requests: {text: Answer people., basis: {gdpr: legal_obligation, pipl: legal_obligation}}
  service: {text: Deliver what was ordered., basis: {gdpr: contract, pipl: contract}}
  marketing: {text: Send offers., basis: {gdpr: consent, pipl: consent}}
"""
ACCESS = """
p, officer, answer_requests, export, crm.customers, clear, allow,
p, officer, answer_requests, export, crm.orders, clear, allow,
p, officer, answer_requests, export, crm.order_lines, clear, allow,
p, officer, answer_requests, export, crm.tickets, clear, allow,
p, clerk, service, read, crm.customers, clear, allow,
p, clerk, service, read, crm.orders, clear, allow,
g, olga, officer
g, carl, clerk
"""
METADATA = sa.MetaData()


def _text(size=120):
    return sa.String(size)


customers = sa.Table(
    "customers",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("customer_no", _text(20)),
    sa.Column("name", _text()),
    sa.Column("email", _text()),
    sa.Column("phone", _text(40)),
    sa.Column("referred_by", sa.ForeignKey("customers.id")),
    sa.Column("last_order", sa.Integer, sa.ForeignKey("orders.id", use_alter=True, name="fk_last_order")),
    sa.Column("spouse_email", _text()),
)
products = sa.Table(
    "products", METADATA, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), sa.Column("name", _text())
)
orders = sa.Table(
    "orders",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id")),
    sa.Column("product_id", sa.ForeignKey("products.id")),
    sa.Column("ship_phone", _text(40)),
    sa.Column("note", sa.Text),
)
order_lines = sa.Table(
    "order_lines",
    METADATA,
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", _text()),
)
line_events = sa.Table(
    "line_events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("order_id", sa.Integer),
    sa.Column("line", sa.Integer),
    sa.ForeignKeyConstraint(["order_id", "line"], ["order_lines.order_id", "order_lines.line"]),
)
staff = sa.Table(
    "staff",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("email", _text()),
    sa.Column("mentor", sa.ForeignKey("staff.id")),
)
tickets = sa.Table(
    "tickets",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id")),
    sa.Column("agent_id", sa.ForeignKey("staff.id")),
    sa.Column("reply_to", sa.ForeignKey("tickets.id")),
    sa.Column("body", sa.Text),
)
contacts = sa.Table(
    "contacts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("customer_id", sa.Integer),
    sa.Column("email", _text()),
)
keyless = sa.Table("keyless", METADATA, sa.Column("email", _text()))
islands = sa.Table(
    "islands",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("weight", sa.Integer),
)

CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        subject_key: id
        third_persons: spouse_email
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed, source: shop}
          customer_no: {id: f2, category: user.unique_id, status: confirmed, source: shop}
          name: {id: f3, category: user.name, status: confirmed, source: subject}
          email: {id: f4, category: user.contact.email, status: confirmed, source: subject}
          phone: {id: f5, category: user.contact.phone_number, status: confirmed, source: subject}
          referred_by: {id: f6, category: user.unique_id, status: confirmed}
          last_order: {id: f7, category: user.unique_id, status: confirmed}
          spouse_email: {id: f8, category: user.contact.email, status: confirmed, source: subject}
      orders:
        id: d2
        subject_key: customer_id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          customer_id: {id: f2, category: user.unique_id, status: confirmed}
          product_id: {id: f3, category: none, status: confirmed}
          ship_phone: {id: f4, category: user.contact.phone_number, status: confirmed, source: subject}
          note: {id: f5, category: user.content.private, status: confirmed}
      order_lines:
        id: d3
        fields:
          order_id: {id: f1, category: user.unique_id, status: confirmed}
          line: {id: f2, category: none, status: confirmed}
          text: {id: f3, category: user.behavior.purchase_history, status: confirmed}
      line_events:
        id: d4
        fields:
          id: {id: f1, category: none, status: confirmed}
          order_id: {id: f2, category: user.unique_id, status: confirmed}
          line: {id: f3, category: none, status: confirmed}
      products:
        id: d5
        fields:
          id: {id: f1, category: none, status: confirmed}
          name: {id: f2, category: none, status: confirmed}
      staff:
        id: d6
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
          mentor: {id: f3, category: user.unique_id, status: confirmed}
      tickets:
        id: d7
        subject_key: customer_id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          customer_id: {id: f2, category: user.unique_id, status: confirmed}
          agent_id: {id: f3, category: user.unique_id, status: confirmed}
          reply_to: {id: f4, category: user.unique_id, status: confirmed}
          body: {id: f5, category: user.content.private, status: confirmed}
      contacts:
        id: d8
        subject_key: customer_id
        joins:
          - {fields: customer_id, to: crm.customers, referred: id}
        fields:
          id: {id: f1, category: none, status: confirmed}
          customer_id: {id: f2, category: user.unique_id, status: confirmed}
          email: {id: f3, category: user.contact.email, status: confirmed}
      keyless:
        id: d9
        fields:
          email: {id: f1, category: user.contact.email, status: confirmed}
      islands:
        id: d10
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          weight: {id: f2, category: user.demographic, status: confirmed}
  files:
    id: s2
    datasets:
      survey.csv:
        id: d1
        fields:
          mail: {id: f1, category: user.contact.email, status: confirmed}
          answer: {id: f2, category: user.content.private, status: confirmed}
      points.jsonl:
        id: d2
        record_key: no
        joins:
          - {fields: buyer, to: crm.customers, referred: id}
        fields:
          "no": {id: f1, category: none, status: confirmed}
          buyer: {id: f2, category: user.unique_id, status: confirmed}
      calls.parquet:
        id: d3
        fields:
          tel: {id: f1, category: user.contact.phone_number, status: confirmed}
          seconds: {id: f2, category: none, status: confirmed}
"""

PEOPLE = [
    # id, customer_no, name, email, phone, referred_by, last_order, spouse_email
    (1, "C-0001-A", "Anna Beispiel", "Anna@Example.com", "0151 27654321", None, None, "kai@example.com"),
    (2, "C-0002-B", "Bernd Muster", "bernd@example.com", "+49 30 901820", 1, None, None),
    (3, "C-0003-C", "王小明", "ｗａｎｇ＠example.com", "０９１２ ３４５ ６７８", None, None, None),
    (4, "C-0004-D", "Anna B.", "anna.b@example.org", "+4915127654321", None, None, None),
    *((10 + n, f"C-00{n}-F", f"Member {n}", f"m{n}@example.net", "030 1234567", None, None, None) for n in range(5)),
]
ORDERS = [
    (100, 1, 7, None, None),
    (101, 1, 7, "+49 30 901820", "ring twice"),
    (102, 2, 7, "(0151) 276-54321", "Anna will collect, anna@EXAMPLE.com or 0049 151 2765 4321"),
    (103, 3, 7, None, "请联系王小明，电话０９１２３４５６７８"),
]
TICKETS = [
    (1, 1, 7, None, "my invoice, please"),
    (2, None, 7, 1, "answered"),
    (3, 2, 7, 1, "same for me"),
    (4, 2, 7, 4, "a ticket that answers itself"),
    (5, None, None, None, "客户ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ来信"),
]


def fill(url: str) -> None:
    """The shop's rows."""
    engine = sa.create_engine(url)
    METADATA.create_all(engine)
    with engine.begin() as connection:

        def put(table: sa.Table, rows: list[tuple[object, ...]]) -> None:
            connection.execute(table.insert(), [dict(zip(table.c.keys(), row, strict=True)) for row in rows])

        put(products, [(7, "tea")])
        put(customers, PEOPLE)
        put(orders, ORDERS)
        connection.execute(customers.update().where(customers.c.id == 1).values(last_order=100))
        put(order_lines, [(100, 1, "tea"), (100, 2, "cup"), (102, 1, "tea")])
        put(line_events, [(1, 100, 2), (2, 102, 1)])
        put(staff, [(7, "agent@example.com", None), (1, "boss@example.com", None)])
        put(tickets, TICKETS)
        put(contacts, [(1, 1, "old@example.com"), (2, None, "anna@example.com "), (3, 2, "ANNA@example.com")])
        put(keyless, [("anna@example.com",)])
        put(islands, [(1, 80)])
    engine.dispose()


def build(folder: Path, url: str) -> None:
    """The project; the process must stand in its folder."""
    (folder / "exports").mkdir()
    survey = "mail,answer\nANNA@example.com,fine\nx@example.com,ask anna@example.com\n＠,\n"
    (folder / "exports" / "survey.csv").write_text(survey, encoding="utf-8")
    (folder / "exports" / "points.jsonl").write_text('{"no": 1, "buyer": 1}\n{"no": 2, "buyer": 2}\n', encoding="utf-8")
    calls = pa.table({"tel": ["+49-151-27654321", "110", None], "seconds": [5, 6, 7]})
    pq.write_table(calls, folder / "exports" / "calls.parquet")
    (folder / "policies").mkdir()
    (folder / "governance.yaml").write_text(CONFIG.format(url=url), encoding="utf-8")
    principals = "version: 1\nprincipals: {olga: {}, carl: {}}\n"
    for name, text in (
        ("catalog", CATALOG), ("purposes", PURPOSES), ("principals", principals), ("retention", "version: 1\n")
    ):  # fmt: skip
        (folder / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "policies" / "access.csv").write_text(ACCESS, encoding="utf-8")
    assert main(["init"]) == 0
    fill(url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project over one of the databases, for the tests of a file, which leave it as it is."""
    folder = tmp_path_factory.mktemp("project")
    names = {"postgresql": "postgres_module_url", "mysql": "mysql_module_url"}
    url = request.getfixturevalue(names[request.param]) if request.param in names else "sqlite:///shop.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build(folder, url)
        yield folder


@pytest.fixture
def lite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project over SQLite."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    build(folder, "sqlite:///shop.db")
    return folder


def opened(folder: Path) -> Governance:
    """The project."""
    return Governance.open(folder / "governance.yaml", actor="olga", new_id=lambda: uuid.uuid4().hex)


@pytest.fixture(scope="module")
def gov(shop: Path) -> Iterator[Governance]:
    """The project over each database, opened."""
    with opened(shop) as gov:
        yield gov


@pytest.fixture
def lite_gov(lite: Path) -> Iterator[Governance]:
    """The project over SQLite, opened."""
    with opened(lite) as gov:
        yield gov
