"""Who asks, for whom and why: checked before a store is touched, and recorded when it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.access.policy import AccessPolicy
from governance.guard.base import UseContext
from governance.ledger.events import EventDraft
from policies.access_lines import IMPERSONATE
from policies.errors import AccessRefusedError
from policies.nouns import Action, Principal

if TYPE_CHECKING:
    from governance.app import Governance


def ask(gov: Governance, principal: str, purpose: str, action: Action, *, writes: bool = False) -> UseContext:
    """A principal with a purpose, and whether it may also write.

    Raises AccessRefusedError when one of them is unknown; that is recorded first.
    """
    try:
        who = _known(gov.policy_files.policy, principal, purpose)
    except AccessRefusedError as refusal:
        _record(gov, principal, purpose, action, refusal.rule_ids)
        raise
    return UseContext(who, gov.actor, purpose, action, writes)


def check_impersonation(gov: Governance, principal: str, purpose: str, action: Action) -> None:
    """Return when the actor is the principal or holds the role `impersonate`.

    Raises AccessRefusedError otherwise; that is recorded first.
    """
    policy = gov.policy_files.policy
    if gov.actor == principal:
        return
    if gov.actor in policy.principals.principals and IMPERSONATE in policy.principal(gov.actor).roles:
        return
    rule_ids = ("access.impersonate",)
    _record(gov, principal, purpose, action, rule_ids)
    raise AccessRefusedError(
        "the actor",
        found="a user who asks as somebody else",
        expected=f"the role `{IMPERSONATE}`",
        next_step=f"add the user to principals.yaml and `g, USER, {IMPERSONATE}` to access.csv, or ask as yourself",
        rule_ids=rule_ids,
    )


def _known(policy: AccessPolicy, principal: str, purpose: str) -> Principal:
    if purpose not in policy.purposes.purposes:
        raise AccessRefusedError(
            "purpose",
            found="a purpose that purposes.yaml does not have",
            expected="one of its purposes",
            next_step="check the spelling, or add the purpose",
            rule_ids=("access.unknown_purpose",),
        )
    return policy.principal(principal)


def _record(gov: Governance, principal: str, purpose: str, action: Action, rule_ids: tuple[str, ...]) -> None:
    gov.ledger.decide(
        EventDraft(
            kind="decision",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", principal),
            purpose=purpose if purpose in gov.policy_files.purposes.purposes else None,
            action=action.value,
            outcome="refused",
            rules=rule_ids,
            versions=gov.versions(),
        )
    )
