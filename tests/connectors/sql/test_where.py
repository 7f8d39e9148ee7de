"""A predicate as SQL admits exactly the rows that its evaluation admits, NULLs and odd texts included."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sql.where import where_condition
from policies.errors import PredicateError
from policies.predicate import parse_predicate

TEXTS = [None, "", "a", "A", "Z", "é", "e\u0301", "ß", "中", "a ", "𠮷", "10", "9"]
NUMBERS = [None, 0, 1, -2, 7]
AMOUNTS = [None, Decimal("0.50"), Decimal("9.25"), Decimal("-3.00")]
FLAGS = [None, True, False]
DAYS = [None, dt.date(2020, 2, 29), dt.date(2021, 1, 1)]
TIMES = [None, dt.datetime(2020, 2, 29, 12, 30), dt.datetime(2021, 1, 1)]  # noqa: DTZ001


def make_rows():
    cycles = [
        itertools.cycle(each) for each in (TEXTS, TEXTS[::-1], NUMBERS, NUMBERS[::-1], AMOUNTS, FLAGS, DAYS, TIMES)
    ]
    names = ("text", "other", "number", "count", "amount", "flag", "day", "time")
    return [
        {"id": number, **{name: next(cycle) for name, cycle in zip(names, cycles, strict=True)}}
        for number in range(160)
    ]


ROWS = make_rows()


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def filled(request, tmp_path_factory):
    """A table of ROWS whose text columns have a collation that ignores case and follows a language."""
    if request.param == "postgresql":
        url, collation = request.getfixturevalue("postgres_module_url"), "und-x-icu"
    elif request.param == "mariadb":
        url, collation = request.getfixturevalue("mysql_module_url"), "utf8mb4_general_ci"
    else:
        url, collation = f"sqlite:///{tmp_path_factory.mktemp('where') / 'store.db'}", "NOCASE"
    engine = sa.create_engine(url)
    table = sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.String(20, collation=collation)),
        sa.Column("other", sa.Text(collation=collation)),
        sa.Column("number", sa.Integer),
        sa.Column("count", sa.BigInteger),
        sa.Column("amount", sa.Numeric(8, 2)),
        sa.Column("flag", sa.Boolean),
        sa.Column("day", sa.Date),
        sa.Column("time", sa.DateTime),
    )
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(table), ROWS)
    reflected = sa.Table("things", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        yield connection, reflected
    engine.dispose()


def admitted(filled, text):
    connection, table = filled
    condition = where_condition(parse_predicate(text), table, connection.dialect.name)
    return set(connection.execute(sa.select(table.c.id).where(condition)).scalars())


def evaluated(text):
    predicate = parse_predicate(text)
    return {row["id"] for row in ROWS if predicate.evaluate(row, {}) is True}


OPS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def constant(values):
    known = [each for each in values if each is not None]
    return st.sampled_from(known).map(_written)


def _written(value):
    if isinstance(value, Decimal):
        return str(float(value))
    if isinstance(value, dt.date):
        return repr(value.isoformat())
    return repr(value)


def compared(names, values):
    return st.one_of(
        st.tuples(st.sampled_from(names), OPS, constant(values)).map(" ".join),
        st.tuples(constant(values), OPS, st.sampled_from(names)).map(" ".join),
        st.tuples(st.sampled_from(names), OPS, st.sampled_from(names)).map(" ".join),
        st.tuples(
            st.sampled_from(names),
            st.sampled_from(["in", "not in"]),
            st.lists(constant(values), min_size=1, max_size=3).map(lambda each: "(" + ", ".join(each) + ",)"),
        ).map(" ".join),
        st.tuples(st.sampled_from(names), st.sampled_from(["is None", "is not None"])).map(" ".join),
    )


LEAVES = st.one_of(
    compared(("text", "other"), TEXTS),
    compared(("number", "count"), [*NUMBERS, 0.5]),
    compared(("amount",), [*AMOUNTS, 9]),
    compared(("flag",), [*FLAGS, 0, 1]),
    compared(("day",), DAYS),
    compared(("time",), TIMES),
    st.sampled_from(["flag", "number", "True", "False", "1 < 2", "'b' < 'a'"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(text=TREES)
def test_sql_and_evaluation_admit_the_same_rows(filled, text):
    assert admitted(filled, text) == evaluated(text)


@pytest.mark.parametrize("text", ["nosuch is None", "text == principal.region", "day < 'soon'", "time == 'x' or flag"])
def test_what_the_table_cannot_answer_is_refused(filled, text):
    with pytest.raises(PredicateError):
        admitted(filled, text)


def test_a_dialect_that_was_not_proved_is_refused():
    with pytest.raises(PredicateError, match="oracle"):
        where_condition(parse_predicate("a is None"), sa.table("t", sa.column("a")), "oracle")
