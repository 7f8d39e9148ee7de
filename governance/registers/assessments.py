"""The register of impact assessments: opened on what was looked at, signed by a person, closed. Rows are only added.

Each row and its event are one transaction: neither is there without the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from governance.ledger.events import EventDraft
from governance.registers.book import Book, lock_row
from governance.registers.recorder import EventRecorder
from governance.registers.tables import ASSESSMENT, ASSESSMENT_CLOSING, ASSESSMENT_SIGNATURE
from policies.errors import BadInputError


@dataclass(frozen=True, slots=True)
class Signature:
    """That a person signed an assessment."""

    signer: str
    """Reference of the person."""
    signed: str
    """When, as events write times."""
    recorded_by: str
    """Reference of the service or OS user through whom."""
    review_by: str
    """The day by which it is looked at again."""
    authority_consulted: str
    """The day on which the authority was consulted before; empty where it was not."""
    risks: Sequence[Mapping[str, Any]]
    """The levels of each risk."""
    answers: str
    """Reference of the answers in words."""
    event: str
    """Id of the event in the ledger."""


@dataclass(frozen=True, slots=True)
class Closing:
    """That an assessment stands for nothing any more."""

    closed: str
    """When."""
    closed_by: str
    """Reference of who said so."""
    note: str
    """Reference of the reason."""
    event: str
    """Id of the event in the ledger."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment as it stands."""

    id: str
    """Its id."""
    purpose: str
    """The purpose that it is about."""
    opened: str
    """When it was opened, as events write times."""
    opened_by: str
    """Reference of who opened it."""
    looked_at: Mapping[str, str]
    """What it looks at: place to what stood there."""
    digest: str
    """A digest of that."""
    event: str
    """Id of the event of its opening."""
    signature: Signature | None
    """Who signed it; None before."""
    closing: Closing | None
    """Its end; None while it stands."""


class Assessments:
    """The assessments in the records database. Methods raise RecordsError when it cannot be read or written."""

    def __init__(self, records: sa.Engine, ledger: EventRecorder) -> None:
        self._book = Book("impact assessments", records)
        self._ledger = ledger

    def open(self, row: Mapping[str, Any], draft: EventDraft) -> None:
        """Add an assessment. Raises BadInputError while another one of its purpose is open and not signed."""
        with self._book.written() as connection:
            lock_row(connection, ASSESSMENT.c.purpose == row["purpose"])
            waiting = [each for each in _assessments(connection) if each.purpose == row["purpose"]]
            if any(each.signature is None and each.closing is None for each in waiting):
                raise _late("an assessment of this purpose that is open", "sign or close that one first")
            event = self._ledger.append_in(connection, draft)
            looked = json.dumps(row["looked_at"], sort_keys=True, ensure_ascii=False)
            connection.execute(ASSESSMENT.insert().values(**(dict(row) | {"looked_at": looked}), event=event.id))

    def sign(self, assessment: str, row: Mapping[str, Any], draft: EventDraft) -> None:
        """Add a signature. Raises BadInputError when it is signed or closed already."""
        with self._book.written() as connection:
            found = _locked(connection, assessment)
            if found.signature is not None or found.closing is not None:
                raise _late("an assessment that is signed or closed", "open another one")
            event = self._ledger.append_in(connection, draft)
            told = dict(row) | {"risks": json.dumps(row["risks"], sort_keys=True)}
            connection.execute(ASSESSMENT_SIGNATURE.insert().values(assessment=assessment, event=event.id, **told))

    def close(self, assessment: str, row: Mapping[str, str], draft: EventDraft) -> None:
        """Add an end. Raises BadInputError when it is closed already."""
        with self._book.written() as connection:
            if _locked(connection, assessment).closing is not None:
                raise _late("an assessment that is closed", "open another one")
            event = self._ledger.append_in(connection, draft)
            connection.execute(ASSESSMENT_CLOSING.insert().values(assessment=assessment, event=event.id, **row))

    def all(self) -> tuple[Assessment, ...]:
        """All assessments, oldest first."""
        with self._book.read() as connection:
            return tuple(_assessments(connection))


def _assessments(connection: sa.Connection) -> Iterator[Assessment]:
    signatures = {row["assessment"]: row for row in connection.execute(sa.select(ASSESSMENT_SIGNATURE)).mappings()}
    closings = {row["assessment"]: row for row in connection.execute(sa.select(ASSESSMENT_CLOSING)).mappings()}
    for row in connection.execute(sa.select(ASSESSMENT).order_by(ASSESSMENT.c.opened, ASSESSMENT.c.id)).mappings():
        signed, closed = signatures.get(row["id"]), closings.get(row["id"])
        yield Assessment(
            **(dict(row) | {"looked_at": json.loads(row["looked_at"])}),
            signature=Signature(**(_plain(signed) | {"risks": json.loads(signed["risks"])})) if signed else None,
            closing=Closing(**_plain(closed)) if closed else None,
        )


def _plain(row: sa.RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "assessment"}


def _locked(connection: sa.Connection, assessment: str) -> Assessment:
    """One assessment, with its row locked against other writers. Raises BadInputError for an unknown id."""
    lock_row(connection, ASSESSMENT.c.id == assessment)
    for each in _assessments(connection):
        if each.id == assessment:
            return each
    raise _late("an id that no assessment has", "see `governance audit dpia show`")


def _late(found: str, next_step: str) -> BadInputError:
    return BadInputError(
        "impact assessment", found=found, expected="an assessment that is still open", next_step=next_step
    )
