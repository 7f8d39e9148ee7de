"""What is questionable about a policy that can be loaded: lines that do nothing, or more than their author may mean.

Each rule has an id that never changes its meaning; its docstring is its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from governance.access.facts import DatasetFacts, FieldFacts
from governance.access.policy import AccessPolicy
from policies.access_lines import ANY, BREAK_GLASS, IMPERSONATE, MASK_TYPES, TREATMENTS, AccessRule
from policies.access_objects import ObjectKind
from policies.nouns import Action, Effect, LabelStatus, Sensitivity
from policies.purposes import PurposesFile


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The line cannot do what it says."""
    WARNING = "warning"
    """The line may do more, or less, than its author means."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One questionable line."""

    rule_id: str
    """The lint rule, such as `POL001`."""
    severity: Severity
    """How much it matters."""
    place: str
    """The file with its line."""
    line: int
    """The line, from 1; 0 for a finding on another file."""
    key: str
    """The words for it, a key of `policies/words/access.yaml`."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the words want filled in."""


Found = Iterator[tuple[int, dict[str, str]]]
"""Line, and the values for its words."""


@dataclass(frozen=True, slots=True)
class LintRule:
    """One lint rule."""

    rule_id: str
    """Its id."""
    severity: Severity
    """How much its findings matter."""
    find: Callable[[AccessPolicy], Found]
    """What it looks for; its docstring is the rule's page."""


_RULES: dict[str, LintRule] = {}


def lint(policy: AccessPolicy) -> list[LintFinding]:
    """All findings, by line and then by rule."""
    found = [
        LintFinding(
            rule.rule_id,
            rule.severity,
            f"{policy.lines.place}:{line}" if line else "purposes.yaml",
            line,
            f"access.lint_{rule.rule_id.lower()}",
            values,
        )
        for rule in lint_rules()
        for line, values in rule.find(policy)
    ]
    return sorted(found, key=lambda each: (each.line, each.rule_id, sorted(each.values.items())))


def lint_rules() -> tuple[LintRule, ...]:
    """Every rule, by id."""
    return tuple(_RULES[rule_id] for rule_id in sorted(_RULES))


def _rule(rule_id: str, severity: Severity) -> Callable[[Callable[[AccessPolicy], Found]], None]:
    def register(find: Callable[[AccessPolicy], Found]) -> None:
        if rule_id in _RULES:
            raise ValueError(f"lint rule {rule_id} is registered twice")
        _RULES[rule_id] = LintRule(rule_id, severity, find)

    return register


@_rule("POL001", Severity.ERROR)
def _unknown_user(policy: AccessPolicy) -> Found:
    """A role is given to a name that is neither a principal nor a role."""
    known = policy.principals.principals.keys() | policy.lines.roles
    yield from ((grant.line, {}) for grant in policy.lines.grants if grant.member not in known)


@_rule("POL002", Severity.WARNING)
def _empty_role(policy: AccessPolicy) -> Found:
    """A role is given that no `p` line names, and that holds no other role; `impersonate` needs none."""
    named = {rule.subject for rule in policy.lines.rules} | {grant.member for grant in policy.lines.grants}
    named.add(IMPERSONATE)
    yield from ((grant.line, {}) for grant in policy.lines.grants if grant.role not in named)


@_rule("POL003", Severity.ERROR)
def _nobody(policy: AccessPolicy) -> Found:
    """SUBJECT is neither a principal, nor a role that a `g` line gives, nor `*` or `break_glass`."""
    known = policy.principals.principals.keys() | policy.lines.roles | {ANY, BREAK_GLASS}
    yield from ((rule.line, {}) for rule in policy.lines.rules if rule.subject not in known)


@_rule("POL004", Severity.WARNING)
def _repeated(policy: AccessPolicy) -> Found:
    """A line says exactly what an earlier one says."""
    yield from ((line, {"other": str(first)}) for line, first in policy.lines.repeated)


@_rule("POL005", Severity.WARNING)
def _shadowed(policy: AccessPolicy) -> Found:
    """Another allow on the same object, for all rows, gives as much and protects at least as well."""
    groups: dict[tuple[str, str], list[AccessRule]] = {}
    for rule in _allows(policy):
        groups.setdefault((rule.object.text, rule.action), []).append(rule)
    for group in groups.values():
        whole = [rule for rule in group if rule.rows is None]
        for rule in group:
            other = next((each for each in whole if each is not rule and _covers(each, rule, policy.purposes)), None)
            if other is not None and TREATMENTS.index(other.treatment) <= TREATMENTS.index(rule.treatment):
                yield rule.line, {"other": str(other.line)}


@_rule("POL006", Severity.WARNING)
def _denied(policy: AccessPolicy) -> Found:
    """A deny for all rows takes everything that this allow gives."""
    denies = [rule for rule in policy.lines.rules if rule.effect is Effect.DENY and rule.rows is None]
    for rule in _allows(policy):
        reached = _reached_deny_objects(policy, rule)
        for deny in denies:
            if (
                deny.object.text in reached
                and _covers(deny, rule, policy.purposes)
                and deny.action in (ANY, rule.action)
            ):
                yield rule.line, {"other": str(deny.line)}
                break


@_rule("POL007", Severity.WARNING)
def _wide_clear(policy: AccessPolicy) -> Found:
    """A store or `*` is given in clear although it holds restricted or special fields that no rule of the same
    subject treats more specifically.
    """
    for rule in _allows(policy):
        if rule.object.kind < ObjectKind.STORE or rule.treatment != "clear":
            continue
        own = [
            each.object.text for each in _allows(policy) if each.subject == rule.subject and not each.object.gives_rows
        ]
        count = sum(
            facts.sensitivity >= Sensitivity.RESTRICTED and facts.allow_objects.isdisjoint(own)
            for facts in _confirmed(policy, rule)
        )
        if count:
            yield rule.line, {"count": str(count)}


@_rule("POL008", Severity.WARNING)
def _no_basis(policy: AccessPolicy) -> Found:
    """A purpose is granted that states no lawful basis under a law in force, and none above it does."""
    for purpose in sorted({rule.purpose for rule in _allows(policy)}):
        stated = {law for step in policy.purposes.ancestry(purpose) for law in policy.purposes.purposes[step].basis}
        yield from ((0, {"purpose": purpose, "law": law}) for law in policy.laws if law not in stated)


@_rule("POL009", Severity.ERROR)
def _never_special(policy: AccessPolicy) -> Found:
    """All fields that an allow names are special, and neither its purpose nor one below it lists their category."""
    for rule in _allows(policy):
        fields = list(_confirmed(policy, rule))
        under = [name for name in policy.purposes.purposes if rule.purpose in policy.purposes.ancestry(name)]
        closed = [
            each.special and not any(policy.purposes.admits_special(name, each.category) for name in under)
            for each in fields
        ]
        if fields and all(closed):
            yield rule.line, {}


@_rule("POL010", Severity.WARNING)
def _mask_of_another_type(policy: AccessPolicy) -> Found:
    """A mask is put on a field, or a category with fields, of a type that it does not take."""
    for rule in _allows(policy):
        takes = MASK_TYPES.get(rule.treatment.removeprefix("mask:"))
        if takes is not None and not rule.object.gives_rows:
            count = sum(facts.type is not None and facts.type not in takes for facts in _confirmed(policy, rule))
            if count:
                yield rule.line, {"count": str(count)}


@_rule("POL011", Severity.ERROR)
def _no_rows(policy: AccessPolicy) -> Found:
    """An allow on a field, category or sensitivity, while nobody it is for gets rows for that purpose and action."""
    holders = {name: policy.subjects(policy.principal(name)) for name in policy.principals.principals}
    for rule in _allows(policy):
        sets = {subjects for subjects in holders.values() if rule.subject in subjects}
        if rule.object.gives_rows or not sets:
            continue
        under = [name for name in policy.purposes.purposes if rule.purpose in policy.purposes.ancestry(name)]
        if not any(_gives_rows(policy, rule, subjects, purpose) for subjects in sets for purpose in under):
            yield rule.line, {}


@_rule("POL012", Severity.WARNING)
def _unknown_attribute(policy: AccessPolicy) -> Found:
    """ROWS names an attribute of the principal that no principal has."""
    known = {name for attributes in policy.principals.principals.values() for name in attributes}
    for rule in policy.lines.rules:
        names = rule.rows.attributes if rule.rows else frozenset()
        yield from ((rule.line, {"attribute": name}) for name in sorted(names - known))


@_rule("POL013", Severity.WARNING)
def _not_evaluable(policy: AccessPolicy) -> Found:
    """ROWS on a wide object names fields that some dataset under it does not have."""
    for rule in policy.lines.rules:
        if rule.rows is not None:
            count = sum(not facts.admits(rule.rows) for facts in _datasets(policy, rule))
            if count:
                yield rule.line, {"count": str(count)}


@_rule("POL014", Severity.WARNING)
def _unreviewed(policy: AccessPolicy) -> Found:
    """An allow names a field whose label nobody has confirmed."""
    for rule in _allows(policy):
        if rule.object.kind is ObjectKind.FIELD and not list(_confirmed(policy, rule)):
            yield rule.line, {}


@_rule("POL015", Severity.WARNING)
def _everybody(policy: AccessPolicy) -> Found:
    """SUBJECT of an allow is `*`: every principal, today's and tomorrow's."""
    yield from ((rule.line, {}) for rule in _allows(policy) if rule.subject == ANY)


@_rule("POL016", Severity.WARNING)
def _written_as(policy: AccessPolicy) -> Found:
    """An allow for `write` or `delete` gives another treatment than `clear`, so it opens no field for writing."""
    for rule in _allows(policy):
        if rule.action in (Action.WRITE, Action.DELETE) and rule.treatment != "clear":
            yield rule.line, {"action": rule.action}


def _allows(policy: AccessPolicy) -> Iterator[AccessRule]:
    return (rule for rule in policy.lines.rules if rule.effect is Effect.ALLOW)


def _covers(wide: AccessRule, rule: AccessRule, purposes: PurposesFile) -> bool:
    """Whether a rule is for everybody and every purpose that another one is for."""
    subject = wide.subject in (ANY, rule.subject)
    return subject and (wide.purpose == ANY or wide.purpose in purposes.ancestry(rule.purpose))


def _confirmed(policy: AccessPolicy, rule: AccessRule) -> Iterator[FieldFacts]:
    """The confirmed fields that an allow reaches."""
    for facts in policy.datasets.values():
        for each in facts.fields.values():
            if each.status is LabelStatus.CONFIRMED and rule.object.text in each.allow_objects:
                yield each


def _datasets(policy: AccessPolicy, rule: AccessRule) -> Iterator[DatasetFacts]:
    """The datasets that a rule reaches, itself or through a field."""
    for facts in policy.datasets.values():
        objects = {text for each in facts.fields.values() for text in each.allow_objects | each.deny_objects}
        if rule.object.text in objects | facts.allow_objects | facts.deny_objects:
            yield facts


def _reached_deny_objects(policy: AccessPolicy, rule: AccessRule) -> frozenset[str]:
    """OBJECT of the deny lines that reach all that an allow reaches."""
    fields = list(_confirmed(policy, rule))
    if not fields:
        return frozenset()
    return frozenset.intersection(*(each.deny_objects for each in fields))


def _gives_rows(policy: AccessPolicy, rule: AccessRule, subjects: tuple[str, ...], purpose: str) -> bool:
    reached = frozenset(text for facts in _datasets(policy, rule) for text in facts.allow_objects)
    return any(
        other.effect is Effect.ALLOW and other.object.text in reached
        for other in policy.matching(subjects, purpose, rule.action)
    )
