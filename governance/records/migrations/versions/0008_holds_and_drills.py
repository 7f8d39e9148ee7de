"""Gives holds a matter and a last day, and creates the register of restore tests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the table of holds and build that of drills."""
    op.add_column("gov_hold", sa.Column("matter", sa.String(80), nullable=True))
    op.add_column("gov_hold", sa.Column("until", sa.String(10), nullable=True))
    op.create_table(
        "gov_backup_drill",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("store", sa.String(200), nullable=False),
        sa.Column("backup_day", sa.String(10), nullable=False),
        sa.Column("drilled", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("checked", sa.String(200), nullable=False),
        sa.Column("recorded", sa.String(27), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=True),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_backup_drill"),
    )


def downgrade() -> None:
    """Refuse: holds and restore tests are evidence."""
    raise NotImplementedError("holds and drills are evidence; restore a backup instead")
