"""Whether a person's latest word on a purpose is an objection, from their events alone."""

from __future__ import annotations

from collections.abc import Iterable

from governance.consent.events import EVERY, ConsentEvent
from governance.consent.standing import channels_of
from policies.consent_laws import heeds_objection
from policies.purposes import PurposesFile

OBJECTED = "objected"
"""The kind of an event by which a person objects, and the state of the rows that follow from it."""


def heeding(purposes: PurposesFile) -> tuple[str, ...]:
    """The purposes that an objection stops, sorted."""
    return tuple(each for each in sorted(purposes.purposes) if heeds_objection(purposes, each))


def objected_channels(purposes: PurposesFile, events: Iterable[ConsentEvent], purpose: str) -> tuple[str, ...]:
    """The channels of a purpose on which the latest event at it or above it is an objection; order has no effect."""
    line = purposes.ancestry(purpose)
    covering = sorted((each for each in events if each.purpose in line), key=lambda each: each.order)
    found = []
    for channel in channels_of(purposes, purpose):
        spoken = [each for each in covering if channel == EVERY or each.channel in (channel, EVERY)]
        if spoken and spoken[-1].kind == OBJECTED:
            found.append(channel)
    return tuple(found)
