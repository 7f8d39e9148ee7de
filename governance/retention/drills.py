"""The register of restore tests: that backups were restored, when, how long it took, and what was checked then.

GDPR Art. 32(1)(c) and (d): availability is restored in time, and that is tested regularly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, insert, select

from governance.jobs.office import Office
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.records.transactions import reading, writing
from governance.retention.tables import DRILLS
from policies.errors import BadInputError

CHECKS = ("rows", "keys", "reapply", "application")
"""What can be checked of a restored store: its rows are there, its ciphertexts open, expired records are gone again,
the application runs on it."""

Outcome = Literal["passed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One restore test."""

    id: str
    """Its id."""
    store: str
    """The store whose backup was restored."""
    backup_day: str
    """The day of the backup."""
    drilled: str
    """The day of the test."""
    outcome: str
    """`passed` or `failed`."""
    minutes: int | None
    """How long the restore took."""
    checked: tuple[str, ...]
    """What was checked, of `CHECKS`."""
    recorded: str
    """When it was recorded, in UTC."""
    recorded_by: str
    """The ledger's reference of who recorded it."""
    note: str | None
    """The ledger's reference of a free text."""
    event: str
    """The ledger's event."""

    def to_json(self) -> dict[str, Any]:
        """What the command prints."""
        return {name: getattr(self, name) for name in Drill.__slots__} | {"checked": list(self.checked)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillDraft:
    """What somebody says of a restore test."""

    store: str
    """The store whose backup was restored."""
    backup_day: dt.date
    """The day of the backup."""
    drilled: dt.date
    """The day of the test."""
    outcome: Outcome = "passed"
    """How it ended."""
    minutes: int | None = None
    """How long the restore took."""
    checked: Sequence[str] = ()
    """What was checked, of `CHECKS`."""
    note: str | None = None
    """The ledger's reference of a free text."""


def record_drill(office: Office, said: DrillDraft) -> Drill:
    """Enter a restore test, together with its event `backup.drilled`.

    Raises BadInputError for days in the wrong order or to come, or a check that there is not; LedgerError.
    """
    if not said.backup_day <= said.drilled <= office.local().date():
        raise _wrong("days that cannot be", "a backup not younger than the test, and a test not to come")
    if not set(said.checked) <= set(CHECKS):
        raise _wrong("a check that there is not", " or ".join(CHECKS))
    made = office.new_id()
    with writing(office.records) as connection:
        event = office.ledger.append_in(connection, _event(office, said, made))
        drill = Drill(
            id=made,
            store=said.store,
            backup_day=said.backup_day.isoformat(),
            drilled=said.drilled.isoformat(),
            outcome=said.outcome,
            minutes=said.minutes,
            checked=tuple(name for name in CHECKS if name in said.checked),
            recorded=stamp(office.clock()),
            recorded_by=office.actor,
            note=said.note,
            event=event.id,
        )
        row = {name: getattr(drill, name) for name in Drill.__slots__} | {"checked": ",".join(drill.checked)}
        connection.execute(insert(DRILLS).values(**row))
    return drill


def _event(office: Office, said: DrillDraft, made: str) -> EventDraft:
    return EventDraft(
        kind="backup.drilled",
        actor=office.actor,
        action="backup.drill",
        outcome="done" if said.outcome == "passed" else "failed",
        objects=(EventObject(said.store),),
        counts={} if said.minutes is None else {"minutes": said.minutes},
        refs={"drill": made},
        versions={"policy": office.digest},
        note=said.note,
    )


def drills(records: Engine, store: str | None = None) -> list[Drill]:
    """The restore tests of a store or of all, oldest first."""
    query = select(DRILLS).order_by(DRILLS.c.drilled, DRILLS.c.recorded, DRILLS.c.id)
    if store is not None:
        query = query.where(DRILLS.c.store == store)
    with reading(records) as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 the public way to its names
    return [Drill(**row | {"checked": tuple(filter(None, row["checked"].split(",")))}) for row in rows]


def _wrong(found: str, expected: str) -> BadInputError:
    return BadInputError(
        "backup drill", found=found, expected=expected, next_step="see `governance backup drill --help`"
    )
