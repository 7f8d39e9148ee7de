"""Brings a store's projection up to date with the records, or rebuilds it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.base import Sealer
from governance.consent.changes import ChangeRule
from governance.consent.events import EVERY, NOES, ConsentEvent, ConsentKind
from governance.consent.grants import Stale
from governance.consent.links import seal_context
from governance.consent.packing import slots_of
from governance.consent.projection import ConsentProjection, ProjectedRow, ProjectionHead, SubjectRows
from governance.consent.restriction_events import RestrictionKind
from governance.consent.restriction_log import active_among, has_gap
from governance.consent.standing import UNKNOWN, all_targets, never_stale, objections, standing, tree_digest
from governance.consent.temporary import TemporarySet
from governance.ledger.events import stamp
from governance.records.transactions import reading, writing
from policies.errors import RecordsError, StoreError
from policies.purposes import FORMS, PurposesFile

_TRIES = 20
"""How often a race with another process is lost before giving up."""
_RESTRICTED: ProjectedRow = (EVERY, EVERY, FORMS[0], str(RestrictionKind.RESTRICTED), "")
_log = structlog.get_logger()


class ProjectionUpkeep:
    """Computes what a store must hold from the records, and puts it there.

    Every method raises RecordsError or StoreError when one of the two databases fails.
    """

    def __init__(
        self,
        records: Engine,
        purposes: PurposesFile,
        sealer: Sealer,
        *,
        clock: Callable[[], dt.datetime],
        changes: ChangeRule | None = None,
    ) -> None:
        self.records = records
        """The records database."""
        self._purposes = purposes
        self._sealer = sealer
        self._clock = clock
        self._stale: Stale = changes or never_stale
        self._targets = all_targets(purposes)
        self.tree = tree_digest(purposes, changes.digest if changes else "")
        """Digest of the purposes that this upkeep computes under."""
        self.slots = slots_of(purposes)
        """Where consent to each of these purposes is packed."""

    def records_head(self) -> event_log.Head:
        """How far the records are, with every end that has come by now: one query, unless something just ended.

        Side effect: counts the epoch on for the people whose consent ended, so that every store learns of it.
        """
        now = stamp(self._clock())
        try:
            with self.records.connect() as connection:  # one row needs no snapshot: it is asked before each statement
                head = event_log.read_head(connection)
            return self._sweep(now) if _is_due(head, now) else head
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None

    def _sweep(self, now: str) -> event_log.Head:
        with writing(self.records) as connection:
            ended = event_log.sweep(connection, now) if _is_due(event_log.read_head(connection), now) else 0
            head = event_log.read_head(connection)
        _log.info("consent_ends_swept", people=ended, epoch=head.epoch)
        return head

    def is_current(self, head: ProjectionHead, records: event_log.Head) -> bool:
        """Whether a projection holds all that the records hold.

        Raises StoreError when it holds what the records never knew: one of the two was restored from a backup or comes
        from another project, and consent could stand that was withdrawn.
        """
        if head.epoch > records.epoch or head.origin not in ("", records.origin):
            raise StoreError(
                "consent projection",
                found="a projection that is ahead of the records or was made from others",
                expected="one made from these records",
                next_step="find out which of the two is right, then rebuild the projection as docs/consent.md says",
            )
        return head.epoch == records.epoch and head.tree == self.tree

    def bring_up_to_date(self, projection: ConsentProjection) -> None:
        """Apply all changes since the projection's epoch; all of it anew when the tree of purposes changed."""
        for _ in range(_TRIES):
            head = _needed(projection, projection.head())
            records = self.records_head()
            if self.is_current(head, records) or self._move(projection, head, records, rebuild=False):
                return
        raise StoreError(
            f"{projection.store}, consent projection",
            found="other processes that changed it each time",
            expected="a moment to apply the latest changes",
            next_step="run the statement again",
        )

    def rebuild(self, projection: ConsentProjection) -> None:
        """Compute the whole projection anew from the records, whatever it holds."""
        for _ in range(_TRIES):
            head = _needed(projection, projection.head())
            if self._move(projection, head, self.records_head(), rebuild=True):
                return
        raise StoreError(
            f"{projection.store}, consent projection",
            found="other processes that changed it each time",
            expected="a moment to rebuild it",
            next_step="try again",
        )

    def bring_set_up_to_date(self, store: str, found: TemporarySet) -> None:
        """Apply to a connection's temporary set all changes since its epoch; all of it anew after an erasure."""
        head, records = found.head(), self.records_head()
        if head is None or self.is_current(head, records):
            return
        target = ProjectionHead(records.epoch, records.origin, self.tree, head.key_kind)
        try:
            with reading(self.records) as connection:
                wipe = head.tree != self.tree or has_gap(connection, head.epoch, records.epoch)
                since, at = 0 if wipe else head.epoch, max(stamp(self._clock()), records.swept)
                changes = list(self._changes(connection, store, since, at))
                erased = event_log.has_erased(connection, store, records.epoch)
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None
        found.move(target, changes, wipe=wipe)
        if erased:
            self._erase(store, records.epoch)

    def _erase(self, store: str, upto: int) -> None:
        try:
            self._drop_erased(store, upto)
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None

    def _move(
        self, projection: ConsentProjection, head: ProjectionHead, records: event_log.Head, *, rebuild: bool
    ) -> bool:
        wipe = rebuild or head.tree != self.tree
        target = ProjectionHead(records.epoch, records.origin, self.tree, head.key_kind)
        try:
            with reading(self.records) as connection:
                since, at = 0 if wipe else head.epoch, max(stamp(self._clock()), records.swept)
                changes = self._changes(connection, projection.store, since, at)
                moved = projection.move(head, target, changes, wipe=wipe, slots=self.slots)
                erased = moved and event_log.has_erased(connection, projection.store, records.epoch)
            if erased:
                self._drop_erased(projection.store, records.epoch)
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None
        _log.info("consent_projection_moved", store=projection.store, epoch=records.epoch, rebuilt=wipe, won=moved)
        return moved

    def _changes(self, connection: Connection, store: str, since: int, at: str) -> Iterator[SubjectRows]:
        for page in event_log.changed_links(connection, store, since):
            refs = [link.subject_ref for link in page]
            events, restricted = event_log.events_of(connection, refs), active_among(connection, refs)
            for link in page:
                key = json.loads(self._sealer.open(link.sealed_key, seal_context(store, link.subject_ref)))
                shut = (_RESTRICTED,) if link.subject_ref in restricted else ()
                rows = () if link.erasing else (*shut, *self._rows(events[link.subject_ref], at))
                yield SubjectRows(key, rows)

    def _rows(self, events: list[ConsentEvent], at: str) -> tuple[ProjectedRow, ...]:
        rows = (self._row(events, *target, at) for target in self._targets)
        return tuple(each for each in rows if each is not None)

    def _row(self, events: list[ConsentEvent], purpose: str, channel: str, at: str) -> ProjectedRow | None:
        """What the store must know: for a purpose that needs consent what holds, for another what stops it."""
        if self._purposes.needs_consent(purpose):
            found = standing(self._purposes, events, purpose, channel, at=at, stale=self._stale)
            form = found.form if found.form in FORMS else FORMS[0]
            return (purpose, channel, form, found.projected, found.ends) if found.state != UNKNOWN else None
        if not self._purposes.may_be_objected(purpose):
            return None
        stops = objections(self._purposes, events, purpose, channel, at=at)
        kinds = [each.kind for each in stops if each.kind in NOES] or [str(ConsentKind.WITHDRAWN)]
        state = str(ConsentKind.OBJECTED) if ConsentKind.OBJECTED in kinds else kinds[-1]
        return (purpose, channel, FORMS[0], state, "") if stops else None

    def _drop_erased(self, store: str, upto: int) -> None:
        with writing(self.records) as connection:
            event_log.drop_erased(connection, store, upto)


def _is_due(head: event_log.Head, now: str) -> bool:
    return bool(head.next_end) and head.next_end <= now


def records_failed(cause: SQLAlchemyError) -> RecordsError:
    """The error of a records database that fails, without the foreign text."""
    return RecordsError(
        "consent records",
        found=type(cause).__name__,
        expected="a records database that answers",
        next_step="run `governance doctor`",
    )


def _needed(projection: ConsentProjection, head: ProjectionHead | None) -> ProjectionHead:
    if head is None:
        raise StoreError(
            f"{projection.store}, consent projection",
            found="no epoch",
            expected="the one row of gov_consent_epoch",
            next_step="run `governance init --consent-in STORE`, which makes the projection",
        )
    return head
