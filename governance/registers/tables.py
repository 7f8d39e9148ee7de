"""The tables of the registers in the records database. Rows are added, never changed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from governance.records.metadata import metadata

REVIEW = Table(
    "gov_review",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reviewer", String(80), nullable=False),
    Column("due", String(10), nullable=False),
    Column("opened", String(27), nullable=False),
    Column("opened_by", String(80), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("event", String(64), nullable=False),
)
"""One row a review; people are references to the erasable names beside the ledger, times UTC as events write them."""

REVIEW_GRANT = Table(
    "gov_review_grant",
    metadata,
    Column("review", String(64), ForeignKey("gov_review.id"), primary_key=True),
    Column("grant_id", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
)
"""What was to be decided when a review was opened, each with a keyed digest of what it gave then."""

REVIEW_DECISION = Table(
    "gov_review_decision",
    metadata,
    Column("review", String(64), ForeignKey("gov_review.id"), primary_key=True),
    Column("grant_id", String(64), primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("decided", String(27), nullable=False),
    Column("decided_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""What was decided; the key lets one decision stand where two are made at once."""

REVIEW_CLOSING = Table(
    "gov_review_closing",
    metadata,
    Column("review", String(64), ForeignKey("gov_review.id"), primary_key=True),
    Column("closed", String(27), nullable=False),
    Column("closed_by", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""The end of a review."""

ATTESTATION = Table(
    "gov_training_attestation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("course", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("recorded", String(27), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("event", String(64), nullable=False),
    Index("ix_gov_training_attestation_person_course", "person", "course"),
)
"""People are references to the erasable names beside the ledger; times are UTC as events write them."""

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

AUTOMATED = Table(
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

AUTOMATED_END = Table(
    "gov_automated_end",
    metadata,
    Column("declaration", String(64), ForeignKey("gov_automated.id"), primary_key=True),
    Column("ended", String(27), nullable=False),
    Column("ended_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""The end of a procedure: it decides no more."""

HUMAN_REVIEW = Table(
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

HUMAN_REVIEW_OUTCOME = Table(
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

ASSESSMENT = Table(
    "gov_assessment",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("purpose", String(200), nullable=False),
    Column("opened", String(27), nullable=False),
    Column("opened_by", String(80), nullable=False),
    Column("looked_at", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("event", String(64), nullable=False),
)
"""One row an assessment of the impact on people: what it looked at, as JSON, with its digest; people and texts are
references to the erasable names beside the ledger, times UTC as events write them."""

ASSESSMENT_SIGNATURE = Table(
    "gov_assessment_signature",
    metadata,
    Column("assessment", String(64), ForeignKey("gov_assessment.id"), primary_key=True),
    Column("signer", String(80), nullable=False),
    Column("signed", String(27), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("review_by", String(10), nullable=False),
    Column("authority_consulted", String(10), nullable=False),
    Column("risks", Text, nullable=False),
    Column("answers", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""Who signed one and when; the key lets one signature stand where two sign at once. `risks` are levels, as JSON;
`answers` refers to the words, which can be erased; `authority_consulted` is empty where it was not."""

ASSESSMENT_CLOSING = Table(
    "gov_assessment_closing",
    metadata,
    Column("assessment", String(64), ForeignKey("gov_assessment.id"), primary_key=True),
    Column("closed", String(27), nullable=False),
    Column("closed_by", String(80), nullable=False),
    Column("note", String(80), nullable=False),
    Column("event", String(64), nullable=False),
)
"""The end of one: it stands for nothing any more."""
