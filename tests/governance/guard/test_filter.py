# ruff: noqa: E501, DTZ001 one case a line; records hold times without a zone
"""Plain records are treated as the same rows in a query."""

from __future__ import annotations

import datetime as dt

import pytest

from governance.access.permits import FieldPermit, FieldRule, RowRule
from governance.guard.filter import RecordFilter
from policies.errors import AccessRefusedError, SchemaDriftError
from policies.nouns import DatasetRef, Principal
from policies.predicate import parse_predicate

from .conftest import ALICE, CUSTOMER_FIELDS, CUSTOMERS, EU, dataset_permit  # type: ignore[import-not-found]

NAMES = list(CUSTOMER_FIELDS)
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in CUSTOMERS]
PERMITS = {
    "plain": dataset_permit("customers", CUSTOMER_FIELDS, EU),
    "deny": dataset_permit("customers", CUSTOMER_FIELDS, None, deny=(RowRule("d", parse_predicate("region == 'US'")),)),
    "deny-unknown": dataset_permit("customers", CUSTOMER_FIELDS, None, deny=(RowRule("d", parse_predicate("notes == 'x'")),)),
    "special": dataset_permit("customers", CUSTOMER_FIELDS, None, special=(RowRule("d", parse_predicate("tier == 'gold'")),)),
    "case": dataset_permit(
        "customers", {"id": "clear"}, EU,
        permits={
            "email": FieldPermit(
                "email",
                (FieldRule("a", "mask:name", parse_predicate("tier == 'gold'")), FieldRule("b", "clear", parse_predicate("id < 3"))),
                (RowRule("c", parse_predicate("notes == 'asks for tea'")),),
            )
        },
    ),
    "attribute": dataset_permit("customers", CUSTOMER_FIELDS, "id < principal.most"),
    "wrong-attribute": dataset_permit("customers", CUSTOMER_FIELDS, "id < principal.region"),
}  # fmt: skip


@pytest.mark.parametrize("name", PERMITS)
def test_records_are_treated_as_rows_are(make_world, name):
    world = make_world()
    world.permits.permits["customers"] = PERMITS[name]
    who = Principal("alice", ALICE.roles, {"region": "EU", "most": 4})
    shown = world.store.filter(RECORDS, DatasetRef("crm", "customers"), who, "support")
    from governance.guard.base import UseContext

    names, rows = world.rows("SELECT * FROM customers ORDER BY id", context=UseContext(who, "app", "support"))
    assert [{each: record[each] for each in names} for record in shown] == [
        dict(zip(names, row, strict=True)) for row in rows
    ]
    assert world.recorder.closes[0] == ("e1", "done", {"rows": len(rows)})


def test_fields_that_nobody_reviewed_are_left_out(make_world):
    shown = make_world().store.filter([{**RECORDS[0], "extra": "x"}], DatasetRef("crm", "customers"), ALICE, "support")
    assert "extra" not in shown[0]


def test_record_without_the_field_of_a_rule_is_refused_and_recorded(make_world):
    world = make_world()
    with pytest.raises(AccessRefusedError):
        world.store.filter([{"id": 1}], DatasetRef("crm", "customers"), ALICE, "support")
    assert world.recorder.drafts[0].outcome == "refused"


@pytest.mark.parametrize("dataset", ["v_c", "nothing"])
def test_unknown_dataset_is_refused(make_world, dataset):
    with pytest.raises((AccessRefusedError, SchemaDriftError)):
        make_world().store.filter([], DatasetRef("crm", dataset), ALICE, "support")


def test_treatment_without_a_python_form_is_refused():
    permit = dataset_permit("customers", {"name": "mask:nothing"}, None)
    with pytest.raises(AccessRefusedError):
        RecordFilter(permit, {}, {"name": "string"}).filter([{"name": "x"}])


def test_mask_of_a_field_that_is_no_text_gives_nothing():
    permit = dataset_permit("customers", {"id": "mask:redact"}, None)
    assert RecordFilter(permit, {}, {"id": "integer"}).filter([{"id": 5}]) == [{"id": None}]


@pytest.mark.parametrize(
    ("type_", "rule", "value"),
    [
        ("boolean", "x == True", "true"), ("integer", "x == 17", "17"), ("integer", "x in (17, 18)", 17.0),
        ("float", "x > 5", float("nan")), ("string", "x == 'US'", b"US"), ("string", "x == 'US'", ["US"]),
        ("date", "x < '2026-06-01'", "soon"), ("datetime", "x < '2026-06-01 12:00'", 5), ("json", "x == 1", 1),
    ],
)  # fmt: skip
def test_record_with_a_value_of_another_type_is_refused(type_, rule, value):
    permit = dataset_permit("customers", {"x": "clear"}, None, deny=(RowRule("d", parse_predicate(rule)),))
    with pytest.raises(AccessRefusedError):
        RecordFilter(permit, {}, {"x": type_}).filter([{"x": value}])


@pytest.mark.parametrize(
    ("type_", "rule", "value"),
    [
        ("datetime", "x < '2026-06-01 12:00'", dt.datetime(2026, 6, 1, 11)), ("datetime", "x < '2026-06-01 12:00'", "2026-06-01T11:00:00"),
        ("date", "x < '2026-06-02'", dt.date(2026, 6, 1)), ("time", "x < '12:00'", "11:00:00"), ("boolean", "x == True", 1),
    ],
)  # fmt: skip
def test_time_compares_as_a_time(type_, rule, value):
    permit = dataset_permit("customers", {"x": "clear"}, None, deny=(RowRule("d", parse_predicate(rule)),))
    assert RecordFilter(permit, {}, {"x": type_}).filter([{"x": value}]) == []
