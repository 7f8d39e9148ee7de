"""Takes down whose use of data is restricted, and when that is lifted.

It lives beside consent because it reaches a store by the same way: the same keyed references and sealed store keys, and
one count of epochs, so that one comparison for each statement tells whether the store knows all of both.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace

import structlog
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.base import Recorder, Sealer
from governance.consent.events import Subject
from governance.consent.links import SubjectLinks
from governance.consent.restriction_events import RestrictionEvent, RestrictionKind
from governance.consent.restriction_log import active_among
from governance.consent.tables import HEAD, RESTRICTIONS
from governance.consent.upkeep import records_failed
from governance.ledger.base import KeyedHash
from governance.ledger.events import EventDraft, stamp
from governance.records.transactions import reading, writing
from policies.errors import ConfigError
from policies.restriction_reasons import check_reason

_BASIS = re.compile(r"([a-z-]{2,16}:[0-9]{1,4}(\([0-9a-z]{1,3}\)){0,3})?")
_log = structlog.get_logger()


class Restrictions:
    """The restrictions of all people. Every method raises RecordsError when the records database fails."""

    def __init__(
        self,
        records: Engine,
        *,
        keyed_hash: KeyedHash,
        sealer: Sealer,
        recorder: Recorder,
        clock: Callable[[], dt.datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._records = records
        self._links = SubjectLinks(keyed_hash, sealer)
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    def restrict(
        self, subject: Subject, *, reason: str, basis: str = "", by: str = "system", ref: str = ""
    ) -> RestrictionEvent:
        """Stop every use of a person's data but storage and what purposes.yaml lets go on; durable on return.

        It holds from the next statement on, in every process, in each store whose key of the person is known. `basis`
        is law and article, such as `gdpr:18(1)(a)`. `ref` is what `holder` gave: it is the person then, whatever the
        subject's key is. Raises ConfigError for a reason that the pack does not have.
        """
        now = self._clock()
        event = self._event(ref or self._links.ref(subject.key), RestrictionKind.RESTRICTED, now, by)
        event = replace(event, reason=check_reason(reason, now.date()), basis=_checked_basis(basis))
        with self._transaction(writing) as connection:
            return self._write(connection, event, subject)

    def lift(self, subject: Subject, *, told: bool, by: str = "system", ref: str = "") -> RestrictionEvent:
        """Let the use of a person's data go on; durable on return. `ref` is as for `restrict`.

        Raises ConfigError when the person was not told before, as GDPR Art. 18(3) asks, or is not restricted.
        """
        if not told:
            raise _wrong("a person who was not told", "the person told before the restriction is lifted")
        ref = ref or self._links.ref(subject.key)
        event = replace(self._event(ref, RestrictionKind.LIFTED, self._clock(), by), told=True)
        with self._transaction(writing) as connection:
            if not active_among(connection, [event.subject_ref]):
                raise _wrong("a person whose data is not restricted", "one whose restriction stands")
            return self._write(connection, event, subject)

    def standing(self, subject_key: str) -> RestrictionEvent | None:
        """The restriction that stands for a person now; None without one."""
        found = self.history(subject_key)
        return found[-1] if found and found[-1].kind == RestrictionKind.RESTRICTED else None

    def holder(self, store: str, key: str | int) -> str | None:
        """The keyed reference of the person whom the records know under a store's own key; None for nobody."""
        with self._transaction(reading) as connection:
            return event_log.owner_of(connection, store, self._links.store_ref(store, key))

    def active(self, refs: Collection[str]) -> frozenset[str]:
        """Whose restriction stands now, among people by their keyed references."""
        with self._transaction(reading) as connection:
            return active_among(connection, refs)

    def ref(self, subject_key: str) -> str:
        """The keyed reference of a person by the internal subject key, 64 hex digits."""
        return self._links.ref(subject_key)

    def history(self, subject_key: str) -> tuple[RestrictionEvent, ...]:
        """All events of a person in the order in which they were recorded."""
        asked = select(RESTRICTIONS).where(RESTRICTIONS.c.subject_ref == self._links.ref(subject_key))
        with self._transaction(reading) as connection:
            rows = connection.execute(asked.order_by(RESTRICTIONS.c.epoch)).mappings()
            return tuple(RestrictionEvent(**row) for row in rows)

    def _event(self, ref: str, kind: RestrictionKind, now: dt.datetime, by: str) -> RestrictionEvent:
        return RestrictionEvent(
            epoch=0,
            id=self._new_id(),
            subject_ref=ref,
            kind=str(kind),
            reason="",
            basis="",
            since=stamp(now),
            told=False,
            recorded_by=by,
        )

    def _write(self, connection: Connection, event: RestrictionEvent, subject: Subject) -> RestrictionEvent:
        event = replace(event, epoch=event_log.next_epoch(connection))
        connection.execute(insert(RESTRICTIONS).values(**asdict(event)))
        connection.execute(update(HEAD).where(HEAD.c.id == 1, HEAD.c.origin == "").values(origin=event.id))
        self._links.link(connection, subject, event.subject_ref, event.epoch)
        event_log.touch(connection, event.subject_ref, event.epoch)
        self._recorder.append_in(connection, _draft(event))
        _log.info("restriction_recorded", restriction=event.id, kind=event.kind, epoch=event.epoch)
        return event

    @contextmanager
    def _transaction(self, kind: Callable[[Engine], AbstractContextManager[Connection]]) -> Iterator[Connection]:
        try:
            with kind(self._records) as connection:
                yield connection
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None


def _draft(event: RestrictionEvent) -> EventDraft:
    """What the ledger holds of an event: its id, a digest of all its columns, and references."""
    return EventDraft(
        kind=f"restriction.{'placed' if event.kind == RestrictionKind.RESTRICTED else 'lifted'}",
        actor=event.recorded_by,
        outcome="done",
        refs={"restriction": event.id, "subject": event.subject_ref, "record": event.digest},
        counts={"epoch": event.epoch},
    )


def _checked_basis(basis: str) -> str:
    if not _BASIS.fullmatch(basis):
        raise _wrong("a basis of another form", "law and article, such as `gdpr:18(1)(a)`")
    return basis


def _wrong(found: str, expected: str) -> ConfigError:
    return ConfigError("restriction", found=found, expected=expected, next_step="correct it; nothing was recorded")
