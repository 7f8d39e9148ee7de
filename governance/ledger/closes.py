"""How a recorded use ended: alike but for the decision, so each kind of end is checked and encoded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from governance.ledger import patterns
from governance.ledger.events import EventDraft

_KEPT = 1_000
"""Ends in memory: one for each actor, principal, purpose, outcome and count of rows."""
_ANY = "any"
"""Stands for the id of a decision."""


class Decided(NamedTuple):
    """A decision that was recorded, as far as the end of its use needs it; the event itself is in the log."""

    id: str
    """Its id."""
    draft: EventDraft
    """What was recorded."""


class Ending:
    """A close as it is recorded: one like it, and the decision that it ends; no draft is made for it."""

    __slots__ = ("_like", "closes")

    def __init__(self, like: EventDraft, decision_id: str) -> None:
        patterns.check_id("refs.decision", decision_id)  # now: who records it later records others beside it
        self._like = like
        self.closes = decision_id

    @property
    def kind(self) -> str:
        """`close`."""
        return self._like.kind

    @property
    def principal(self) -> str | None:
        """As a draft has it."""
        return self._like.principal

    def form(self) -> tuple[str, ...]:
        """As a draft has it."""
        return self._like.ending(self.closes)

    def draft(self) -> EventDraft:
        """The same as a draft."""
        return replace(self._like, refs={"decision": self.closes})


def close_of(decision: Decided, outcome: str, counts: Mapping[str, int], reason: str | None = None) -> Ending:
    """The end of the use that a decision allowed. Raises LedgerError for what an event may not hold."""
    of = decision.draft
    who = (of.actor, of.principal, of.purpose, of.action)
    return Ending(_alike(*who, outcome, reason, tuple(counts.items())), decision.id)


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
    made = EventDraft(
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
    made.ending(_ANY)  # encoded once, now, for the same reason
    return made
