"""The tables of incidents in the records database. Rows are added, never changed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from governance.records.metadata import metadata

INCIDENT = Table(
    "gov_incident",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("aware", String(27), nullable=False),
    Column("opened", String(27), nullable=False),
    Column("opened_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("scope", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Column("decision", String(64), nullable=False),
    Column("event", String(64), nullable=False),
)
"""One row an incident: what leaked as places, who it concerns as counts, both JSON; people and texts are references to
the erasable names beside the ledger, times UTC as events write them."""

INCIDENT_STEP = Table(
    "gov_incident_step",
    metadata,
    Column("incident", String(64), ForeignKey("gov_incident.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("clock", String(64), primary_key=True),
    Column("at", String(27), nullable=False),
    Column("recorded", String(27), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""What was done about one; the key lets one notice stand where two processes record it at once. `clock` is empty where
a step is about the whole incident."""
