# ruff: noqa: E501, DTZ001 one case a line; records hold times without a zone
"""Plain records are treated as the same rows in a query."""

from __future__ import annotations

import datetime as dt
import decimal
from dataclasses import dataclass
from typing import Any

import hypothesis
import pandas as pd
import pyarrow as pa
import pydantic
import pytest
from hypothesis import strategies as st

from governance.access.permits import FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from governance.guard.filter import RecordFilter
from policies.errors import AccessRefusedError, SchemaDriftError
from policies.nouns import DatasetRef, Principal
from policies.predicate import parse_predicate

from .hands import ALICE, CONTEXT, CUSTOMER_FIELDS, EU, dataset_permit
from .worlds import CUSTOMERS

NAMES = list(CUSTOMER_FIELDS)
CUSTOMERS_REF = DatasetRef("crm", "customers")
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
    shown = world.store.filter(RECORDS, CUSTOMERS_REF, UseContext(who, "app", "support"))
    names, rows = world.rows("SELECT * FROM customers ORDER BY id", context=UseContext(who, "app", "support"))
    assert [{each: record[each] for each in names} for record in shown] == [
        dict(zip(names, row, strict=True)) for row in rows
    ]
    assert world.recorder.closes[0] == ("e1", "done", {"rows": len(rows)})


def test_fields_that_nobody_reviewed_are_left_out(make_world):
    shown = make_world().store.filter([{**RECORDS[0], "extra": "x"}], CUSTOMERS_REF, CONTEXT)
    assert "extra" not in shown[0]


def test_record_without_the_field_of_a_rule_is_refused_and_recorded(make_world):
    world = make_world()
    with pytest.raises(AccessRefusedError):
        world.store.filter([{"id": 1}], CUSTOMERS_REF, CONTEXT)
    assert world.recorder.drafts[0].outcome == "refused"


@pytest.mark.parametrize("dataset", ["v_c", "nothing"])
def test_unknown_dataset_is_refused(make_world, dataset):
    with pytest.raises((AccessRefusedError, SchemaDriftError)):
        make_world().store.filter([], DatasetRef("crm", dataset), CONTEXT)


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


# --- columns and objects: the same as single records, whatever the rules and values


@dataclass
class Person:
    id: int
    name: str
    email: str
    phone: str
    national_id: str
    tier: str
    region: str
    notes: str | None

    @property
    def secret(self) -> str:
        return "never read"


class PersonModel(pydantic.BaseModel):
    id: int
    name: str
    email: str
    phone: str
    national_id: str
    tier: str
    region: str
    notes: str | None
    friends: list[str] = []


def _outcome(act: Any) -> Any:
    try:
        return act()
    except AccessRefusedError as error:
        return str(error)


@pytest.mark.parametrize("name", PERMITS)
def test_every_form_shows_the_same(make_world, name):
    world = make_world()
    world.permits.permits["customers"] = PERMITS[name]
    use = UseContext(Principal("alice", ALICE.roles, {"region": "EU", "most": 4}), "app", "support")

    def shown(given: Any) -> Any:
        return world.store.filter(given, CUSTOMERS_REF, use)

    expected = shown(RECORDS)
    assert shown([Person(**each) for each in RECORDS]) == expected
    assert shown([PersonModel(**each) for each in RECORDS]) == expected
    table = pa.Table.from_pylist(RECORDS)
    assert shown(table).to_pylist() == expected
    assert (
        shown(pa.table({each: table[each].dictionary_encode() for each in table.column_names})).to_pylist() == expected
    )
    frame = shown(pd.DataFrame(RECORDS))
    assert frame.astype(object).where(frame.notna(), None).to_dict("records") == expected
    assert {count["rows"] for _, _, count in world.recorder.closes} == {len(expected)}


ATOMS = [
    "a == 'x'",
    "a != 'y'",
    "a in ('x', 'z')",
    "a is None",
    "b < 3",
    "b in (1, 2)",
    "b is not None",
    "c == True",
    "a == principal.w",
    "b >= principal.n",
    "t < '2026-06-01'",
]
PREDICATES = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner), st.builds("({}) or ({})".format, inner, inner), st.builds("not ({})".format, inner)
    ),
    max_leaves=4,
)  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.sampled_from(["x", "y", "z", "X", "", None]), "b": st.sampled_from([0, 1, 2, 3, None]),
            "c": st.sampled_from([True, False, None]), "t": st.sampled_from([dt.date(2026, 5, 1), dt.date(2026, 7, 1), None]),
            "m": st.sampled_from(["ann@x.io", "bob@y.io", "no mail", None]),
        }
    ),
    max_size=8,
)  # fmt: skip
TYPES = {"a": "string", "b": "integer", "c": "boolean", "t": "date", "m": "string"}
ARROW = pa.schema([("a", pa.string()), ("b", pa.int64()), ("c", pa.bool_()), ("t", pa.date32()), ("m", pa.string())])


def _made_permit(draw: Any) -> Any:
    def rule(label: str, text: str | None) -> RowRule:
        return RowRule(label, parse_predicate(text) if text else None)

    maybe = st.one_of(st.none(), PREDICATES)
    treatments = st.sampled_from(["clear", "mask:email", "mask:redact", "null"])
    rules = tuple(
        FieldRule(f"f{place}", draw(treatments), parse_predicate(text) if text else None)
        for place, text in enumerate(draw(st.lists(maybe, min_size=1, max_size=3)))
    )
    denies = tuple(rule(f"n{place}", text) for place, text in enumerate(draw(st.lists(PREDICATES, max_size=1))))
    permit = dataset_permit(
        "things", {"b": "clear", "c": "clear", "t": "clear"}, None,
        permits={"m": FieldPermit("m", rules, denies)},
        deny=tuple(rule(f"d{place}", text) for place, text in enumerate(draw(st.lists(PREDICATES, max_size=2)))),
        special=tuple(rule(f"s{place}", text) for place, text in enumerate(draw(st.lists(PREDICATES, max_size=1)))),
    )  # fmt: skip
    allow = tuple(rule(f"a{place}", text) for place, text in enumerate(draw(st.lists(maybe, min_size=1, max_size=2))))
    import dataclasses

    return dataclasses.replace(permit, allow=allow)


@hypothesis.settings(max_examples=120, deadline=None)
@hypothesis.given(st.data())
def test_columns_are_decided_as_single_records_are(data):
    permit, rows = _made_permit(data.draw), data.draw(ROWS)
    attributes = data.draw(st.sampled_from([{"w": "x", "n": 2}, {"w": 7, "n": "x"}, {}]))
    treating = RecordFilter(permit, attributes, TYPES)
    expected = _outcome(lambda: treating.treat(rows))
    assert _outcome(lambda: treating.treat(pa.Table.from_pylist(rows, ARROW)).to_pylist()) == expected
    frame = _outcome(lambda: treating.treat(pd.DataFrame(rows, columns=list(TYPES))))
    assert (frame if isinstance(frame, str) else _plain(frame)) == expected


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [
        {str(name): int(value) if name == "b" and value is not None else value for name, value in row.items()}
        for row in rows
    ]


def test_row_labels_and_metadata_that_no_rule_knows_are_left_out():
    permit = dataset_permit("customers", {"id": "clear"}, None)
    treating = RecordFilter(permit, {}, {"id": "integer", "email": "string"})
    frame = pd.DataFrame([{"id": 1, "email": "planted@x.io"}]).set_index("email", drop=False)
    frame.attrs["owner"] = "planted@x.io"
    shown = treating.treat(frame)
    assert (list(shown.index), shown.attrs, list(shown.columns)) == ([0], {}, ["id"])
    table = pa.table({"id": pa.array([1])}, metadata={"owner": "planted@x.io"})
    assert treating.treat(table).schema.metadata is None
    assert "planted" not in repr(shown) + repr(treating.treat(pa.Table.from_pandas(frame)).schema)


def test_clear_columns_keep_their_types():
    permit = dataset_permit(
        "things", {"b": "clear", "m": "mask:email"}, None, deny=(RowRule("d", parse_predicate("b == 2")),)
    )
    treating = RecordFilter(permit, {}, TYPES)
    frame = pd.DataFrame({"b": pd.array([1, 2, None], dtype="Int64"), "m": ["ann@x.io"] * 3})
    # A rule that is unknown denies: the row without a number goes too.
    assert (str(treating.treat(frame)["b"].dtype), list(treating.treat(frame)["m"])) == ("Int64", ["a***@x.io"])
    table = pa.table({"b": pa.array([1, 2], pa.int16()), "m": pa.array(["ann@x.io"] * 2, pa.large_string())})
    assert treating.treat(table).schema.types == [pa.int16(), pa.large_string()]
    assert isinstance(treating.treat(table.to_batches()[0]), pa.Table)


def test_integers_with_gaps_come_from_pandas_as_integers():
    permit = dataset_permit("things", {"b": "clear"}, "b == 1")
    frame = pd.DataFrame({"b": [1, None, 2]})
    assert str(frame["b"].dtype) == "float64"
    assert list(RecordFilter(permit, {}, TYPES).treat(frame)["b"]) == [1.0]
    with pytest.raises(AccessRefusedError):
        RecordFilter(permit, {}, TYPES).treat(pd.DataFrame({"b": [1.5]}))


@pytest.mark.parametrize(
    "given",
    [
        pa.table({"b": pa.array(["1"])}), pa.table({"m": pa.array(["x"])}), pa.table([pa.array([1]), pa.array([2])], names=["b", "b"]),
        pd.DataFrame({"b": ["1"]}), pd.DataFrame({"m": ["x"]}), pd.DataFrame([[1, 2]], columns=["b", "b"]),
        pd.DataFrame({"b": [True, 1]}, dtype=object), pd.DataFrame({"b": [[1]]}), pa.table({"b": pa.array([[1]])}),
        pa.table({"b": pa.array([decimal.Decimal(1)])}), ["text"], [("b", 1)], [object()], [Person],
    ],
    ids=lambda given: type(given).__name__,
)  # fmt: skip
def test_columns_that_nobody_can_decide_on_are_refused(given):
    permit = dataset_permit("things", {"b": "clear"}, "b == 1")
    with pytest.raises(AccessRefusedError) as error:
        RecordFilter(permit, {}, TYPES).treat(given)
    assert "'1'" not in str(error.value)


def test_time_below_a_microsecond_is_refused():
    permit = dataset_permit("things", {"t": "clear"}, "t < '2026-06-01 12:00'")
    given = pa.table({"t": pa.array([1], pa.timestamp("ns"))})
    with pytest.raises(AccessRefusedError, match="microsecond"):
        RecordFilter(permit, {}, {"t": "datetime"}).treat(given)
    with pytest.raises(AccessRefusedError, match="microsecond"):
        RecordFilter(permit, {}, {"t": "datetime"}).treat(given.to_pandas())
