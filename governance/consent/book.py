"""Takes down what people agree to and take back.

A withdrawal succeeds when its event is durable in the records database; no store is asked. Event, epoch and ledger
entry are one transaction: either all of them are there or none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.base import Recorder, Sealer
from governance.consent.drafting import (
    check_form,
    check_kind,
    check_notice,
    check_target,
    checked_id,
    ledger_entry,
    same,
    snapshot_of,
    valid_time,
)
from governance.consent.events import EVERY, Circumstances, ConsentEvent, ConsentKind, Subject
from governance.consent.grants import Stale
from governance.consent.links import SubjectLinks
from governance.consent.standing import Standing, never_stale, standing
from governance.ledger.base import KeyedHash
from governance.ledger.events import EventDraft, stamp
from governance.records.transactions import reading, writing
from policies.errors import RecordsError
from policies.notices import Notices
from policies.purposes import FORMS, PurposesFile

_UNSTATED = Circumstances()
_UNDER_A_NOTICE = frozenset({ConsentKind.REQUESTED, ConsentKind.GIVEN, ConsentKind.RENEWED})
"""Kinds for which the notice must be a known one; a no is taken down whatever was or was not shown."""
_log = structlog.get_logger()


class ConsentBook:
    """The consent of all people. Every method raises RecordsError when the records database fails."""

    def __init__(  # noqa: PLR0913 the parts that a book is made of, all by name
        self,
        records: Engine,
        purposes: PurposesFile,
        *,
        keyed_hash: KeyedHash,
        sealer: Sealer,
        recorder: Recorder,
        clock: Callable[[], dt.datetime],
        new_id: Callable[[], str],
        stale: Stale = never_stale,
        notices: Callable[[], Notices] = Notices,
    ) -> None:
        self._records = records
        self._purposes = purposes
        self._links = SubjectLinks(keyed_hash, sealer)
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id
        self._stale = stale
        self._notices = notices

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

    def record(
        self,
        kind: str,
        subject: Subject,
        purpose: str,
        channel: str = EVERY,
        *,
        form: str = FORMS[0],
        how: Circumstances = _UNSTATED,
        event_id: str | None = None,
    ) -> ConsentEvent:
        """Record an event of any kind; durable on return. Raises as `given`, and for a word that is no kind.

        One that stops a use and is dated ahead holds from now; any other dated ahead is refused.
        """
        return self._record(check_kind(kind), subject, purpose, channel, form, how, event_id)

    def state(self, subject_key: str, purpose: str, channel: str = EVERY) -> Standing:
        """What holds for a person, purpose and channel now. Raises ConfigError for an unknown purpose or channel."""
        check_target(self._purposes, purpose, channel)
        at = stamp(self._clock())
        return standing(self._purposes, self.history(subject_key), purpose, channel, at=at, stale=self._stale)

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
        key_ref = self._links.store_ref(store, key)
        with self._transaction(reading) as connection:
            ref = event_log.owner_of(connection, store, key_ref)
        return self._forget(ref, actor) if ref is not None else 0

    def subject_ref(self, subject_key: str) -> str:
        """The keyed reference of a person, 64 hex digits."""
        return self._links.ref(subject_key)

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
        check_target(self._purposes, purpose, channel)
        check_form(form, how)
        if kind in _UNDER_A_NOTICE:
            check_notice(self._notices(), how)
        recorded = self._clock()
        event = ConsentEvent(
            epoch=0,
            id=checked_id(event_id or self._new_id()),
            subject_ref=self.subject_ref(subject.key),
            purpose=purpose,
            channel=channel,
            kind=str(kind),
            form=form,
            valid_time=valid_time(kind, how, recorded),
            recorded_time=stamp(recorded),
            snapshot=snapshot_of(self._purposes, purpose),
            **how.of_event(),
        )
        with self._transaction(writing) as connection:
            known = event_log.find_event(connection, event.id)
            if known is not None:
                return same(known, event if how.valid_time else replace(event, valid_time=known.valid_time))
            return self._write(connection, event, subject)

    def _write(self, connection: Connection, event: ConsentEvent, subject: Subject) -> ConsentEvent:
        event = replace(event, epoch=event_log.next_epoch(connection))
        event_log.add_event(connection, event)
        self._links.link(connection, subject, event.subject_ref, event.epoch)
        event_log.touch(connection, event.subject_ref, event.epoch)
        self._recorder.append_in(connection, ledger_entry(event))
        _log.info("consent_recorded", consent=event.id, kind=event.kind, purpose=event.purpose, epoch=event.epoch)
        return event

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
