"""Takes down what people agree to and take back.

A withdrawal succeeds when its event is durable in the records database; no store is asked. Event, epoch and ledger
entry are one transaction: either all of them are there or none.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.base import Recorder, Sealer
from governance.consent.events import EVERY, Circumstances, ConsentEvent, ConsentKind, Subject
from governance.consent.standing import Standing, standing
from governance.ledger.base import KeyedHash
from governance.ledger.events import EventDraft, stamp
from governance.records.transactions import reading, writing
from policies.errors import ConfigError, RecordsError
from policies.purposes import FORMS, PurposesFile

SUBJECT_DOMAIN = "consent-subject"
"""Domain of the keyed hash that makes a person's reference."""
STORE_KEY_DOMAIN = "consent-store-key"
"""Domain of the keyed hash that shows whether two people claim one key of a store."""
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNSTATED = Circumstances()
_log = structlog.get_logger()


def seal_context(store: str, subject_ref: str) -> bytes:
    """What a sealed key is bound to: it opens for no other store and no other person."""
    return f"consent-subject-key/{store}/{subject_ref}".encode()


class ConsentBook:
    """The consent of all people. Every method raises RecordsError when the records database fails."""

    def __init__(
        self,
        records: Engine,
        purposes: PurposesFile,
        *,
        keyed_hash: KeyedHash,
        sealer: Sealer,
        recorder: Recorder,
        clock: Callable[[], dt.datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._records = records
        self._purposes = purposes
        self._keyed_hash = keyed_hash
        self._sealer = sealer
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    def given(
        self,
        subject: Subject,
        purpose: str,
        channel: str = EVERY,
        *,
        form: str = FORMS[0],
        how: Circumstances = _UNSTATED,
        event_id: str | None = None,
    ) -> ConsentEvent:
        """Record that a person agreed; durable on return.

        With an `event_id` that is recorded already, the recorded event comes back and nothing changes. Raises
        ConfigError for an unknown purpose, channel or form, a moment that lies ahead, or another person's store key.
        """
        return self._record(ConsentKind.GIVEN, subject, purpose, channel, form, how, event_id)

    def withdrawn(
        self,
        subject: Subject,
        purpose: str,
        channel: str = EVERY,
        *,
        how: Circumstances = _UNSTATED,
        event_id: str | None = None,
    ) -> ConsentEvent:
        """Record that a person took consent back, or never wants it asked; durable on return, whatever the stores do.

        It needs no more than `given` does. Raises as `given`; one dated ahead holds from now.
        """
        return self._record(ConsentKind.WITHDRAWN, subject, purpose, channel, FORMS[0], how, event_id)

    def state(self, subject_key: str, purpose: str, channel: str = EVERY) -> Standing:
        """What holds for a person, purpose and channel now. Raises ConfigError for an unknown purpose or channel."""
        self._check_target(purpose, channel)
        return standing(self._purposes, self.history(subject_key), purpose, channel)

    def history(self, subject_key: str) -> tuple[ConsentEvent, ...]:
        """All events of a person in order of time."""
        ref = self.subject_ref(subject_key)
        with self._transaction(reading) as connection:
            return tuple(event_log.events_of(connection, (ref,))[ref])

    def forget(self, subject_key: str, *, actor: str = "system") -> int:
        """Erase a person's sealed store keys; gives how many stores are told. Recorded as done by `actor`.

        Each store drops its rows when it is next brought up to date, and the sealed key goes with them. The events
        stay: they hold a keyed reference alone.
        """
        return self._forget(self.subject_ref(subject_key), actor)

    def _forget(self, ref: str, actor: str) -> int:
        with self._transaction(writing) as connection:
            links = event_log.links_of(connection, ref)
            if links:
                event_log.touch(connection, ref, event_log.next_epoch(connection), erasing=True)
                self._recorder.append_in(
                    connection,
                    EventDraft(
                        kind="consent.forgotten",
                        actor=actor,
                        outcome="done",
                        refs={"subject": ref},
                        counts={"stores": len(links)},
                    ),
                )
        _log.info("consent_subject_forgotten", subject=ref, stores=len(links))
        return len(links)

    def forget_store_key(self, store: str, key: str | int, *, actor: str = "system") -> int:
        """As `forget`, for the person whom a store knows under a key; 0 when nobody is known under it."""
        key_ref = self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{store}\0{key}".encode())
        with self._transaction(reading) as connection:
            ref = event_log.owner_of(connection, store, key_ref)
        return self._forget(ref, actor) if ref is not None else 0

    def subject_ref(self, subject_key: str) -> str:
        """The keyed reference of a person, 64 hex digits."""
        return self._keyed_hash.digest(SUBJECT_DOMAIN, subject_key.encode())

    def _record(
        self,
        kind: ConsentKind,
        subject: Subject,
        purpose: str,
        channel: str,
        form: str,
        how: Circumstances,
        event_id: str | None,
    ) -> ConsentEvent:
        self._check_target(purpose, channel)
        _check_form(form)
        recorded = self._clock()
        event = ConsentEvent(
            epoch=0,
            id=_checked_id(event_id or self._new_id()),
            subject_ref=self.subject_ref(subject.key),
            purpose=purpose,
            channel=channel,
            kind=str(kind),
            form=form,
            jurisdiction=how.jurisdiction,
            notice_version=how.notice_version,
            language=how.language,
            method=how.method,
            proof_ref=how.proof_ref,
            collected_by=how.collected_by,
            valid_time=_valid_time(kind, how, recorded),
            recorded_time=stamp(recorded),
        )
        with self._transaction(writing) as connection:
            known = event_log.find_event(connection, event.id)
            if known is not None:
                return _same(known, event if how.valid_time else replace(event, valid_time=known.valid_time))
            return self._write(connection, event, subject)

    def _write(self, connection: Connection, event: ConsentEvent, subject: Subject) -> ConsentEvent:
        event = replace(event, epoch=event_log.next_epoch(connection))
        event_log.add_event(connection, event)
        self._link(connection, event, subject)
        event_log.touch(connection, event.subject_ref, event.epoch)
        self._recorder.append_in(connection, _draft(event))
        _log.info("consent_recorded", consent=event.id, kind=event.kind, purpose=event.purpose, epoch=event.epoch)
        return event

    def _link(self, connection: Connection, event: ConsentEvent, subject: Subject) -> None:
        """Keep the store keys that were not known yet; a known one cannot change hands in silence."""
        known = event_log.links_of(connection, event.subject_ref)
        for store, key in sorted(subject.store_keys.items()):
            key_ref = self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{store}\0{key}".encode())
            if store in known:
                if known[store].key_ref != key_ref or known[store].erasing:
                    raise _key_taken(store, "another key of this person, or one that is being erased")
                continue
            if event_log.owner_of(connection, store, key_ref) is not None:
                raise _key_taken(store, "a key that another person holds")
            sealed = self._sealer.seal(json.dumps(key).encode(), seal_context(store, event.subject_ref))
            link = event_log.SubjectLink(event.subject_ref, key_ref, sealed, erasing=False, epoch=event.epoch)
            event_log.add_link(connection, store, link)

    def _check_target(self, purpose: str, channel: str) -> None:
        if purpose not in self._purposes.purposes:
            raise _wrong("consent purpose", "a purpose that purposes.yaml does not have", "one of its purposes")
        known = sorted({each for step in self._below(purpose) for each in self._purposes.channels(step)})
        if channel not in (EVERY, *known):
            raise _wrong(
                f"consent channel of purpose `{purpose}`",
                "a channel that the purpose does not state",
                " or ".join((*known, f"`{EVERY}` for each")),
            )

    def _below(self, purpose: str) -> list[str]:
        return [each for each in self._purposes.purposes if purpose in self._purposes.ancestry(each)]

    @contextmanager
    def _transaction(self, kind: Callable[[Engine], AbstractContextManager[Connection]]) -> Iterator[Connection]:
        try:
            with kind(self._records) as connection:
                yield connection
        except SQLAlchemyError as cause:
            raise RecordsError(
                "consent records",
                found=f"{type(cause).__name__}",
                expected="a database that takes the event",
                next_step="run `governance doctor`; nothing was recorded",
            ) from None


def _valid_time(kind: ConsentKind, how: Circumstances, recorded: dt.datetime) -> str:
    if how.valid_time is None:
        return stamp(recorded)
    if how.valid_time > recorded and kind is ConsentKind.GIVEN:
        raise _wrong("consent valid_time", "a moment that lies ahead", "the moment when the person agreed")
    return stamp(min(how.valid_time, recorded))


def _same(known: ConsentEvent, event: ConsentEvent) -> ConsentEvent:
    if not known.says_the_same(event):
        raise _wrong("consent event_id", "an id that another event has", "a new id, or the same event again")
    return known


def _draft(event: ConsentEvent) -> EventDraft:
    """What the ledger holds of an event: its id, a digest of all its columns, and references."""
    return EventDraft(
        kind=f"consent.{event.kind}",
        actor=event.collected_by,
        purpose=event.purpose,
        outcome="done",
        refs={"consent": event.id, "subject": event.subject_ref, "record": event.digest},
        counts={"epoch": event.epoch},
    )


def _check_form(form: str) -> None:
    if form not in FORMS:
        raise _wrong("consent form", "a word that is no form of consent", " or ".join(FORMS))


def _checked_id(event_id: str) -> str:
    if not _EVENT_ID.fullmatch(event_id):
        raise _wrong("consent event_id", "a text of another form", f"a match of {_EVENT_ID.pattern}")
    return event_id


def _key_taken(store: str, found: str) -> ConfigError:
    return _wrong(f"subject key in store {store}", found, "the key under which this store knows this person")


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="correct this value; nothing was recorded")
