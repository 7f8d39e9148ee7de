"""Makes receipts and keeps the list of them, by which each names its forerunner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import Connection, func, insert, select

from governance.consent import event_log
from governance.consent.events import ConsentEvent
from governance.consent.exporting import places_of
from governance.consent.records.basis import RecordBasis
from governance.consent.records.receipt import SIGNATURE, ReceiptHead, receipt_of, signed
from governance.consent.tables import RECEIPTS
from governance.ledger.base import KeyedHash, Signer
from policies.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ReceiptScope:
    """Whose receipt, and about what."""

    subject_ref: str
    """The person."""
    purpose: str = ""
    """The purpose; empty for all."""
    channel: str = ""
    """The channel; empty for all of the purpose."""

    def covers(self, event: ConsentEvent) -> bool:
        """Whether an event is to be in the receipt."""
        return self.purpose in ("", event.purpose) and self.channel in ("", event.channel)


@dataclass(frozen=True, slots=True)
class KnownReceipt:
    """What the records hold of a receipt."""

    id: str
    """Given once."""
    made: str
    """When it was made."""
    superseded_by: str
    """The receipt that took its place; empty for the latest."""


def make_receipt(
    connection: Connection,
    scope: ReceiptScope,
    head: Callable[[str], ReceiptHead],
    basis: RecordBasis,
    keyed_hash: KeyedHash,
    signer: Signer,
) -> dict[str, Any]:
    """The signed receipt of what stands in the records, entered in the list in the caller's transaction.

    `head` is given the id of the forerunner, empty for the first. Raises ConfigError when nothing was ever said, or an
    item that a record needs is not stated.
    """
    event_log.take_turn(connection)  # of two receipts made at once, one names the other
    history = event_log.events_of(connection, (scope.subject_ref,))[scope.subject_ref]
    places = places_of(each for each in history if scope.covers(each))
    if not places:
        raise ConfigError(
            "consent receipt",
            found="no event of this person for this purpose and channel",
            expected="one event or more",
            next_step="record the consent first, or ask for another purpose",
        )
    made = head(_last_of(connection, scope))
    document = signed(receipt_of(made, places, basis, keyed_hash), signer)
    number = (connection.execute(select(func.max(RECEIPTS.c.number))).scalar() or 0) + 1
    row = {"id": made.id, "number": number, "subject_ref": scope.subject_ref, "made": made.made}
    row |= {"purpose": scope.purpose, "channel": scope.channel, "supersedes": made.supersedes}
    connection.execute(insert(RECEIPTS).values(**row, digest=digest_of(document)))
    return document


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256 over the signed bytes of a receipt."""
    return hashlib.sha256(
        rfc8785.dumps({name: each for name, each in document.items() if name != SIGNATURE})
    ).hexdigest()


def known_receipt(connection: Connection, receipt_id: str) -> KnownReceipt | None:
    """What the records hold of a receipt; None for one that they do not know."""
    row = connection.execute(select(RECEIPTS).where(RECEIPTS.c.id == receipt_id)).first()
    if row is None:
        return None
    later = select(RECEIPTS.c.id).where(RECEIPTS.c.supersedes == receipt_id, RECEIPTS.c.subject_ref == row.subject_ref)
    return KnownReceipt(row.id, row.made, connection.execute(later).scalar() or "")


def _last_of(connection: Connection, scope: ReceiptScope) -> str:
    query = (
        select(RECEIPTS.c.id)
        .where(RECEIPTS.c.subject_ref == scope.subject_ref)
        .where(RECEIPTS.c.purpose == scope.purpose, RECEIPTS.c.channel == scope.channel)
        .order_by(RECEIPTS.c.number.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""
