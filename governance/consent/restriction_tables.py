"""The table of restrictions in the records database. Events are only ever added."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, String, Table

from governance.records.metadata import metadata

RESTRICTIONS = Table(
    "gov_restriction_event",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("subject_ref", String(64), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("basis", String(64), nullable=False),
    Column("since", String(27), nullable=False),
    Column("told", Boolean(create_constraint=False), nullable=False),
    Column("recorded_by", String(80), nullable=False),
)
"""One row per event, numbered together with the events of consent."""
