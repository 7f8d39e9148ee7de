"""Brings a store's projection up to date with the records, or rebuilds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.base import Sealer
from governance.consent.events import EVERY, ConsentEvent
from governance.consent.links import seal_context
from governance.consent.objections import OBJECTED, heeding, objected_channels
from governance.consent.projection import ConsentProjection, ProjectedRow, ProjectionHead, SubjectRows
from governance.consent.restriction_events import RestrictionKind
from governance.consent.restriction_log import active_among, has_gap
from governance.consent.standing import standing, targets, tree_digest
from governance.consent.tables import HEAD
from governance.consent.temporary import TemporarySet
from governance.records.transactions import reading, writing
from policies.errors import RecordsError, StoreError
from policies.purposes import FORMS, PurposesFile

_TRIES = 20
"""How often a race with another process is lost before giving up."""
_RESTRICTED: ProjectedRow = (EVERY, EVERY, FORMS[0], str(RestrictionKind.RESTRICTED), "")
_HEAD_SQL = f"SELECT epoch, origin FROM {HEAD.name} WHERE id = 1"  # noqa: S608 - a constant
_log = structlog.get_logger()


class ProjectionUpkeep:
    """Computes what a store must hold from the records, and puts it there.

    Every method raises RecordsError or StoreError when one of the two databases fails.
    """

    def __init__(self, records: Engine, purposes: PurposesFile, sealer: Sealer) -> None:
        self.records = records
        """The records database."""
        self._purposes = purposes
        self._sealer = sealer
        self._targets = targets(purposes)
        self._heeding = heeding(purposes)
        self.tree = _tree(purposes, self._heeding)
        """Digest of the purposes that this upkeep computes under."""

    def records_head(self) -> event_log.Head:
        """How far the records are: one query by primary key."""
        try:
            with self.records.connect() as connection:  # one row needs no snapshot: it is asked before each statement
                row = connection.exec_driver_sql(_HEAD_SQL).first()
                return event_log.Head(row.epoch, row.origin) if row is not None else event_log.read_head(connection)
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None

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
                changes = list(self._changes(connection, store, since=0 if wipe else head.epoch))
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
                changes = self._changes(connection, projection.store, since=0 if wipe else head.epoch)
                moved = projection.move(head, target, changes, wipe=wipe)
                erased = moved and event_log.has_erased(connection, projection.store, records.epoch)
            if erased:
                self._drop_erased(projection.store, records.epoch)
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None
        _log.info("consent_projection_moved", store=projection.store, epoch=records.epoch, rebuilt=wipe, won=moved)
        return moved

    def _changes(self, connection: Connection, store: str, since: int) -> Iterator[SubjectRows]:
        for page in event_log.changed_links(connection, store, since):
            refs = [link.subject_ref for link in page]
            events, restricted = event_log.events_of(connection, refs), active_among(connection, refs)
            for link in page:
                key = json.loads(self._sealer.open(link.sealed_key, seal_context(store, link.subject_ref)))
                shut = (_RESTRICTED,) if link.subject_ref in restricted else ()
                rows = () if link.erasing else (*shut, *self._rows(events[link.subject_ref]))
                yield SubjectRows(key, rows)

    def _rows(self, events: list[ConsentEvent]) -> tuple[ProjectedRow, ...]:
        found = (standing(self._purposes, events, purpose, channel) for purpose, channel in self._targets)
        rows = {
            (each.purpose, each.channel): (each.purpose, each.channel, each.form, each.state, each.ends)
            for each in found
            if each.state != "none"
        }
        for purpose in self._heeding:
            for channel in objected_channels(self._purposes, events, purpose):
                rows[purpose, channel] = (purpose, channel, FORMS[0], OBJECTED, "")
        return tuple(rows.values())

    def _drop_erased(self, store: str, upto: int) -> None:
        with writing(self.records) as connection:
            event_log.drop_erased(connection, store, upto)


def records_failed(cause: SQLAlchemyError) -> RecordsError:
    """The error of a records database that fails, without the foreign text."""
    return RecordsError(
        "consent records",
        found=type(cause).__name__,
        expected="a records database that answers",
        next_step="run `governance doctor`",
    )


def _tree(purposes: PurposesFile, heeding_purposes: tuple[str, ...]) -> str:
    """A digest of the purposes that rows are computed for: those that need consent, those that heed objections."""
    tree = tree_digest(purposes)
    if not heeding_purposes:
        return tree
    lines = [f"{each}\0{'/'.join(purposes.ancestry(each))}\0{purposes.channels(each)}" for each in heeding_purposes]
    return hashlib.sha256("\n".join([tree, *lines]).encode()).hexdigest()[:32]


def _needed(projection: ConsentProjection, head: ProjectionHead | None) -> ProjectionHead:
    if head is None:
        raise StoreError(
            f"{projection.store}, consent projection",
            found="no epoch",
            expected="the one row of gov_consent_epoch",
            next_step="run `governance init`, which makes the projection",
        )
    return head
