from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from governance.demo import schema
from governance.demo.truth import NONE, SPECIAL_DATASETS, SPECIAL_ROWS, TRUTH, FieldTruth
from policies.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(dt.date(2026, 11, 1))


def test_every_column_has_a_truth_and_every_truth_a_column():
    columns = {(name, column.name) for name, table in schema.metadata.tables.items() for column in table.columns}
    plain = {place for place in TRUTH if ":" not in place[1] and place[0] != schema.VIEW}
    assert plain == columns


def test_every_column_of_the_view_has_a_truth(demo):
    columns = {column["name"] for column in sa.inspect(demo).get_columns(schema.VIEW)}
    assert {field for dataset, field in TRUTH if dataset == schema.VIEW} == columns


def test_every_json_path_of_the_rows_has_a_truth(demo):
    for table, column in ((schema.customers, "profile"), (schema.orders, "extra")):
        cells = demo.scalars(sa.select(table.c[column]).where(table.c[column].is_not(None)))
        paths = {f"{column}:{path}" for cell in cells for path in _paths(cell, "$")}
        known = {field for dataset, field in TRUTH if dataset == table.name and field.startswith(f"{column}:")}
        assert paths == {path for path in known if not TRUTH[table.name, path].keys}


def _paths(node, path):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _paths(value, f"{path}.{'*' if '@' in key else key}")
    elif isinstance(node, list):
        for value in node:
            yield from _paths(value, f"{path}[*]")
    else:
        yield path


def test_entities_and_categories_are_those_of_the_taxonomy():
    for truth in TRUTH.values():
        assert {truth.entity, *truth.accept, *truth.hidden} - {None, NONE} <= set(TAXONOMY.entities)
        assert truth.category in TAXONOMY.categories


def test_hidden_kinds_are_those_that_were_planted(built):
    declared = {place: truth.hidden for place, truth in TRUTH.items() if truth.hidden}
    planted = {place: frozenset(counts) for place, counts in built.hidden.items()}
    assert declared == planted


def test_alternatives_are_rare():
    assert sum(1 for truth in TRUTH.values() if truth.accept) <= len(TRUTH) * 0.15


@pytest.mark.parametrize(("label", "right"), [("EMAIL_ADDRESS", True), ("PERSON", False), (None, False)])
def test_a_plain_field_allows_only_its_own_label(label: str | None, right: bool):  # noqa: FBT001 - a table of cases
    assert TRUTH["customers", "email"].allows_label(label) is right


def test_a_free_text_may_be_labelled_by_what_it_hides_or_not_at_all():
    body = TRUTH["tickets", "body"]
    assert body.allows_label(None)
    assert body.allows_label("HEALTH")
    assert not body.allows_label("IBAN_CODE")
    assert body.allows_finding("CN_RESIDENT_ID")
    assert not body.allows_finding("IBAN_CODE")


def test_a_harmless_field_allows_no_finding():
    assert not FieldTruth(None, "none").allows_finding("EMAIL_ADDRESS")
    assert FieldTruth(None, "none").allows_label(None)


def test_patient_data_is_marked_special():
    assert set(schema.metadata.tables) >= SPECIAL_DATASETS
    assert {*SPECIAL_ROWS} <= set(schema.metadata.tables)
    assert TAXONOMY.category(TRUTH["clinic_visits", "diagnosis"].category).is_special(())
