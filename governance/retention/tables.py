"""The register of restore tests in the records database."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from governance.records.metadata import metadata

DRILLS = Table(
    "gov_backup_drill",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("store", String(200), nullable=False),
    Column("backup_day", String(10), nullable=False),
    Column("drilled", String(10), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("minutes", Integer, nullable=True),
    Column("checked", String(200), nullable=False),
    Column("recorded", String(27), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("note", String(80), nullable=True),
    Column("event", String(64), nullable=False),
)
"""One row per restore test; none is ever changed."""
