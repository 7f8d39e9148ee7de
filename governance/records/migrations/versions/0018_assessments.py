"""Creates the tables of impact assessments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables."""
    op.create_table(
        "gov_assessment",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("opened", sa.String(27), nullable=False),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("looked_at", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_assessment"),
    )
    op.create_table(
        "gov_assessment_signature",
        sa.Column("assessment", sa.String(64), nullable=False),
        sa.Column("signer", sa.String(80), nullable=False),
        sa.Column("signed", sa.String(27), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("review_by", sa.String(10), nullable=False),
        sa.Column("authority_consulted", sa.String(10), nullable=False),
        sa.Column("risks", sa.Text(), nullable=False),
        sa.Column("answers", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("assessment", name="pk_gov_assessment_signature"),
        sa.ForeignKeyConstraint(["assessment"], ["gov_assessment.id"], name="fk_gov_assessment_signature_assessment"),
    )
    op.create_table(
        "gov_assessment_closing",
        sa.Column("assessment", sa.String(64), nullable=False),
        sa.Column("closed", sa.String(27), nullable=False),
        sa.Column("closed_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("assessment", name="pk_gov_assessment_closing"),
        sa.ForeignKeyConstraint(["assessment"], ["gov_assessment.id"], name="fk_gov_assessment_closing_assessment"),
    )


def downgrade() -> None:
    """Refuse: what was assessed and who signed is never forgotten by a migration."""
    raise NotImplementedError("registers are evidence; restore a backup instead")
