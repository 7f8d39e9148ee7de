"""Creates jobs: what each one plans and did, its batches, and the holds that stop it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the three tables of jobs."""
    op.create_table(
        "gov_job",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started", sa.String(27), nullable=False),
        sa.Column("ended", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gov_job"),
    )
    op.create_table(
        "gov_job_batch",
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digests", sa.Text(), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["gov_job.id"], name="fk_gov_job_batch_job"),
        sa.PrimaryKeyConstraint("job", "number", name="pk_gov_job_batch"),
    )
    op.create_table(
        "gov_hold",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(80), nullable=True),
        sa.Column("placed_by", sa.String(80), nullable=False),
        sa.Column("placed", sa.String(27), nullable=False),
        sa.Column("released_by", sa.String(80), nullable=True),
        sa.Column("released", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gov_hold"),
    )
    op.create_index("ix_gov_hold_place", "gov_hold", ["place"])


def downgrade() -> None:
    """Refuse: what was deleted, and what must not be, is never forgotten by a migration."""
    raise NotImplementedError("jobs and holds are evidence; restore a backup instead")
