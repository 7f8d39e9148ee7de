"""What an access review decides about: each line of the policy that gives something, with what is broad about it.

Grants of CRMs, which `review_crm` makes, have the same form.

A grant is an allow line or a role line. Its id stays while the line says the same, wherever it stands; its fingerprint
changes when it gives something else, because the roles, the catalog or another line changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.access.grants import grants_to
from governance.access.policy import AccessPolicy
from governance.access.roles import held_roles
from policies.access_lines import ANY, BREAK_GLASS, IMPERSONATE, AccessRule, RoleGrant
from policies.access_objects import ObjectKind
from policies.nouns import Effect, Sensitivity

GRAVE = (Sensitivity.RESTRICTED.word, Sensitivity.SPECIAL.word)
"""Sensitivities that are broad when a line gives them in clear on all rows."""
CLEAR = "clear"
"""The treatment under which a value is given as it stands."""

KeyedDigest = Callable[[str], str]
"""Gives 64 hex digits of a text under a key, so that names cannot be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedGrant:
    """One line of the policy that gives something."""

    id: str
    """The rule's id, or `role:` and a keyed digest of a role line."""
    kind: str
    """`line` for a rule, `role` for a role line, `crm` for what a profile or role of a CRM may do with a module."""
    line: int
    """Where it stands in `access.csv`; 0 for a grant of a CRM."""
    subject: str
    """Who gets it: a user, a role or `*`."""
    role: str = ""
    """The role given, by a role line."""
    purpose: str = ""
    """For which purpose."""
    action: str = ""
    """What may be done."""
    object: str = ""
    """With what, as written."""
    treatment: str = ""
    """How it is shown."""
    rows: str = ""
    """The condition on rows; empty for all."""
    users: tuple[str, ...] = ()
    """The users that it reaches as the files stand, sorted."""
    fields: tuple[str, ...] = ()
    """The fields that it decides about for one of them, sorted."""
    rules: tuple[str, ...] = ()
    """Rules whose use by one of the users is a use of it."""
    broad: tuple[str, ...] = ()
    """What is broad: `everybody`, `wide`, `grave_clear`, `impersonate`; in a CRM `inactive`, `every_action`,
    `grave_out`."""
    holders: int = 0
    """In a CRM, the users who hold it."""
    inactive: int = 0
    """Those of them who may not sign in any more."""
    separation: tuple[tuple[str, str], ...] = ()
    """Pairs of roles kept apart that it brings together."""
    fingerprint: str
    """Keyed digest of all that it gives."""

    def to_json(self) -> dict[str, Any]:
        """The grant as plain data, without its fingerprint."""
        told = ("id", "kind", "line", "subject", "role", "purpose", "action", "object", "treatment", "rows")
        many = ("users", "fields", "rules", "broad")
        held = ("holders", "inactive") if self.kind == "crm" else ()
        return (
            {name: getattr(self, name) for name in (*told, *held)}
            | {name: list(getattr(self, name)) for name in many}
            | {"separation": [list(pair) for pair in self.separation]}
        )


def reviewed_grants(policy: AccessPolicy, digest: KeyedDigest) -> tuple[ReviewedGrant, ...]:
    """Every line of a policy that gives something, in the order of the file. Opens no store."""
    held = held_roles(policy.lines)
    given = _given(policy)
    allow = [rule for rule in policy.lines.rules if rule.effect is Effect.ALLOW]
    found = [_of_line(policy, rule, held, given.get(rule.line, ()), digest) for rule in allow]
    found += [_of_role(policy, grant, held, digest) for grant in policy.lines.grants]
    return tuple(sorted(found, key=lambda each: each.line))


def _given(policy: AccessPolicy) -> Mapping[int, list[dict[str, Any]]]:
    """By line of the file, what the compiled permits of all users draw from it."""
    found: dict[int, list[dict[str, Any]]] = {}
    for user in sorted(policy.principals.principals):
        for each in grants_to(policy, user):
            plain = each.to_json()
            numbers = plain.pop("lines")
            for line in numbers:
                found.setdefault(line, []).append(plain)
    return found


def _of_line(
    policy: AccessPolicy,
    rule: AccessRule,
    held: Mapping[str, frozenset[str]],
    given: Collection[dict[str, Any]],
    digest: KeyedDigest,
) -> ReviewedGrant:
    rows = rule.rows.text if rule.rows else ""
    users = tuple(_users(policy, rule.subject, held))
    return ReviewedGrant(
        id=rule.rule_id,
        kind="line",
        line=rule.line,
        subject=rule.subject,
        purpose=rule.purpose,
        action=rule.action,
        object=rule.object.text,
        treatment=rule.treatment,
        rows=rows,
        users=users,
        fields=tuple(sorted({each["field"] for each in given})),
        rules=(rule.rule_id,),
        broad=tuple(_broad(rule, given)),
        fingerprint=digest(json.dumps(["line", users, list(given)], sort_keys=True)),
    )


def _of_role(
    policy: AccessPolicy, grant: RoleGrant, held: Mapping[str, frozenset[str]], digest: KeyedDigest
) -> ReviewedGrant:
    roles = held.get(grant.role, frozenset()) | {grant.role}
    rules = tuple(sorted(each.rule_id for each in policy.lines.rules if each.subject in roles))
    users = tuple(_users(policy, grant.member, held))
    return ReviewedGrant(
        id=f"role:{digest(json.dumps(['id', grant.member, grant.role]))[:16]}",
        kind="role",
        line=grant.line,
        subject=grant.member,
        role=grant.role,
        users=users,
        rules=rules,
        broad=("impersonate",) if IMPERSONATE in roles else (),
        separation=tuple(_joined(policy, held.get(grant.member, frozenset()) | {grant.member}, roles)),
        fingerprint=digest(json.dumps(["role", users, rules])),
    )


def _users(policy: AccessPolicy, subject: str, held: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for name in sorted(policy.principals.principals):
        if subject in (ANY, BREAK_GLASS, name) or subject in held.get(name, frozenset()):
            yield name


def _broad(rule: AccessRule, given: Collection[dict[str, Any]]) -> Iterator[str]:
    if rule.subject == ANY:
        yield "everybody"
    if rule.treatment != CLEAR:
        return
    if rule.object.kind in (ObjectKind.STORE, ObjectKind.ALL):
        yield "wide"
    open_ones = [each for each in given if CLEAR in each["treatments"] and not each["rows"]]
    if rule.rows is None and any(each["sensitivity"] in GRAVE for each in open_ones):
        yield "grave_clear"


def _joined(policy: AccessPolicy, held: frozenset[str], brought: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Pairs kept apart that a member holds, one of them by this line."""
    for pair in policy.separation.pairs:
        if set(pair.roles) <= held and not brought.isdisjoint(pair.roles):
            one, other = sorted(pair.roles)
            yield one, other
