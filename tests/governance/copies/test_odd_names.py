"""Tables and fields with names of any script and form, and types that stay behind."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from governance.copies.source import read_source
from governance.copies.starting import starting_rules
from policies.catalog import parse_catalog
from policies.copy_rules import parse_copy_rules

NAMES = ["Customers", "客户", "order items", "a.b", "select", "客" * 20]


def described(datasets, category="none"):
    """A catalog of the store `shop` in which every field was reviewed."""
    found = {
        name: {"id": f"d{number}", "fields": {
            field: {"id": f"f{place}", "category": category, "status": "confirmed"}
            for place, field in enumerate(fields)}}
        for number, (name, fields) in enumerate(datasets.items())
    }  # fmt: skip
    return json.dumps({"version": 1, "stores": {"shop": {"id": "s1", "datasets": found}}}, ensure_ascii=False)


def rules_of(datasets):
    found = {name: {"fields": fields} for name, fields in datasets.items()}
    return json.dumps({"version": 1, "datasets": found}, ensure_ascii=False)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_any_name_is_copied(office, shop, fresh, kind, name):
    fields = {"id": "clear", "from": "clear", "值 1": "clear"}
    places = shop.places(fresh(kind), fresh(kind), shop.folder, catalog=described({name: fields}))
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql(
            f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, "from" VARCHAR(9) UNIQUE, "值 1" VARCHAR(9) UNIQUE)'
        )
        connection.exec_driver_sql(f"INSERT INTO \"{name}\" VALUES (1, 'a', 'b'), (2, NULL, 'c')")
    shop.copied(office, places, rules_of({name: fields}))
    assert [tuple(row.values()) for row in shop.table(places.target_engine, name)] == [(1, "a", "b"), (2, None, "c")]


def test_a_changed_table_of_any_name_makes_the_plan_stale(office, shop, fresh):
    fields = {"id": "clear"}
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder, catalog=described({"客户": fields}))
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql('CREATE TABLE "客户" (id INTEGER PRIMARY KEY)')
    first, _ = shop.copied(office, places, rules_of({"客户": fields}))
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql('CREATE TABLE "other" (id INTEGER PRIMARY KEY)')
        connection.exec_driver_sql('ALTER TABLE "客户" RENAME COLUMN id TO no')
    fields = {"no": "clear"}
    places = shop.places(
        places.source_engine.url.render_as_string(), fresh("sqlite"), shop.folder, catalog=described({"客户": fields})
    )
    second = shop.plan(office, places, parse_copy_rules(rules_of({"客户": fields})))
    named = [{name for name in plan.versions if name.startswith("schema:")} for plan in (first, second)]
    assert named[0] == named[1]
    assert len({plan.versions[name] for plan in (first, second) for name in named[0]}) == 2


@pytest.mark.parametrize("name", [*NAMES, "true", "Null", "no", "a: b", "a #b", "o'x", '"q"', "1", "x\ny", "x" * 90])
def test_the_first_rules_of_a_table_of_any_name_can_be_read(name):
    quoted = '"' + name.replace('"', '""') + '"'
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {quoted} ({quoted} INTEGER PRIMARY KEY, label VARCHAR(9) UNIQUE)")
        connection.exec_driver_sql(f"CREATE TABLE child (no INTEGER PRIMARY KEY, p INTEGER REFERENCES {quoted})")
        tables = read_source(connection, "shop", [name, "child"], {})
    entry = parse_catalog(described({name: [name, "label"], "child": ["no", "p"]}, "user.unique_id")).stores["shop"]
    rules = parse_copy_rules(starting_rules("shop", tables, entry))
    assert set(rules.datasets) == {name, "child"}
    assert rules.datasets[name].fields[name] == rules.datasets["child"].fields["p"]
    assert rules.datasets[name].fields[name].kind == "pseudonym"


def test_a_field_that_is_dropped_is_not_read_and_a_domain_becomes_its_type(office, shop, fresh):
    fields = {"id": "clear", "born": "drop", "age": "clear"}
    places = shop.places(fresh("postgresql"), fresh("postgresql"), shop.folder, catalog=described({"people": fields}))
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql("CREATE DOMAIN years AS INTEGER CHECK (value > 0)")
        connection.exec_driver_sql("CREATE TABLE people (id INTEGER PRIMARY KEY, born DATE, age years)")
        connection.exec_driver_sql("INSERT INTO people VALUES (1, '0044-03-15 BC', 55)")  # which Python has no date for
    shop.copied(office, places, rules_of({"people": fields}))
    assert shop.table(places.target_engine, "people") == [{"id": 1, "age": 55}]
