"""Creates the queue of recipients who must be told of an erasure or a rectification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build one table."""
    op.create_table(
        "gov_recipient_notice",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("queued", sa.String(27), nullable=False),
        sa.Column("told", sa.String(27), nullable=True),
        sa.Column("told_by", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gov_recipient_notice"),
        sa.UniqueConstraint("source", "recipient", name="uq_gov_recipient_notice_source_recipient"),
    )


def downgrade() -> None:
    """Refuse: who was told is never forgotten by a migration."""
    raise NotImplementedError("notices are evidence; restore a backup instead")
