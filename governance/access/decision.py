"""One decision, taken by Casbin: may this user see this field at all, for this purpose and action."""

from __future__ import annotations

from dataclasses import dataclass

from governance.access.policy import AccessPolicy
from policies.nouns import Action, FieldRef, LabelStatus


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a field can be seen, and what settled it."""

    allowed: bool
    """Whether any row of it is shown under any treatment."""
    settled_by: str
    """`casbin`, or the gate before it: `unknown_principal`, `unknown_purpose`, `unknown_field`, `unreviewed` or
    `special`."""


def decide(policy: AccessPolicy, user: str, purpose: str, action: Action, field: FieldRef) -> Decision:
    """Whether a user may see a field. Unknown names are denied; nothing is raised for them.

    It is the answer of `AccessPolicy.permit`, found another way and much slower: for tests and explanations.
    """
    gate = _gate(policy, user, purpose, field)
    if gate is not None:
        return Decision(allowed=False, settled_by=gate)
    both = all(policy.casbin.allows(user, purpose, action.value, target) for target in (field.of, field))
    return Decision(allowed=both, settled_by="casbin")


def _gate(policy: AccessPolicy, user: str, purpose: str, field: FieldRef) -> str | None:
    if user not in policy.principals.principals:
        return "unknown_principal"
    if purpose not in policy.purposes.purposes:
        return "unknown_purpose"
    dataset = policy.datasets.get(field.of)
    facts = dataset.fields.get(field.field) if dataset else None
    if dataset is None or facts is None:
        return "unknown_field"
    if facts.status is not LabelStatus.CONFIRMED:
        return "unreviewed"
    needed = (*dataset.special, *((facts.category,) if facts.special else ()))
    if not all(policy.purposes.admits_special(purpose, category) for category in needed):
        return "special"
    return None
