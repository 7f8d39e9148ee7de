"""Creates the tables of access reviews and of training."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables."""
    op.create_table(
        "gov_review",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("opened", sa.String(27), nullable=False),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_review"),
    )
    op.create_table(
        "gov_review_grant",
        sa.Column("review", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("review", "grant_id", name="pk_gov_review_grant"),
        sa.ForeignKeyConstraint(["review"], ["gov_review.id"], name="fk_gov_review_grant_review"),
    )
    op.create_table(
        "gov_review_decision",
        sa.Column("review", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("decided", sa.String(27), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("review", "grant_id", name="pk_gov_review_decision"),
        sa.ForeignKeyConstraint(["review"], ["gov_review.id"], name="fk_gov_review_decision_review"),
    )
    op.create_table(
        "gov_review_closing",
        sa.Column("review", sa.String(64), nullable=False),
        sa.Column("closed", sa.String(27), nullable=False),
        sa.Column("closed_by", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("review", name="pk_gov_review_closing"),
        sa.ForeignKeyConstraint(["review"], ["gov_review.id"], name="fk_gov_review_closing_review"),
    )
    op.create_table(
        "gov_training_attestation",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("course", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("recorded", sa.String(27), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_training_attestation"),
    )
    op.create_index("ix_gov_training_attestation_person_course", "gov_training_attestation", ["person", "course"])


def downgrade() -> None:
    """Refuse: what was decided and attested is never forgotten by a migration."""
    raise NotImplementedError("registers are evidence; restore a backup instead")
