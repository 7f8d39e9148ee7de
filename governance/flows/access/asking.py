"""Who asks, for whom and why: checked before a store is touched, and recorded when it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.access.policy import AccessPolicy
from governance.guard.acting import Still, current, lost, settled
from governance.guard.base import UseContext
from governance.ledger.events import EventDraft
from policies.access_lines import IMPERSONATE
from policies.errors import AccessRefusedError
from policies.nouns import Action, Principal

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.guard.ambient import Stay


@dataclass(frozen=True, slots=True)
class Asked:
    """A use that may begin."""

    context: UseContext
    """Who asks, for whom and why."""
    stay: Stay | None
    """Refuses a statement in another context; None where principal and purpose were both named."""


def ask(gov: Governance, principal: str | None, purpose: str | None, action: Action, *, writes: bool = False) -> Asked:
    """A principal with a purpose, and whether it may also write; what is None comes from the context.

    Raises AccessRefusedError when one of them is missing or unknown; that is recorded first.
    """
    named = (principal, purpose)
    try:
        principal, purpose, still = settled(gov, principal, purpose)
        who = _known(gov.policy_files.policy, principal, purpose)
    except AccessRefusedError as refusal:
        _record(gov, principal, purpose, action, refusal.rule_ids)
        raise
    context = UseContext(who, gov.actor, purpose, action, writes)
    return Asked(context, None if still is None else _Stay(gov, context, named, still))


class _Stay:
    """Checks the context before each statement."""

    def __init__(
        self, gov: Governance, context: UseContext, named: tuple[str | None, str | None], still: Still
    ) -> None:
        self._gov = gov
        self._context = context
        self._named = named
        self._still = still

    def __call__(self) -> None:
        if not self._still():
            refusal = lost("another context than the one that the store was opened in, or none")
            here = current(self._gov)
            principal = self._named[0] or (here.principal if here else None)
            purpose = self._named[1] or (here.purpose if here else None)
            _record(self._gov, principal, purpose, self._context.action, refusal.rule_ids)
            raise refusal


def check_impersonation(gov: Governance, principal: str, purpose: str | None, action: str) -> None:
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


def _record(
    gov: Governance, principal: str | None, purpose: str | None, action: str, rule_ids: tuple[str, ...]
) -> None:
    gov.ledger.decide(
        EventDraft(
            kind="decision",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", principal) if principal is not None else None,
            purpose=purpose if purpose in gov.policy_files.purposes.purposes else None,
            action=str(action),
            outcome="refused",
            rules=rule_ids,
            versions=gov.versions(),
        )
    )
