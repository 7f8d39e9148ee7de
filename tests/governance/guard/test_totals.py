# ruff: noqa: E501 one case a line
"""PostgreSQL: what is total by type runs without a fence, everything else behind one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from connectors.base import Field
from governance.guard.rewrite import Rewriter
from governance.guard.schema import StoreSchema, TableShape
from governance.guard.totals import kinds_of

from .hands import EU, dataset_permit

TYPES = {
    "id": ("integer", "BIGINT"), "name": ("string", "TEXT"), "odd": ("string", 'TEXT COLLATE "ci"'), "region": ("string", "TEXT"),
    "balance": ("decimal", "NUMERIC"), "score": ("float", "DOUBLE PRECISION"), "doc": ("json", "JSON"),
    "o": ("other", "OID"), "born": ("date", "DATE"),
}  # fmt: skip


def made(sql, *values, rows=EU):
    fields = {name: Field(name, type=kind, native_type=native) for name, (kind, native) in TYPES.items()}
    table = TableShape("people", "public", "people", fields, ("id",))
    schema = StoreSchema("crm", "postgresql", "public", {"people": table}, {}, "f", {("public", "people"): table})
    permit = dataset_permit("people", dict.fromkeys(TYPES, "clear"), rows)
    return Rewriter(schema, lambda _: permit, lambda _: ()).rewrite(sql, len(values), kinds=kinds_of(values))


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT id, doc FROM people", ()),
        ("SELECT id FROM people WHERE id = $1", (7,)),
        ("SELECT id FROM people WHERE id = CAST($1 AS BIGINT) AND name = CAST($2 AS VARCHAR)", (7, "x")),
        ("SELECT id FROM people WHERE id IN (1, $1) AND name IS NOT NULL AND balance > 1.5", (7,)),
        ("SELECT id FROM people WHERE born BETWEEN '2020-01-01' AND $1", (dt.date(2026, 1, 1),)),
        ("SELECT a.id FROM people a JOIN people b ON a.name = b.name WHERE a.name LIKE 'A%'", ()),
        ("SELECT count(*) FROM people WHERE score > $1", (0.5,)),
    ],
)
def test_statement_that_is_total_by_type_is_not_fenced(sql, values):
    assert not made(sql, *values).fenced


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("balance > score", ()), ("balance > $1", (0.5,)), ("score = $1", (Decimal(1),)), ("id = o", ()),
        ("odd = 'x'", ()), ("odd < name", ()), ("doc ->> 'a' = 'x'", ()), ("(doc -> 'a') IS NOT NULL", ()),
        ("id = CAST($1 AS INTEGER)", (2**40,)), ("balance IN (SELECT score FROM people)", ()), ("id / 2 = 1", ()),
        ("balance IS DISTINCT FROM score", ()), ("nullif(balance, score) IS NULL", ()), ("lower(odd) = 'x'", ()),
        ("CASE WHEN id = 1 THEN balance ELSE score END IS NULL", ()), ("id = ANY($1)", ([1],)),
    ],
)  # fmt: skip
def test_condition_that_may_raise_on_a_hidden_row_is_fenced_and_stays_outside(condition, values):
    rewritten = made(f"SELECT id FROM people WHERE {condition}", *values)
    inside = rewritten.sql.split("OFFSET 0")[0]
    assert rewritten.fenced
    assert "WHERE" not in inside.split('"gov_row"."region" =')[1]
    assert inside.count(" AND ") == 0


def test_condition_of_the_fields_own_type_moves_inside_a_fence():
    rewritten = made("SELECT id FROM people WHERE id = $1 AND 1 / id < 5", 7)
    assert '("gov_row"."id" = $1)' in rewritten.sql.split("OFFSET 0")[0]


def test_float_parameter_stays_outside_although_the_statement_is_fenced():
    rewritten = made("SELECT id FROM people WHERE balance > $1 AND 1 / id < 5", 0.5)
    assert "$1" not in rewritten.sql.split("OFFSET 0")[0]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT DISTINCT balance FROM people", "SELECT max(balance) FROM people", "SELECT odd, count(*) FROM people GROUP BY odd",
        "SELECT balance FROM people UNION SELECT balance FROM people", "SELECT doc FROM people LIMIT 1",
        "SELECT ARRAY(SELECT name FROM people)",
    ],
)  # fmt: skip
def test_statement_that_shows_one_of_equal_values_reads_in_a_fixed_order(sql):
    assert 'ORDER BY "gov_row"."id"' in made(sql).sql


@pytest.mark.parametrize(
    "sql", ["SELECT DISTINCT name FROM people", "SELECT max(id) FROM people", "SELECT name, count(*) FROM people GROUP BY 1"]
)  # fmt: skip
def test_statement_whose_equal_values_look_the_same_is_not_sorted(sql):
    assert not made(sql).fenced


def test_rule_on_text_with_a_collation_compares_by_code_points():
    assert '"gov_row"."odd" COLLATE "C" IN' in made("SELECT id FROM people", rows="odd in ('x', 'y')").sql
    assert '"gov_row"."odd" COLLATE "C" = ' in made("SELECT id FROM people", rows="odd == 'x'").sql
    assert "COLLATE" not in made("SELECT id FROM people", rows="region == 'x'").sql
