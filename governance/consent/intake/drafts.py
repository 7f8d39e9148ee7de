"""Turns what a file tells into events, checked by the same rules as one that is recorded by hand."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from governance.consent.drafting import check_form, check_kind, check_target, checked_id, time_of
from governance.consent.events import ConsentEvent, ConsentKind, Subject
from governance.consent.intake.entry import Entry, Fault, refuse
from governance.consent.intake.readers import Told
from governance.consent.links import STORE_KEY_DOMAIN, SUBJECT_DOMAIN
from governance.ledger.base import KeyedHash
from governance.ledger.events import stamp
from policies.errors import BadInputError
from policies.purposes import PurposesFile

IMPORT_DOMAIN = "consent-import"
"""Domain of the keyed hash that gives an event its id where a file gives none."""
CHECK_DOMAIN = "consent-key-check"
"""Domain of the keyed hash by which a file says under which key its references were made."""
_FRAMES_KEPT = 4096
_WHO, _WHEN = "who", "\0when"  # no field of an event holds a NUL
_DIGEST = re.compile(r"[0-9a-f]{64}|")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to be recorded; its epoch is 0 until then."""

    line: int
    """Of the file."""
    event: ConsentEvent
    """Without `subject_ref` and `id` while the person is known by a store's key alone."""
    told_time: str
    """The moment that the file tells, in the form of `valid_time`; empty where it tells none, which then is now."""
    key_refs: Mapping[str, str] = field(repr=False)
    """Store to the keyed reference of its key of the person."""
    store_keys: Mapping[str, str | int] = field(repr=False)
    """Store to its key of the person."""
    by_store: tuple[str, str] | None
    """Store and keyed reference by which the person is to be found; None when they are known."""


@dataclass(frozen=True, slots=True)
class Frame:
    """All of an event that does not tell who and when."""

    kind: ConsentKind
    """Its kind."""
    fields: Mapping[str, Any]
    """Its fields as the event has them."""
    before: str
    """What its content says between person and time, as JSON writes it inside a list."""
    after: str
    """What its content says behind the time."""

    @classmethod
    def of(cls, entry: Entry, kind: ConsentKind) -> Frame:
        """The frame of an entry."""
        told = {"purpose": entry.purpose, "channel": entry.channel, "kind": str(kind), "form": entry.form}
        fields = {**told, "snapshot": entry.snapshot, **entry.how.of_event()}
        blank = ConsentEvent(epoch=0, id="", subject_ref=_WHO, valid_time=_WHEN, recorded_time="", **fields)
        content = content_of(blank)
        at = content.index(_WHEN)
        return cls(kind, fields, json.dumps(content[1:at])[1:-1], json.dumps(content[at + 1 :])[1:-1])

    def content(self, subject_ref: str, told: str) -> str:
        """`content_of` an event of this frame, as JSON: hex digits and stamps stand in it as they are."""
        return f'["{subject_ref}", {self.before}, "{told}", {self.after}]'


class Drafting:
    """Makes drafts. Two entries that say the same of a person make one and the same event."""

    def __init__(
        self,
        purposes: PurposesFile,
        keyed_hash: KeyedHash,
        now: dt.datetime,
        stores: Collection[str],
        undeclared: Collection[str] = (),
    ) -> None:
        self._purposes = purposes
        self._stores = frozenset(stores)
        self._undeclared = frozenset(undeclared)
        self._keyed_hash = keyed_hash
        self._now = now
        self._stamp = stamp(now)
        self._frames: dict[tuple[object, ...], Frame] = {}

    @cached_property
    def key_check(self) -> str:
        """What a file says of the key that its references were made under: 16 hex digits."""
        return self._keyed_hash.digest(CHECK_DOMAIN, b"")[:16]

    def drafts(self, told: Told) -> tuple[list[Draft], list[Fault]]:
        """The drafts of a line; none of them when one is wrong."""
        if told.fault is not None:
            return [], [told.fault]
        try:
            return [self._draft(told.line, each) for each in told.entries], []
        except BadInputError as cause:
            return [], [Fault.of(told.line, cause)]

    def identified(self, draft: Draft, subject_ref: str) -> Draft:
        """A draft whose person was found by a store's key."""
        event = replace(draft.event, subject_ref=subject_ref)
        return replace(draft, event=replace(event, id=event.id or self._id(event, draft.told_time)), by_store=None)

    def _draft(self, line: int, entry: Entry) -> Draft:
        self._check_stores(entry)
        frame, moment = self._frame(entry), entry.moment
        time = time_of(frame.kind, moment, self._now)
        told = "" if moment is None else time if moment <= self._now else stamp(moment)
        event_id = checked_id(entry.id) if entry.id else ""
        if entry.store:
            Subject("-", {entry.store: entry.key})  # a key that no store can have is refused
            ref = self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{entry.store}\0{entry.key}".encode())
            return Draft(line, self._event(frame, event_id, "", time), told, {}, {}, (entry.store, ref))
        subject = Subject(entry.key or entry.ref, entry.store_keys)
        ref = entry.ref or self._keyed_hash.digest(SUBJECT_DOMAIN, subject.key.encode())
        refs = {
            store: self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{store}\0{key}".encode())
            for store, key in sorted(subject.store_keys.items())
        }
        event_id = event_id or self._keyed_hash.digest(IMPORT_DOMAIN, frame.content(ref, told).encode())
        return Draft(line, self._event(frame, event_id, ref, time), told, refs, subject.store_keys, None)

    def _frame(self, entry: Entry) -> Frame:
        """What many lines of a file have in common, checked once."""
        key = (entry.purpose, entry.channel, entry.kind, entry.form, entry.snapshot, entry.how)
        found = self._frames.get(key)
        if found is None:
            check_target(self._purposes, entry.purpose, entry.channel)
            kind = check_kind(entry.kind)
            check_form(entry.form, entry.how)
            if not _DIGEST.fullmatch(entry.snapshot):
                refuse("snapshot", "a text of another form", "64 hex digits")
            found = Frame.of(entry, kind)
            if len(self._frames) == _FRAMES_KEPT:
                self._frames.clear()
            self._frames[key] = found
        return found

    def _event(self, frame: Frame, event_id: str, ref: str, time: str) -> ConsentEvent:
        return ConsentEvent(
            epoch=0,
            id=event_id,
            subject_ref=ref,
            valid_time=time,
            recorded_time=self._stamp,
            **frame.fields,
        )

    def _check_stores(self, entry: Entry) -> None:
        """Only names of stores that the project has are repeated from here on."""
        if not (self._stores >= entry.store_keys.keys() and (not entry.store or entry.store in self._stores)):
            refuse("store_keys", "a store that governance.yaml does not have", "one of its stores")
        if not self._undeclared.isdisjoint(entry.store_keys):
            refuse("store_keys", "keys of several kinds of persons", "`persons:` for the store in catalog.yaml")

    def _id(self, event: ConsentEvent, told: str) -> str:
        """The same for the same content, and told to nobody without the key."""
        content = content_of(event, told)
        return self._keyed_hash.digest(IMPORT_DOMAIN, json.dumps(content).encode())


def content_of(event: ConsentEvent, valid_time: str | None = None) -> list[str]:
    """What an event tells, without its id and what says when and under what it was recorded.

    With a `valid_time`, as if it had been said then.
    """
    return [
        *(event.subject_ref, event.purpose, event.channel, event.kind, event.form, event.jurisdiction),
        *(event.notice_version, event.language, event.method, event.proof_ref, event.collected_by),
        *(
            event.valid_time if valid_time is None else valid_time,
            " ".join(event.categories),
            event.duration,
            event.guardian_ref,
        ),
    ]
