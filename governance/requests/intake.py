"""What is said of a request when it comes in, and the row that it becomes."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from governance.ledger.events import stamp
from governance.requests.desk import Desk
from governance.requests.request import Request, State
from policies.clocks import TYPES
from policies.errors import BadInputError

CHANNELS = ("email", "phone", "post", "web", "app", "in_person", "social", "gpc", "authority", "other")
"""How a request can come."""
REQUESTERS = ("self", "agent", "guardian", "relative")
"""Who can ask: the person, somebody entitled, a child's guardian, a relative of somebody who died."""
CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""A word that says why; a value of a person seldom fits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One request as it comes in."""

    type: str
    """What is asked for, of `policies.clocks.TYPES`."""
    law: str
    """Under which law."""
    subject_ref: str = field(repr=False)
    """The keyed reference of the person, 64 hex digits; never a name or an address."""
    received: dt.datetime | None = None
    """When it reached the controller at all, aware; now when it is left out."""
    channel: str = "other"
    """How it came."""
    requester: str = "self"
    """Who asks."""
    contact: str | None = None
    """The reference of how to reach the person, in the erasable names."""
    cause: str = ""
    """What gave occasion to it, as a code such as `marketing_mail` or `billing`."""
    tier: str = ""
    """The person's tier as a customer, as a code; for the check that rights do not depend on it."""
    note: str | None = None
    """The reference of a free text."""


def new_request(desk: Desk, intake: Intake) -> Request:
    """The row of a request that came in. Raises BadInputError for what cannot be."""
    now = desk.clock()
    received = intake.received if intake.received is not None else now
    if received.tzinfo is None or received > now:
        raise _wrong("received", "a moment without a zone, or to come", "an aware moment that is over")
    _check_words(intake)
    day = desk.timing.day(received)
    name, _ = desk.timing.clocks.answer_clock(intake.law, intake.type, day)
    told = desk.timing.clocks.clock(intake.law, "acknowledge", intake.type, day)
    due = desk.timing.due(name, received)
    ack = desk.timing.due(told[0], received) if told is not None else None
    return Request(
        id=desk.new_id(),
        type=intake.type,
        law=intake.law,
        clock=name,
        ack_clock=told[0] if told is not None else None,
        received=stamp(received),
        channel=intake.channel,
        requester=intake.requester,
        subject_ref=intake.subject_ref,
        contact=intake.contact,
        cause=intake.cause,
        tier=intake.tier,
        state=str(State.RECEIVED),
        identity="none",
        due_day=due.day.isoformat(),
        due=stamp(due.late_from),
        ack_day=ack.day.isoformat() if ack is not None else None,
        ack_due=stamp(ack.late_from) if ack is not None else None,
        acknowledged=None,
        extended=None,
        paused=None,
        pause_cause=None,
        answered=None,
        outcome=None,
        reason=None,
        closed=None,
        version=1,
    )


def _check_words(intake: Intake) -> None:
    if intake.type not in TYPES:
        raise _wrong("type", "a type that there is not", " or ".join(TYPES))
    if intake.channel not in CHANNELS:
        raise _wrong("channel", "a channel that there is not", " or ".join(CHANNELS))
    if intake.requester not in REQUESTERS:
        raise _wrong("requester", "a word that is no kind of requester", " or ".join(REQUESTERS))
    if not re.fullmatch(r"[0-9a-f]{64}", intake.subject_ref):
        raise _wrong("subject_ref", "a text that is no keyed reference", "64 hex digits")
    for name in ("cause", "tier"):
        if getattr(intake, name) and not CODE.fullmatch(getattr(intake, name)):
            raise _wrong(name, "a text that is no code", "at most 32 small letters, digits and `_`")


def _wrong(name: str, found: str, expected: str) -> BadInputError:
    return BadInputError(
        f"request, {name}", found=found, expected=expected, next_step="correct it; nothing was recorded"
    )
