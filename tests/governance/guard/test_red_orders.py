# ruff: noqa: E501 one case a line
"""An adversary's attacks, kept: rows without a total order, and plans that follow statistics of hidden rows.

The worlds differ in masked values, in hidden rows, in the order in which rows lie, or in statistics of hidden rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from .hands import EU, HandPermits, catalog_store, dataset_permit
from .worlds import FIXTURES, KINDS, guard, outcome, small

DOCS = {
    "mysql": "CREATE TABLE docs (k integer, region varchar(10), j json, name varchar(50)) COLLATE utf8mb4_general_ci",
    "sqlite": "CREATE TABLE docs (k integer, region text, j text, name text COLLATE NOCASE)",
    "postgresql": "CREATE TABLE docs (k integer, region text, j json, name text)",
}
DOC_ROWS = [(1, "EU", '{"a": 1}', "ann"), (1, "EU", '{"a": 2}', "ANN"), (1, "EU", '{"a": 3}', "Ann")]
DOC_FIELDS = dict.fromkeys(["k", "region", "j", "name"], "clear")
TIES = {
    "limit": "SELECT j FROM docs LIMIT 1",
    "limit-order": "SELECT j FROM docs ORDER BY k LIMIT 1",
    "distinct-on": "SELECT DISTINCT ON (k) k, j FROM docs",
    "limit-text": "SELECT name FROM docs LIMIT 1",
    "distinct-text": "SELECT DISTINCT name FROM docs",
    "group-text": "SELECT name, count(*) FROM docs GROUP BY name",
    "most-text": "SELECT min(name), max(name) FROM docs",
    "union-text": "SELECT name FROM docs UNION SELECT 'x'",
    "concat-text": "SELECT group_concat(name) FROM docs",
    "number-text": "SELECT name, row_number() OVER () AS n FROM docs",
    "lag-text": "SELECT name, lag(name) OVER (ORDER BY name) AS p FROM docs",
    "json-agg": "SELECT json_agg(j) FROM docs",
    "string-agg": "SELECT string_agg(name, ',') FROM docs",
    "string-agg-distinct": "SELECT string_agg(DISTINCT name, ',') FROM docs",
    "string-agg-distinct-order": "SELECT string_agg(DISTINCT name, ',' ORDER BY name DESC) FROM docs",
}


def _docs(url: str, rows: Sequence[tuple[Any, ...]], kind: str) -> dict[str, Any]:
    small(url, ("DROP TABLE IF EXISTS docs", DOCS[kind]), rows, "docs")
    permits = HandPermits({"docs": dataset_permit("docs", DOC_FIELDS, EU)})
    world = guard(url, catalog_store({"docs": dict.fromkeys(DOC_FIELDS)}), permits=permits)
    found = {name: outcome(world, statement, "sql") for name, statement in TIES.items()}
    world.store.close()
    return found


def _module_url(request: pytest.FixtureRequest, kind: str, folders: pytest.TempPathFactory) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folders.mktemp('red') / 'one.db'}"
    return str(request.getfixturevalue(f"{FIXTURES[kind]}_module_url"))


@pytest.fixture(scope="module", params=KINDS)
def doc_answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Kind of store; answers over the same rows in two orders."""
    kind = str(request.param)
    url = _module_url(request, kind, tmp_path_factory)
    return kind, _docs(url, DOC_ROWS, kind), _docs(url, DOC_ROWS[::-1], kind)


@pytest.mark.parametrize("form", sorted(TIES))
def test_ties_are_broken_by_what_may_be_seen(doc_answers: Any, form: str) -> None:
    _, one, other = doc_answers
    assert one[form] == other[form]


PLANS = {
    "mysql": [
        "SELECT group_concat(concat(a.id, '-', d.id)) AS x FROM a JOIN b ON a.x = b.x JOIN d ON d.id = b.id",
        "SELECT a.id, d.id AS e, row_number() OVER (ORDER BY a.x) AS x FROM a JOIN d ON a.x = d.x ORDER BY a.id, e",
        (
            "SELECT a.id, d.id AS e, sum(d.id) OVER (ORDER BY a.x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS x"
            " FROM a JOIN d ON a.x = d.x ORDER BY a.id, e"
        ),
        (
            "SELECT a.id, d.id AS e, count(*) OVER w AS x FROM a JOIN d ON a.x = d.x"
            " WINDOW w AS (ORDER BY a.x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY a.id, e"
        ),
        "SELECT count(*) FROM a, b, d WHERE a.id = b.id AND b.id = d.id AND exp(800 * (a.id + b.id - 4)) > 0 AND d.id <> 4",
    ],
    "sqlite": [
        "SELECT group_concat(a.id || '-' || b.id) AS x FROM a JOIN b ON a.x = b.x",
        "SELECT count(*) FROM a, b, d WHERE a.id = b.id AND b.id = d.id AND abs(a.id + b.id - 9223372036854775807 - 5) > 0 AND abs(d.id) <> 4",
    ],
    "postgresql": [
        "SELECT a.id, d.id AS e, row_number() OVER (ORDER BY a.x) AS x FROM a JOIN d ON a.x = d.x ORDER BY a.id, e",
        (
            "SELECT a.id, d.id AS e, sum(d.id) OVER (ORDER BY a.x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS x"
            " FROM a JOIN d ON a.x = d.x ORDER BY a.id, e"
        ),
        (
            "SELECT a.id, d.id AS e, count(*) OVER w AS x FROM a JOIN d ON a.x = d.x"
            " WINDOW w AS (ORDER BY a.x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY a.id, e"
        ),
        "SELECT ARRAY(SELECT a.id FROM a JOIN b ON a.x = b.x) AS x",
        "SELECT string_agg(t.x, ',') AS x FROM (SELECT a.id || '-' || b.id AS x FROM a JOIN b ON a.x = b.x) t",
        "SELECT count(*) FROM a JOIN b ON a.id = b.id AND 1 / (a.id - 3) > -5 WHERE b.id IN (SELECT id FROM d WHERE id < 3)",
        "SELECT string_agg(a.id || '-' || d.id, ',') AS x FROM a JOIN b ON a.x = b.x JOIN d ON d.id = b.id",
        (
            "SELECT count(*) FROM a, b, d WHERE a.id = b.id AND b.id = d.id AND 1 / (a.id + b.id - 4) > -5"
            " AND d.id + b.id <> 4"
        ),
    ],
}
MANY = {
    "mysql": "INSERT INTO {} SELECT seq, 5, 'US' FROM seq_10_to_60000",
    "sqlite": "WITH RECURSIVE s(g) AS (SELECT 10 UNION ALL SELECT g + 1 FROM s WHERE g < 60000)"
    " INSERT INTO {} SELECT g, 5, 'US' FROM s",
    "postgresql": "INSERT INTO {} SELECT g, 5, 'US' FROM generate_series(10, 60000) g",
}

ANALYZE = {"mysql": "ANALYZE TABLE a, b, d", "postgresql": "ANALYZE", "sqlite": "ANALYZE"}


PLAN_FIELDS = dict.fromkeys(["id", "x", "region"], "clear")


def _grown(url: str, kind: str, grown: str | None) -> list[Any]:
    """What the statements give when a table has many hidden rows and the database knows of them."""
    drops = [f"DROP TABLE IF EXISTS {each}" for each in "abd"]
    tables = [f"CREATE TABLE {each} (id integer PRIMARY KEY, x integer, region varchar(10))" for each in "abd"]
    rows = [f"INSERT INTO {each} VALUES ({i}, {i % 2}, 'EU')" for each in "abd" for i in range(1, 5)]
    small(url, [*drops, *tables, *rows, *([MANY[kind].format(grown)] if grown else [])], (), "a")
    small(url, [ANALYZE[kind]], (), "a")
    permits = HandPermits({each: dataset_permit(each, PLAN_FIELDS, EU) for each in "abd"})
    world = guard(url, catalog_store({each: dict.fromkeys(PLAN_FIELDS) for each in "abd"}), permits=permits)
    told = [outcome(world, statement, "sql") for statement in PLANS[kind]]
    world.store.close()
    return told


@pytest.fixture(scope="module")
def plan_answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of a kind of store: what the statements give, with few hidden rows and with many in one table or another."""
    found: dict[str, list[list[Any]]] = {}

    def ask(kind: str) -> list[list[Any]]:
        if kind not in found:
            url = _module_url(request, kind, tmp_path_factory)
            found[kind] = [_grown(url, kind, grown) for grown in (None, "a", "d")]
        return found[kind]

    return ask


@pytest.mark.parametrize(
    ("kind", "place"), [(kind, place) for kind, statements in PLANS.items() for place in range(len(statements))]
)
def test_statistics_of_hidden_rows_are_not_told(plan_answers: Any, kind: str, place: int) -> None:
    few, *many = [each[place] for each in plan_answers(kind)]
    assert many == [few] * 2
