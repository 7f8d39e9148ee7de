"""The walk over stores in memory: awkward maps, and the property that nobody gets another person's records."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Dataset, DatasetKind, Field, ForeignKey
from governance.requests.forms import Form, form_of
from governance.requests.mapping import spaces_of, subject_map
from governance.requests.store_rows import Row, written
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import Ambiguous, Identifier, Reach, RecordKey, Unreached
from governance.requests.walk import Walk
from policies.catalog import Catalog, parse_catalog
from policies.errors import StoreError
from policies.nouns import DatasetRef, Scalar

Table = list[dict[str, Scalar]]


class MemoryRows:
    """A store in memory, by table."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.unreached: list[Unreached] = []
        self._tables = tables

    def matching(
        self, dataset: DatasetMap, fields: Sequence[str], values: Collection[RecordKey], needed: Sequence[str]
    ) -> Iterator[Row]:
        wanted = {written(each) for each in values}
        for row in self._rows(dataset, [*needed, *fields]):
            if written([row.values[name] for name in fields]) in wanted:
                yield row

    def identified(
        self, dataset: DatasetMap, sought: Mapping[str, Sequence[Form]], needed: Sequence[str]
    ) -> Iterator[tuple[Row, str, Form]]:
        for row in self._rows(dataset, [*needed, *sought]):
            for name, forms in sought.items():
                yield from ((row, name, form) for form in forms if form.matches(row.values[name]))

    def mentioning(self, dataset: DatasetMap, forms: Sequence[Form]) -> Iterator[tuple[Row, str]]:
        for row in self._rows(dataset, dataset.texts):
            for name in dataset.texts:
                if any(form.stands_in(str(row.values[name])) for form in forms):
                    yield Row(row.key, {}), name

    def _rows(self, dataset: DatasetMap, names: Sequence[str]) -> Iterator[Row]:
        for row in self._tables[dataset.ref.dataset]:
            values = {name: row.get(name) for name in names}
            yield Row(tuple(row.get(name) for name in dataset.key), values)


def table(name: str, fields: str, key: str, *links: tuple[str, str, str]) -> Dataset:
    """A table: fields and key as words, links as (fields, table, fields)."""
    keys = tuple(ForeignKey(tuple(f.split()), to, tuple(r.split())) for f, to, r in links)
    return Dataset(
        name, DatasetKind.TABLE, tuple(Field(each, "string") for each in fields.split()), tuple(key.split()), keys
    )


def catalog(**datasets: str) -> Catalog:
    """A catalog of stores `a` and `b`; each dataset as `STORE|subject key|more YAML|field:category ...`."""
    stores: dict[str, list[str]] = {"a": [], "b": []}
    for number, (name, said) in enumerate(datasets.items(), start=1):
        store, key, more, fields = said.split("|")
        lines = [f"      {name}:", f"        id: d{number}"]
        lines += [f"        subject_key: [{', '.join(key.split())}]"] if key else []
        lines += [f"        {more}"] if more else []
        lines += ["        fields:"]
        for place, each in enumerate(fields.split(), start=1):
            field, _, category = each.partition(":")
            category = category or "none"
            lines.append(f"          {field}: {{id: f{place}, category: {category}, status: confirmed}}")
        stores[store] += lines
    text = "version: 1\nstores:\n"
    for number, (store, lines) in enumerate(stores.items(), start=1):
        if lines:
            text += f"  {store}:\n    id: s{number}\n    datasets:\n" + "\n".join(lines) + "\n"
    return parse_catalog(text)


def walk(known: Catalog, shapes: Mapping[str, Sequence[Dataset]], rows: Mapping[str, Mapping[str, Table]], **options):
    """A walk over stores in memory."""
    made = subject_map(known, shapes, frozenset())
    return Walk(made, {name: MemoryRows(tables) for name, tables in rows.items()}, ("DE",), **options)


def found(made: Walk, email: str) -> set[tuple[str, RecordKey]]:
    """The person's own records, from an e-mail address."""
    trace = made.run([form_of(Identifier("email", email), ("DE",))], text=True)
    return {(str(each.dataset), each.key) for each in trace.own()}


EMAIL = "email:user.contact.email"


def test_a_subject_key_of_two_fields_joins_by_both() -> None:
    known = catalog(people=f"a|land no||land no {EMAIL}", visits="a|land no||id land no")
    shapes = {
        "a": [
            table("people", "land no email", "land no"),
            table("visits", "id land no", "id", ("land no", "people", "land no")),
        ]
    }
    people = [{"land": "DE", "no": 1, "email": "a@x.io"}, {"land": "CN", "no": 1, "email": "b@x.io"}]
    visits = [{"id": 1, "land": "DE", "no": 1}, {"id": 2, "land": "CN", "no": 1}, {"id": 3, "land": None, "no": 1}]
    assert found(walk(known, shapes, {"a": {"people": people, "visits": visits}}), "a@x.io") == {
        ("a.people", ("DE", 1)),
        ("a.visits", (1,)),
    }


@pytest.mark.parametrize(
    ("direction", "own"),
    [("down", {("a.people", (1,)), ("b.accounts", ("x",))}), ("up", {("a.people", (1,))})],
)
def test_a_declared_join_leads_over_stores_in_its_direction(direction: str, own: set) -> None:
    join = f"joins: [{{fields: person, to: a.people, referred: id, direction: {direction}}}]"
    known = catalog(people=f"a|id||id {EMAIL}", accounts=f"b|no|{join}|no person {EMAIL}")
    shapes = {"a": [table("people", "id email", "id")], "b": [table("accounts", "no person email", "no")]}
    rows = {
        "a": {"people": [{"id": 1, "email": "a@x.io"}, {"id": 2, "email": "b@x.io"}]},
        "b": {"accounts": [{"no": "x", "person": "1", "email": "c@x.io"}, {"no": "y", "person": "2", "email": None}]},
    }
    made = walk(known, shapes, rows)
    assert found(made, "a@x.io") == own
    back = found(walk(known, shapes, rows), "c@x.io")
    assert back == {("b.accounts", ("x",))} | ({("a.people", (1,))} if direction == "up" else set())


def test_a_declared_join_to_more_persons_than_one_may_be_stops() -> None:
    join = "joins: [{fields: firm, to: a.firms, referred: id, direction: both}]"
    known = catalog(firms="a|||id name", people=f"a|id|{join}|id firm {EMAIL}")
    shapes = {"a": [table("firms", "id name", "id"), table("people", "id firm email", "id")]}
    people = [{"id": n, "firm": 7, "email": f"p{n}@x.io"} for n in range(9)]
    made = walk(known, shapes, {"a": {"firms": [{"id": 7, "name": "x"}], "people": people}})
    assert found(made, "p1@x.io") == {("a.people", (1,)), ("a.firms", (7,))}
    assert Ambiguous("a.people.firm", "join", "shared", 9) in made.found.trace().ambiguous


def test_two_kinds_of_persons_in_one_store_are_kept_apart() -> None:
    known = catalog(
        clients=f"a|id||id {EMAIL}", staff=f"a|id||id {EMAIL}", notes="a|who||id who", details="a|id||id shoe"
    )
    shapes = {
        "a": [
            table("clients", "id email", "id"),
            table("staff", "id email", "id"),
            table("notes", "id who", "id"),
            table("details", "id shoe", "id", ("id", "clients", "id")),  # one row a client, under the client's key
        ]
    }
    rows = {
        "clients": [{"id": 1, "email": "a@x.io"}],
        "staff": [{"id": 1, "email": "s@x.io"}],
        "notes": [{"id": 5, "who": 1}],
        "details": [{"id": 1, "shoe": 40}],
    }
    made = walk(known, shapes, {"a": rows})
    assert found(made, "a@x.io") == {("a.clients", (1,)), ("a.details", (1,))}
    assert Unreached("a.notes", "which_persons") in made.found.trace().unreached
    assert found(walk(known, shapes, {"a": rows}), "s@x.io") == {("a.staff", (1,))}


def test_a_key_that_refers_to_persons_nobody_reviewed_is_not_taken_for_another_persons() -> None:
    known = catalog(
        patients=f"a|id||id {EMAIL}",
        payslips="a|staff||no staff",
        visits="a|patient||no patient",
        notes="a|who||no who",
    )
    shapes = {
        "a": [
            table("patients", "id email", "id"),
            table("staff", "id name", "id"),
            table("payslips", "no staff", "no", ("staff", "staff", "id")),
            table("visits", "no patient", "no", ("patient", "patients", "id")),
            table("notes", "no who", "no"),
        ]
    }
    rows = {
        "patients": [{"id": 1, "email": "a@x.io"}],
        "payslips": [{"no": 2, "staff": 1}],
        "visits": [{"no": 3, "patient": 1}],
        "notes": [{"no": 4, "who": 1}],
    }
    made = walk(known, shapes, {"a": rows})
    assert found(made, "a@x.io") == {("a.patients", (1,)), ("a.visits", (3,))}
    spaces = {str(ref): str(each) for ref, each in spaces_of(known, "a", shapes["a"]).items()}
    assert (spaces["a.payslips"], spaces["a.notes"]) == ("a.staff", "None")
    alone = spaces_of(catalog(payslips="a|staff||no staff", notes="a|who||no who"), "a", shapes["a"])
    assert set(map(str, alone.values())) == {"a.staff"}


def test_an_identifier_only_beside_the_persons_tells_whose_it_is() -> None:
    known = catalog(people="a|id||id", logins=f"a|person||no person {EMAIL}")
    shapes = {"a": [table("people", "id", "id"), table("logins", "no person email", "no", ("person", "people", "id"))]}
    rows = {"people": [{"id": 1}], "logins": [{"no": 3, "person": 1, "email": "a@x.io"}]}
    assert found(walk(known, shapes, {"a": rows}), "a@x.io") == {("a.people", (1,)), ("a.logins", (3,))}


def test_a_customer_number_is_not_taken_for_that_of_another_system() -> None:
    number = "number:user.unique_id"
    known = catalog(people=f"a|id||id {number} {EMAIL}", drivers=f"b|id||id {number}")
    shapes = {"a": [table("people", "id number email", "id")], "b": [table("drivers", "id number", "id")]}
    rows = {
        "a": {"people": [{"id": 1, "number": "1000234", "email": "a@x.io"}]},
        "b": {"drivers": [{"id": 9, "number": "1000234"}]},
    }
    assert found(walk(known, shapes, rows), "a@x.io") == {("a.people", (1,))}


def test_a_dataset_that_cannot_be_read_does_not_stop_the_others() -> None:
    class Broken(MemoryRows):
        def identified(self, dataset, sought, needed):
            if dataset.ref.dataset == "leads":
                raise StoreError("a.leads", found="no right", expected="one", next_step="grant it")
            return super().identified(dataset, sought, needed)

    known = catalog(leads=f"a|||id {EMAIL}", people=f"a|id||id {EMAIL}")
    shapes = {"a": [table("leads", "id email", "id"), table("people", "id email", "id")]}
    rows = {"leads": [{"id": 5, "email": "a@x.io"}], "people": [{"id": 1, "email": "a@x.io"}]}
    made = Walk(subject_map(known, shapes, frozenset()), {"a": Broken(rows)}, ("DE",))
    assert found(made, "a@x.io") == {("a.people", (1,))}
    assert made.found.trace().unreached == (Unreached("a.leads", "unreadable"),)


def test_an_identifier_that_is_gone_from_the_store_is_said() -> None:
    known = catalog(people=f"a|id||id {EMAIL} phone:user.contact.phone_number")
    made = walk(known, {"a": [table("people", "id email_address", "id")]}, {"a": {"people": [{"id": 1}]}})
    assert found(made, "a@x.io") == set()
    assert made.found.trace().unreached == (
        Unreached("a.people.email", "not_in_store"),
        Unreached("a.people.phone", "not_in_store"),
    )


PEOPLE = st.integers(1, 4)
MAYBE = st.one_of(st.none(), PEOPLE)


@settings(max_examples=60, deadline=None)
@given(
    orders=st.lists(st.tuples(MAYBE, MAYBE), max_size=8),
    posts=st.lists(st.tuples(MAYBE, st.one_of(st.none(), st.integers(0, 7)), MAYBE), max_size=8),
    invited=st.lists(MAYBE, min_size=4, max_size=4),
)
def test_nobody_gets_a_record_with_another_persons_key(orders, posts, invited) -> None:
    known = catalog(
        people=f"a|id||id by {EMAIL}", orders="a|person||id person helper", posts="a|person||id person reply seen"
    )
    person = ("person", "people", "id")
    shapes = {
        "a": [
            table("people", "id by email", "id", ("by", "people", "id")),
            table("orders", "id person helper", "id", person, ("helper", "people", "id")),
            table("posts", "id person reply seen", "id", person, ("reply", "posts", "id"), ("seen", "orders", "id")),
        ]
    }
    rows: dict[str, Table] = {
        "people": [{"id": n, "by": invited[n - 1], "email": f"p{n}@x.io"} for n in range(1, 5)],
        "orders": [{"id": n, "person": p, "helper": h} for n, (p, h) in enumerate(orders)],
        "posts": [{"id": n, "person": p, "reply": r, "seen": s} for n, (p, r, s) in enumerate(posts)],
    }
    trace = walk(known, shapes, {"a": rows}).run([form_of(Identifier("email", "p1@x.io"), ())], text=False)
    by_place = {(name, row["id"]): row for name, every in rows.items() for row in every}
    own = {(each.dataset.dataset, each.key[0]) for each in trace.own()}
    for name, key in own:
        owner = by_place[name, key]["id" if name == "people" else "person"]
        assert owner in (1, None)
    expected = {(name, row["id"]) for name, every in rows.items() for row in every if row.get("person") == 1}
    assert expected <= own
    assert {each.reach for each in trace.own()} <= {Reach.IDENTIFIER, Reach.SUBJECT_KEY, Reach.JOIN}
    assert trace.subject_keys == {"a": frozenset({(1,)})}
    assert DatasetRef("a", "people") in {each.dataset for each in trace.own()}
