"""Creates what the trend of quality is told from: runs, and the numbers of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build two tables."""
    op.create_table(
        "gov_quality_run",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("store", sa.String(100), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("decision", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_quality_run"),
    )
    op.create_index("ix_gov_quality_run_store", "gov_quality_run", ["store"])
    op.create_table(
        "gov_quality_measure",
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("dimension", sa.String(16), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.Column("faulty", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["gov_quality_run.id"], name="fk_gov_quality_measure_run"),
        sa.PrimaryKeyConstraint("run", "place", "dimension", name="pk_gov_quality_measure"),
    )


def downgrade() -> None:
    """Refuse: what was measured is never forgotten by a migration."""
    raise NotImplementedError("measures are evidence; restore a backup instead")
