"""Decisions on SQLite on their way into the table by whose columns events are found: each waits beside it for a moment.

    decide --> gov_ledger_unfiled --(with the next event of another kind, or FILED_TOGETHER later)--> gov_ledger_event

An event goes to seven trees of pages there, and a decision is waited for by somebody; here it goes to one, and many are
filed at once. Both tables are the log: what is unfiled always stands behind what is filed, in the order of the log, and
is hashed, sealed and durable. On PostgreSQL nothing waits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from governance.ledger.closes import Ending
from governance.ledger.events import EventDraft
from governance.records.transactions import Plain

FILED_TOGETHER = 64
"""They are filed whenever the number of events passes a multiple of this: no reader ever meets many."""

_WAITING = {"decision"}
_ADD = (
    "INSERT INTO gov_ledger_unfiled (period, seq, leaf, seal, given) SELECT ?1, ?2, ?3, ?4, ?5 "
    "WHERE NOT EXISTS (SELECT 1 FROM gov_ledger_event WHERE id = ?5)"
)
_ANY = "SELECT 1 FROM gov_ledger_unfiled LIMIT 1"
_FILE = (
    "INSERT INTO gov_ledger_event (period, seq, leaf, seal) "
    "SELECT period, seq, leaf, seal FROM gov_ledger_unfiled ORDER BY seq"
)
_FILED = "DELETE FROM gov_ledger_unfiled"


def may_wait(entries: Sequence[EventDraft | Ending], first: int) -> bool:
    """Whether events from a place on may stay unfiled: decisions alone, until enough of them have come."""
    if first % FILED_TOGETHER + len(entries) >= FILED_TOGETHER:
        return False
    return {entry.kind for entry in entries} == _WAITING


def add(plain: Plain, rows: Sequence[tuple[int, int, bytes, str, str]]) -> None:
    """Keep events unfiled: period, place, leaf, seal and id. Raises the driver's IntegrityError for a taken id."""
    if plain.executemany(_ADD, rows).rowcount != len(rows):
        raise sqlite3.IntegrityError("an id that is taken")


def file(plain: Plain) -> None:
    """File what is not filed yet."""
    if plain.dialect == "sqlite" and plain.execute(_ANY, ()).fetchone() is not None:
        plain.execute(_FILE, ())
        plain.execute(_FILED, ())
