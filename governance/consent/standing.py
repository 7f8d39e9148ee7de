"""Whether a person's consent stands for a purpose and channel at a moment, from their events alone.

Purposes form a tree and `*` lies above the channels. An event covers a use when its purpose is the one asked for or
above it, and its channel the one asked for or `*`; a use on no stated channel heeds withdrawals on any. What was given
stands until its end unless something blocks it (a stop is a refusal, withdrawal or objection):

- a later stop at the same place or above it ends it for good: giving again above later, or a renewal, does not revive
  it;
- a stop at a narrower place holds against what was given more widely, earlier or later, until consent is given again at
  that place or below it, and again when that ends. "Marketing, yes" does not undo "no e-mails";
- an expiry or invalidation ends what was given before it, and nothing that is given later;
- a request changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from governance.consent.events import EVERY, ConsentEvent, ConsentKind
from governance.consent.grants import ENDING, GIVING, Grant, Stale, grants_of
from policies.purposes import FORMS, PurposesFile

UNKNOWN = "unknown"
"""The state where no event says anything."""
REVOKED = "revoked"
"""The state where somebody else, such as a guardian, took the consent back."""
_STOP_STATES = frozenset({ConsentKind.REFUSED, ConsentKind.WITHDRAWN, ConsentKind.OBJECTED})
_VALID = frozenset({str(ConsentKind.GIVEN), str(ConsentKind.RENEWED)})


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for one person, purpose and channel."""

    purpose: str
    """The purpose asked for."""
    channel: str
    """The channel asked for; `*` for a purpose that states none."""
    state: str
    """A kind of event, `revoked`, or `unknown` where no event says anything."""
    form: str
    """The strongest form in which it stands; the weakest where it does not."""
    event_ids: tuple[str, ...]
    """The events that decide, latest first."""
    ends: str = ""
    """When it ends by itself, as an event's `valid_time`; empty where it does not stand or has no end."""

    @property
    def valid(self) -> bool:
        """Whether data may be processed on this consent: DPV's valid states, `given` and `renewed`."""
        return self.state in _VALID

    @property
    def projected(self) -> str:
        """The state as a store's projection has it: `given` for both valid ones, `withdrawn` for a revoked one."""
        if self.valid:
            return ConsentKind.GIVEN
        return ConsentKind.WITHDRAWN if self.state == REVOKED else self.state


def targets(purposes: PurposesFile) -> tuple[tuple[str, str], ...]:
    """Each purpose that needs consent with each channel that consent is asked for, sorted."""
    return tuple(each for each in all_targets(purposes) if purposes.needs_consent(each[0]))


def all_targets(purposes: PurposesFile) -> tuple[tuple[str, str], ...]:
    """Each purpose with each of its channels, sorted: where an objection can hold."""
    return tuple(
        (purpose, channel) for purpose in sorted(purposes.purposes) for channel in channels_of(purposes, purpose)
    )


def channels_of(purposes: PurposesFile, purpose: str) -> tuple[str, ...]:
    """The channels for which a use of the purpose asks consent; `*` when it states none."""
    return tuple(sorted(set(purposes.channels(purpose)))) or (EVERY,)


def tree_digest(purposes: PurposesFile, rules: str = "") -> str:
    """A digest of all that turns events into rows: purposes, their parents, channels, categories, and laws' rules."""
    needing = set(targets(purposes))
    lines = [
        f"{purpose}\0{channel}\0{'/'.join(purposes.ancestry(purpose))}\0{' '.join(purposes.categories(purpose))}"
        f"\0{(purpose, channel) in needing}\0{purposes.may_be_objected(purpose)}"
        for purpose, channel in all_targets(purposes)
    ]
    return hashlib.sha256("\n".join(["rows 4", rules, *lines]).encode()).hexdigest()[:32]


def never_stale(_: ConsentEvent) -> bool:
    """What a law says that lets no consent die with a change of its purpose."""
    return False


def standing(
    purposes: PurposesFile,
    events: Iterable[ConsentEvent],
    purpose: str,
    channel: str,
    *,
    at: str,
    categories: Collection[str] = (),
    stale: Stale = never_stale,
) -> Standing:
    """What one person's events say of a purpose and channel at a moment; the order of the events has no effect.

    `at` has the form of an event's `valid_time` and decides what has ended; every event counts, whenever it was said.
    `categories` are those in use; empty means what the purpose needs.
    """
    told = _Told(purposes, events, purpose, channel, at, tuple(categories), stale)
    if stands := told.stands():
        form = max((each.last.form for each in stands), key=_strength)
        ids = tuple(dict.fromkeys(event_id for each in reversed(stands) for event_id in each.event_ids))
        ends = [each.last.ends for each in stands]
        kind = stands[-1].last.kind
        return Standing(purpose, channel, kind, form, ids, max(ends) if all(ends) else "")
    return Standing(purpose, channel, *told.why_not())


def objections(
    purposes: PurposesFile,
    events: Iterable[ConsentEvent],
    purpose: str,
    channel: str,
    *,
    at: str,
    categories: Collection[str] = (),
) -> tuple[ConsentEvent, ...]:
    """The refusals, withdrawals and objections in force against a use on whatever basis, in order of time.

    One is lifted by consent that is given later at its place or below it, while that lives.
    """
    return tuple(_Told(purposes, events, purpose, channel, at, tuple(categories), never_stale).in_force())


class _Told:
    """What a person's events say of one use at a moment."""

    def __init__(
        self,
        purposes: PurposesFile,
        events: Iterable[ConsentEvent],
        purpose: str,
        channel: str,
        at: str,
        categories: tuple[str, ...],
        stale: Stale,
    ) -> None:
        self._line = purposes.ancestry(purpose)
        self._channel = channel
        needed = categories or purposes.categories(purpose)
        about = (each for each in events if each.purpose in self._line and _covers(each, channel))
        self._covering = sorted(
            (each for each in about if (_includes if each.kind in GIVING else _meets)(each.categories, needed)),
            key=lambda each: each.order,
        )
        told = [each for each in self._covering if each.kind not in GIVING | {ConsentKind.REQUESTED}]
        self._ends = [each for each in told if each.kind in ENDING]
        self._stops = [each for each in told if each.kind not in ENDING]
        self._grants = grants_of(self._covering, at, stale)
        self._living = [each for each in self._grants if not each.ended and not self._ended(each)]
        self._standing = [each for each in self._living if not self._taken_back(each)]

    def stands(self) -> list[Grant]:
        """The grants that cover the use and that nothing blocks, in order of time."""
        return [each for each in self._standing if self._reaches(each) and not self._held_back(each)]

    def in_force(self) -> Iterator[ConsentEvent]:
        """The stops that nothing lifts, in order of time."""
        for stop in self._stops:
            later = (each for each in self._standing if each.root.order > stop.order and self._within(each, stop))
            if not any(self._reaches(each) or each.place == (stop.purpose, stop.channel) for each in later):
                yield stop

    def why_not(self) -> tuple[str, str, tuple[str, ...]]:
        """State, form and deciding events where nothing stands."""
        if stops := list(self.in_force()):
            objected = [each for each in stops if each.kind == ConsentKind.OBJECTED]
            return _stop_state((objected or stops)[-1]), FORMS[0], tuple(each.id for each in reversed(stops))
        ended = [(each.order, each.ended, each.event_ids) for each in self._grants if each.ended]
        ended += [(each.order, each.kind, (each.id,)) for each in self._ends]
        if ended:
            _, state, ids = max(ended)
            return str(state), FORMS[0], ids
        asked = [each.id for each in reversed(self._covering) if each.kind == ConsentKind.REQUESTED]
        return (ConsentKind.REQUESTED if asked else UNKNOWN), FORMS[0], tuple(asked)

    def _reaches(self, grant: Grant) -> bool:
        return grant.root.channel in (self._channel, EVERY)

    def _ended(self, grant: Grant) -> bool:
        for each in self._ends:
            of = grant.last if each.kind == ConsentKind.EXPIRED else grant.root
            if each.order > of.order:
                return True
        return False

    def _taken_back(self, grant: Grant) -> bool:
        return any(each.order > grant.root.order and self._within(grant, each) for each in self._stops)

    def _held_back(self, grant: Grant) -> bool:
        """Whether a stop at a narrower place holds against a grant."""
        return any(not self._within(grant, each) and not self._lifted(each) for each in self._stops)

    def _lifted(self, stop: ConsentEvent) -> bool:
        here = (stop.purpose, stop.channel)
        return any(each.place == here and each.root.order > stop.order for each in self._living)

    def _within(self, grant: Grant, stop: ConsentEvent) -> bool:
        """Whether a grant lies at the place of a stop or below it."""
        purpose, channel = grant.place
        return self._line.index(purpose) <= self._line.index(stop.purpose) and stop.channel in (channel, EVERY)


def _covers(event: ConsentEvent, channel: str) -> bool:
    """Whether an event speaks of a channel; where no channel is asked for, what was said of any one speaks too."""
    return channel == EVERY or event.channel in (channel, EVERY)


def _includes(agreed: Sequence[str], needed: Sequence[str]) -> bool:
    """Whether consent to some categories is enough for a use; what a use needs must be known to be enough for it."""
    return not agreed or (bool(needed) and all(any(_under(each, above) for above in agreed) for each in needed))


def _meets(stopped: Sequence[str], needed: Sequence[str]) -> bool:
    """Whether what was said of some categories touches a use."""
    pairs = ((one, other) for one in stopped for other in needed)
    return not stopped or not needed or any(_under(one, other) or _under(other, one) for one, other in pairs)


def _under(category: str, above: str) -> bool:
    return category == above or category.startswith(f"{above}.")


def _stop_state(event: ConsentEvent) -> str:
    if event.kind not in _STOP_STATES:
        return ConsentKind.WITHDRAWN  # a kind of a later release
    return REVOKED if event.kind == ConsentKind.WITHDRAWN and event.guardian_ref else event.kind


def _strength(form: str) -> int:
    return FORMS.index(form) if form in FORMS else -1
