# ruff: noqa: E501 one case a line
"""Writes drawn from a grammar: equal answers, equal visible rows, and nothing hidden touched, in worlds that differ there."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .harm import write_outcome, write_outcomes
from .test_grammar import conditions, is_short, numbers, statements, texts
from .worlds import FIXTURES, KINDS

EXAMPLES = int(os.environ.get("GOVERNANCE_GRAMMAR_EXAMPLES", "100"))

SETTABLE = {
    "customers": ("name", "tier", "region", "name", "tier", "email", "notes"),
    "orders": ("amount", "amount", "customer_id", "address"),
}
CLEAR = {"customers": ("id", "name", "tier", "region"), "orders": ("id", "customer_id", "amount")}
"""Fields that may be read into what is written; others are drawn too, now and then."""


@st.composite
def values(draw, table, field, dialect):
    """A new value of a field, mostly made of what is clear."""
    scope = [(table, table)]
    if field == "customer_id":  # that another key is there may be told, so only keys that may be seen are drawn
        return draw(st.sampled_from(["1", "2", "6", "NULL", "customer_id"]))
    if field == "amount":
        made = draw(
            st.one_of(
                st.sampled_from(["1", "2", "id", "amount", "amount + 1", "1 / (id - 3)", "customer_id"]),
                numbers(scope, 2, dialect),
            )
        )
        return made if table == "orders" or "amount" not in made else "1"
    plain = st.sampled_from(
        [
            "'EU'",
            "'EU'",
            "'US'",
            "'gold'",
            "name",
            "concat(name, '!')" if dialect == "mysql" else "name || '!'",
            "tier",
            "region",
            "coalesce(tier, '-')",
            "upper(name)",
            "NULL",
        ]
    )
    simple = st.sampled_from(["'x'", "NULL", "address"]) if table == "orders" else plain
    within = conditions([*scope, ("s", "customers")], 1, dialect)
    return draw(
        st.one_of(
            simple,
            simple,
            simple,
            texts(scope, 2, dialect),
            within.map(lambda each: f"(SELECT max(s.name) FROM customers s WHERE {each})"),
        )
    )


@st.composite
def wheres(draw, table, dialect):
    if draw(st.integers(0, 5)) == 0:
        return ""
    return f" WHERE {draw(conditions([(table, table)], draw(st.integers(0, 3)), dialect))}"


@st.composite
def returnings(draw, table, dialect, *, updates=False):
    if updates and dialect == "mysql":
        return ""  # MariaDB's UPDATE returns nothing
    fields = (*CLEAR[table], "email" if table == "customers" else "address")
    chosen = draw(st.lists(st.sampled_from(fields), max_size=2, unique=True))
    return draw(st.sampled_from(["", "", " RETURNING *", f" RETURNING {', '.join(chosen)}" if chosen else ""]))


@st.composite
def writes(draw, dialect):
    table = draw(st.sampled_from(["customers", "customers", "orders"]))
    shape = draw(st.integers(0, 5))
    back = draw(returnings(table, dialect, updates=shape <= 2))
    if shape <= 2:
        fields = draw(st.lists(st.sampled_from(SETTABLE[table]), min_size=1, max_size=2, unique=True))
        items = ", ".join(f"{field} = {draw(values(table, field, dialect))}" for field in fields)
        return f"UPDATE {table} SET {items}{draw(wheres(table, dialect))}{back}"
    if shape == 3:
        return f"DELETE FROM {table}{draw(wheres(table, dialect))}{back}"
    first = "customers (id, name, tier, region)" if table == "customers" else "orders (id, customer_id, amount)"
    if shape == 4:
        rows = [
            f"({draw(st.integers(100, 120))}, {draw(st.sampled_from([chr(39) + 'n' + chr(39), 'NULL']))}, 'free', {draw(st.sampled_from([chr(39) + 'EU' + chr(39)] * 3 + [chr(39) + 'US' + chr(39)]))})"
            if table == "customers"
            else f"({draw(st.integers(100, 120))}, {draw(st.sampled_from(['1', '2', 'NULL', '(SELECT max(c.id) FROM customers c)']))}, {draw(st.integers(0, 9))})"
            for _ in range(draw(st.integers(1, 2)))
        ]
        return f"INSERT INTO {first} VALUES {', '.join(rows)}{back}"
    where = draw(conditions([("c", "customers")], 2, dialect))
    columns = "c.id + 100, c.name, c.tier, c.region" if table == "customers" else "c.id + 100, c.id, 1"
    if draw(st.integers(0, 4)) == 0:
        columns = columns.replace("c.name", draw(texts([("c", "customers")], 1, dialect)))
    return f"INSERT INTO {first} SELECT {columns} FROM customers c WHERE {where}{back}"


CHOSEN = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 100, database=None,
    phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
)  # fmt: skip


def _check(worlds, first, then):
    outcome, leaks = write_outcomes(worlds, first, then)
    assert leaks == [], f"{first}\n{then}\n{outcome.told}"


@CHOSEN
@given(first=writes("sqlite"), then=st.one_of(writes("sqlite"), statements("sqlite")))
def test_generated_writes_learn_and_harm_nothing_in_sqlite(sqlite_writers, first, then):
    _check(sqlite_writers, first, then)


@CHOSEN
@given(first=writes("postgresql"), then=st.one_of(writes("postgresql"), statements("postgresql")))
def test_generated_writes_learn_and_harm_nothing_in_postgresql(postgres_writers, first, then):
    _check(postgres_writers, first, then)


@settings(CHOSEN, max_examples=EXAMPLES if EXAMPLES != 100 else 40)
@given(first=writes("mysql").filter(is_short), then=st.one_of(writes("mysql"), statements("mysql")).filter(is_short))
def test_generated_writes_learn_and_harm_nothing_in_mariadb(mysql_writers, first, then):
    _check(mysql_writers, first, then)


@pytest.mark.parametrize("dialect", KINDS)
def test_grammar_makes_writes_that_often_write(request, dialect):
    world = request.getfixturevalue(f"{FIXTURES[dialect]}_writers")["base"]
    ran = []

    @settings(CHOSEN, max_examples=60, derandomize=True, phases=[Phase.generate])
    @given(sql=writes(dialect))
    def draw(sql):
        ran.append(write_outcome(world, sql).told[0][0])

    draw()
    assert sum(isinstance(each, int) for each in ran) > len(ran) * 0.2
    assert sum(isinstance(each, int) and each > 0 for each in ran) > len(ran) * 0.1
