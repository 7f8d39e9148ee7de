# ruff: noqa: ARG002 hand-made parts keep the form of the protocols
"""Two worlds that differ only in what the principal may not see, each behind a guard of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy import Float, ForeignKey, Integer, String
from sqlalchemy.orm import Bundle, DeclarativeBase, aliased, column_property, mapped_column, relationship

from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from governance.guard.engine import GuardedStore
from governance.ledger.events import EventDraft
from policies.catalog import CatalogDataset, CatalogField, CatalogStore
from policies.errors import AccessRefusedError, GovernanceError
from policies.nouns import Action, DatasetRef, LabelStatus, Principal
from policies.predicate import parse_predicate

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

EU = "region == principal.region"
ALICE = Principal("alice", frozenset({"support"}), {"region": "EU"})
CONTEXT = UseContext(ALICE, "app", "support")


def field_permit(name: str, treatment: str = "clear") -> FieldPermit:
    return FieldPermit(name, (FieldRule(f"access.csv:{name}", treatment, None),))


def dataset_permit(
    dataset: str, fields: Mapping[str, str], rows: str | None, *, hidden: Mapping[str, str] | None = None, **more: Any
) -> DatasetPermit:
    return DatasetPermit(
        DatasetRef("crm", dataset),
        more.pop("action", Action.READ),
        more.pop("purpose", "support"),
        (RowRule("access.csv:1", parse_predicate(rows) if rows else None),),
        more.pop("deny", ()),
        more.pop("special", ()),
        {name: field_permit(name, treatment) for name, treatment in fields.items()} | more.pop("permits", {}),
        hidden or {},
        "digest1",
    )


CUSTOMER_FIELDS = {
    "id": "clear", "name": "clear", "email": "mask:email", "phone": "mask:last4", "national_id": "null",
    "tier": "clear", "region": "clear", "notes": "mask:redact",
}  # fmt: skip
ORDER_FIELDS = {"id": "clear", "customer_id": "clear", "amount": "clear", "address": "mask:redact"}


@dataclass
class HandPermits:
    permits: dict[str, DatasetPermit] = field(default_factory=dict)

    def versions(self) -> dict[str, str]:
        return {"catalog": "c1", "policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        found = self.permits.get(dataset.dataset)
        if found is None or purpose != found.purpose or action != found.action:
            raise AccessRefusedError(
                str(dataset), found="no permit", expected="a permit", next_step="ask", rule_ids=("hand:1",)
            )
        return found


@dataclass
class WritePermits:
    """Permits by dataset and action."""

    permits: dict[tuple[str, Action], DatasetPermit] = field(default_factory=dict)

    def versions(self) -> dict[str, str]:
        return {"catalog": "c1", "policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        found = self.permits.get((dataset.dataset, action))
        if found is None or purpose != found.purpose:
            raise AccessRefusedError(
                str(dataset), found="no permit", expected="a permit", next_step="ask", rule_ids=("hand:1",)
            )
        return found

    def set(self, dataset: str, action: Action, fields: Mapping[str, str], rows: str | None, **more: Any) -> None:
        self.permits[dataset, action] = dataset_permit(dataset, fields, rows, action=action, **more)


WRITER = UseContext(ALICE, "app", "support", writes=True)


def write_permits() -> WritePermits:
    """ALICE reads as ever; she writes and deletes in her region, in all fields: reading decides what she may change."""
    made = WritePermits()
    made.set("customers", Action.READ, CUSTOMER_FIELDS, EU)
    made.set("orders", Action.READ, ORDER_FIELDS, None)
    for action in (Action.WRITE, Action.DELETE):
        made.set("customers", action, dict.fromkeys(CUSTOMER_FIELDS, "clear"), EU)
        made.set("orders", action, dict.fromkeys(ORDER_FIELDS, "clear"), None)
    return made


@dataclass
class HandRecorder:
    drafts: list[EventDraft] = field(default_factory=list)
    closes: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)
    down: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def refer(self, kind: str, text: str) -> str:
        return f"p:{kind}{len(text)}"

    def statement_hash(self, statement: str) -> str:
        return "0" * 64

    def decide(self, draft: EventDraft) -> Any:
        if self.down:
            from policies.errors import LedgerError

            raise LedgerError("ledger", found="down", expected="up", next_step="wait")
        self.drafts.append(draft)
        return SimpleNamespace(id=f"e{next(self._ids)}")

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> None:
        self.closes.append((decision_id, outcome, dict(counts)))

    def close_soon(self, decision: Any, outcome: str, counts: Mapping[str, int]) -> None:
        self.close(decision.id, outcome, counts)


def catalog_store(tables: Mapping[str, Mapping[str, str | None]], record_key: str = "id") -> CatalogStore:
    return CatalogStore(
        id="s1",
        datasets={
            table: CatalogDataset(
                id=f"d{number}",
                record_key=(record_key,),
                fields={
                    name: CatalogField(id=f"f{place}", category="none", status=LabelStatus.CONFIRMED, type=kind)
                    for place, (name, kind) in enumerate(fields.items(), 1)
                },
            )
            for number, (table, fields) in enumerate(tables.items(), 1)
        },
    )


CATALOG = catalog_store({"customers": dict.fromkeys(CUSTOMER_FIELDS), "orders": dict.fromkeys(ORDER_FIELDS)})


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


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


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a guarded world in SQLite; several have files of their own."""
    made: list[World] = []

    def make(customers: Any = CUSTOMERS, orders: Any = ORDERS, **more: Any) -> World:
        url = f"sqlite:///{tmp_path / f'world{len(made)}.db'}"
        fill(url, customers, orders)
        made.append(guard(url, **more))
        return made[-1]

    yield make
    for world in made:
        world.store.close()


@pytest.fixture(scope="session")
def sqlite_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """The worlds in SQLite, for reading."""
    folder = tmp_path_factory.mktemp("worlds")
    worlds = {}
    for name, (customers, orders) in WORLDS.items():
        fill(f"sqlite:///{folder / name}.db", customers, orders)
        worlds[name] = guard(f"sqlite:///{folder / name}.db")
    yield worlds
    for world in worlds.values():
        world.store.close()


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


def _server_worlds(server: str) -> Iterator[dict[str, World]]:
    worlds: dict[str, World] = {}
    run = uuid.uuid4().hex[:8]
    for name, (customers, orders) in WORLDS.items():
        url = create_database(server, f"gov_guard_{run}_{name}")
        fill(url, customers, orders)
        worlds[name] = guard(url)
    yield worlds
    for name, world in worlds.items():
        world.store.close()
        drop_database(server, f"gov_guard_{run}_{name}")


@pytest.fixture(scope="session")
def postgres_worlds(postgres_server: str) -> Iterator[dict[str, World]]:
    """The worlds in PostgreSQL, for reading, each a database of its own."""
    yield from _server_worlds(postgres_server)


@pytest.fixture(scope="session")
def mysql_worlds(mysql_server: str) -> Iterator[dict[str, World]]:
    """The worlds in MariaDB, for reading, each a database of its own."""
    yield from _server_worlds(mysql_server)


KINDS = ("sqlite", "postgresql", "mysql")
"""The kinds of store that the guard speaks to."""
FIXTURES = {"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mysql"}
"""What the names of their fixtures begin with."""


@pytest.fixture(params=KINDS)
def worlds(request: pytest.FixtureRequest) -> dict[str, World]:
    """The worlds of one kind of store after the other."""
    found: dict[str, World] = request.getfixturevalue(f"{FIXTURES[request.param]}_worlds")
    return found


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


@pytest.fixture
def models() -> SimpleNamespace:
    """ORM classes over the worlds."""
    return make_models()


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


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Guards a store until the test ends, however it ends."""
    kept: list[World] = []

    def make(url: str, *parts: Any, **more: Any) -> World:
        kept.append(guard(url, *parts, **more))
        return kept[-1]

    yield make
    for each in kept:
        each.store.close()


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


# --- writing


@pytest.fixture(scope="session")
def sqlite_writers(sqlite_worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    """The worlds in SQLite, for writing that is rolled back."""
    yield from _writers(sqlite_worlds)


@pytest.fixture(scope="session")
def postgres_writers(postgres_worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    """The worlds in PostgreSQL, for writing that is rolled back."""
    yield from _writers(postgres_worlds)


@pytest.fixture(scope="session")
def mysql_writers(mysql_worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    """The worlds in MariaDB, for writing that is rolled back."""
    yield from _writers(mysql_worlds)


def _writers(worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    made = {name: guard(world.url, permits=write_permits()) for name, world in worlds.items()}
    yield made
    for world in made.values():
        world.store.close()


@pytest.fixture(params=KINDS)
def writers(request: pytest.FixtureRequest) -> dict[str, World]:
    """The worlds of one kind of store after the other, for writing that is rolled back."""
    found: dict[str, World] = request.getfixturevalue(f"{FIXTURES[request.param]}_writers")
    return found


TABLES = {"customers": CUSTOMER_FIELDS, "orders": ORDER_FIELDS}


def raw_rows(connection: Any, table: str) -> dict[int, dict[str, Any]]:
    """What a table really holds, inside the transaction of a guarded connection: rows by id."""
    raw, check = connection._GuardedConnection__raw(), connection._GuardedConnection__check
    names = list(TABLES[table])
    connection._begin()  # the time of a statement counts from here, not from the last one of the test
    with check.ours() if check else contextlib.nullcontext():
        cursor = raw.cursor()
        cursor.execute(f"SELECT {', '.join(names)} FROM {own_name(raw, table)}")
        rows = cursor.fetchall()
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def own_name(raw: Any, table: str) -> str:
    if hasattr(raw, "get_autocommit"):
        return table
    return f"main.{table}" if hasattr(raw, "create_function") else f"public.{table}"


@dataclass
class WriteOutcome:
    told: Any
    """What the caller was told: rows, counts and names, or the error."""
    seen: Any
    """What the caller sees of all datasets afterwards."""
    harmed: list[str]
    """Hidden rows and fields that are not what they were."""


def write_outcome(world: World, *statements: Any) -> WriteOutcome:
    """What writing in one transaction, rolled back at the end, tells and does."""
    connection = world.store.connect(WRITER)
    try:
        before = {table: raw_rows(connection, table) for table in TABLES}
        told = [_told(connection, each) for each in statements]
        seen_after = []
        for table in TABLES:
            cursor = connection.cursor().execute(f"SELECT * FROM {table}")
            seen_after.append((tuple(each[0] for each in cursor.description), seen(cursor.fetchall(), in_order=False)))
        after = {table: raw_rows(connection, table) for table in TABLES}
        return WriteOutcome(told, seen_after, harm(before, after))
    finally:
        connection.rollback()
        connection.close()


def _told(connection: Any, statement: Any) -> Any:
    sql, parameters = statement if isinstance(statement, tuple) else (statement, None)
    cursor = connection.cursor()
    if sql.startswith(("SELECT", "WITH")):
        connection.cursor().execute("SAVEPOINT harness")  # an error would end the whole transaction of PostgreSQL
    try:
        many = isinstance(parameters, list)
        cursor.executemany(sql, parameters) if many else cursor.execute(sql, parameters)
        shown = (
            (tuple(each[0] for each in cursor.description), seen(cursor.fetchall(), in_order=False))
            if cursor.description
            else None
        )
    except GovernanceError as error:
        if sql.startswith(("SELECT", "WITH")):
            connection.cursor().execute("ROLLBACK TO SAVEPOINT harness")
        return type(error).__name__, str(error)
    return cursor.rowcount, shown


def harm(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Hidden rows that changed or went, and hidden fields of visible rows that changed."""
    found = []
    for number, row in before["customers"].items():
        now_ = after["customers"].get(number)
        if row["region"] != "EU" and now_ != row:
            found.append(f"hidden row {number}")
    for table, fields in TABLES.items():
        for number, row in before[table].items():
            now_ = after[table].get(number)
            masked = [name for name, treatment in fields.items() if treatment != "clear"]
            if now_ is not None:
                found += [f"{table} {number} {name}" for name in masked if now_[name] != row[name]]
    for number, row in after["customers"].items():
        if row["region"] != "EU" and number not in before["customers"]:
            found.append(f"row {number} out of scope")
    return found


def write_outcomes(worlds: Mapping[str, World], *statements: Any) -> tuple[WriteOutcome, list[str]]:
    """What writing does in the base world, and the worlds in which it tells, leaves or harms something else."""
    outcomes = {name: write_outcome(world, *statements) for name, world in worlds.items()}
    base = outcomes["base"]
    told = [name for name, each in outcomes.items() if each.told != base.told or each.seen != base.seen]
    return base, [*told, *(f"{name}: {harmed}" for name, each in outcomes.items() for harmed in each.harmed)]
