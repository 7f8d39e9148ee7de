"""A request or complaint as the register holds it, its tasks and its history. No name and no address stands in them."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Any


class State(enum.StrEnum):
    """How far a request is."""

    RECEIVED = "received"
    """It came in."""
    IDENTITY_PENDING = "identity_pending"
    """The person was asked who they are."""
    VERIFIED = "verified"
    """The person is who they say."""
    IN_WORK = "in_work"
    """There are tasks."""
    INVESTIGATED = "investigated"
    """A complaint was looked into."""
    RESOLVED = "resolved"
    """What a complaint is about was put right, or it was found that nothing is wrong."""
    ANSWERED = "answered"
    """The person got all that was asked for, or the answer to the complaint."""
    PARTLY = "partly"
    """The person got a part, and why not the rest."""
    REFUSED = "refused"
    """The person was told why not."""
    CLOSED = "closed"
    """Nothing is left to be done."""


OPEN = frozenset(
    {
        State.RECEIVED,
        State.IDENTITY_PENDING,
        State.VERIFIED,
        State.IN_WORK,
        State.INVESTIGATED,
        State.RESOLVED,
    }
)
"""The states in which the person still waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request or complaint as it stands. Times are UTC texts as in the ledger."""

    id: str
    """Its id."""
    type: str
    """What is asked for, of `policies.clocks.TYPES`."""
    law: str
    """Under which law."""
    clock: str
    """The id of the clock for the answer."""
    ack_clock: str | None
    """The id of the clock for telling that it came; None where there is none."""
    received: str
    """When it came."""
    channel: str
    """How it came."""
    requester: str
    """Who asks: the person, or somebody for them."""
    subject_ref: str = field(repr=False)
    """The keyed reference of the person."""
    contact: str | None
    """The reference of how to reach the person, in the erasable names."""
    cause: str
    """What gave occasion to it, as a code; empty when nobody said."""
    tier: str
    """The person's tier as a customer, as a code; empty when nobody said."""
    state: str
    """How far it is."""
    identity: str
    """`none`, `asked`, `reasonable` or `reasonably_high`."""
    due_day: str
    """The last day for the answer, in the controller's zone."""
    due: str
    """The first moment that is too late."""
    ack_day: str | None
    """The last day for telling that it came."""
    ack_due: str | None
    """The first moment that is too late for it."""
    acknowledged: str | None
    """When the person was told that it came."""
    extended: str | None
    """When the person was told that it takes longer."""
    paused: str | None
    """Since when the clock stands."""
    pause_cause: str | None
    """Why it stands."""
    answered: str | None
    """When the answer or refusal went out."""
    outcome: str | None
    """`answered`, `partly`, `refused`, `withdrawn` or `duplicate`."""
    reason: str | None
    """Why not, or not all."""
    closed: str | None
    """When it was closed."""
    version: int
    """Grows with every move."""

    @property
    def is_open(self) -> bool:
        """Whether the person still waits."""
        return State(self.state) in OPEN

    def is_late(self, now: str) -> bool:
        """Whether the answer is overdue; never while the clock stands."""
        return self.is_open and self.paused is None and self.due <= now

    def is_unacknowledged(self, now: str) -> bool:
        """Whether telling that it came is overdue."""
        return self.is_open and self.acknowledged is None and self.ack_due is not None and self.ack_due <= now

    def is_overdue(self, now: str) -> bool:
        """Whether anything of it is overdue."""
        return self.is_late(now) or self.is_unacknowledged(now)

    @property
    def on_time(self) -> bool | None:
        """Whether its answer came in time; None for one without an answer."""
        return None if self.answered is None else self.answered < self.due

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {name: getattr(self, name) for name in Request.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one store or dataset asks for."""

    id: str
    """Its id."""
    request: str
    """The request."""
    place: str
    """The store or dataset."""
    owner: str
    """The ledger's reference of who sees to it."""
    state: str
    """`open` or `done`."""
    opened: str
    """When it was given."""
    ended: str | None
    """When it was done."""

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {name: getattr(self, name) for name in Task.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent:
    """One move of a request."""

    request: str
    """The request."""
    number: int
    """Its place in the history, from 1."""
    kind: str
    """What was done, such as `opened` or `paused`."""
    at: str
    """When it happened."""
    recorded: str
    """When it was recorded."""
    recorded_by: str
    """The ledger's reference of who recorded it."""
    code: str | None
    """A word that says more: cause of a pause, level of identity, ground of a refusal."""
    task: str | None
    """The task that it is about."""
    note: str | None
    """The reference of a free text."""
    event: str
    """The ledger's event."""

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {name: getattr(self, name) for name in RequestEvent.__slots__}


def moment_of(text: str) -> dt.datetime:
    """The moment in a text of the records."""
    return dt.datetime.fromisoformat(text)
