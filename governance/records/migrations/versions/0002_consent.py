"""Creates consent: events, the sealed keys of people in stores, and the head that counts epochs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the three tables of consent, with the head at epoch 0."""
    op.create_table(
        "gov_consent_event",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("form", sa.String(32), nullable=False),
        sa.Column("jurisdiction", sa.String(32), nullable=False),
        sa.Column("notice_version", sa.String(120), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("method", sa.String(120), nullable=False),
        sa.Column("proof_ref", sa.String(120), nullable=False),
        sa.Column("collected_by", sa.String(80), nullable=False),
        sa.Column("valid_time", sa.String(27), nullable=False),
        sa.Column("recorded_time", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name="pk_gov_consent_event"),
        sa.UniqueConstraint("id", name="uq_gov_consent_event_id"),
    )
    op.create_index("ix_gov_consent_event_subject_ref", "gov_consent_event", ["subject_ref"])
    op.create_table(
        "gov_consent_subject",
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("store", sa.String(100), nullable=False),
        sa.Column("key_ref", sa.String(64), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("erasing", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref", "store", name="pk_gov_consent_subject"),
        sa.UniqueConstraint("store", "key_ref", name="uq_gov_consent_subject_store_key_ref"),
    )
    op.create_index("ix_gov_consent_subject_store_epoch", "gov_consent_subject", ["store", "epoch"])
    head = op.create_table(
        "gov_consent_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_consent_head"),
    )
    op.bulk_insert(head, [{"id": 1, "epoch": 0, "origin": ""}])


def downgrade() -> None:
    """Refuse: what people agreed to and took back is never dropped by a migration."""
    raise NotImplementedError("consent events are append-only; restore a backup instead")
