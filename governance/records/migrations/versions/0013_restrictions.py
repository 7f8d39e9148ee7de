"""Creates the log of restrictions: whose use of data is to stop, and when it may go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the table."""
    op.create_table(
        "gov_restriction_event",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name="pk_gov_restriction_event"),
        sa.UniqueConstraint("id", name="uq_gov_restriction_event_id"),
    )
    op.create_index("ix_gov_restriction_event_subject_ref", "gov_restriction_event", ["subject_ref"])


def downgrade() -> None:
    """Refuse: whose use was restricted is never forgotten by a migration."""
    raise NotImplementedError("restrictions are evidence; restore a backup instead")
