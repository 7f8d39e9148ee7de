"""The tables of jobs in the records database. No key of a row stands in them, only keyed hashes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from governance.records.metadata import metadata

PLANS = Table(
    "gov_job_plan",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("place", String(500), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("planned_by", String(80), nullable=False),
    Column("made", String(27), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("salt_ends", String(10), nullable=False),
)
"""One row per plan: its seal, who made it, and the salt of its rows' marks, which is emptied on the stated day."""

APPROVALS = Table(
    "gov_job_approval",
    metadata,
    Column("job", String(64), ForeignKey("gov_job_plan.id"), primary_key=True),
    Column("approver", String(80), primary_key=True),
    Column("seal", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("time", String(27), nullable=False),
)
"""One row per person who approved a plan: just the plan of that seal."""

JOBS = Table(
    "gov_job",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("place", String(500), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("decision", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", String(27), nullable=False),
    Column("ended", String(27), nullable=True),
)
"""One row per job that was started, `running`, `paused` or `done`: the id and seal of its plan, and the ledger's
decision that allowed it."""

BATCHES = Table(
    "gov_job_batch",
    metadata,
    Column("job", String(64), ForeignKey("gov_job.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("digests", Text, nullable=False),
    Column("time", String(27), nullable=False),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("proof", String(64), nullable=False, server_default=""),
)
"""One row per batch: `intent` before the store changes, then `done` or `void`. The keyed hashes of its rows stand
here only while it is an intent, so that after a crash the store itself can say which of the two it was; for a store
without transactions `MARK:RECEIPT` of each row stays, which says nothing any more once the plan's salt is emptied.
`proof` is the hash over its rows' marks that goes into the certificate."""

STEPS = Table(
    "gov_job_step",
    metadata,
    Column("job", String(64), ForeignKey("gov_job.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(500), nullable=False),
    Column("planned", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("barred", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Column("fresh", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
)
"""One row per step that has ended, with its counts; a job that is started again begins behind them."""

CERTIFICATES = Table(
    "gov_job_certificate",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("job", String(64), ForeignKey("gov_job.id"), nullable=False, unique=True),
    Column("made", String(27), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
)
"""One row per job that has ended: its signed certificate, as it was signed."""

HOLDS = Table(
    "gov_hold",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("place", String(500), nullable=False, index=True),
    Column("scope", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("reason", String(80), nullable=True),
    Column("placed_by", String(80), nullable=False),
    Column("placed", String(27), nullable=False),
    Column("released_by", String(80), nullable=True),
    Column("released", String(27), nullable=True),
    Column("matter", String(80), nullable=True),
    Column("until", String(10), nullable=True),
)
"""One row per hold: a whole dataset, a record or a person in it, until it is released or its last day, `until`, is
over. Released and ended ones stay, as evidence."""

TOMBSTONES = Table(
    "gov_tombstone",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("ref", String(64), nullable=False, index=True),
    Column("basis", String(100), nullable=False),
    Column("placed", String(27), nullable=False),
    Column("ends", String(10), nullable=False),
)
"""One row per person whom nothing may bring back: a keyed reference under a key of its own, basis and end."""
