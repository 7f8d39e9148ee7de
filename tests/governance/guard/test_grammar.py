# ruff: noqa: E501 one case a line
"""Statements drawn from a grammar: worlds that are equal in what may be seen answer equally."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from governance.guard.parsing import parse_statement
from policies.errors import StatementRefusedError

from .worlds import FIXTURES, KINDS, leaks, outcome

EXAMPLES = int(os.environ.get("GOVERNANCE_GRAMMAR_EXAMPLES", "200"))

FIELDS = {
    "customers": ("id", "name", "email", "phone", "national_id", "tier", "region", "notes"),
    "orders": ("id", "customer_id", "amount", "address"),
}
NUMBERS = {"customers": ("id",), "orders": ("id", "customer_id", "amount")}
TEXTS = st.sampled_from(
    [
        "ann@x.io",
        "A123",
        "a%",
        "%e%",
        "EU",
        "US",
        "gold",
        "vip",
        "secret",
        "",
        "M",
        "D012",
        "%\\",
        "Dee",
        "x",
        "***",
        "1",
    ]
)


@st.composite
def numbers(draw, scope, depth, dialect):
    choice = draw(st.integers(0, 9 if depth > 0 else 1))
    sub = lambda: draw(numbers(scope, depth - 1, dialect))  # noqa: E731
    alias, table = draw(st.sampled_from(scope))
    match choice:
        case 0:
            return str(draw(st.integers(-3, 12)))
        case 1 | 2 | 3:
            return f"{alias}.{draw(st.sampled_from(NUMBERS[table]))}"
        case 4:
            return f"({sub()} {draw(st.sampled_from(['+', '-', '*']))} {sub()})"
        case 5:
            return f"({sub()} / {sub()})"
        case 6:
            return f"length({draw(texts(scope, depth - 1, dialect))})"
        case 7:
            return f"CAST({draw(texts(scope, depth - 1, dialect))} AS {'SIGNED' if dialect == 'mysql' else 'INTEGER'})"
        case 8:
            return f"CASE WHEN {draw(conditions(scope, depth - 1, dialect))} THEN {sub()} ELSE {sub()} END"
        case _:
            return f"(SELECT {draw(st.sampled_from(['count(*)', 'max(z.id)', 'min(z.id)']))} FROM customers z WHERE {draw(conditions([*scope, ('z', 'customers')], depth - 1, dialect))})"


@st.composite
def texts(draw, scope, depth, dialect):
    choice = draw(st.integers(0, 8 if depth > 0 else 2))
    alias, table = draw(st.sampled_from(scope))
    names = [each for each in FIELDS[table] if each not in NUMBERS[table]] or ["address"]
    field = f"{alias}.{draw(st.sampled_from(names))}"
    match choice:
        case 0:
            text = draw(TEXTS)
            return "'" + (text.replace("\\", "\\\\") if dialect == "mysql" else text) + "'"
        case 1 | 2 | 3:
            return field
        case 4:
            other = draw(texts(scope, depth - 1, dialect))
            return f"concat({field}, {other})" if dialect == "mysql" else f"({field} || {other})"
        case 5:
            return f"substr({field}, 1, {draw(numbers(scope, depth - 1, dialect))})"
        case 6:
            return f"{draw(st.sampled_from(['upper', 'lower', 'trim']))}({draw(texts(scope, depth - 1, dialect))})"
        case 7:
            return f"coalesce({field}, {draw(texts(scope, depth - 1, dialect))})"
        case _:
            return f"CASE WHEN {draw(conditions(scope, depth - 1, dialect))} THEN {field} ELSE 'x' END"


@st.composite
def conditions(draw, scope, depth, dialect):
    choice = draw(st.integers(0, 9 if depth > 0 else 2))
    sub = lambda: draw(conditions(scope, depth - 1, dialect))  # noqa: E731
    number = lambda: draw(numbers(scope, depth - 1, dialect))  # noqa: E731
    text = lambda: draw(texts(scope, depth - 1, dialect))  # noqa: E731
    op = draw(st.sampled_from(["=", "<", ">", "<>", "<=", ">="]))
    match choice:
        case 0:
            return f"{number()} {op} {number()}"
        case 1:
            return f"{text()} {op} {text()}"
        case 2:
            return f"{text()} LIKE {text()}"
        case 3:
            return f"({sub()} AND {sub()})"
        case 4:
            return f"({sub()} OR {sub()})"
        case 5:
            return f"NOT ({sub()})"
        case 6:
            return f"{text()} IS {draw(st.sampled_from(['', 'NOT ']))}NULL"
        case 7:
            inner = [*scope, ("e", "customers")]
            return f"EXISTS (SELECT 1 FROM customers e WHERE {draw(conditions(inner, depth - 1, dialect))})"
        case 8:
            inner = [*scope, ("n", "orders")]
            return f"{number()} IN (SELECT n.customer_id FROM orders n WHERE {draw(conditions(inner, depth - 1, dialect))})"
        case _:
            return f"{text()} IN ('gold', 'A123', {text()})"


@st.composite
def windows(draw, scope, depth, dialect):
    function = draw(st.sampled_from(["row_number()", "rank()", "count(*)", "lag(c.name)", "first_value(c.id)"]))
    by = draw(texts(scope, depth, dialect))
    frame = draw(st.sampled_from(["", " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"]))
    if function in ("row_number()", "rank()", "lag(c.name)"):
        frame = ""
    return f"{function} OVER (ORDER BY {by}{frame})"


@st.composite
def statements(draw, dialect):
    depth = draw(st.integers(1, 3))
    scope = [("c", "customers")]
    source = "customers c"
    join = draw(st.integers(0, 4))
    if join:
        scope.append(("o", "orders"))
        on = draw(st.one_of(st.just("o.customer_id = c.id"), conditions(scope, 1, dialect)))
        source += f" {draw(st.sampled_from(['JOIN', 'LEFT JOIN']))} orders o ON {on}" if join < 4 else ", orders o"
    where = f" WHERE {draw(conditions(scope, depth, dialect))}" if draw(st.booleans()) else ""
    shape = draw(st.integers(0, 6))
    if shape <= 2:
        shown = draw(
            st.lists(st.one_of(numbers(scope, depth, dialect), texts(scope, depth, dialect)), min_size=1, max_size=3)
        )
        columns = ", ".join(f"{each} AS k{place}" for place, each in enumerate(shown))
        distinct = draw(st.sampled_from(["", "", "DISTINCT "]))
        order = draw(st.sampled_from(["", " ORDER BY 1", " ORDER BY k0 DESC"]))
        limit = draw(st.sampled_from(["", "", " LIMIT 2", " LIMIT 1 OFFSET 1"]))
        return f"SELECT {distinct}{columns} FROM {source}{where}{order}{limit}"
    if shape == 3:
        key = draw(st.one_of(texts(scope, 1, dialect), numbers(scope, 1, dialect)))
        aggregate = draw(
            st.sampled_from(["count(*)", "max(c.email)", "min(c.notes)", "sum(c.id)", "count(DISTINCT c.phone)"])
        )
        having = draw(st.sampled_from(["", " HAVING count(*) > 1"]))
        limit = draw(st.sampled_from(["", " LIMIT 1"]))
        return f"SELECT {key} AS g, {aggregate} AS a FROM {source}{where} GROUP BY {key}{having}{limit}"
    if shape == 4:
        text = "string_agg(c.name, ',')" if dialect == "postgresql" else "group_concat(c.name)"
        return f"SELECT {text} AS names, count(*) AS n FROM {source}{where}"
    if shape == 5:
        return f"SELECT c.id, {draw(windows(scope, 1, dialect))} AS w FROM {source}{where}"
    first = draw(texts(scope, depth, dialect))
    kind = draw(st.sampled_from(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]))
    limit = draw(st.sampled_from(["", " LIMIT 1"]))
    return f"WITH w AS (SELECT {first} AS v FROM {source}{where}) SELECT v FROM w {kind} SELECT notes FROM customers{limit}"


def _check(worlds, sql):
    assert leaks(worlds, sql) == [], (sql, [outcome(each, sql, "sql") for each in worlds.values()])


CHOSEN = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 200,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@CHOSEN
@given(sql=statements("sqlite"))
def test_generated_statements_learn_nothing_in_sqlite(sqlite_worlds, sql):
    _check(sqlite_worlds, sql)


@CHOSEN
@given(sql=statements("postgresql"))
def test_generated_statements_learn_nothing_in_postgresql(postgres_worlds, sql):
    _check(postgres_worlds, sql)


def is_short(sql):
    """Hypothesis will not print a longer one."""
    return len(sql) < 20_000


@settings(CHOSEN, max_examples=EXAMPLES if EXAMPLES != 200 else 60)
@given(sql=statements("mysql").filter(is_short))
def test_generated_statements_learn_nothing_in_mariadb(mysql_worlds, sql):
    _check(mysql_worlds, sql)


@pytest.mark.parametrize("dialect", KINDS)
def test_grammar_makes_statements_that_mostly_run(request, dialect):
    world = request.getfixturevalue(f"{FIXTURES[dialect]}_worlds")["base"]
    ran = []

    @settings(CHOSEN, max_examples=60, derandomize=True, phases=[Phase.generate])
    @given(sql=statements(dialect))
    def draw(sql):
        ran.append(outcome(world, sql, "sql")[0] not in ("StatementRefusedError", "StoreError"))

    draw()
    assert sum(ran) > len(ran) * 0.3


IN_A_ROW = (
    "SELECT id FROM customers WHERE id = 2 NOT IN (1)",
    "SELECT id FROM customers WHERE id NOT IN (1) < 1",
    "SELECT id FROM customers WHERE 3 < 2 < 1",
    "SELECT id FROM customers WHERE id NOT BETWEEN 1 AND 2 = 0",
)


@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
@pytest.mark.parametrize("statement", IN_A_ROW)
def test_comparisons_in_a_row_are_refused_where_they_mean_something_else(kind, statement):
    with pytest.raises(StatementRefusedError, match="parentheses"):
        parse_statement(statement, kind)


def test_what_is_denied_in_a_row_is_refused_in_postgresql_too():
    with pytest.raises(StatementRefusedError, match="parentheses"):
        parse_statement("SELECT id FROM customers WHERE id NOT IN (1) = (1 = 1)", "postgresql")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM customers WHERE NOT (id = (2 NOT IN (1))) AND id IS NOT NULL",
        "SELECT id FROM customers WHERE NOT id = 2 AND name NOT LIKE 'a%' OR id NOT BETWEEN 1 AND 2 + 3",
        "UPDATE customers SET tier = name IS NULL WHERE id NOT IN (1)",
    ],
)
def test_comparisons_in_parentheses_are_read(kind, statement):
    assert parse_statement(statement, kind)
