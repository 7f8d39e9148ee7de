"""A shop with a cycle, a self reference and composite keys, on each kind of store, and how it is copied."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import shutil
import uuid
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from connectors.base import FULL
from connectors.opening import open_store
from governance.copies.work import CopyWork, Places, plan_copy
from governance.flows.scan.scanning import scan_stores
from governance.jobs.engine import run_job
from governance.jobs.office import Office
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.pseudonyms import PseudonymKey
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records, open_records
from governance.scan.options import Engine, ScanOptions
from governance.scan.result import ScanResult
from policies.catalog import parse_catalog
from policies.copy_rules import parse_copy_rules

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
START = dt.datetime(2026, 1, 1)  # noqa: DTZ001 a store's own times carry no zone
KEY = PseudonymKey(b"p" * 32)

CATALOG = """
version: 1
stores:
  shop:
    id: s1
    datasets:
      customers:
        id: d1
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
          name: {id: f3, category: user.name, status: confirmed}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed}
          country: {id: f5, category: user.contact.address.country, status: confirmed}
          born: {id: f6, category: user.demographic.date_of_birth, status: confirmed}
          referred_by: {id: f7, category: user.unique_id, status: confirmed}
          note: {id: f8, category: none, status: confirmed}
      orders:
        id: d2
        subject_key: customer_id
        fields:
          id: {id: f1, category: none, status: confirmed}
          customer_id: {id: f2, category: user.unique_id, status: confirmed}
          placed_at: {id: f3, category: user.behavior.purchase_history, status: confirmed}
          total: {id: f4, category: none, status: confirmed}
      order_items:
        id: d3
        fields:
          order_id: {id: f1, category: none, status: confirmed}
          line: {id: f2, category: none, status: confirmed}
          product: {id: f3, category: none, status: confirmed}
      products:
        id: d4
        fields:
          code: {id: f1, category: none, status: confirmed}
          label: {id: f2, category: none, status: confirmed}
      departments:
        id: d5
        fields:
          id: {id: f1, category: none, status: confirmed}
          head: {id: f2, category: none, status: confirmed}
      employees:
        id: d6
        fields:
          id: {id: f1, category: none, status: confirmed}
          department: {id: f2, category: none, status: confirmed}
"""

RULES = """
version: 1
domains:
  customer: {kind: long_integer}
  person: {kind: person, locale: en}
  email: {kind: email}
datasets:
  customers:
    fields:
      id: pseudonym:customer
      email: pseudonym:email
      name: pseudonym:person
      phone: mask:phone
      country: {treatment: clear, why: taxes}
      born: mask:year
      referred_by: pseudonym:customer
      note: clear
  orders:
    fields:
      id: clear
      customer_id: pseudonym:customer
      placed_at: shift:30
      total: clear
  order_items:
    fields: {order_id: clear, line: clear, product: clear}
  products:
    fields: {code: clear, label: clear}
  departments:
    fields: {id: clear, head: clear}
  employees:
    fields: {id: clear, department: clear}
"""

COUNTRIES = ("DE", "FR", "CN")


def shop_tables():
    made = sa.MetaData()
    key = {"primary_key": True, "autoincrement": False}
    sa.Table(
        "customers",
        made,
        sa.Column("id", sa.Integer, **key),
        sa.Column("email", sa.String(80), unique=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("phone", sa.String(30)),
        sa.Column("country", sa.String(2)),
        sa.Column("born", sa.Date),
        sa.Column("referred_by", sa.ForeignKey("customers.id", use_alter=True)),
        sa.Column("note", sa.String(200)),
    )
    sa.Table(
        "orders",
        made,
        sa.Column("id", sa.Integer, **key),
        sa.Column("customer_id", sa.ForeignKey("customers.id"), index=True),
        sa.Column("placed_at", sa.DateTime),
        sa.Column("total", sa.Numeric(10, 2)),
    )
    sa.Table("products", made, sa.Column("code", sa.String(20), **key), sa.Column("label", sa.String(40)))
    sa.Table(
        "order_items",
        made,
        sa.Column("order_id", sa.ForeignKey("orders.id"), **key),
        sa.Column("line", sa.Integer, **key),
        sa.Column("product", sa.ForeignKey("products.code")),
    )
    sa.Table(
        "departments", made, sa.Column("id", sa.Integer, **key),
        sa.Column("head", sa.ForeignKey("employees.id", use_alter=True, name="fk_head")),
    )  # fmt: skip
    sa.Table(
        "employees", made, sa.Column("id", sa.Integer, **key), sa.Column("department", sa.ForeignKey("departments.id"))
    )
    return made


def fill_shop(engine, customers=30):
    made = shop_tables()
    made.create_all(engine)
    rows = [
        {
            "id": number,
            "email": f"person{number}@corp-mail.de",
            "name": f"Xaver Quillfeather{number}",
            "phone": f"+49170{number:07}",
            "country": COUNTRIES[number % 3],
            "born": dt.date(1960 + number % 40, 1 + number % 12, 1 + number % 28),
            "referred_by": number - 1 if (number - 1) % 5 else None,
            "note": f"likes item {number % 4}",
        }
        for number in range(1, customers + 1)
    ]
    orders = [
        {"id": n, "customer_id": 1 + n % customers, "placed_at": START + dt.timedelta(hours=n),
         "total": decimal.Decimal(n) / 4}
        for n in range(1, 2 * customers + 1)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.insert(made.tables["customers"]), rows)
        connection.execute(sa.insert(made.tables["orders"]), orders)
        products = [{"code": f"P{n}", "label": f"Thing {n}"} for n in range(8)]
        connection.execute(sa.insert(made.tables["products"]), products)
        pairs = [(n, line) for n in range(1, 2 * customers + 1) for line in (1, 2)]
        items = [{"order_id": n, "line": line, "product": f"P{(n + line) % 7}"} for n, line in pairs]
        connection.execute(sa.insert(made.tables["order_items"]), items)
        departments = made.tables["departments"]
        connection.execute(sa.insert(departments), [{"id": n, "head": None} for n in (1, 2, 3)])
        connection.execute(
            sa.insert(made.tables["employees"]), [{"id": n, "department": 1 + n % 3} for n in range(1, 10)]
        )
        for n in (1, 2, 3):
            connection.execute(sa.update(departments).where(departments.c.id == n).values(head=1 + n % 3 + 3))
    return made


def make_office(records, **changes):
    parts = {"signer": Ed25519Signer("governance.ledger/test", b"s" * 32), "keyed_hash": HmacKeyedHash(b"k" * 32)}
    common = {"clock": lambda: NOW, "new_id": lambda: uuid.uuid4().hex}
    ledger = Ledger(records, **parts, **common)
    given = {"records": records, "ledger": ledger, **parts, **common, "zone": "Asia/Shanghai", "digest": "d1",
             "actor": "p:planner", **changes}  # fmt: skip
    return Office(**given)


@pytest.fixture(scope="session")
def empty_records(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "gov.db"
    create_records(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def office(tmp_path, empty_records):
    shutil.copy(empty_records, tmp_path / "gov.db")
    engine = open_records(f"sqlite:///{tmp_path / 'gov.db'}")
    yield make_office(engine)
    engine.dispose()


def make_places(source_url, target_url, folder, *, catalog=CATALOG, key=KEY, scanned=False):
    source, target = "shop", "test"

    def scan():
        if not scanned:  # what a scan finds has tests of its own
            return ScanResult((), "none")
        store = open_store(target, target_url)
        try:
            return scan_stores([store], ScanOptions(sample=FULL, engine=Engine(models="off"), workers=1))
        finally:
            store.close()

    return Places(
        source=source,
        target=target,
        source_engine=sa.create_engine(source_url, hide_parameters=True),
        target_engine=sa.create_engine(target_url, hide_parameters=True),
        catalog=parse_catalog(catalog),
        key=key,
        folder=folder,
        scan=scan,
    )


def run_copy(office, places, plan, **options):
    with CopyWork(places, plan) as work:
        return run_job(office, work, plan, places.target_engine, **options)


def copied(office, places, rules=RULES, **options):
    plan = plan_copy(office, places, parse_copy_rules(rules))
    return plan, run_copy(office, places, plan, **options)


def table(engine, name):
    with engine.connect() as connection:
        found = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
        order = list(found.primary_key.columns)
        return [dict(row) for row in connection.execute(sa.select(found).order_by(*order)).mappings()]


@pytest.fixture
def fresh(request, tmp_path):
    """Gives the address of a fresh database of a kind."""
    makers, number = [], itertools.count(1)

    def address(kind):
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'store{next(number)}.db'}"
        server = request.getfixturevalue({"postgresql": "postgres_server", "mariadb": "mysql_server"}[kind])
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        name = f"gov_test_{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            more = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if kind == "mariadb" else ""
            connection.exec_driver_sql(f"CREATE DATABASE {name}{more}")
        makers.append((admin, name, kind))
        return sa.make_url(server).set(database=name).render_as_string(hide_password=False)

    yield address
    for admin, name, kind in makers:
        with admin.connect() as connection:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")
        admin.dispose()


@pytest.fixture
def shop(tmp_path):
    """All that tests of copies share."""
    made = []

    def places(*args, **options):
        made.append(make_places(*args, **options))
        return made[-1]

    yield SimpleNamespace(
        fill=fill_shop,
        unowned=make_places,
        places=places, plan=plan_copy, run=run_copy, copied=copied, table=table, rules=RULES,
        catalog=CATALOG, parse=parse_copy_rules, office=make_office, folder=tmp_path / "plans", key=KEY,
    )  # fmt: skip
    for each in made:
        each.source_engine.dispose()
        each.target_engine.dispose()
