"""Turns what a file tells into events, checked by the same rules as one that is recorded by hand."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from governance.consent.drafting import check_form, check_kind, check_target, checked_id, valid_time
from governance.consent.events import ConsentEvent, Subject
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


class Drafting:
    """Makes drafts. Two entries that say the same of a person make one and the same event."""

    def __init__(
        self, purposes: PurposesFile, keyed_hash: KeyedHash, now: dt.datetime, stores: Collection[str]
    ) -> None:
        self._purposes = purposes
        self._stores = stores
        self._keyed_hash = keyed_hash
        self._now = now
        self._stamp = stamp(now)
        self._targets: set[tuple[str, str]] = set()

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
        self._check_target(entry.purpose, entry.channel)
        kind = check_kind(entry.kind)
        check_form(entry.form, entry.how)
        if not _DIGEST.fullmatch(entry.snapshot):
            refuse("snapshot", "a text of another form", "64 hex digits")
        event = self._event(entry, valid_time(kind, entry.how, self._now))
        told = stamp(entry.how.valid_time) if entry.how.valid_time else ""
        if entry.store:
            Subject("-", {entry.store: entry.key})  # a key that no store can have is refused
            ref = self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{entry.store}\0{entry.key}".encode())
            return Draft(line, event, told, {}, {}, (entry.store, ref))
        subject = Subject(entry.key or entry.ref, entry.store_keys)
        ref = entry.ref or self._keyed_hash.digest(SUBJECT_DOMAIN, subject.key.encode())
        event = replace(event, subject_ref=ref)
        refs = {
            store: self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{store}\0{key}".encode())
            for store, key in sorted(subject.store_keys.items())
        }
        event = replace(event, id=event.id or self._id(event, told))
        return Draft(line, event, told, refs, subject.store_keys, None)

    def _event(self, entry: Entry, time: str) -> ConsentEvent:
        return ConsentEvent(
            epoch=0,
            id=checked_id(entry.id) if entry.id else "",
            subject_ref="",
            purpose=entry.purpose,
            channel=entry.channel,
            kind=entry.kind,
            form=entry.form,
            valid_time=time,
            recorded_time=self._stamp,
            snapshot=entry.snapshot,
            **entry.how.of_event(),
        )

    def _check_stores(self, entry: Entry) -> None:
        """Only names of stores that the project has are repeated from here on."""
        if not set(entry.store_keys) | ({entry.store} - {""}) <= set(self._stores):
            refuse("store_keys", "a store that governance.yaml does not have", "one of its stores")

    def _check_target(self, purpose: str, channel: str) -> None:
        if (purpose, channel) not in self._targets:
            check_target(self._purposes, purpose, channel)
            self._targets.add((purpose, channel))

    def _id(self, event: ConsentEvent, told: str) -> str:
        """The same for the same content, and told to nobody without the key."""
        content = content_of(replace(event, valid_time=told))
        return self._keyed_hash.digest(IMPORT_DOMAIN, json.dumps(content).encode())


def content_of(event: ConsentEvent) -> list[str]:
    """What an event tells, without its id and what says when and under what it was recorded."""
    return [
        *(event.subject_ref, event.purpose, event.channel, event.kind, event.form, event.jurisdiction),
        *(event.notice_version, event.language, event.method, event.proof_ref, event.collected_by),
        *(event.valid_time, " ".join(event.categories), event.duration, event.guardian_ref),
    ]
