"""Lint rules on conditions: never true, always taken by a deny, or within the rows of another line.

Conditions are compared by their meaning, as in `policies/witnesses.py`; what cannot be decided so is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from governance.access.facts import DatasetFacts
from governance.access.lint_rule import Found, Severity, allows, covers, datasets, lint_rule
from governance.access.policy import AccessPolicy
from policies.access_lines import ANY, TREATMENTS, AccessRule
from policies.errors import PredicateError
from policies.nouns import Effect, Scalar
from policies.predicate import Predicate
from policies.witnesses import UndecidableError, witnesses

_TIMES = frozenset({"datetime", "time"})
"""Types whose constants have several spellings; conditions on them are left alone."""
Case = Callable[[Predicate], bool | None]
"""What a condition answers for one row and one user."""


@lint_rule("POL019", Severity.WARNING)
def _never(policy: AccessPolicy) -> Found:
    """No row can meet ROWS, for anybody whom the line is for: an allow gives nothing, a deny takes nothing."""
    for each in policy.lines.rules:
        rows = each.rows
        if rows is not None and _holds(policy, each, (rows,), _misses(rows, each.effect)):
            yield each.line, {}


@lint_rule("POL020", Severity.WARNING)
def _always_denied(policy: AccessPolicy) -> Found:
    """A deny on the same object takes every row that this allow gives: the two contradict one another."""
    denies = [each for each in policy.lines.rules if each.effect is Effect.DENY and each.rows is not None]
    for each in allows(policy):
        for deny in denies:
            if deny.object.text == each.object.text and _is_for(policy, deny, each):
                taken = _takes(deny.rows, each.rows)
                if _holds(policy, each, tuple(filter(None, (deny.rows, each.rows))), taken):
                    yield each.line, {"other": str(deny.line)}
                    break


@lint_rule("POL021", Severity.WARNING)
def _within(policy: AccessPolicy) -> Found:
    """Another allow on the same object gives every row that this one gives, and protects at least as well."""
    given = [each for each in allows(policy) if each.rows is not None]
    for each in given:
        for other in given:
            if other is each or other.object.text != each.object.text or not _is_for(policy, other, each):
                continue
            loose = TREATMENTS.index(other.treatment) - TREATMENTS.index(each.treatment)
            if loose <= 0 and _gives_all(policy, each, other):
                equal = loose == 0 and _is_for(policy, each, other) and _gives_all(policy, other, each)
                if not equal or each.line > other.line:  # of two that say the same, the later one
                    yield each.line, {"other": str(other.line)}
                    break


def _gives_all(policy: AccessPolicy, each: AccessRule, other: AccessRule) -> bool:
    """Whether every row of a line is one of another's; lines for all rows are another rule's matter."""
    if each.rows is None or other.rows is None:
        return False
    return _holds(policy, each, (each.rows, other.rows), _implies(each.rows, other.rows))


def _is_for(policy: AccessPolicy, wide: AccessRule, each: AccessRule) -> bool:
    return covers(wide, each, policy.purposes) and wide.action in (ANY, each.action)


def _misses(rows: Predicate, effect: Effect) -> Callable[[Case], bool]:
    """A deny takes unknown rows too."""
    if effect is Effect.DENY:
        return lambda case: case(rows) is False
    return lambda case: case(rows) is not True


def _takes(deny: Predicate | None, rows: Predicate | None) -> Callable[[Case], bool]:
    return lambda case: deny is not None and ((rows is not None and case(rows) is not True) or case(deny) is not False)


def _implies(rows: Predicate, other: Predicate) -> Callable[[Case], bool]:
    return lambda case: case(rows) is not True or case(other) is True


def _holds(
    policy: AccessPolicy, each: AccessRule, conditions: tuple[Predicate, ...], statement: Callable[[Case], bool]
) -> bool:
    """Whether a statement holds for every row and everybody whom a line is for; False when nobody can say."""
    reached = [facts for facts in datasets(policy, each) if all(map(facts.admits, conditions))]
    people = list(_people(policy, each, conditions))
    if not reached or not people:
        return False
    try:
        return all(statement(case) for facts in reached for one in people for case in _cases(facts, one, conditions))
    except (UndecidableError, PredicateError):
        return False


def _people(
    policy: AccessPolicy, each: AccessRule, conditions: tuple[Predicate, ...]
) -> Iterator[Mapping[str, Scalar]]:
    """The attributes that conditions name, of everybody whom a line is for, each combination once."""
    named = sorted({name for condition in conditions for name in condition.attributes})
    seen: set[tuple[Any, ...]] = set()
    for name, attributes in policy.principals.principals.items():
        found = tuple(attributes.get(attribute) for attribute in named)
        key = tuple((type(value), value) for value in found)
        if key not in seen and each.subject in (ANY, *policy.subjects(policy.principal(name))):
            seen.add(key)
            yield dict(zip(named, found, strict=True))


def _cases(facts: DatasetFacts, attributes: Mapping[str, Scalar], conditions: tuple[Predicate, ...]) -> Iterator[Case]:
    if any(facts.types.get(name) in _TIMES for condition in conditions for name in condition.fields):
        raise UndecidableError("a condition on a time")
    for row in witnesses([(condition, attributes) for condition in conditions], facts.types):
        yield partial(_answer, row, attributes)


def _answer(row: Mapping[str, Any], attributes: Mapping[str, Scalar], condition: Predicate) -> bool | None:
    return condition.evaluate(row, attributes)
