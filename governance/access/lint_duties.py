"""Lint rules on separation of duties: roles that nobody may hold together."""

from __future__ import annotations

from collections.abc import Iterator

from governance.access.lint_rule import Found, Severity, lint_rule
from governance.access.policy import AccessPolicy
from governance.access.roles import held_roles
from policies.separation import SEPARATION


@lint_rule("POL017", Severity.ERROR)
def _held_together(policy: AccessPolicy) -> Found:
    """A user or role holds, itself or by inheritance, two roles that `separation.yaml` keeps apart."""
    for pair in policy.separation.pairs:
        one, other = sorted(pair.roles)
        yield from ((line, {"one": one, "other": other, "why": pair.why}) for line in _joining(policy, {one, other}))


@lint_rule("POL018", Severity.ERROR, SEPARATION)
def _unknown_pair(policy: AccessPolicy) -> Found:
    """`separation.yaml` names a role that no line gives or is for, so the pair keeps nobody apart."""
    known = policy.lines.roles | {each.subject for each in policy.lines.rules} - policy.principals.principals.keys()
    named = sorted({role for pair in policy.separation.pairs for role in pair.roles})
    yield from ((0, {"role": role}) for role in named if role not in known)


def _joining(policy: AccessPolicy, pair: set[str]) -> Iterator[int]:
    """The lines that bring a pair together: of each member that has both, though no role that it was given has."""
    held = held_roles(policy.lines)
    every = {name: roles | {name} for name, roles in held.items()}
    for member, roles in every.items():
        given = [grant for grant in policy.lines.grants if grant.member == member]
        if pair <= roles and not any(pair <= every.get(grant.role, {grant.role}) for grant in given):
            yield max(grant.line for grant in given if every.get(grant.role, {grant.role}) & pair)
