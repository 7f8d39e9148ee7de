# ruff: noqa: E501 one case a line
"""A predicate admits the same rows in SQL as in Python."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlglot import exp

from connectors.base import Field
from governance.guard.mysql_driver import NumberedCursor
from governance.guard.nodes import name as quoted
from governance.guard.parsing import render
from governance.guard.predicate_sql import Bindings, PredicateSql, attribute_value
from governance.guard.schema import TableShape
from policies.errors import AccessRefusedError
from policies.predicate import parse_predicate

from .worlds import FIXTURES, KINDS

FIELDS = {
    "id": ("integer", "INTEGER"), "name": ("string", "TEXT"), "code": ("string", "VARCHAR(5)"),
    "age": ("integer", "INTEGER"), "rate": ("float", "DOUBLE PRECISION"), "ok": ("boolean", "BOOLEAN"),
    "born": ("date", "DATE"),
}  # fmt: skip
ROWS = [
    {"id": 1, "name": "Ann", "code": "EU", "age": 30, "rate": 1.5, "ok": True, "born": "1990-01-01"},
    {"id": 2, "name": "bob", "code": "eu", "age": None, "rate": None, "ok": False, "born": None},
    {"id": 3, "name": None, "code": None, "age": 0, "rate": -2.0, "ok": None, "born": "2001-05-05"},
    {"id": 4, "name": "O'Hara", "code": "Ü", "age": 18, "rate": 0.0, "ok": True, "born": "2020-12-31"},
    {"id": 5, "name": "王", "code": "a", "age": -1, "rate": 9.25, "ok": False, "born": "1980-06-06"},
]
PREDICATES = [
    "name == 'Ann'", "name != 'Ann'", "name < 'a'", "name >= 'b'", "code in ('EU', 'Ü')", "code not in ('EU',)",
    "age >= 18", "age < 18 or age is None", "not (age >= 18)", "rate > 0", "rate != 0", "rate in (1.5, 0)",
    "ok", "not ok", "ok == True", "ok is None", "born < '2001-05-05'", "born >= '1990-01-01' and born != '2020-12-31'",
    "name is not None and code is not None", "name == \"O'Hara\"", "18 <= age < 40", "id == age or id == 5",
    "code == principal.region", "code != principal.region", "age >= principal.age", "age == principal.nothing",
    "not (code == principal.nothing)", "principal.member", "not principal.member", "principal.region == 'EU'",
    "principal.age > 10 and ok", "code == principal.age", "age < principal.region", "True", "not False",
    "name == 'Ann' or (code == 'eu' and not ok) or rate > 5", "age > -1", "rate == -2.0",
]  # fmt: skip
ATTRIBUTES = {"region": "EU", "age": 18, "member": True}


@pytest.fixture(scope="module", params=KINDS)
def table(request):
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue(f"{FIXTURES[request.param]}_module_url")
    engine = sa.create_engine(url)
    columns = ", ".join(f"{name} {native}" for name, (_, native) in FIELDS.items())
    with engine.connect() as connection:
        more = " COLLATE utf8mb4_general_ci" if request.param == "mysql" else ""
        connection.exec_driver_sql(f"CREATE TABLE t ({columns}){more}")
        marks = ", ".join(f":{name}" for name in FIELDS)
        connection.execute(sa.text(f"INSERT INTO t VALUES ({marks})"), ROWS)
        yield connection
        connection.rollback()
    engine.dispose()


def shape():
    return TableShape(
        "t", "main", "t", {name: Field(name, kind, native) for name, (kind, native) in FIELDS.items()}, ()
    )


def admitted(connection, text):
    kind = connection.dialect.name
    bindings = Bindings(kind, 0)
    condition = PredicateSql(kind, shape(), bindings).condition(parse_predicate(text))
    query = exp.Select(
        expressions=[exp.Column(this=quoted("id"))],
        from_=exp.From(this=exp.Table(this=quoted("t"), alias=exp.TableAlias(this=quoted("gov_row")))),
        where=exp.Where(this=condition),
    )
    values = [attribute_value(ATTRIBUTES.get(slot.name), slot.type) for slot in bindings.slots]
    raw = connection.connection.driver_connection
    if kind == "sqlite":
        found = raw.execute(render(query, kind), {f"gov{place}": value for place, value in enumerate(values, 1)})
    elif kind == "mysql":
        found = NumberedCursor(raw).execute(render(query, kind), values)
    else:
        import psycopg

        found = psycopg.RawCursor(raw).execute(render(query, kind), values)
    return {row[0] for row in found.fetchall()}, bindings


@pytest.mark.parametrize("text", PREDICATES)
def test_sql_admits_what_python_admits(table, text):
    found, bindings = admitted(table, text)
    typed = {slot.name: attribute_value(ATTRIBUTES.get(slot.name), slot.type) for slot in bindings.slots}
    assert found == {row["id"] for row in ROWS if parse_predicate(text).evaluate(row, typed) is True}


@pytest.mark.parametrize(
    ("value", "type_", "bound"),
    [("EU", "string", "EU"), (1, "string", None), ("1", "integer", None), (True, "integer", None), (2.0, "integer", 2),
     (2.5, "integer", None), (2.5, "float", 2.5), (1, "boolean", None), (True, "boolean", True), (None, "string", None)],
)  # fmt: skip
def test_attribute_of_another_type_is_bound_as_null(value, type_, bound):
    assert attribute_value(value, type_) == bound


def test_rule_on_a_field_that_is_missing_refuses():
    with pytest.raises(AccessRefusedError):
        PredicateSql("sqlite", shape(), Bindings("sqlite", 0)).condition(parse_predicate("other == 1"))
