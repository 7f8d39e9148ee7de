"""Creates the list of receipts that people were given, by which each names its forerunner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build one table."""
    op.create_table(
        "gov_consent_receipt",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("supersedes", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_consent_receipt"),
        sa.UniqueConstraint("number", name="uq_gov_consent_receipt_number"),
    )
    op.create_index("ix_gov_consent_receipt_subject_ref", "gov_consent_receipt", ["subject_ref"])


def downgrade() -> None:
    """Refuse: a receipt in somebody's hands stays a receipt."""
    raise NotImplementedError("receipts are evidence; restore a backup instead")
