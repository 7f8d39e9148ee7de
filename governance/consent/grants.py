"""What people gave at each place, with the renewals that prolong it, and whether it still lives at a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from governance.consent.events import ConsentEvent, ConsentKind

GIVING = frozenset({ConsentKind.GIVEN, ConsentKind.RENEWED})
"""Kinds that let a use stand."""
ENDING = frozenset({ConsentKind.EXPIRED, ConsentKind.INVALIDATED})
"""Kinds that end what was given before, without the person having said no."""

Stale = Callable[[ConsentEvent], bool]
"""Whether a consent died because what it was given for is no longer the same."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What stands at one place while nothing blocks it."""

    root: ConsentEvent
    """The consent itself; what was taken back after it stays taken back, whatever renewed it later."""
    last: ConsentEvent
    """The latest renewal, or the consent; its form and end count."""
    ended: str
    """`expired` or `invalidated`; empty while it lives."""

    @property
    def place(self) -> tuple[str, str]:
        """Its purpose and channel."""
        return (self.root.purpose, self.root.channel)

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The events behind it, latest first."""
        return (self.last.id,) if self.last is self.root else (self.last.id, self.root.id)

    @property
    def order(self) -> tuple[str, str, int]:
        """When it last changed: at its end, or with its latest event."""
        if self.ended == ConsentKind.EXPIRED:
            return (self.last.ends, self.last.recorded_time, self.last.epoch)
        return self.last.order


def grants_of(ordered: Iterable[ConsentEvent], at: str, stale: Stale) -> list[Grant]:
    """The latest grant of each place, from events in order of time, as they are at a moment, in order of time.

    A renewal without a consent at its place before it is not one.
    """
    found: dict[tuple[str, str], Grant] = {}
    for each in ordered:
        place = (each.purpose, each.channel)
        if each.kind == ConsentKind.GIVEN:
            found[place] = Grant(each, each, "")
        elif each.kind == ConsentKind.RENEWED and place in found:
            found[place] = replace(found[place], last=each)
    aged = (replace(each, ended=_ended(each.last, at, stale)) for each in found.values())
    return sorted(aged, key=lambda each: each.last.order)


def _ended(event: ConsentEvent, at: str, stale: Stale) -> str:
    if stale(event):
        return ConsentKind.INVALIDATED
    return ConsentKind.EXPIRED if event.ends and event.ends <= at else ""
