"""Where cases are too many to be gone through, the solver decides as going through them would; or it is said."""

from __future__ import annotations

import datetime as dt
import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.access.policy import AccessPolicy
from governance.guard import exposure, solving
from governance.guard.exposure import ABSENT, UNDECIDED, exposures
from policies import witnesses
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.catalog import parse_catalog
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

pytest.importorskip("z3", reason="the extra smt is not installed")

EXAMPLES = int(os.environ.get("GOVERNANCE_POLICY_EXAMPLES", "6"))
"""Pairs of generated policies."""
MANY = 8
TYPES = {"name": "string", "other": "string", "age": "integer", "born": "date", "price": "decimal", "gold": "boolean"}
FIELDS = {**TYPES, **{f"n{number}": "integer" for number in range(MANY)}}


STORE = "version: 1\nstores:\n  crm:\n    id: s1\n    datasets:\n      t:\n        id: d1\n        fields:\n"


def policy(lines: str) -> AccessPolicy:
    entries = "".join(
        f"          {name}: {{id: f{place}, category: none, status: confirmed, type: {type_}}}\n"
        for place, (name, type_) in enumerate(FIELDS.items(), 1)
    )
    names = Names(
        PurposesFile.model_validate({"purposes": {"support": {"basis": {"gdpr": "contract"}}}}),
        PrincipalsFile.model_validate({"principals": {"alice": {"region": "EU", "limit": 3}}}),
        parse_catalog(f"{STORE}{entries}"),
        load_taxonomy(dt.date(2026, 11, 22)),
    )
    parsed = parse_access(lines, "access.csv", names)
    return AccessPolicy(parsed, names.purposes, names.principals, names.catalog, names.taxonomy, ("gdpr",))


def line(rows: str, target: str = "crm.t", treatment: str = "clear", effect: str = "allow") -> str:
    quoted = rows.replace('"', '""')
    return f'p, alice, support, read, {target}, {treatment}, {effect}, "{quoted}"'


def told(old: AccessPolicy, new: AccessPolicy) -> set[tuple[str, str, str]]:
    return {(each.field.field, each.before, each.after) for each in exposures(old, new)}


leaves = st.sampled_from(
    ["name == 'EU'", "name < other", "name == principal.region", "age > 3", "age <= principal.limit", "gold",
     "price > 1.5", "born < '2026-01-01'", "other is None", "age in (1, 5)", "not gold",
     "price == age", "name != other"]
)  # fmt: skip
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda each: f"({' '.join(each)})")
        | inner.map(lambda each: f"not ({each})")
    ),
    max_leaves=3,
)
lines = st.lists(
    st.one_of(
        conditions.map(line),
        st.tuples(conditions, st.sampled_from(["null", "mask:redact", "clear"])).map(
            lambda pair: line(pair[0], "crm.t.name", pair[1])
        ),
        conditions.map(lambda rows: line(rows, "crm.t.name", "", "deny")),
        conditions.map(lambda rows: line(rows, "crm.t", "", "deny")),
    ),
    min_size=1,
    max_size=3,
).map(lambda some: "\n".join((line(""), *some)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(lines, lines)
def test_the_solver_finds_what_going_through_all_cases_finds(old, new):
    one, other = policy(old), policy(new)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(witnesses, "MOST_ROWS", 10**7)
        gone_through = told(one, other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(witnesses, "MOST_ROWS", 0)
        assert told(one, other) == gone_through


WIDE = " and ".join(f"(n{number} == 1 or n{number} == 5)" for number in range(MANY))
SPELLED = " and ".join(f"n{number} in (5, 1)" for number in reversed(range(MANY)))


def test_many_fields_written_otherwise_expose_nothing():
    assert told(policy(line(WIDE)), policy(line(SPELLED))) == set()
    assert told(policy(line(SPELLED)), policy(line(WIDE))) == set()


def test_one_row_among_very_many_is_found_and_shown():
    (found,) = exposures(policy(line(WIDE) + "\n" + line("n3 == 5", "crm.t.n3", "null")),
                         policy(line(WIDE) + "\n" + line("n3 == 5 and n4 == 1", "crm.t.n3", "null")))  # fmt: skip
    assert (found.field.field, found.before, found.after) == ("n3", "null", "clear")
    assert (found.row["n3"], found.row["n4"]) == ("5", "5")
    assert set(found.row) == {f"n{number}" for number in range(MANY)}


def test_wider_rows_are_found():
    wider = WIDE.replace("n7 == 5", "n7 == 5 or n7 == 6")
    assert {(before, after) for _, before, after in told(policy(line(WIDE)), policy(line(wider)))} == {
        (ABSENT, "clear")
    }


def test_without_the_extra_it_could_not_be_decided_and_counts_as_exposure(monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    found = exposures(policy(line(WIDE)), policy(line(SPELLED)))
    assert {each.after for each in found} == {UNDECIDED}
    assert {tuple(each.row) for each in found} == {()}


def test_a_question_that_takes_too_long_could_not_be_decided(monkeypatch):
    monkeypatch.setattr(solving, "EFFORT", 1)
    assert {after for _, _, after in told(policy(line(WIDE)), policy(line(SPELLED)))} == {UNDECIDED}


def test_a_row_that_the_policy_judges_otherwise_is_not_believed(monkeypatch):
    monkeypatch.setattr(exposure, "_shown", lambda *_: "mask:email")
    assert {after for _, _, after in told(policy(line(WIDE)), policy(line("")))} == {UNDECIDED}
