"""The tables of quality in the records database: numbers of each run, never a value or key of a record."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from governance.records.metadata import metadata

RUNS = Table(
    "gov_quality_run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("store", String(100), nullable=False, index=True),
    Column("time", String(27), nullable=False),
    Column("decision", String(64), nullable=False),
)
"""One row per store and run over all rules: when it was made, and the ledger's decision that it was read under."""

MEASURES = Table(
    "gov_quality_measure",
    metadata,
    Column("run", String(64), ForeignKey("gov_quality_run.id"), primary_key=True),
    Column("place", String(500), primary_key=True),
    Column("dimension", String(16), primary_key=True),
    Column("checked", BigInteger, nullable=False),
    Column("faulty", BigInteger, nullable=False),
)
"""One row per place and dimension of a run: how much was looked at, how much of it was wrong."""
