"""Creates the table of break-glass openings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the table."""
    op.create_table(
        "gov_break_glass",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("purpose", sa.String(100), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.Column("asked", sa.String(27), nullable=False),
        sa.Column("approver", sa.String(80), nullable=True),
        sa.Column("begins", sa.String(27), nullable=True),
        sa.Column("ends", sa.String(27), nullable=True),
        sa.Column("closed", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gov_break_glass"),
    )
    op.create_index("ix_gov_break_glass_principal_purpose", "gov_break_glass", ["principal", "purpose"])


def downgrade() -> None:
    """Refuse: who broke the glass is never forgotten by a migration."""
    raise NotImplementedError("openings are evidence; restore a backup instead")
