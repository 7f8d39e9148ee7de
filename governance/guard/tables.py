"""The table of break-glass openings in the records database. A row is added with each, and only ever ended."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from governance.records.metadata import metadata

BREAK_GLASS = Table(
    "gov_break_glass",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("principal", String(80), nullable=False),
    Column("purpose", String(100), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("note", String(80), nullable=False),
    Column("asked_by", String(80), nullable=False),
    Column("asked", String(27), nullable=False),
    Column("approver", String(80), nullable=True),
    Column("begins", String(27), nullable=True),
    Column("ends", String(27), nullable=True),
    Column("closed", String(27), nullable=True),
    Index("ix_gov_break_glass_principal_purpose", "principal", "purpose"),
)
"""People and reasons are references to the erasable names beside the ledger; times are UTC as events write them."""
