"""A hold holds the record that was meant, however its key was typed, and is refused where it could hold nothing."""

from __future__ import annotations

import pytest

from governance.flows.opening.offices import office_of
from governance.flows.retention.keeping import place_hold
from policies.errors import BadInputError
from policies.nouns import DatasetRef

CUSTOMERS = DatasetRef("crm", "customers")
CODES = DatasetRef("crm", "codes")


@pytest.fixture
def codes(shop):
    """A table whose key knows no case, in catalog and store; its person has a number."""
    catalog = shop.folder / "policies" / "catalog.yaml"
    word = "category: none, status: confirmed"
    fields = f"fields: {{code: {{id: f1, {word}}}, person: {{id: f2, {word}}}}}"
    text = catalog.read_text(encoding="utf-8")
    catalog.write_text(f"{text}      codes: {{id: d9, subject_key: person, {fields}}}\n", encoding="utf-8")
    shop.sql("CREATE TABLE codes (code TEXT COLLATE NOCASE PRIMARY KEY, person INTEGER)")
    shop.sql("INSERT INTO codes VALUES ('AbC', 7), ('x', 8)")


@pytest.mark.parametrize("typed", ["2", "02", " 2", "+2", "\uff12"])
def test_a_number_may_be_typed_in_any_way(gov, typed):
    place_hold(gov, CUSTOMERS, "record", [typed], reason="a claim")
    stop = office_of(gov).holds.stop(CUSTOMERS)
    assert [number for number in range(1, 10) if stop.holds([number], [number])] == [2]


@pytest.mark.parametrize(("scope", "typed"), [("record", "abc"), ("record", "ABC"), ("subject", "007")])
def test_a_key_that_the_store_calls_equal_is_held(codes, gov, scope, typed):
    place_hold(gov, CODES, scope, [typed], reason="a claim")
    stop = office_of(gov).holds.stop(CODES)
    assert stop.holds(["AbC"], [7])
    assert not stop.holds(["x"], [8])


@pytest.mark.parametrize("typed", ["9" * 30, "9" * 5000, "two", ""])
def test_what_no_number_can_be_holds_nobody_else(gov, typed):
    place_hold(gov, CUSTOMERS, "record", [typed], reason="a claim")
    stop = office_of(gov).holds.stop(CUSTOMERS)
    assert not any(stop.holds([number], [number]) for number in range(1, 10))


def test_of_two_spellings_the_one_that_was_typed_is_held(shop, codes, gov):
    catalog = shop.folder / "policies" / "catalog.yaml"
    text = catalog.read_text(encoding="utf-8").replace("subject_key: person", "subject_key: code")
    catalog.write_text(text, encoding="utf-8")
    shop.sql("DROP TABLE codes")
    shop.sql("CREATE TABLE codes (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE, person INTEGER)")
    shop.sql("INSERT INTO codes VALUES (1, 'ABC', 7), (2, 'abc', 7)")
    place_hold(gov, CODES, "subject", ["abc"], reason="a claim")
    stop = office_of(gov).holds.stop(CODES)
    assert (stop.holds([1], ["ABC"]), stop.holds([2], ["abc"])) == (False, True)


def test_a_key_that_no_record_has_yet_is_held_as_it_was_typed(codes, gov):
    place_hold(gov, CODES, "record", ["later"], reason="a claim")
    assert office_of(gov).holds.stop(CODES).holds(["later"], [9])


@pytest.mark.parametrize(
    ("name", "key", "said"), [("custmers", ["2"], "catalog"), ("customers", ["2", "3"], "2 key value")]
)
def test_a_hold_that_could_hold_nothing_is_refused(gov, name, key, said):
    with pytest.raises(BadInputError, match=said):
        place_hold(gov, DatasetRef("crm", name), "record", key, reason="a claim")
    assert office_of(gov).holds.standing() == []
