"""The queue of recipients who must be told, in the records database. No person stands in it."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, UniqueConstraint

from governance.records.metadata import metadata

NOTICES = Table(
    "gov_recipient_notice",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("what", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("recipient", String(200), nullable=False),
    Column("queued", String(27), nullable=False),
    Column("told", String(27), nullable=True),
    Column("told_by", String(80), nullable=True),
    UniqueConstraint("source", "recipient"),
)
"""One row per recipient and thing done: `what` is `erased` or `rectified`, `source` the job or the ledger's event."""
