"""Access reviews: opened with the grants of that moment, decided grant by grant, closed. Rows are only ever added.

Each step and its event are one transaction: neither is there without the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from governance.ledger.events import EventDraft, stamp
from governance.registers.book import Book, lock_row
from governance.registers.recorder import EventRecorder
from governance.registers.review_grants import ReviewedGrant
from governance.registers.tables import REVIEW, REVIEW_CLOSING, REVIEW_DECISION, REVIEW_GRANT
from policies.errors import BadInputError

KEEP, REVOKE = "keep", "revoke"
"""What can be decided of a grant."""


@dataclass(frozen=True, slots=True)
class GrantDecision:
    """What was decided of one grant."""

    grant_id: str
    """The grant."""
    verdict: str
    """`keep` or `revoke`."""
    fingerprint: str
    """What it gave when it was decided, as a keyed digest."""
    decided: str
    """When, as events write times."""
    decided_by: str
    """Reference of who decided."""
    note: str
    """Reference of the reason."""
    event: str
    """Id of the event in the ledger."""


@dataclass(frozen=True, slots=True)
class Review:
    """One access review as it stands."""

    id: str
    """Its id."""
    reviewer: str
    """Reference of who is to decide."""
    due: dt.date
    """The last day for it, in the project's time zone."""
    opened: str
    """When it was opened, as events write times."""
    opened_by: str
    """Reference of who opened it."""
    policy: str
    """Digest of the policy files at that moment."""
    event: str
    """Id of the event of its opening."""
    grants: Mapping[str, str]
    """Each grant to decide about, with the fingerprint that it had."""
    decisions: Mapping[str, GrantDecision]
    """Decisions by grant."""
    closed: str | None
    """When it was closed; None while it is open."""
    closed_by: str | None
    """Reference of who closed it."""
    closing_event: str | None
    """Id of the event of its closing."""


class Reviews:
    """The reviews in the records database. Methods raise RecordsError when it cannot be read or written."""

    def __init__(self, records: sa.Engine, ledger: EventRecorder) -> None:
        self._book = Book("access reviews", records)
        self._ledger = ledger

    def open(self, row: Mapping[str, Any], grants: tuple[ReviewedGrant, ...], draft: EventDraft) -> None:
        """Add a review with the grants to decide about; `row` has the columns of `gov_review` but the event's.

        Raises BadInputError while another one is open.
        """
        with self._book.written() as connection:
            event = self._ledger.append_in(connection, draft)  # from here on no other process writes
            if _first_open(connection):
                raise _late("another review that is open", "close that one first")
            connection.execute(REVIEW.insert().values(**row, event=event.id))
            if grants:
                rows = [{"review": row["id"], "grant_id": each.id, "fingerprint": each.fingerprint} for each in grants]
                connection.execute(REVIEW_GRANT.insert(), rows)

    def decide(self, review: str, decision: Mapping[str, str], draft: EventDraft) -> None:
        """Add a decision. Raises BadInputError when another one was first, or the review is closed."""
        with self._book.written() as connection:
            lock_row(connection, REVIEW.c.id == review)
            if _first(connection, REVIEW_CLOSING, REVIEW_CLOSING.c.review == review):
                raise _late("a review that is closed", "open another review")
            one = (REVIEW_DECISION.c.review == review) & (REVIEW_DECISION.c.grant_id == decision["grant_id"])
            if _first(connection, REVIEW_DECISION, one):
                raise _late("a grant that is decided already in this review", "decide anew in the next review")
            event = self._ledger.append_in(connection, draft)
            connection.execute(REVIEW_DECISION.insert().values(review=review, event=event.id, **decision))

    def close(self, review: str, closed: dt.datetime, closed_by: str, draft: EventDraft) -> None:
        """End a review. Raises BadInputError when it is closed already."""
        with self._book.written() as connection:
            lock_row(connection, REVIEW.c.id == review)
            if _first(connection, REVIEW_CLOSING, REVIEW_CLOSING.c.review == review):
                raise _late("a review that is closed", "see `governance audit review show`")
            event = self._ledger.append_in(connection, draft)
            values = {"review": review, "closed": stamp(closed), "closed_by": closed_by, "event": event.id}
            connection.execute(REVIEW_CLOSING.insert().values(values))

    def all(self) -> tuple[Review, ...]:
        """All reviews, oldest first."""
        with self._book.read() as connection:
            return tuple(_reviews(connection))


def _reviews(connection: sa.Connection) -> Iterator[Review]:
    grants, decisions = dict[str, dict[str, str]](), dict[str, dict[str, GrantDecision]]()
    for row in connection.execute(sa.select(REVIEW_GRANT)):
        grants.setdefault(row.review, {})[row.grant_id] = row.fingerprint
    for found in connection.execute(sa.select(REVIEW_DECISION)).mappings():
        made = GrantDecision(**{name: value for name, value in found.items() if name != "review"})
        decisions.setdefault(found["review"], {})[made.grant_id] = made
    closings = {row.review: row for row in connection.execute(sa.select(REVIEW_CLOSING))}
    for row in connection.execute(sa.select(REVIEW).order_by(REVIEW.c.opened, REVIEW.c.id)):
        end = closings.get(row.id)
        yield Review(
            id=row.id,
            reviewer=row.reviewer,
            due=dt.date.fromisoformat(row.due),
            opened=row.opened,
            opened_by=row.opened_by,
            policy=row.policy,
            event=row.event,
            grants=grants.get(row.id, {}),
            decisions=decisions.get(row.id, {}),
            closed=end.closed if end else None,
            closed_by=end.closed_by if end else None,
            closing_event=end.event if end else None,
        )


def _first_open(connection: sa.Connection) -> bool:
    unclosed = sa.select(REVIEW.c.id).where(REVIEW.c.id.not_in(sa.select(REVIEW_CLOSING.c.review)))
    return connection.execute(unclosed).first() is not None


def _first(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> bool:
    return connection.execute(sa.select(table.c.review).where(where)).first() is not None


def _late(found: str, next_step: str) -> BadInputError:
    return BadInputError(
        "access review", found=found, expected="one open review, and a grant undecided in it", next_step=next_step
    )
