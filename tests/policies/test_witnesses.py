"""Example rows tell predicates apart wherever any row does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.predicate import parse_predicate
from policies.witnesses import MOST_ROWS, UndecidableError, witnesses

TYPES = {"a": "string", "b": "string", "n": "integer", "m": "integer", "x": "decimal", "t": "boolean", "d": "date"}
TEXTS = ["", "A", "B", "BA", "EU", "欧"]
NUMBERS = [-2, -1, 0, 1, 2, 3]
DAYS = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-03-01"]

texts, numbers, days = st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(DAYS)
ops = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
leaves = st.one_of(
    st.tuples(st.sampled_from("ab"), ops, texts.map(repr)).map(" ".join),
    st.tuples(st.sampled_from("nmx"), ops, numbers.map(str)).map(" ".join),
    st.tuples(st.just("d"), ops, days.map(repr)).map(" ".join),
    st.tuples(st.just("a"), ops, st.just("b")).map(" ".join),
    st.tuples(st.just("n"), ops, st.just("m")).map(" ".join),
    st.tuples(st.just("a"), ops, st.just("principal.region")).map(" ".join),
    st.tuples(st.sampled_from("abnt"), st.sampled_from(["is None", "is not None"])).map(" ".join),
    st.lists(texts, min_size=1, max_size=3).map(lambda some: f"a in ({', '.join(map(repr, some))},)"),
    st.just("t"),
)
predicates = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda each: f"({' '.join(each)})"),
        inner.map(lambda each: f"not ({each})"),
    ),
    max_leaves=4,
)
rows = st.fixed_dictionaries(
    {
        "a": st.one_of(st.none(), texts, st.text(max_size=2)),
        "b": st.one_of(st.none(), texts, st.text(max_size=2)),
        "n": st.one_of(st.none(), numbers, st.integers(-9, 9)),
        "m": st.one_of(st.none(), numbers, st.integers(-9, 9)),
        "x": st.one_of(st.none(), st.decimals(-9, 9, places=2)),
        "t": st.one_of(st.none(), st.booleans()),
        "d": st.one_of(st.none(), st.dates(dt.date(2025, 12, 1), dt.date(2026, 4, 1))),
    }
)


def answers(texts: tuple[str, str], row: dict[str, Any]) -> tuple[bool | None, ...]:
    return tuple(parse_predicate(each).evaluate(row, {"region": "EU"}) for each in texts)


@settings(max_examples=150, deadline=None)
@given(predicates, predicates, rows)
def test_whatever_two_predicates_answer_for_a_row_they_answer_for_a_witness(one, other, row):
    bound = [(parse_predicate(each), {"region": "EU"}) for each in (one, other)]
    try:
        found = {answers((one, other), each) for each in witnesses(bound, TYPES)}
    except UndecidableError:
        return
    assert answers((one, other), row) in found


def test_a_conditionless_question_has_one_case():
    assert list(witnesses([], TYPES)) == [{}]


@pytest.mark.parametrize(
    ("text", "types", "why"),
    [
        ("z == 1", TYPES, "type the catalog does not say"),
        ("j is None", {"j": "json"}, "type json"),
        ("a == n", TYPES, "different kinds"),
        ("d == 'tomorrow'", TYPES, "no date"),
        (
            " and ".join(f"(f{n} == 1 or f{n} == 5)" for n in range(9)),
            {f"f{n}": "integer" for n in range(9)},
            "so many",
        ),
    ],
)
def test_what_cannot_be_gone_through_is_said_and_not_guessed(text, types, why):
    with pytest.raises(UndecidableError, match=why):
        list(witnesses([(parse_predicate(text), {})], types))


def test_every_case_of_a_usual_policy_is_few():
    text = "region == principal.region and tier != 'vip' and (age >= 18 or clinic)"
    types = {"region": "string", "tier": "string", "age": "integer", "clinic": "boolean"}
    assert len(list(witnesses([(parse_predicate(text), {"region": "EU"})], types))) < MOST_ROWS / 100
