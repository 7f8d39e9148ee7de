"""Whether a person's consent stands for a purpose and channel, from their events alone.

Purposes form a tree and `*` lies above the channels. An event covers a use when its purpose is the one asked for or
above it, and its channel the one asked for or `*`; a use on no stated channel heeds withdrawals on any. What was given
stands unless a withdrawal blocks it:

- a later withdrawal at the same place or above it ends it for good: giving again above later does not revive it;
- a withdrawal at a narrower place holds against what was given more widely, earlier or later, until consent is given
  again at that place or below it. "Marketing, yes" does not undo "no e-mails".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.consent.events import EVERY, ConsentEvent, ConsentKind
from policies.purposes import FORMS, PurposesFile


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for one person, purpose and channel."""

    purpose: str
    """The purpose asked for."""
    channel: str
    """The channel asked for; `*` for a purpose that states none."""
    state: str
    """`given`, `withdrawn`, or `none` where no event says anything."""
    form: str
    """The strongest form in which it stands; the weakest where it does not."""
    event_ids: tuple[str, ...]
    """The events that decide, latest first."""
    ends: str = ""
    """When it stops by itself, as `2026-11-22T08:00:00.000000Z`; empty when it has no end."""


def targets(purposes: PurposesFile) -> tuple[tuple[str, str], ...]:
    """Each purpose that needs consent with each channel that consent is asked for, sorted."""
    return tuple(
        (purpose, channel)
        for purpose in sorted(purposes.purposes)
        if purposes.needs_consent(purpose)
        for channel in channels_of(purposes, purpose)
    )


def channels_of(purposes: PurposesFile, purpose: str) -> tuple[str, ...]:
    """The channels for which a use of the purpose asks consent; `*` when it states none."""
    return tuple(sorted(set(purposes.channels(purpose)))) or (EVERY,)


def tree_digest(purposes: PurposesFile) -> str:
    """A digest of all that turns events into standings: purposes that need consent, those above them, channels."""
    lines = [f"{purpose}\0{channel}\0{'/'.join(purposes.ancestry(purpose))}" for purpose, channel in targets(purposes)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def standing(purposes: PurposesFile, events: Iterable[ConsentEvent], purpose: str, channel: str) -> Standing:
    """What one person's events say of a purpose and channel; the order of the events has no effect."""
    line = purposes.ancestry(purpose)
    covering = sorted(
        (each for each in events if each.purpose in line and _covers(each, channel)), key=lambda each: each.order
    )
    stands = [each for each in _current(covering) if _gives(each, channel) and not _blocked(each, covering, line)]
    if stands:
        form = max((each.form for each in stands), key=_strength)
        return Standing(purpose, channel, ConsentKind.GIVEN, form, tuple(each.id for each in reversed(stands)))
    stops = [each for each in covering if each.kind != ConsentKind.GIVEN]
    state = str(ConsentKind.WITHDRAWN) if stops else "none"
    return Standing(purpose, channel, state, FORMS[0], tuple(each.id for each in reversed(stops)))


def _covers(event: ConsentEvent, channel: str) -> bool:
    """Whether an event speaks of a channel; where no channel is asked for, what was said of any one speaks too."""
    return channel == EVERY or event.channel in (channel, EVERY)


def _gives(event: ConsentEvent, channel: str) -> bool:
    return event.kind == ConsentKind.GIVEN and event.channel in (channel, EVERY)


def _current(covering: Sequence[ConsentEvent]) -> list[ConsentEvent]:
    """The latest event of each place, in order of time."""
    latest = {(each.purpose, each.channel): each for each in covering}
    return sorted(latest.values(), key=lambda each: each.order)


def _blocked(given: ConsentEvent, covering: Sequence[ConsentEvent], line: Sequence[str]) -> bool:
    current = set(_current(covering))
    for each in covering:
        if each.kind == ConsentKind.GIVEN:
            continue
        within = line.index(given.purpose) <= line.index(each.purpose) and each.channel in (given.channel, EVERY)
        if each.order > given.order if within else each in current:
            return True
    return False


def _strength(form: str) -> int:
    return FORMS.index(form) if form in FORMS else -1
