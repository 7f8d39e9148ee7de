"""Every grant of a policy, spelled out: who may do what with which field, for which purpose, on which rows.

It is the compiled permit of each user, purpose, action and dataset, read out field by field; no rule is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from governance.access.facts import DatasetFacts
from governance.access.permits import DatasetPermit, RowRule
from governance.access.policy import AccessPolicy
from policies.access_objects import AccessObject
from policies.errors import AccessRefusedError
from policies.nouns import Action, FieldRef, Principal

SCHEMA = "governance.grants/1"
"""The form of the JSON."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One field that one user may use in one way for one purpose."""

    user: str
    """Who."""
    purpose: str
    """For which purpose."""
    action: Action
    """What may be done."""
    field: FieldRef
    """With which field."""
    category: str
    """The field's category."""
    sensitivity: str
    """The field's sensitivity under the laws in force."""
    treatments: tuple[str, ...]
    """How it is shown, in the order in which rules are tried."""
    rows: tuple[str, ...]
    """Conditions of which one must be true for a row to be visible; empty for all rows."""
    without: tuple[str, ...]
    """Conditions that take rows, or the field on those rows, away: denies and special kinds."""
    consent: str | None
    """The form of consent without which a person's rows are left out; None where the purpose needs none."""
    lines: tuple[int, ...]
    """The lines of the policy that decide, sorted."""

    def to_json(self) -> dict[str, Any]:
        """The grant as plain data."""
        return {
            "user": self.user,
            "purpose": self.purpose,
            "action": self.action.value,
            "field": str(self.field),
            "category": self.category,
            "sensitivity": self.sensitivity,
            "treatments": list(self.treatments),
            "rows": list(self.rows),
            "without": list(self.without),
            "consent": self.consent,
            "lines": list(self.lines),
        }


def grants_to(policy: AccessPolicy, user: str) -> Iterator[Grant]:
    """Everything that a user may do, by purpose, action and field. Raises AccessRefusedError for an unknown user."""
    yield from _grants(policy, policy.principal(user))


def grants_on(policy: AccessPolicy, target: AccessObject) -> Iterator[Grant]:
    """Everything that anybody may do with an object, by user, purpose, action and field."""
    for name in sorted(policy.principals.principals):
        for each in _grants(policy, policy.principal(name)):
            if target.text in policy.datasets[each.field.of].fields[each.field.field].allow_objects:
                yield each


def _grants(policy: AccessPolicy, principal: Principal) -> Iterator[Grant]:
    subjects = policy.subjects(principal)
    for purpose in sorted(policy.purposes.purposes):
        if not policy.grants_purpose(subjects, purpose):
            continue
        for action in Action:
            if any(policy.matching(subjects, purpose, action)):
                yield from _for_purpose(policy, principal, purpose, action)


def _for_purpose(policy: AccessPolicy, principal: Principal, purpose: str, action: Action) -> Iterator[Grant]:
    for ref, facts in sorted(policy.datasets.items()):
        try:
            permit = policy.permit(principal, purpose, action, ref)
        except AccessRefusedError:
            continue
        yield from (_grant(policy, principal.name, permit, facts, name) for name in permit.fields)


def _grant(policy: AccessPolicy, user: str, permit: DatasetPermit, facts: DatasetFacts, name: str) -> Grant:
    shown, field, purposes = permit.fields[name], facts.fields[name], policy.purposes
    taken = (*permit.deny, *permit.special, *shown.denies)
    ids = {rule.rule_id for rule in (*permit.allow, *taken)} | {rule.rule_id for rule in shown.rules}
    return Grant(
        user=user,
        purpose=permit.purpose,
        action=permit.action,
        field=field.ref,
        category=field.category,
        sensitivity=field.sensitivity.word,
        treatments=tuple(dict.fromkeys(rule.treatment for rule in shown.rules)),
        rows=_conditions(permit.allow) if all(rule.rows for rule in permit.allow) else (),
        without=_conditions(taken),
        consent=purposes.consent_form(permit.purpose) if purposes.needs_consent(permit.purpose) else None,
        lines=tuple(sorted({rule.line for rule in policy.lines.rules if rule.rule_id in ids})),
    )


def _conditions(rules: tuple[RowRule, ...]) -> tuple[str, ...]:
    """The rules' conditions as written, each once."""
    return tuple(dict.fromkeys(rule.rows.text for rule in rules if rule.rows is not None))
