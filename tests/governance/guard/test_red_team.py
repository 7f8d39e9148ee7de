"""An adversary's attacks, kept: statements and the order of rows, in worlds that are equal in what may be seen.

The worlds differ in masked values, in hidden rows, in the order in which rows lie, or in statistics of hidden rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from .worlds import CUSTOMERS, KINDS, ORDERS, WORLDS, fill, guard, outcome

Answers = Mapping[str, Mapping[str, Any]]
"""World to statement to what it gives."""

STATEMENTS = Path(__file__).with_name("red_team_statements.txt").read_text(encoding="utf-8").splitlines()
"""Parser differentials, names, functional notation, functions, errors, orders; one to a line."""

PAIRS = ((1, 6), (1, 8), (2, 8), (3, 6))
"""Rows whose order says something of their hidden values."""
REPRESENTATIVES = {
    "max": "SELECT max(CASE WHEN id = {0} THEN 1.0 ELSE 1.00 END) AS m FROM customers",
    "max-integer": "SELECT max(CASE WHEN id = {0} THEN 1 ELSE 1.0 END) AS m FROM customers WHERE id + 0 IN ({0}, {1})",
    "min": "SELECT min(CASE WHEN id = {0} THEN 1 ELSE 1.0 END) AS m FROM customers WHERE id + 0 IN ({0}, {1})",
    "window": "SELECT max(CASE WHEN id = {0} THEN 1 ELSE 1.0 END) OVER () AS m FROM customers",
    "distinct": "SELECT DISTINCT CASE WHEN id = {0} THEN 1 ELSE 1.0 END AS m FROM customers WHERE id IN ({0}, {1})",
    "distinct-fenced": "SELECT DISTINCT CASE WHEN id = {0} THEN 1 ELSE 1.0 END AS m FROM customers"
    " WHERE id + 0 IN ({0}, {1})",
    "group": "SELECT CASE WHEN id = {0} THEN 1 ELSE 1.0 END AS m, count(*) FROM customers"
    " WHERE id IN ({0}, {1}) GROUP BY 1",
    "group-fenced": "SELECT count(*), CASE WHEN id = {0} THEN 1 ELSE 1.0 END AS m FROM customers"
    " WHERE id + 0 IN ({0}, {1}) GROUP BY CASE WHEN id = {0} THEN 1 ELSE 1.0 END",
    "union": "SELECT CASE WHEN id = {0} THEN 1 ELSE 1.0 END AS m FROM customers WHERE id + 0 IN ({0}, {1})"
    " UNION SELECT 5",
    "recursive": "WITH RECURSIVE t(x) AS (SELECT CASE WHEN id = {0} THEN 1 ELSE 1.0 END FROM customers"
    " WHERE id IN ({0}, {1}) UNION SELECT x FROM t) SELECT x FROM t",
    "limit": "SELECT x FROM (SELECT CASE WHEN id = {0} THEN 1 ELSE 1.0 END AS x FROM customers"
    " WHERE id + 0 IN ({0}, {1})) t LIMIT 1",
    "probe": "SELECT count(*) FROM orders WHERE (SELECT CAST(max(CASE WHEN id = {0} THEN 1.0 ELSE 1.00 END) AS TEXT)"
    " FROM customers) = '1.00'",
    "total": "SELECT sum(CAST(CASE id WHEN {0} THEN 1e16 WHEN {1} THEN -1e16 ELSE 1.0 END AS DOUBLE PRECISION))"
    " FROM customers",
    "mean": "SELECT avg(CAST(CASE id WHEN {0} THEN 1e16 WHEN {1} THEN -1e16 ELSE 1.0 END AS DOUBLE PRECISION))"
    " FROM customers",
    "total-window": "SELECT sum(CAST(CASE id WHEN {0} THEN 1e16 WHEN {1} THEN -1e16 ELSE 1.0 END AS DOUBLE PRECISION))"
    " OVER () AS s FROM customers",
    "overflow": "SELECT sum(CASE id WHEN {0} THEN 9223372036854775800 WHEN {1} THEN -300 ELSE 5 END) FROM customers",
    "array": "SELECT ARRAY(SELECT id FROM customers WHERE id IN ({0}, {1})) AS a",
}
"""Which of two visible rows does the database meet first? Values that are equal and look different say it."""


def _answers(url: str, worlds: Mapping[str, tuple[Any, Any]], statements: Sequence[str]) -> Answers:
    """What each world, filled into one store after the other, answers."""
    found: dict[str, dict[str, Any]] = {}
    for name, (customers, orders) in worlds.items():
        fill(url, customers, orders)
        world = guard(url)
        found[name] = {statement: outcome(world, statement, "sql") for statement in statements}
        world.store.close()
    return found


MOVED = {"moved": (tuple(reversed(CUSTOMERS)), tuple(reversed(ORDERS)))}
ASKED = [*STATEMENTS, *(form.format(*pair) for form in REPRESENTATIVES.values() for pair in PAIRS)]


@pytest.fixture(scope="module")
def sqlite_answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Answers of SQLite in all worlds."""
    return _answers(f"sqlite:///{tmp_path_factory.mktemp('red') / 'red.db'}", {**WORLDS, **MOVED}, ASKED)


@pytest.fixture(scope="module")
def postgresql_answers(postgres_module_url: str) -> Answers:
    """Answers of PostgreSQL in all worlds."""
    return _answers(postgres_module_url, {**WORLDS, **MOVED}, ASKED)


@pytest.fixture(scope="module")
def mysql_answers(mysql_module_url: str) -> Answers:
    """Answers of MariaDB in all worlds."""
    return _answers(mysql_module_url, {**WORLDS, **MOVED}, ASKED)


def _of(request: pytest.FixtureRequest, kind: str) -> Answers:
    found: Answers = request.getfixturevalue(f"{kind}_answers")
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", range(len(STATEMENTS)))
def test_statement_learns_nothing(request: pytest.FixtureRequest, kind: str, place: int) -> None:
    answers, statement = _of(request, kind), STATEMENTS[place]
    base = answers["base"][statement]
    assert {name: answers[name][statement] for name in answers} == dict.fromkeys(answers, base)
    assert not isinstance(base[0], str) or base[0] in ("StatementRefusedError", "StoreError", "AccessRefusedError")


def _planted() -> list[str]:
    hidden = [value for row in CUSTOMERS for value in ((row[2], row[3], row[4], row[7]) if row[6] == "EU" else row)]
    return [value for value in hidden if isinstance(value, str) and len(value) > 3 and value not in ("gold", "free")]


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_holds_a_hidden_value(request: pytest.FixtureRequest, kind: str) -> None:
    shown = {statement: str(answer) for statement, answer in _of(request, kind)["base"].items()}
    found = [(one, value) for one, text in shown.items() for value in _planted() if value in text and value not in one]
    assert found == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", REPRESENTATIVES)
def test_order_of_rows_is_not_told(request: pytest.FixtureRequest, kind: str, form: str) -> None:
    answers = _of(request, kind)
    for statement in (REPRESENTATIVES[form].format(*pair) for pair in PAIRS):
        told = {name: each[statement] for name, each in answers.items()}
        assert told == dict.fromkeys(told, told["base"])
