"""The tables of consent and restriction in the records. Events are only ever added; sealed keys can be erased."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from governance.records.metadata import metadata

EVENTS = Table(
    "gov_consent_event",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("subject_ref", String(64), nullable=False, index=True),
    Column("purpose", String(100), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("form", String(32), nullable=False),
    Column("jurisdiction", String(32), nullable=False),
    Column("notice_version", String(120), nullable=False),
    Column("language", String(35), nullable=False),
    Column("method", String(120), nullable=False),
    Column("proof_ref", String(120), nullable=False),
    Column("collected_by", String(80), nullable=False),
    Column("valid_time", String(27), nullable=False),
    Column("recorded_time", String(27), nullable=False),
    Column("categories", String(1000), nullable=False),
    Column("duration", String(32), nullable=False),
    Column("guardian_ref", String(120), nullable=False),
    Column("snapshot", String(64), nullable=False),
)
"""One row per event, numbered in the order in which they became durable; an erasure takes a number too."""

SUBJECTS = Table(
    "gov_consent_subject",
    metadata,
    Column("subject_ref", String(64), primary_key=True),
    Column("store", String(100), primary_key=True),
    Column("key_ref", String(64), nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("erasing", Boolean(create_constraint=False), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    UniqueConstraint("store", "key_ref"),
    Index("ix_gov_consent_subject_store_epoch", "store", "epoch"),
)
"""A person's own key in each store, sealed; `epoch` is that of the last change that the store must learn of."""

HEAD = Table(
    "gov_consent_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("origin", String(64), nullable=False),
    Column("swept", String(27), nullable=False),
)
"""One row: the newest epoch, the id of the first event, by which a store knows whose epochs it counts, and the moment
up to which consents that ended were told to the stores."""

ENDS = Table(
    "gov_consent_end",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("subject_ref", String(64), nullable=False),
    Column("ends", String(27), nullable=False, index=True),
)
"""Ends that lie ahead, by the epoch of the event; a row goes when the stores were told that its moment has come."""

RECEIPTS = Table(
    "gov_consent_receipt",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("subject_ref", String(64), nullable=False, index=True),
    Column("purpose", String(100), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("supersedes", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("made", String(27), nullable=False),
)
"""One row per receipt, numbered in the order they were made in; purpose and channel are empty for one about all."""

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
