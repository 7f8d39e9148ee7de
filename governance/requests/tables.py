"""The three tables of the register in the records database. Events are only ever added."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from governance.records.metadata import metadata

REQUESTS = Table(
    "gov_request",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("law", String(32), nullable=False),
    Column("clock", String(64), nullable=False),
    Column("ack_clock", String(64), nullable=True),
    Column("received", String(27), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("requester", String(32), nullable=False),
    Column("subject_ref", String(64), nullable=False, index=True),
    Column("contact", String(80), nullable=True),
    Column("cause", String(64), nullable=False),
    Column("tier", String(64), nullable=False),
    Column("state", String(32), nullable=False, index=True),
    Column("identity", String(32), nullable=False),
    Column("due_day", String(10), nullable=False),
    Column("due", String(27), nullable=False),
    Column("ack_day", String(10), nullable=True),
    Column("ack_due", String(27), nullable=True),
    Column("acknowledged", String(27), nullable=True),
    Column("extended", String(27), nullable=True),
    Column("paused", String(27), nullable=True),
    Column("pause_cause", String(32), nullable=True),
    Column("answered", String(27), nullable=True),
    Column("outcome", String(32), nullable=True),
    Column("reason", String(64), nullable=True),
    Column("closed", String(27), nullable=True),
    Column("version", Integer, nullable=False),
)
"""One row per request as it stands; `version` grows with every move, so that of two that change it at once one wins.
`subject_ref` is a keyed hash, `contact` a reference into the erasable names."""

EVENTS = Table(
    "gov_request_event",
    metadata,
    Column("request", String(64), ForeignKey("gov_request.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("at", String(27), nullable=False),
    Column("recorded", String(27), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("code", String(64), nullable=True),
    Column("task", String(64), nullable=True),
    Column("note", String(80), nullable=True),
    Column("event", String(64), nullable=False),
)
"""One row per move: when it happened, when and by whom it was recorded, and the ledger's event of it."""

TASKS = Table(
    "gov_request_task",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("request", String(64), ForeignKey("gov_request.id"), nullable=False, index=True),
    Column("place", String(500), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened", String(27), nullable=False),
    Column("ended", String(27), nullable=True),
)
"""One row per task: a store or dataset, and who sees to it."""
