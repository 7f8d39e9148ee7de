"""Gives consent events categories, a duration, a guardian and a snapshot of their purpose, and lists ends to come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the tables of events and of the head, and build that of ends."""
    for name, length in (("categories", 1000), ("duration", 32), ("guardian_ref", 120), ("snapshot", 64)):
        op.add_column("gov_consent_event", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("gov_consent_head", sa.Column("swept", sa.String(27), nullable=False, server_default=""))
    op.create_table(
        "gov_consent_end",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("ends", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name="pk_gov_consent_end"),
    )
    op.create_index("ix_gov_consent_end_ends", "gov_consent_end", ["ends"])


def downgrade() -> None:
    """Refuse: what people agreed to and took back is never dropped by a migration."""
    raise NotImplementedError("consent events are append-only; restore a backup instead")
