"""Lint rules on users, roles and attributes: unknown, empty, everybody."""

from __future__ import annotations

from governance.access.lint_rule import Found, Severity, allows, lint_rule
from governance.access.policy import AccessPolicy
from policies.access_lines import ANY, BREAK_GLASS, IMPERSONATE


@lint_rule("POL001", Severity.ERROR)
def _unknown_user(policy: AccessPolicy) -> Found:
    """A role is given to a name that is neither a principal nor a role."""
    known = policy.principals.principals.keys() | policy.lines.roles
    yield from ((grant.line, {}) for grant in policy.lines.grants if grant.member not in known)


@lint_rule("POL002", Severity.WARNING)
def _empty_role(policy: AccessPolicy) -> Found:
    """A role is given that no `p` line names, and that holds no other role; `impersonate` needs none."""
    named = {rule.subject for rule in policy.lines.rules} | {grant.member for grant in policy.lines.grants}
    named.add(IMPERSONATE)
    yield from ((grant.line, {}) for grant in policy.lines.grants if grant.role not in named)


@lint_rule("POL003", Severity.ERROR)
def _nobody(policy: AccessPolicy) -> Found:
    """SUBJECT is neither a principal, nor a role that a `g` line gives, nor `*` or `break_glass`."""
    known = policy.principals.principals.keys() | policy.lines.roles | {ANY, BREAK_GLASS}
    yield from ((rule.line, {}) for rule in policy.lines.rules if rule.subject not in known)


@lint_rule("POL012", Severity.WARNING)
def _unknown_attribute(policy: AccessPolicy) -> Found:
    """ROWS names an attribute of the principal that no principal has."""
    known = {name for attributes in policy.principals.principals.values() for name in attributes}
    for rule in policy.lines.rules:
        names = rule.rows.attributes if rule.rows else frozenset()
        yield from ((rule.line, {"attribute": name}) for name in sorted(names - known))


@lint_rule("POL015", Severity.WARNING)
def _everybody(policy: AccessPolicy) -> Found:
    """SUBJECT of an allow is `*`: every principal, today's and tomorrow's."""
    yield from ((rule.line, {}) for rule in allows(policy) if rule.subject == ANY)
