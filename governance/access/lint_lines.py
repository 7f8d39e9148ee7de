"""Lint rules on lines that do nothing beside others: repeated, shadowed, denied, without rows or a review."""

from __future__ import annotations

from governance.access.lint_rule import Found, Severity, allows, confirmed, covers, datasets, lint_rule
from governance.access.policy import AccessPolicy
from policies.access_lines import ANY, TREATMENTS, AccessRule
from policies.access_objects import ObjectKind
from policies.nouns import Action, Effect


@lint_rule("POL004", Severity.WARNING)
def _repeated(policy: AccessPolicy) -> Found:
    """A line says exactly what an earlier one says."""
    yield from ((line, {"other": str(first)}) for line, first in policy.lines.repeated)


@lint_rule("POL005", Severity.WARNING)
def _shadowed(policy: AccessPolicy) -> Found:
    """Another allow on the same object, for all rows, gives as much and protects at least as well."""
    groups: dict[tuple[str, str], list[AccessRule]] = {}
    for rule in allows(policy):
        groups.setdefault((rule.object.text, rule.action), []).append(rule)
    for group in groups.values():
        whole = [rule for rule in group if rule.rows is None]
        for rule in group:
            other = next((each for each in whole if each is not rule and covers(each, rule, policy.purposes)), None)
            if other is not None and TREATMENTS.index(other.treatment) <= TREATMENTS.index(rule.treatment):
                yield rule.line, {"other": str(other.line)}


@lint_rule("POL006", Severity.WARNING)
def _denied(policy: AccessPolicy) -> Found:
    """A deny for all rows takes everything that this allow gives."""
    denies = [rule for rule in policy.lines.rules if rule.effect is Effect.DENY and rule.rows is None]
    for rule in allows(policy):
        reached = _reached_deny_objects(policy, rule)
        for deny in denies:
            if (
                deny.object.text in reached
                and covers(deny, rule, policy.purposes)
                and deny.action in (ANY, rule.action)
            ):
                yield rule.line, {"other": str(deny.line)}
                break


@lint_rule("POL011", Severity.ERROR)
def _no_rows(policy: AccessPolicy) -> Found:
    """An allow on a field, category or sensitivity, while nobody it is for gets rows for that purpose and action."""
    holders = {name: policy.subjects(policy.principal(name)) for name in policy.principals.principals}
    for rule in allows(policy):
        sets = {subjects for subjects in holders.values() if rule.subject in subjects}
        if rule.object.gives_rows or not sets:
            continue
        under = [name for name in policy.purposes.purposes if rule.purpose in policy.purposes.ancestry(name)]
        if not any(_gives_rows(policy, rule, subjects, purpose) for subjects in sets for purpose in under):
            yield rule.line, {}


@lint_rule("POL013", Severity.WARNING)
def _not_evaluable(policy: AccessPolicy) -> Found:
    """ROWS on a wide object names fields that some dataset under it does not have."""
    for rule in policy.lines.rules:
        if rule.rows is not None:
            count = sum(not facts.admits(rule.rows) for facts in datasets(policy, rule))
            if count:
                yield rule.line, {"count": str(count)}


@lint_rule("POL014", Severity.WARNING)
def _unreviewed(policy: AccessPolicy) -> Found:
    """An allow names a field whose label nobody has confirmed."""
    for rule in allows(policy):
        if rule.object.kind is ObjectKind.FIELD and not list(confirmed(policy, rule)):
            yield rule.line, {}


@lint_rule("POL016", Severity.WARNING)
def _written_as(policy: AccessPolicy) -> Found:
    """An allow for `write` or `delete` gives another treatment than `clear`, so it opens no field for writing."""
    for rule in allows(policy):
        if rule.action in (Action.WRITE, Action.DELETE) and rule.treatment != "clear":
            yield rule.line, {"action": rule.action}


def _reached_deny_objects(policy: AccessPolicy, rule: AccessRule) -> frozenset[str]:
    """OBJECT of the deny lines that reach all that an allow reaches."""
    fields = list(confirmed(policy, rule))
    if not fields:
        return frozenset()
    return frozenset.intersection(*(each.deny_objects for each in fields))


def _gives_rows(policy: AccessPolicy, rule: AccessRule, subjects: tuple[str, ...], purpose: str) -> bool:
    reached = frozenset(text for facts in datasets(policy, rule) for text in facts.allow_objects)
    return any(
        other.effect is Effect.ALLOW and other.object.text in reached
        for other in policy.matching(subjects, purpose, rule.action)
    )
