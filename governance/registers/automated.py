"""The register of automated decisions: procedures that were declared, and requests to have a decision reviewed.

Rows are only ever added, each together with its event: neither is there without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from governance.ledger.events import EventDraft
from governance.registers.book import Book, lock_row
from governance.registers.recorder import EventRecorder
from governance.registers.tables import AUTOMATED, AUTOMATED_END, HUMAN_REVIEW, HUMAN_REVIEW_OUTCOME
from policies.errors import BadInputError

OUTCOMES = ("upheld", "changed", "withdrawn")
"""How a review ends: the decision stands, a person decided otherwise, or whoever asked took it back."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure by which a machine decides, as it was declared last."""

    id: str
    """Id of the declaration."""
    name: str
    """Its name; a later declaration of the same name takes its place."""
    edition: int
    """How many declarations the name has had, this one included."""
    declared: str
    """When, as events write times."""
    declared_by: str
    """Reference of who declared it."""
    purpose: str
    """The purpose that it serves."""
    effect: str
    """`none`, `legal` or `significant`."""
    logic: str
    """Reference of how it decides, in words."""
    said: Mapping[str, Any]
    """`datasets`, `grounds` by law, `reviewer` (a reference), `notice`, `opt_out` and `assessment`."""
    event: str
    """Id of the event in the ledger."""
    ended: str | None
    """When it ended; None while it decides."""


@dataclass(frozen=True, slots=True)
class HumanReview:
    """A request to have a decision reviewed by a person."""

    id: str
    """Its id."""
    procedure: str
    """The name of the procedure."""
    law: str
    """The law that it was made under; empty where nobody said."""
    request: str
    """Id in the register of requests; empty where it is not there."""
    received: str
    """When it came, as events write times."""
    due: str
    """The last day on which it is answered in time."""
    event: str
    """Id of the event in the ledger."""
    outcome: str | None
    """`upheld`, `changed` or `withdrawn`; None while it is open."""
    decided: str | None
    """When it ended."""
    decided_by: str | None
    """Reference of the person who reviewed."""
    decision_event: str | None
    """Id of the event of its end."""


class AutomatedDecisions:
    """The register in the records database. Methods raise RecordsError when it cannot be read or written."""

    def __init__(self, records: sa.Engine, ledger: EventRecorder) -> None:
        self._book = Book("automated decisions", records)
        self._ledger = ledger

    def declare(self, row: Mapping[str, Any], draft: EventDraft) -> None:
        """Add a declaration; `row` has the columns of `gov_automated` but the edition and the event's."""
        last = sa.select(sa.func.max(AUTOMATED.c.edition)).where(AUTOMATED.c.name == row["name"])
        with self._book.written() as connection:
            event = self._ledger.append_in(connection, draft)
            edition = (connection.execute(last).scalar() or 0) + 1
            more = {"said": json.dumps(row["said"], sort_keys=True), "edition": edition, "event": event.id}
            connection.execute(AUTOMATED.insert().values(**(dict(row) | more)))

    def end(self, row: Mapping[str, str], draft: EventDraft) -> None:
        """Add the end of a procedure. Raises BadInputError when it has ended already."""
        with self._book.written() as connection:
            lock_row(connection, AUTOMATED.c.id == row["declaration"])
            if connection.execute(
                sa.select(AUTOMATED_END).where(AUTOMATED_END.c.declaration == row["declaration"])
            ).first():
                raise _late("a procedure that has ended", "declare it anew if it decides again")
            event = self._ledger.append_in(connection, draft)
            connection.execute(AUTOMATED_END.insert().values(**row, event=event.id))

    def ask(self, row: Mapping[str, str], draft: EventDraft) -> None:
        """Add a request for review; `row` has the columns of `gov_automated_review` but the event's."""
        with self._book.written() as connection:
            event = self._ledger.append_in(connection, draft)
            connection.execute(HUMAN_REVIEW.insert().values(**row, event=event.id))

    def decide(self, row: Mapping[str, str], draft: EventDraft) -> None:
        """Add the outcome of a review. Raises BadInputError when it has one."""
        with self._book.written() as connection:
            lock_row(connection, HUMAN_REVIEW.c.id == row["review"])
            if connection.execute(
                sa.select(HUMAN_REVIEW_OUTCOME).where(HUMAN_REVIEW_OUTCOME.c.review == row["review"])
            ).first():
                raise _late("a review that was decided already", "see `governance audit automated show`")
            event = self._ledger.append_in(connection, draft)
            connection.execute(HUMAN_REVIEW_OUTCOME.insert().values(**row, event=event.id))

    def procedures(self) -> tuple[Procedure, ...]:
        """Every procedure as it was declared last, by name; those that have ended included."""
        query = (
            sa.select(AUTOMATED, AUTOMATED_END.c.ended)
            .outerjoin(AUTOMATED_END, AUTOMATED_END.c.declaration == AUTOMATED.c.id)
            .order_by(AUTOMATED.c.edition)
        )
        found = {row["name"]: Procedure(**(dict(row) | {"said": json.loads(row["said"])})) for row in self._read(query)}
        return tuple(found[name] for name in sorted(found))

    def reviews(self) -> tuple[HumanReview, ...]:
        """Every request for review, oldest first."""
        query = (
            sa.select(
                *(HUMAN_REVIEW.c[name] for name in ("id", "law", "request", "received", "due", "event")),
                AUTOMATED.c.name.label("procedure"),
                *(HUMAN_REVIEW_OUTCOME.c[name] for name in ("outcome", "decided", "decided_by")),
                HUMAN_REVIEW_OUTCOME.c.event.label("decision_event"),
            )
            .join(AUTOMATED, AUTOMATED.c.id == HUMAN_REVIEW.c.declaration)
            .outerjoin(HUMAN_REVIEW_OUTCOME, HUMAN_REVIEW_OUTCOME.c.review == HUMAN_REVIEW.c.id)
            .order_by(HUMAN_REVIEW.c.recorded, HUMAN_REVIEW.c.id)
        )
        return tuple(HumanReview(**row) for row in self._read(query))

    def _read(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._book.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _late(found: str, next_step: str) -> BadInputError:
    return BadInputError("automated decision", found=found, expected="a step that is still open", next_step=next_step)
