"""Checks what is told of a consent, and makes the event and its ledger entry of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

import rfc8785

from governance.consent.events import EVENT_FORMS, EVERY, GUARDIAN, Circumstances, ConsentEvent, ConsentKind
from governance.ledger.events import EventDraft, stamp
from policies.errors import ConfigError
from policies.notices import Notices
from policies.purposes import PurposesFile

_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEVER_AHEAD = frozenset({ConsentKind.REQUESTED, ConsentKind.GIVEN, ConsentKind.EXPIRED, ConsentKind.RENEWED})


def snapshot_of(purposes: PurposesFile, purpose: str) -> str:
    """SHA-256 over what a person agrees to with a purpose: its text, the channels and the kinds of data."""
    told = {
        "purpose": purpose,
        "text": purposes.purposes[purpose].text or "",
        "channels": sorted(set(purposes.channels(purpose))),
        "categories": sorted(set(purposes.categories(purpose))),
    }
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def check_target(purposes: PurposesFile, purpose: str, channel: str) -> None:
    """Refuse a purpose or channel that purposes.yaml does not state. Raises ConfigError."""
    if purpose not in purposes.purposes:
        raise wrong("consent purpose", "a purpose that purposes.yaml does not have", "one of its purposes")
    below = [each for each in purposes.purposes if purpose in purposes.ancestry(each)]
    known = sorted({each for step in below for each in purposes.channels(step)})
    if channel not in (EVERY, *known):
        raise wrong(
            f"consent channel of purpose `{purpose}`",
            "a channel that the purpose does not state",
            " or ".join((*known, f"`{EVERY}` for each")),
        )


def check_kind(kind: str) -> ConsentKind:
    """The kind of that name. Raises ConfigError for a word that is none."""
    if kind not in list(ConsentKind):
        raise wrong("consent kind", "a word that is no kind of event", " or ".join(ConsentKind))
    return ConsentKind(kind)


def check_form(form: str, how: Circumstances) -> None:
    """Refuse an unknown form, and a guardian's consent without its proof. Raises ConfigError."""
    if form not in EVENT_FORMS:
        raise wrong("consent form", "a word that is no form of consent", " or ".join(EVENT_FORMS))
    if form == GUARDIAN and not how.guardian_ref:
        raise wrong("consent guardian_ref", "nothing, for the form `guardian`", "a keyed reference of the proof")


def check_notice(notices: Notices, how: Circumstances) -> None:
    """Refuse an edition that no notice declares, where notices are declared. Raises ConfigError."""
    if notices and how.notice_version and not notices.known(how.notice_version, how.language):
        raise wrong(
            "consent notice_version",
            "a version, or a language of it, that no notice declares",
            "an edition of policies/notices; `governance consent notices` lists them",
        )


def checked_id(event_id: str) -> str:
    """An event's id. Raises ConfigError for one of another form."""
    if not _EVENT_ID.fullmatch(event_id):
        raise wrong("consent event_id", "a text of another form", f"a match of {_EVENT_ID.pattern}")
    return event_id


def valid_time(kind: ConsentKind, how: Circumstances, recorded: dt.datetime) -> str:
    """When it was said; what stops a use holds from now when it is dated ahead. Raises ConfigError for the others."""
    return time_of(kind, how.valid_time, recorded)


def time_of(kind: ConsentKind, told: dt.datetime | None, recorded: dt.datetime) -> str:
    """The same of a moment that was told; None means now."""
    if told is None:
        return stamp(recorded)
    if told > recorded and kind in _NEVER_AHEAD:
        raise wrong("consent valid_time", "a moment that lies ahead", "the moment when it was said")
    return stamp(min(told, recorded))


def same(known: ConsentEvent, event: ConsentEvent) -> ConsentEvent:
    """The event that is recorded already. Raises ConfigError when another one has the same id."""
    if not known.says_the_same(event):
        raise wrong("consent event_id", "an id that another event has", "a new id, or the same event again")
    return known


def ledger_entry(event: ConsentEvent) -> EventDraft:
    """What the ledger holds of an event: its id, a digest of all its columns, and references."""
    return EventDraft(
        kind=f"consent.{event.kind}",
        actor=event.collected_by,
        purpose=event.purpose,
        outcome="done",
        refs={"consent": event.id, "subject": event.subject_ref, "record": event.digest},
        counts={"epoch": event.epoch},
    )


def wrong(place: str, found: str, expected: str) -> ConfigError:
    """What was told cannot be recorded."""
    return ConfigError(place, found=found, expected=expected, next_step="correct this value; nothing was recorded")
