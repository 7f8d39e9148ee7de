"""The tables of automated decisions in the records database. Rows are added, never changed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from governance.records.metadata import metadata

DECLARATION = Table(
    "gov_automated",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("declared", String(27), nullable=False),
    Column("declared_by", String(80), nullable=False),
    Column("purpose", String(200), nullable=False),
    Column("effect", String(12), nullable=False),
    Column("logic", String(80), nullable=False),
    Column("said", Text, nullable=False),
    Column("event", String(64), nullable=False),
    UniqueConstraint("name", "edition", name="uq_gov_automated_name_edition"),
)
"""One row a declaration, the last edition of a name holds; people and texts are references to the erasable names beside
the ledger, times UTC as events write them, `said` is JSON of codes."""

END = Table(
    "gov_automated_end",
    metadata,
    Column("declaration", String(64), ForeignKey("gov_automated.id"), primary_key=True),
    Column("ended", String(27), nullable=False),
    Column("ended_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""The end of a procedure: it decides no more."""

REVIEW = Table(
    "gov_automated_review",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("declaration", String(64), ForeignKey("gov_automated.id"), nullable=False),
    Column("law", String(40), nullable=False),
    Column("request", String(64), nullable=False),
    Column("received", String(27), nullable=False),
    Column("due", String(10), nullable=False),
    Column("recorded", String(27), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""One row a request to have a decision reviewed by a person. Who asks stands in the register of requests alone."""

OUTCOME = Table(
    "gov_automated_outcome",
    metadata,
    Column("review", String(64), ForeignKey("gov_automated_review.id"), primary_key=True),
    Column("outcome", String(12), nullable=False),
    Column("decided", String(27), nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""How a review ended; the key lets one outcome stand where two are recorded at once."""
