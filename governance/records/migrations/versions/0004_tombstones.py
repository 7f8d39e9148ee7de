"""Creates tombstones: whom nothing may bring back from a backup."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the table."""
    op.create_table(
        "gov_tombstone",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(100), nullable=False),
        sa.Column("placed", sa.String(27), nullable=False),
        sa.Column("ends", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_tombstone"),
    )
    op.create_index("ix_gov_tombstone_ref", "gov_tombstone", ["ref"])


def downgrade() -> None:
    """Refuse: whom nothing may bring back is never forgotten by a migration."""
    raise NotImplementedError("tombstones are evidence; restore a backup instead")
