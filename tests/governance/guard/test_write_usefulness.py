# ruff: noqa: E501 one case a line
"""Ordinary writing: through the guard it does what it would over tables that hold the visible rows only."""

from __future__ import annotations

import datetime as dt
import uuid

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy import Date, Float, ForeignKey, Integer, String, delete, func, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, relationship

from policies.nouns import Action

from .hands import WRITER, WritePermits, catalog_store
from .worlds import FIXTURES, KINDS, create_database, drop_database, guard


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id = mapped_column(Integer, primary_key=True)
    name = mapped_column(String(80))
    tier = mapped_column(String(20), default="free")
    region = mapped_column(String(10), server_default="EU")
    born = mapped_column(Date)
    data = mapped_column(sa.JSON)
    score = mapped_column(Integer)
    orders = relationship("Order", back_populates="customer", order_by="Order.id", cascade="all, delete-orphan")


class Order(Base):
    __tablename__ = "orders"
    code = mapped_column(String(20), primary_key=True)
    line = mapped_column(Integer, primary_key=True)
    id = mapped_column(Integer)
    customer_id = mapped_column(ForeignKey("customers.id"))
    amount = mapped_column(Float)
    customer = relationship("Customer", back_populates="orders")


def fill(url, *, everything):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    with Session(engine) as session:
        for number in range(1, 13):
            region = "EU" if number % 3 else "US"
            if everything or region == "EU":
                session.add(
                    Customer(id=number, name=f"N{number}", tier="gold" if number % 2 else "free", region=region,
                             born=dt.date(1980, 1, number), data={"n": number}, score=number % 5)
                )  # fmt: skip
                session.add_all(
                    Order(code=f"C{number}", line=line, id=number * 10 + line, customer_id=number, amount=line / 2)
                    for line in (1, 2)
                )
        if engine.dialect.name == "postgresql":
            session.execute(text("SELECT setval(pg_get_serial_sequence('customers', 'id'), 50)"))
        session.commit()
    return engine


FIELDS = {each.name: dict.fromkeys(each.columns.keys(), "clear") for each in Base.metadata.sorted_tables}


@pytest.fixture(params=KINDS)
def pair(request, tmp_path):
    """A session behind the guard, and one over a store that holds the visible rows only."""
    if request.param == "sqlite":
        urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("real", "plain")]
    else:
        urls = [request.getfixturevalue(f"{FIXTURES[request.param]}_{which}_url") for which in ("module", "other")]
    fill(urls[0], everything=True).dispose()
    plain = fill(urls[1], everything=False)
    if plain.dialect.name == "sqlite":
        sa.event.listen(plain, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    permits = WritePermits()
    for action in (Action.READ, Action.WRITE, Action.DELETE):
        permits.set("customers", action, FIELDS["customers"], "region == principal.region")
        permits.set("orders", action, FIELDS["orders"], None)
    world = guard(urls[0], catalog_store({name: dict.fromkeys(each) for name, each in FIELDS.items()}), permits=permits)
    yield world.store.engine(WRITER), plain, lambda: world.store.session(WRITER)
    world.store.close()
    plain.dispose()


@pytest.fixture(scope="module")
def postgres_other_url(postgres_server):
    """A second database beside the file's own."""
    yield from other_url(postgres_server)


@pytest.fixture(scope="module")
def mysql_other_url(mysql_server):
    """The same in MariaDB."""
    yield from other_url(mysql_server)


def other_url(server):
    name = f"gov_writes_{uuid.uuid4().hex[:8]}"
    yield create_database(server, name)
    drop_database(server, name)


def get(session, number):
    return session.get(Customer, number)


def add(session):
    session.add(Customer(id=100, name="New", region="EU", born=dt.date(2000, 2, 3), data={"a": [1]}, score=3))


def add_generated(session):
    new = Customer(name="New", region="EU")
    session.add(new)
    session.flush()
    assert new.id is not None
    assert new.tier == "free"
    session.execute(update(Customer).where(Customer.id == new.id).values(score=9))
    session.delete(new)


def add_default(session):
    new = Customer(id=101, name="Server default")
    session.add(new)
    session.flush()
    assert new.region == "EU"


def add_tree(session):
    session.add(
        Customer(
            id=102,
            name="T",
            region="EU",
            orders=[Order(code="T", line=line, id=900 + line, amount=1.5) for line in (1, 2, 3)],
        )
    )


def add_many(session):
    session.add_all(Customer(id=number, name=f"B{number}", region="EU", score=number) for number in range(200, 500))


def modify(session):
    one = get(session, 1)
    one.name, one.score, one.data = "Changed", None, {"x": "王"}
    for each in session.scalars(select(Customer).where(Customer.tier == "free")):
        each.tier = "silver"


def remove(session):
    session.delete(get(session, 2))


def orphan(session):
    one = get(session, 4)
    one.orders.pop()


def merge(session):
    session.merge(Customer(id=5, name="Merged", region="EU"))
    session.merge(Customer(id=103, name="Merged anew", region="EU"))


def bulk_mappings(session):
    session.execute(
        insert(Customer), [{"id": number, "name": f"M{number}", "region": "EU"} for number in range(600, 640)]
    )
    session.bulk_update_mappings(Customer, [{"id": number, "score": 77} for number in (1, 2, 4)])


def bulk_update_by_key(session):
    session.execute(update(Customer), [{"id": number, "name": f"U{number}"} for number in (1, 2, 4, 5)])


def insert_returning(session):
    rows = session.execute(
        insert(Customer).values(id=104, name="R", region="EU").returning(Customer.id, Customer.tier, Customer.name)
    ).all()
    assert rows == [(104, "free", "R")]


def insert_many_returning(session):
    made = session.scalars(
        insert(Customer).returning(Customer),
        [{"id": number, "name": f"Q{number}", "region": "EU"} for number in range(700, 705)],
    )
    assert sorted(each.name for each in made) == ["Q700", "Q701", "Q702", "Q703", "Q704"]


def insert_from_select(session):
    session.execute(
        insert(Customer).from_select(
            ["id", "name", "region"],
            select(Customer.id + 1000, Customer.name + "!", Customer.region).where(Customer.score > 1),
        )
    )


def core_update(session):
    result = session.execute(
        update(Customer).where(Customer.score > 2).values(score=Customer.score * 10, name=func.upper(Customer.name))
    )
    assert result.rowcount == len(session.execute(select(Customer.id).where(Customer.score >= 30)).all())


def core_update_fetch(session):
    loaded = get(session, 1)
    session.execute(
        update(Customer).where(Customer.name.like("N1%")).values(name="Z"),
        execution_options={"synchronize_session": "fetch"},
    )
    assert loaded.name == "Z"


def core_update_case(session):
    session.execute(update(Customer).values(tier=sa.case((Customer.score == 1, "one"), else_=Customer.tier)))


def core_update_correlated(session):
    total = select(func.count()).where(Order.customer_id == Customer.id).scalar_subquery()
    session.execute(update(Customer).values(score=total), execution_options={"synchronize_session": False})


def core_update_exists(session):
    session.execute(
        update(Customer).where(Customer.orders.any(Order.amount > 0.6)).values(name="rich"),
        execution_options={"synchronize_session": False},
    )


def core_update_in(session):
    session.execute(update(Customer).where(Customer.id.in_([1, 2, 3])).values(score=sa.null()))


def core_delete(session):
    assert (
        session.execute(delete(Order).where(Order.amount > 0.6, Order.customer_id.in_(select(Customer.id)))).rowcount
        == 8
    )


def core_delete_returning(session):
    gone = session.execute(delete(Order).where(Order.customer_id == 1).returning(Order.code, Order.line)).all()
    assert sorted(gone) == [("C1", 1), ("C1", 2)]


def composite_key(session):
    one = session.get(Order, ("C1", 2))
    one.amount = 99.5
    session.delete(session.get(Order, ("C2", 1)))


def text_writes(session):
    session.execute(text("UPDATE customers SET name = :n WHERE id = :i"), {"n": "100% O'Hara", "i": 1})
    session.execute(
        text("INSERT INTO customers (id, name, region) VALUES (:i, :n, 'EU')"),
        [{"i": 800 + number, "n": str(number)} for number in range(20)],
    )
    session.execute(text("DELETE FROM orders WHERE code = 'C5'"))


def savepoints(session):
    with session.begin_nested():
        get(session, 1).name = "kept"
    nested = session.begin_nested()
    get(session, 2).name = "lost"
    session.flush()
    nested.rollback()


def refused_then_on(session):
    nested = session.begin_nested()
    with pytest.raises((sa.exc.IntegrityError, Exception)):
        session.execute(insert(Customer).values(id=1, name="twice", region="EU"))
    nested.rollback()
    get(session, 1).name = "on"


SCENARIOS = [
    add, add_generated, add_default, add_tree, add_many, modify, remove, orphan, merge, bulk_mappings, bulk_update_by_key,
    insert_returning, insert_many_returning, insert_from_select, core_update, core_update_fetch, core_update_case,
    core_update_correlated, core_update_exists, core_update_in, core_delete, core_delete_returning, composite_key,
    text_writes, savepoints, refused_then_on,
]  # fmt: skip


def visible(engine):
    with engine.connect() as connection:
        customers = connection.execute(select(Customer.__table__).order_by(Customer.id)).all()
        mine = [each.id for each in customers]
        orders = connection.execute(
            select(Order.__table__).where(Order.customer_id.in_(mine)).order_by(Order.code, Order.line)
        ).all()
    return [tuple(each) for each in customers], [tuple(each) for each in orders]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_unit_of_work_does_what_it_would_over_the_visible_rows(pair, scenario):
    guarded, plain, session = pair
    with session() as one, Session(plain) as other:
        for each in (one, other):
            scenario(each)
            each.commit()
    assert visible(guarded) == visible(plain)


def test_pandas_appends(pair):
    guarded, plain, _ = pair
    frame = pd.DataFrame(
        {
            "id": range(900, 1500),
            "name": [f"P{number}" for number in range(600)],
            "region": "EU",
            "score": [None, 1] * 300,
        }
    )
    for engine in (guarded, plain):
        with engine.begin() as connection:
            frame.to_sql("customers", connection, if_exists="append", index=False)
            frame.tail(10).assign(id=range(3000, 3010)).to_sql(
                "customers", connection, if_exists="append", index=False, method="multi"
            )
    assert visible(guarded) == visible(plain)
    read = pd.read_sql("SELECT id, name FROM customers WHERE id >= 900 ORDER BY id", guarded)
    assert len(read) == 610


def test_core_engine_writes_many(pair):
    guarded, plain, _ = pair
    for engine in (guarded, plain):
        with engine.begin() as connection:
            connection.execute(
                insert(Order),
                [
                    {"code": "Z", "line": number, "id": 1, "customer_id": 1, "amount": number / 7}
                    for number in range(1000)
                ],
            )
            connection.execute(update(Order).where(Order.code == sa.bindparam("c"), Order.line == sa.bindparam("l")).values(amount=sa.bindparam("a")),
                               [{"c": "Z", "l": number, "a": 0.5} for number in range(0, 1000, 100)])  # fmt: skip
            connection.execute(
                delete(Order).where(Order.code == "Z", Order.line == sa.bindparam("l")),
                [{"l": number} for number in range(5)],
            )
    assert visible(guarded) == visible(plain)
