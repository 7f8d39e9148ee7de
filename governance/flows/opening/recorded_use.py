"""A use of raw stores that is in the ledger before it begins, and closed however it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from governance.ledger.events import EventDraft, EventObject
from policies.nouns import Action

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(slots=True)
class RecordedUse:
    """A use that goes on; what it sets here is how it is closed."""

    decision: str
    """The id of the decision that allowed it."""
    counts: Mapping[str, int] = field(default_factory=lambda: {"rows": 0})
    """What it came to so far; numbers, never a value."""
    whole: bool = True
    """Whether all of it was done; a use that left something out is closed as failed."""


@contextmanager
def recorded_use(
    gov: Governance,
    purpose: str,
    objects: Iterable[str],
    *,
    rules: tuple[str, ...] = (),
    action: Action = Action.READ,
    principal: str | None = None,
) -> Iterator[RecordedUse]:
    """A use whose decision is durable before the block begins, and which is closed when the block ends or raises.

    `objects` are references of stores, datasets or fields; `principal` is who it is for, by name. Raises LedgerError,
    and then nothing may be read.
    """
    decision = gov.ledger.decide(
        EventDraft(
            kind="decision",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", principal) if principal else None,
            purpose=purpose,
            action=action.value,
            outcome="allowed",
            objects=tuple(map(EventObject, objects)),
            rules=rules,
            versions=gov.versions(),
        )
    ).id
    use = RecordedUse(decision)
    try:
        yield use
    except BaseException:
        gov.ledger.close(decision, "failed", use.counts)
        raise
    gov.ledger.close(decision, "done" if use.whole else "failed", use.counts)
