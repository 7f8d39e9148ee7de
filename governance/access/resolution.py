"""From the rules that match a request to a permit: which rule decides, for rows and for each field.

A permit is one unit: rows and treatment. Rules on a dataset, its store or `*` give rows; all rules give treatments, and
for each row only those compete whose ROWS is true for it. The most specific object wins, among equals the most
protective treatment; a deny beats everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.access.facts import DatasetFacts, FieldFacts, deny_objects_of_category
from governance.access.permits import FieldPermit, FieldRule, RowRule
from policies.access_lines import TREATMENTS, AccessRule
from policies.nouns import Effect, LabelStatus
from policies.predicate import Conjunction, Predicate
from policies.purposes import PurposesFile


class Hidden(StrEnum):
    """Why a field of the catalog is not shown."""

    UNREVIEWED = "unreviewed"
    SPECIAL = "special"
    DENIED = "denied"
    NO_RULE = "no_rule"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a dataset a request may see."""

    refused_by: tuple[str, ...]
    """Rules, or `special:CATEGORY`, that refuse the dataset as a whole; sorted."""
    allow: tuple[RowRule, ...]
    """Rules that give rows; empty when nothing is granted, and only those without ROWS when there are such."""
    deny: tuple[RowRule, ...]
    """Rules that take rows."""
    special: tuple[RowRule, ...]
    """Rows that reveal what the purpose does not list."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The rules that match one request on one dataset."""

    rules: tuple[AccessRule, ...]
    """For the request's subjects, purpose and action, reaching the dataset or some field of it."""
    not_evaluable: frozenset[str]
    """Ids of those whose ROWS names what the dataset does not have: there it is unknown for every row."""

    def reaching(self, objects: frozenset[str], effect: Effect) -> list[AccessRule]:
        """The rules of an effect on one of some objects; of allows, only those that can be true."""
        found = [rule for rule in self.rules if rule.effect is effect and rule.object.text in objects]
        if effect is Effect.DENY:
            return found
        return [rule for rule in found if rule.rule_id not in self.not_evaluable]

    def takes_all(self, rule: AccessRule) -> bool:
        """Whether a deny holds for every row: it has no ROWS, or they are unknown, and unknown denies."""
        return rule.rows is None or rule.rule_id in self.not_evaluable


def match(rules: Iterable[AccessRule], dataset: DatasetFacts) -> Matching:
    """Those of a request's rules that matter for a dataset."""
    reached = tuple(rule for rule in rules if _may_reach(rule, dataset))
    unfit = (rule.rule_id for rule in reached if rule.rows is not None and not dataset.admits(rule.rows))
    return Matching(reached, frozenset(unfit))


def rank(rule: AccessRule) -> tuple[int, int]:
    """How specific a rule's object is; the smaller wins."""
    return (int(rule.object.kind), -rule.object.depth)


def precedence(rule: AccessRule) -> tuple[int, int, int, bool, str]:
    """The order in which allow rules of one field are tried."""
    return (*rank(rule), TREATMENTS.index(rule.treatment), rule.rows is not None, rule.rule_id)


def rows_of(dataset: DatasetFacts, matching: Matching, purpose: str, purposes: PurposesFile) -> Rows:
    """Which rows the rules of one request leave of a dataset."""
    allows = matching.reaching(dataset.allow_objects, Effect.ALLOW)
    denies = matching.reaching(dataset.deny_objects, Effect.DENY)
    secret = [category for category in dataset.special if not purposes.admits_special(purpose, category)]
    total = [rule.rule_id for rule in denies if matching.takes_all(rule)]
    return Rows(
        tuple(sorted((*total, *(f"special:{category}" for category in secret)))),
        _row_rules([rule for rule in allows if rule.rows is None] or allows),
        (*_row_rules(rule for rule in denies if not matching.takes_all(rule)), *_revealing(dataset, matching)),
        tuple(
            RowRule(f"special:{category}", predicate)
            for category, predicate in dataset.special_rows.items()
            if not purposes.admits_special(purpose, category)
        ),
    )


def field_of(field: FieldFacts, matching: Matching, purpose: str, purposes: PurposesFile) -> FieldPermit | Hidden:
    """How the rules of one request show a field, or why they do not."""
    if field.status is not LabelStatus.CONFIRMED:
        return Hidden.UNREVIEWED
    if field.special and not purposes.admits_special(purpose, field.category):
        return Hidden.SPECIAL
    denies = [rule for rule in matching.reaching(field.deny_objects, Effect.DENY) if not rule.object.gives_rows]
    if any(matching.takes_all(rule) for rule in denies):
        return Hidden.DENIED
    allows = matching.reaching(field.allow_objects, Effect.ALLOW)
    return FieldPermit(field.ref.field, competing(allows), _row_rules(denies)) if allows else Hidden.NO_RULE


def competing(allows: Iterable[AccessRule]) -> tuple[FieldRule, ...]:
    """Allow rules in the order in which they are tried, up to the first that holds for every row."""
    found: list[FieldRule] = []
    for rule in sorted(allows, key=precedence):
        found.append(FieldRule(rule.rule_id, rule.treatment, rule.rows))
        if rule.rows is None:
            break
    return tuple(found)


def _may_reach(rule: AccessRule, dataset: DatasetFacts) -> bool:
    """Whether a rule may matter for a dataset; those on categories and sensitivities always may."""
    if rule.object.gives_rows:
        return rule.object.text in dataset.allow_objects
    return rule.object.dataset in (None, dataset.ref)


def _row_rules(rules: Iterable[AccessRule]) -> tuple[RowRule, ...]:
    return tuple(RowRule(rule.rule_id, rule.rows) for rule in sorted(rules, key=lambda each: each.rule_id))


def _revealing(dataset: DatasetFacts, matching: Matching) -> Iterable[RowRule]:
    """Rows that a deny on special data takes, because of what being there reveals."""
    for category, predicate in dataset.special_rows.items():
        denies = matching.reaching(deny_objects_of_category(category), Effect.DENY)
        for rule in sorted(denies, key=lambda each: each.rule_id):
            whole = rule.rows is None or matching.takes_all(rule)
            yield RowRule(rule.rule_id, predicate if whole or rule.rows is None else _both(predicate, rule.rows))


def _both(one: Predicate, other: Predicate) -> Predicate:
    return Predicate(f"({one.text}) and ({other.text})", Conjunction((one.root, other.root)))


def closed_over_paths(shown: Mapping[str, FieldPermit | Hidden]) -> dict[str, FieldPermit | Hidden]:
    """The same, but a JSON column that would show a path of it more openly than the path's own permit is hidden.

    A path is the field `COLUMN:$.PATH` of the catalog; a query takes the column as a whole, and every path with it.
    """
    return {name: Hidden.PATH if _opens_a_path(name, each, shown) else each for name, each in shown.items()}


def _opens_a_path(column: str, permit: FieldPermit | Hidden, shown: Mapping[str, FieldPermit | Hidden]) -> bool:
    if not isinstance(permit, FieldPermit) or "clear" not in permit.treatments:
        return False
    paths = [each for name, each in shown.items() if name.startswith(f"{column}:")]
    return any(not isinstance(each, FieldPermit) or _gives(each) != _gives(permit) for each in paths)


def _gives(permit: FieldPermit) -> tuple[list[tuple[str, Predicate | None]], list[Predicate | None]]:
    return [(rule.treatment, rule.rows) for rule in permit.rules], [rule.rows for rule in permit.denies]
