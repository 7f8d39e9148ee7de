"""A company with two databases and a folder of files; its tracer is made by hand for just these tables."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from governance import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.requests.traced import Identifier, Reach, Trace, TracedRecord
from policies.nouns import DatasetRef, FieldRef

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
MARKER = "planted.marker{}@zebra-quagga.example"
NAME = "Zebulon Quagmire"

CONFIG = """
version: 1
stores:
  crm: {{url: "{crm}"}}
  shop: {{url: "sqlite:///shop.db"}}
  exports: {{path: "exports/*.csv"}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr, pipl]
"""
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        subject_key: id
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          name: {id: f2, category: user.name, status: confirmed}
          email: {id: f3, category: user.contact.email, status: confirmed}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed}
          region: {id: f5, category: none, status: confirmed}
          household: {id: f6, category: none, status: confirmed}
          referrer: {id: f7, category: none, status: confirmed}
      households:
        id: d2
        subject_key: head
        fields: {head: {id: f1, category: none, status: confirmed}}
      orders:
        id: d3
        subject_key: customer
        fields:
          customer: {id: f1, category: none, status: confirmed}
          placed: {id: f2, category: none, status: confirmed}
      order_items:
        id: d4
      tickets:
        id: d5
        subject_key: customer
        fields: {customer: {id: f1, category: none, status: confirmed}}
  shop:
    id: s2
    datasets:
      accounts:
        id: d1
        subject_key: id
        fields: {id: {id: f1, category: none, status: confirmed}}
"""
RETENTION = """
version: 1
rules:
  invoices: {kind: duty, dataset: crm.orders, start: placed, period: P8Y, basis: tax}
"""
TABLES = """
CREATE TABLE households (id INT PRIMARY KEY, head INT, address VARCHAR(90));
CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(90) NOT NULL, email VARCHAR(90) NOT NULL UNIQUE,
  phone VARCHAR(40), region VARCHAR(10), household INT, referrer INT,
  FOREIGN KEY (household) REFERENCES households (id), FOREIGN KEY (referrer) REFERENCES customers (id));
CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, placed DATE, ship_to VARCHAR(90),
  FOREIGN KEY (customer) REFERENCES customers (id));
CREATE TABLE order_items (id INT PRIMARY KEY, basket INT NOT NULL, item VARCHAR(40),
  FOREIGN KEY (basket) REFERENCES orders (id));
CREATE TABLE tickets (id INT PRIMARY KEY, customer INT, body VARCHAR(200),
  FOREIGN KEY (customer) REFERENCES customers (id))
"""
CRM = TABLES.split(";")
CIRCLE = "ALTER TABLE households ADD CONSTRAINT head_fk FOREIGN KEY (head) REFERENCES customers (id)"
SQLITE_HOUSEHOLDS = (
    "CREATE TABLE households (id INT PRIMARY KEY, head INT, address VARCHAR(90),"
    " FOREIGN KEY (head) REFERENCES customers (id))"
)
HOUSEHOLDS = DatasetRef("crm", "households")
CUSTOMERS, ORDERS = DatasetRef("crm", "customers"), DatasetRef("crm", "orders")
ITEMS, TICKETS = DatasetRef("crm", "order_items"), DatasetRef("crm", "tickets")
ACCOUNTS, LEADS = DatasetRef("shop", "accounts"), DatasetRef("exports", "leads.csv")


def fill(engine):
    """Customers 1 to 6; 1 has an invoice of this year, 2 an old one, 4 was referred by 3."""
    with engine.begin() as connection:
        for number in range(1, 7):
            values = {"id": number, "name": NAME, "email": MARKER.format(number), "phone": "+49 1512 7654321"}
            connection.execute(
                sa.text(
                    "INSERT INTO customers (id, name, email, phone, region) VALUES (:id, :name, :email, :phone, 'EU')"
                ),
                values,
            )
            connection.execute(sa.text(f"INSERT INTO households VALUES ({number}, {number}, 'Zorblatt Way 7')"))
            connection.execute(sa.text(f"UPDATE customers SET household = {number} WHERE id = {number}"))
            for ticket in (number, number + 100):
                connection.execute(sa.text(f"INSERT INTO tickets VALUES ({ticket}, {number}, 'allergic to zorblatt')"))
        connection.execute(sa.text("UPDATE customers SET referrer = 3 WHERE id = 4"))
        connection.execute(sa.text("UPDATE customers SET referrer = 2 WHERE id = 2"))
        connection.execute(sa.text("INSERT INTO orders VALUES (1, 1, '2026-03-01', 'Zorblatt Way 7')"))
        connection.execute(sa.text("INSERT INTO orders VALUES (2, 2, '2010-03-01', 'Zorblatt Way 7')"))
        connection.execute(sa.text("INSERT INTO order_items VALUES (1, 1, 'pen'), (2, 2, 'ink')"))


def fill_shop(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE accounts (id VARCHAR(20) PRIMARY KEY, crm_id INT, email VARCHAR(90))"))
        for number in range(1, 7):
            values = {"id": f"acc-{number}", "crm_id": number, "email": MARKER.format(number)}
            connection.execute(sa.text("INSERT INTO accounts VALUES (:id, :crm_id, :email)"), values)


def url_of(engine):
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def crm_url(request, tmp_path):
    names = {"postgresql": "postgres_url", "mariadb": "mysql_url"}
    name = names.get(request.param)
    return request.getfixturevalue(name) if name else f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture
def lite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'crm.db'}"


def build(folder, url):
    """The company, made ready by `governance init`; the process stands in its folder."""
    crm, shop = sa.create_engine(url), sa.create_engine(f"sqlite:///{folder / 'shop.db'}")
    with crm.begin() as connection:
        lite = crm.dialect.name == "sqlite"
        for statement in (SQLITE_HOUSEHOLDS, *CRM[1:]) if lite else (*CRM, CIRCLE):
            connection.execute(sa.text(statement))
    fill(crm)
    fill_shop(shop)
    (folder / "exports").mkdir()
    (folder / "exports" / "leads.csv").write_text(f"crm_id,email\n1,{MARKER.format(1)}\n5,{MARKER.format(5)}\n")
    (folder / "policies").mkdir()
    (folder / "governance.yaml").write_text(CONFIG.format(crm=url))
    (folder / "policies" / "access.csv").write_text(
        "p, desk, rectification, read, crm.customers, clear, allow,\n"
        "p, desk, rectification, write, crm.customers, clear, allow,\n"
        f"g, {actor()}, desk\ng, {actor()}, impersonate\n"
    )
    (folder / "policies" / "principals.yaml").write_text(f"version: 1\nprincipals:\n  {actor()}: {{}}\n")
    (folder / "policies" / "purposes.yaml").write_text(
        "version: 1\npurposes:\n  rectification: {basis: {gdpr: legal_obligation, pipl: legal_obligation}}\n"
        "  news: {basis: {gdpr: consent, pipl: consent}, channels: [email]}\n"
    )
    (folder / "policies" / "catalog.yaml").write_text(CATALOG)
    (folder / "policies" / "retention.yaml").write_text(RETENTION)
    assert main(["init"]) == 0
    return crm, shop


@pytest.fixture
def company(tmp_path, monkeypatch, crm_url):
    yield from _company(tmp_path, monkeypatch, crm_url)


@pytest.fixture
def lite_company(tmp_path, monkeypatch, lite_url):
    yield from _company(tmp_path, monkeypatch, lite_url)


def _company(folder, monkeypatch, url):
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    monkeypatch.chdir(folder)
    crm, shop = build(folder, url)

    def rows(sql, engine=crm):
        with engine.begin() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql))]

    def ids(table, engine=crm):
        return [row[0] for row in rows(f"SELECT id FROM {table} ORDER BY id", engine)]

    def change(sql, engine=crm):
        with engine.begin() as connection:
            connection.execute(sa.text(sql))

    def rule(text):
        (folder / "policies" / "erasure.yaml").write_text(f"version: 1\n{text}")

    yield SimpleNamespace(
        folder=folder, crm=crm, shop=shop, rows=rows, ids=ids, change=change, rule=rule, clock=Clock()
    )
    crm.dispose()
    shop.dispose()


class Clock:
    """A clock that a test moves on."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def gov(company):
    with Governance.open(
        "governance.yaml", actor=actor(), clock=company.clock, new_id=lambda: uuid.uuid4().hex
    ) as opened:
        yield opened


@pytest.fixture
def lite_gov(lite_company):
    with Governance.open(
        "governance.yaml", actor=actor(), clock=lite_company.clock, new_id=lambda: uuid.uuid4().hex
    ) as opened:
        yield opened


def trace(gov, identifiers, **_):
    """All records of the customers whom e-mail addresses or `crm:KEY` name, as they lie in the stores now."""
    found, keys, crm_keys = {}, {}, set()
    urls = {name: gov.project.store_target(name) for name in ("crm", "shop")}
    engines = {name: sa.create_engine(url) for name, url in urls.items()}
    with engines["crm"].connect() as crm, engines["shop"].connect() as shop:
        mails = [each.value for each in identifiers if each.kind == "email"]
        for mail in mails:
            for (number,) in crm.execute(sa.text("SELECT id FROM customers WHERE email = :m"), {"m": mail}):
                found[CUSTOMERS, (number,)] = (Reach.IDENTIFIER, FieldRef("crm", "customers", "email"), 0)
                crm_keys.add(number)
        for each in identifiers:
            if each.kind == "key" and each.value.startswith("crm:"):
                crm_keys.add(int(each.value.removeprefix("crm:")))
        for number in sorted(crm_keys):
            own = (("customers", "id"), ("households", "head"), ("orders", "customer"), ("tickets", "customer"))
            for table, field in own:
                for (key,) in crm.execute(sa.text(f"SELECT id FROM {table} WHERE {field} = {number} ORDER BY id")):
                    found.setdefault((DatasetRef("crm", table), (key,)), (Reach.SUBJECT_KEY, None, 0))
            items = sa.text(
                f"SELECT i.id FROM order_items i JOIN orders o ON o.id = i.basket WHERE o.customer = {number}"
            )
            for (key,) in crm.execute(items):
                found[ITEMS, (key,)] = (Reach.JOIN, FieldRef("crm", "order_items", "basket"), 1)
            for (key,) in shop.execute(sa.text(f"SELECT id FROM accounts WHERE crm_id = {number}")):
                found[ACCOUNTS, (key,)] = (Reach.JOIN, FieldRef("shop", "accounts", "crm_id"), 1)
                keys.setdefault("shop", set()).add((key,))
            with Path("exports/leads.csv").open() as lines:
                for place, line in enumerate(lines):
                    if line.split(",")[0] == str(number):
                        found[LEADS, (place,)] = (Reach.JOIN, FieldRef("exports", "leads.csv", "crm_id"), 1)
    for engine in engines.values():
        engine.dispose()
    if crm_keys and any(ref.store == "crm" for ref, _ in found):
        keys["crm"] = {(number,) for number in crm_keys}
    records = tuple(TracedRecord(ref, key, *said) for (ref, key), said in found.items())
    return Trace(records, {name: frozenset(each) for name, each in keys.items()})


def person(number):
    """By what a customer is looked for."""
    return [Identifier("email", MARKER.format(number))]


def guess(_, values, kind=None):
    """Values as identifiers."""
    return [Identifier(kind or "email", each) for each in values]
