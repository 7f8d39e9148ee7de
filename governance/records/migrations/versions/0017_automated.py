"""Creates the tables of automated decisions and of the requests to have one reviewed by a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables."""
    op.create_table(
        "gov_automated",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("declared", sa.String(27), nullable=False),
        sa.Column("declared_by", sa.String(80), nullable=False),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("effect", sa.String(12), nullable=False),
        sa.Column("logic", sa.String(80), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_automated"),
        sa.UniqueConstraint("name", "edition", name="uq_gov_automated_name_edition"),
    )
    op.create_table(
        "gov_automated_end",
        sa.Column("declaration", sa.String(64), nullable=False),
        sa.Column("ended", sa.String(27), nullable=False),
        sa.Column("ended_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("declaration", name="pk_gov_automated_end"),
        sa.ForeignKeyConstraint(["declaration"], ["gov_automated.id"], name="fk_gov_automated_end_declaration"),
    )
    op.create_table(
        "gov_automated_review",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("declaration", sa.String(64), nullable=False),
        sa.Column("law", sa.String(40), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("received", sa.String(27), nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("recorded", sa.String(27), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_automated_review"),
        sa.ForeignKeyConstraint(["declaration"], ["gov_automated.id"], name="fk_gov_automated_review_declaration"),
    )
    op.create_table(
        "gov_automated_outcome",
        sa.Column("review", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("decided", sa.String(27), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("review", name="pk_gov_automated_outcome"),
        sa.ForeignKeyConstraint(["review"], ["gov_automated_review.id"], name="fk_gov_automated_outcome_review"),
    )


def downgrade() -> None:
    """Refuse: what was declared and decided is never forgotten by a migration."""
    raise NotImplementedError("registers are evidence; restore a backup instead")
