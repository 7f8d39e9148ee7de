"""Worlds that differ only in what the principal may not see, each behind a guard of its own, and what one gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy import Float, ForeignKey, Integer, String
from sqlalchemy.orm import Bundle, DeclarativeBase, aliased, column_property, mapped_column, relationship

from governance.guard.base import UseContext
from governance.guard.engine import GuardedStore
from policies.catalog import CatalogStore
from policies.errors import GovernanceError

from .hands import CATALOG, CONTEXT, CUSTOMER_FIELDS, EU, ORDER_FIELDS, HandPermits, HandRecorder, dataset_permit, now

SCHEMA = (
    """CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, national_id TEXT,
    tier TEXT, region TEXT, notes TEXT)""",
    """CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id),
    amount DOUBLE PRECISION, address TEXT)""",
    "CREATE INDEX ix_email ON customers(email)",
    # An index that tempts the database to hand visible rows out in the order of a hidden value.
    "CREATE INDEX ix_tempting ON customers(region, email, id, name, tier)",
    "CREATE INDEX ix_notes ON customers(region, notes, national_id)",
    "CREATE VIEW v_c AS SELECT id, email AS contact, region FROM customers",
)


CUSTOMERS = (
    (1, "Ann", "ann@x.io", "+4915112345678", "A123", "gold", "EU", "likes tea"),
    (2, "Bob", "bob@x.io", "+4915187654321", "B456", "free", "EU", ""),
    (3, "Cid", "cid@y.io", "+4915100000000", "C789", "free", "EU", None),
    (4, "Dee", "dee@x.io", "+12025550100", "D012", "gold", "US", "secret"),
    (6, "Eve", "eve@z.io", "+8613800138000", "M777", "gold", "EU", "long note here"),
    (8, "Abe", "abe@x.io", "+4915133335678", "K42", "gold", "EU", "asks for tea"),
)


ORDERS = (
    (1, 1, 10.0, "Main St 1"), (2, 2, 20.0, "Side St 2"), (3, 4, 30.0, "US Rd 3"), (4, 6, 5.5, "High St 4"),
    (5, 1, 7.25, "Main St 1"),
)  # fmt: skip


# The same in the treated image of every visible row: each e-mail keeps its first letter and domain.
OTHER_MASKED = (
    (1, "Ann", "axxxxx@x.io", "+4919999995678", "X9", "gold", "EU", "zzz"),
    (2, "Bob", "b0@x.io", "+4910000004321", "A1", "free", "EU", "some text that is long"),
    (3, "Cid", "ccc@y.io", "+4917777770000", "Z", "free", "EU", None),
    (4, "Dee", "dee@x.io", "+12025550100", "D012", "gold", "US", "secret"),
    (6, "Eve", "easdf@z.io", "+8619999998000", "A777", "gold", "EU", ""),
    (8, "Abe", "azzzzz@x.io", "+9999999995678", "0", "gold", "EU", "ZZZ"),
)


OTHER_ORDERS = (
    (1, 1, 10.0, "Elsewhere 9"), (2, 2, 20.0, "b"), (3, 4, 30.0, "US Rd 3"), (4, 6, 5.5, "a"), (5, 1, 7.25, "q"),
)  # fmt: skip


# Hidden rows removed, changed and added; 4 stays because an order names it.
OTHER_ROWS = (
    (9, "Gus", "gus@x.io", "5", "", "free", "CN", "1"),
    (4, "Ulf", "ann@x.io", "0", "A123", "vip", "CN", "x" * 50),
    *(row for row in CUSTOMERS if row[6] == "EU"),
    (5, "Zed", "ann@x.io", "0", "A123", "vip", "US", "x" * 50),
    (7, "Yan", None, None, None, "gold", None, None),
)


WORLDS = {"base": (CUSTOMERS, ORDERS), "values": (OTHER_MASKED, OTHER_ORDERS), "rows": (OTHER_ROWS, ORDERS)}
"""All equal in what ALICE may see."""


@dataclass(repr=False)
class World:
    url: str
    store: GuardedStore
    permits: HandPermits
    recorder: HandRecorder

    def engine(self, context: UseContext = CONTEXT) -> sa.Engine:
        return self.store.engine(context)

    def rows(
        self, sql: str, parameters: Any = None, context: UseContext = CONTEXT
    ) -> tuple[tuple[str, ...], list[Any]]:
        connection = self.store.connect(context)
        try:
            cursor = connection.cursor()
            cursor.execute(sql, parameters)
            names = tuple(each[0] for each in cursor.description)
            return names, cursor.fetchall()
        finally:
            connection.close()


def ddl(statement: str, kind: str) -> str:
    """A statement that makes a table, with the types that MariaDB needs where there are indexes."""
    return statement.replace(" TEXT", " VARCHAR(100)") if kind in ("mysql", "mariadb") else statement


def fill(url: str, customers: Any, orders: Any) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW IF EXISTS v_c")
        connection.exec_driver_sql("DROP TABLE IF EXISTS orders")
        connection.exec_driver_sql("DROP TABLE IF EXISTS customers")
        for statement in SCHEMA:
            connection.exec_driver_sql(ddl(statement, engine.dialect.name))
        mark = "?" if engine.dialect.name == "sqlite" else "%s"
        for table, rows in (("customers", customers), ("orders", orders)):
            for row in rows:
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(row))})", tuple(row))
    engine.dispose()


def guard(url: str, catalog: CatalogStore = CATALOG, **more: Any) -> World:
    permits = HandPermits(
        {
            "customers": dataset_permit("customers", CUSTOMER_FIELDS, EU),
            "orders": dataset_permit("orders", ORDER_FIELDS, None),
        }
    )
    recorder = HandRecorder()
    permits = more.pop("permits", permits)
    return World(
        url, GuardedStore("crm", url, permits=permits, catalog=catalog, recorder=recorder, clock=now, **more),
        permits, recorder,
    )  # fmt: skip


MakeWorld = Callable[..., World]


def create_database(server: str, name: str) -> str:
    """An empty database on a server, in MariaDB with the collation that servers come with; gives its URL."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    more = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci" if admin.dialect.name == "mysql" else ""
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{more}")
    admin.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    """Remove a database from a server."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    force = " WITH (FORCE)" if admin.dialect.name == "postgresql" else ""
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")
    admin.dispose()


KINDS = ("sqlite", "postgresql", "mysql")
"""The kinds of store that the guard speaks to."""


FIXTURES = {"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mysql"}
"""What the names of their fixtures begin with."""


def make_models() -> SimpleNamespace:
    """ORM classes over the worlds; fresh ones, since an attack may change them."""

    class Base(DeclarativeBase):
        pass

    class Customer(Base):
        __tablename__ = "customers"
        id = mapped_column(Integer, primary_key=True)
        name = mapped_column(String)
        email = mapped_column(String)
        phone = mapped_column(String)
        national_id = mapped_column(String)
        tier = mapped_column(String)
        region = mapped_column(String)
        notes = mapped_column(String)
        orders = relationship("Order", back_populates="customer", order_by="Order.id")

    class Order(Base):
        __tablename__ = "orders"
        id = mapped_column(Integer, primary_key=True)
        customer_id = mapped_column(ForeignKey("customers.id"))
        amount = mapped_column(Float)
        address = mapped_column(String)
        customer = relationship("Customer", back_populates="orders")

    return SimpleNamespace(Customer=Customer, Order=Order)


def seen(result: Any, *, in_order: bool) -> Any:
    """What a caller sees of a result, in a form that can be compared."""
    if isinstance(result, sa.CursorResult) or hasattr(result, "keys"):
        names = tuple(result.keys())
        rows = [tuple(row) for row in result]
        return names, seen(rows, in_order=in_order)
    if isinstance(result, list):
        shown = [repr(tuple(each)) if isinstance(each, tuple | sa.Row) else repr(each) for each in result]
        return shown if in_order else sorted(shown)
    return repr(result)


def outcome(world: World, code: str, form: str) -> Any:
    """Rows and names, or type and text of the error, that an attack gets from a world."""
    in_order = "order by" in code.lower() or "order_by" in code.lower()
    try:
        if form == "sql":
            names, rows = world.rows(code)
            return names, seen(rows, in_order=in_order)
        with world.store.session(CONTEXT) as session:
            names = {**vars(sa), "s": session, "eng": world.engine(), **vars(make_models()),
                     "aliased": aliased, "Bundle": Bundle, "column_property": column_property}  # fmt: skip
            result: Any = None
            for part in code.split(" ;; "):
                result = eval(part, names)  # our own attacks
            return seen(result, in_order=in_order)
    except Exception as error:  # noqa: BLE001 the harness compares whatever is raised
        return type(error).__name__, str(error)


def translated(code: str, dialect: str) -> str:
    """A statement of another store in the words of MariaDB; as it stands when it cannot be read."""
    try:
        return sqlglot.transpile(code, read=dialect, write="mysql", error_level=sqlglot.ErrorLevel.RAISE)[0]
    except sqlglot.errors.SqlglotError:
        return code


def leaks(worlds: Mapping[str, World], code: str, form: str = "sql") -> list[str]:
    """The worlds in which an attack gets something else than in the base world."""
    base = outcome(worlds["base"], code, form)
    return [name for name, world in worlds.items() if outcome(world, code, form) != base]


Opened = Callable[..., World]


def answer_of(world: World, sql: str, parameters: Any = None) -> Any:
    try:
        return world.rows(sql, parameters)
    except GovernanceError as error:
        return type(error).__name__, str(error)


def small(url: str, statements: Sequence[str], rows: Sequence[tuple[Any, ...]], table: str) -> None:
    engine = sa.create_engine(url)
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        for row in rows:
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(row))})", row)
    engine.dispose()


def fresh_url(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'one.db'}"
    return str(request.getfixturevalue("mysql_url" if kind == "mysql" else "postgres_url"))
