# ruff: noqa: E501, DTZ001, PLC3002 one case a line; the stores hold times without a zone
"""Ordinary queries: through the guard they give what they would over tables that hold the treated rows only."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Date, DateTime, Float, ForeignKey, Integer, String, func, select, text
from sqlalchemy.orm import (
    DeclarativeBase,
    Session,
    aliased,
    contains_eager,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    subqueryload,
)

from governance.protect.masks import MASKS

from .hands import CONTEXT, HandPermits, catalog_store, dataset_permit
from .worlds import FIXTURES, KINDS, create_database, drop_database, guard


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id = mapped_column(Integer, primary_key=True)
    name = mapped_column(String(80))
    email = mapped_column(String(120))
    tier = mapped_column(String(20))
    region = mapped_column(String(10))
    born = mapped_column(Date)
    data = mapped_column(sa.JSON)
    score = mapped_column(Integer)
    orders = relationship("Order", back_populates="customer", order_by="Order.id")


class Order(Base):
    __tablename__ = "orders"
    id = mapped_column(Integer, primary_key=True)
    customer_id = mapped_column(ForeignKey("customers.id"))
    amount = mapped_column(Float)
    status = mapped_column(String(20))
    placed = mapped_column(DateTime)
    customer = relationship("Customer", back_populates="orders")
    lines = relationship("Line", back_populates="order", order_by="Line.id")


class Line(Base):
    __tablename__ = "order_lines"
    id = mapped_column(Integer, primary_key=True)
    order_id = mapped_column(ForeignKey("orders.id"))
    product = mapped_column(String(40))
    quantity = mapped_column(Integer)
    order = relationship("Order", back_populates="lines")


def people():
    draw = random.Random(7)
    customers, orders, lines = [], [], []
    for number in range(1, 61):
        name = draw.choice(["Ann", "Bob", "Cid", "王小明", "Eve", "O'Hara"]) + str(number % 7)
        customers.append(
            {
                "id": number, "name": name, "email": None if number % 9 == 0 else f"{name.lower()}{number}@x{number % 3}.io",
                "tier": draw.choice(["gold", "free", "silver", None]), "region": draw.choice(["EU", "EU", "US", "CN"]),
                "born": dt.date(1950 + number, 1 + number % 12, 1 + number % 28),
                "data": {"lang": draw.choice(["de", "en", "zh"]), "tags": ["a", "b"][: number % 3], "n": number},
                "score": draw.choice([None, 0, 3, 10, -4]),
            }
        )  # fmt: skip
    for number in range(1, 151):
        orders.append(
            {
                "id": number, "customer_id": draw.randint(1, 60), "amount": draw.randint(1, 40) / 4,
                "status": draw.choice(["open", "paid", "sent"]),
                "placed": dt.datetime(2026, 1 + number % 12, 1 + number % 28, number % 24, 5),
            }
        )  # fmt: skip
        lines.append({"id": number, "order_id": number, "product": f"P{number % 8}", "quantity": 1 + number % 4})
    return customers, orders, lines


def fill(url, treated):
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    customers, orders, lines = people()
    if treated:
        seen = {each["id"] for each in customers if each["region"] == "EU"}
        customers = [{**each, "email": MASKS["email"].apply(each["email"])} for each in customers if each["id"] in seen]
    with Session(engine) as session:
        session.execute(sa.insert(Customer), customers)
        if treated and engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey"))
        if treated and engine.dialect.name == "mysql":
            session.execute(text("ALTER TABLE orders DROP FOREIGN KEY orders_ibfk_1"))
        session.execute(sa.insert(Order), orders)
        session.execute(sa.insert(Line), lines)
        session.commit()
    return engine


@pytest.fixture(scope="module", params=KINDS)
def pair(request, tmp_path_factory):
    """A guarded store, and an engine over tables that hold what the guard should show."""
    urls, server, names = [], None, []
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("useful")
        urls = [f"sqlite:///{folder / name}.db" for name in ("real", "treated")]
    else:
        server = request.getfixturevalue(f"{FIXTURES[request.param]}_server")
        names = [f"gov_useful_{uuid.uuid4().hex[:8]}" for _ in range(2)]
        urls = [create_database(server, name) for name in names]
    fill(urls[0], treated=False).dispose()
    plain = fill(urls[1], treated=True)
    columns = {each.name: list(each.columns.keys()) for each in Base.metadata.sorted_tables}
    permits = HandPermits(
        {
            "customers": dataset_permit(
                "customers",
                {name: "mask:email" if name == "email" else "clear" for name in columns["customers"]},
                "region == principal.region",
            ),
            "orders": dataset_permit("orders", dict.fromkeys(columns["orders"], "clear"), None),
            "order_lines": dataset_permit("order_lines", dict.fromkeys(columns["order_lines"], "clear"), None),
        }
    )
    world = guard(
        urls[0], catalog_store({name: dict.fromkeys(each) for name, each in columns.items()}), permits=permits
    )
    yield world, plain
    world.store.close()
    plain.dispose()
    for name in names:
        drop_database(server, name)


QUERIES = [json.loads(line) for line in Path(__file__).with_name("queries.jsonl").read_text().splitlines()]


ORM = {
    "get": lambda s: s.get(Customer, 2) and s.get(Customer, 2).email,
    "scalars": lambda s: [c.name for c in s.scalars(select(Customer).order_by(Customer.id))],
    "filter": lambda s: [c.id for c in s.scalars(select(Customer).where(Customer.tier == "gold").order_by(Customer.id))],
    "filter-by": lambda s: [c.id for c in s.scalars(select(Customer).filter_by(tier="free").order_by(Customer.id))],
    "in": lambda s: s.scalars(select(Customer.id).where(Customer.id.in_([1, 2, 3, 4, 5])).order_by(Customer.id)).all(),
    "in-empty": lambda s: s.scalars(select(Customer.id).where(Customer.id.in_([]))).all(),
    "not-in": lambda s: s.scalars(select(Customer.id).where(Customer.id.not_in([1, 2])).order_by(Customer.id)).all(),
    "contains": lambda s: s.scalars(select(Customer.id).where(Customer.name.contains("n")).order_by(Customer.id)).all(),
    "startswith": lambda s: s.scalars(select(Customer.id).where(Customer.name.startswith("王", autoescape=True)).order_by(Customer.id)).all(),
    "ilike": lambda s: s.scalars(select(Customer.id).where(Customer.name.ilike("a%")).order_by(Customer.id)).all(),
    "lazy": lambda s: [len(c.orders) for c in s.scalars(select(Customer).order_by(Customer.id))],
    "lazy-one": lambda s: [o.customer and o.customer.name for o in s.scalars(select(Order).order_by(Order.id))],
    "joinedload": lambda s: [len(c.orders) for c in s.scalars(select(Customer).options(joinedload(Customer.orders)).order_by(Customer.id)).unique()],
    "selectinload": lambda s: [
        [(o.id, [each.product for each in o.lines]) for o in c.orders]
        for c in s.scalars(select(Customer).options(selectinload(Customer.orders).selectinload(Order.lines)).order_by(Customer.id))
    ],
    "subqueryload": lambda s: [len(c.orders) for c in s.scalars(select(Customer).options(subqueryload(Customer.orders)).order_by(Customer.id))],
    "contains-eager": lambda s: [
        o.customer.name for o in s.scalars(select(Order).join(Order.customer).options(contains_eager(Order.customer)).order_by(Order.id))
    ],
    "join": lambda s: s.execute(select(Customer.name, Order.amount).join(Order.customer).order_by(Order.id)).all(),
    "outer-join": lambda s: s.execute(select(Customer.id, Order.id).outerjoin(Customer.orders).order_by(Customer.id, Order.id)).all(),
    "aliased": lambda s: (lambda a: s.execute(select(Customer.id, a.id).join(a, a.tier == Customer.tier).order_by(Customer.id, a.id)).all())(aliased(Customer)),
    "group": lambda s: s.execute(select(Customer.tier, func.count()).group_by(Customer.tier).order_by(func.count(), Customer.tier)).all(),
    "having": lambda s: s.execute(select(Order.customer_id, func.sum(Order.amount)).group_by(Order.customer_id).having(func.sum(Order.amount) > 10).order_by(Order.customer_id)).all(),
    "count": lambda s: s.scalar(select(func.count()).select_from(Customer)),
    "exists": lambda s: s.scalars(select(Customer.id).where(Customer.orders.any(Order.amount > 5)).order_by(Customer.id)).all(),
    "has": lambda s: s.scalars(select(Order.id).where(Order.customer.has(Customer.tier == "gold")).order_by(Order.id)).all(),
    "cte": lambda s: (lambda c: s.execute(select(c.c.id).order_by(c.c.id)).all())(select(Customer.id).where(Customer.score > 0).cte("c")),
    "sub-query": lambda s: (lambda q: s.execute(select(Customer.id, q.c.n).join(q, q.c.customer_id == Customer.id).order_by(Customer.id)).all())(
        select(Order.customer_id, func.count().label("n")).group_by(Order.customer_id).subquery()
    ),
    "scalar-sub-query": lambda s: s.execute(
        select(Customer.id, select(func.count()).where(Order.customer_id == Customer.id).scalar_subquery()).order_by(Customer.id)
    ).all(),
    "union": lambda s: s.execute(sa.union_all(select(Customer.id), select(Order.id)).order_by("id")).all(),
    "window": lambda s: s.execute(select(Order.id, func.sum(Order.amount).over(partition_by=Order.status, order_by=Order.id)).order_by(Order.id)).all(),
    "case": lambda s: s.execute(select(sa.case((Customer.score > 2, "high"), else_="low")).order_by(Customer.id)).all(),
    "dates": lambda s: s.scalars(select(Customer.born).where(Customer.born > dt.date(1980, 1, 1)).order_by(Customer.id)).all(),
    "datetimes": lambda s: s.scalars(select(Order.placed).where(Order.placed < dt.datetime(2026, 6, 1)).order_by(Order.id)).all(),
    "json": lambda s: [json.dumps(each, sort_keys=True) for each in s.scalars(select(Customer.data).order_by(Customer.id))],
    "json-path": lambda s: s.scalars(select(Customer.data["lang"].as_string()).order_by(Customer.id)).all(),
    "first": lambda s: s.scalars(select(Customer).order_by(Customer.name, Customer.id)).first().id,
    "one": lambda s: s.execute(select(Customer.name).where(Customer.id == s.scalar(select(func.min(Customer.id))))).one(),
    "page": lambda s: s.scalars(select(Customer.id).order_by(Customer.id).limit(4).offset(2)).all(),
    "yield-per": lambda s: [c.id for c in s.scalars(select(Customer).order_by(Customer.id).execution_options(yield_per=3))],
    "text": lambda s: s.execute(text("SELECT id FROM customers WHERE tier = :t AND id > :n ORDER BY id"), {"t": "gold", "n": 3}).all(),
    "text-like": lambda s: s.execute(text("SELECT id FROM customers WHERE name LIKE '%n%' ORDER BY id")).all(),
    "bound-like": lambda s: s.execute(text("SELECT id FROM customers WHERE name LIKE :p ORDER BY id"), {"p": "%n%"}).all(),
    "legacy": lambda s: [c.id for c in s.query(Customer).filter(Customer.tier == "gold").order_by(Customer.id).all()],
    "legacy-count": lambda s: s.query(Customer).count(),
    "mapping": lambda s: [dict(each) for each in s.execute(select(Customer.id, Customer.email).order_by(Customer.id)).mappings()],
    "defer": lambda s: [c.name for c in s.scalars(select(Customer).options(sa.orm.load_only(Customer.name)).order_by(Customer.id))],
    "concat": lambda s: s.scalars(select(Customer.name + "!" + func.coalesce(Customer.tier, "-")).order_by(Customer.id)).all(),
    "cast": lambda s: s.scalars(select(sa.cast(Customer.id, String)).order_by(Customer.id)).all(),
    "extract": lambda s: s.execute(select(sa.extract("year", Order.placed), func.count()).group_by(sa.extract("year", Order.placed))).all(),
    "nested-savepoint": lambda s: s.begin_nested().__enter__() and s.scalar(select(func.count()).select_from(Order)),
}  # fmt: skip


def plainly(engine, sql):
    with engine.connect() as connection:
        result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
        return tuple(result.keys()), [tuple(row) for row in result]


@pytest.mark.parametrize("query", QUERIES, ids=lambda each: each["id"])
def test_query_gives_what_a_hand_made_table_would(pair, query):
    world, plain = pair
    if query["dialect"] not in ("both", plain.dialect.name):
        return  # another store's grammar
    sql = query.get(plain.dialect.name, query["sql"])
    names, rows = world.rows(sql)
    wanted, expected = plainly(plain, sql)
    assert list(names) == list(wanted)
    assert [tuple(row) for row in rows] == expected


@pytest.mark.parametrize("name", ORM)
def test_orm_query_gives_what_a_hand_made_table_would(pair, name):
    world, plain = pair
    with world.store.session(CONTEXT) as guarded, Session(plain) as bare:
        assert ORM[name](guarded) == ORM[name](bare)
