"""How a recorded use ended, as a draft: alike but for the decision, so each kind of end is checked and encoded once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from governance.ledger.events import Event, EventDraft

_KEPT = 1_000
"""Ends in memory: one for each actor, principal, purpose, outcome and count of rows."""
_ANY = "any"
"""Stands for the id of a decision."""


def close_of(decision: Event, outcome: str, counts: Mapping[str, int], reason: str | None = None) -> EventDraft:
    """The end of the use that a decision allowed. Raises LedgerError for what an event may not hold."""
    who = (decision.actor, decision.principal, decision.purpose, decision.action)
    return _alike(*who, outcome, reason, tuple(counts.items())).ending(decision.id)


@lru_cache(maxsize=_KEPT)
def _alike(
    actor: str,
    principal: str | None,
    purpose: str | None,
    action: str | None,
    outcome: str,
    reason: str | None,
    counts: tuple[tuple[str, int], ...],
) -> EventDraft:
    return EventDraft(
        kind="close",
        actor=actor,
        principal=principal,
        purpose=purpose,
        action=action,
        outcome=outcome,
        counts=dict(counts),
        refs={"decision": _ANY},
        reason=reason,
    )
