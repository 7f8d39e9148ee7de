"""Creates what the engine of jobs needs: plans, steps, approvals, certificates, and the step of each batch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STEP_COUNTS = ("planned", "done", "held", "barred", "changed", "gone", "fresh", "left")


def upgrade() -> None:
    """Build four tables and widen that of the batches."""
    op.create_table(
        "gov_job_plan",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("planned_by", sa.String(80), nullable=False),
        sa.Column("made", sa.String(27), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("salt_ends", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_job_plan"),
    )
    op.create_table(
        "gov_job_approval",
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("approver", sa.String(80), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["gov_job_plan.id"], name="fk_gov_job_approval_job"),
        sa.PrimaryKeyConstraint("job", "approver", name="pk_gov_job_approval"),
    )
    op.create_table(
        "gov_job_step",
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _STEP_COUNTS),
        sa.ForeignKeyConstraint(["job"], ["gov_job.id"], name="fk_gov_job_step_job"),
        sa.PrimaryKeyConstraint("job", "number", name="pk_gov_job_step"),
    )
    op.create_table(
        "gov_job_certificate",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("made", sa.String(27), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["gov_job.id"], name="fk_gov_job_certificate_job"),
        sa.PrimaryKeyConstraint("id", name="pk_gov_job_certificate"),
        sa.UniqueConstraint("job", name="uq_gov_job_certificate_job"),
    )
    op.add_column("gov_job_batch", sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("gov_job_batch", sa.Column("proof", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """Refuse: what was done, approved and certified is never forgotten by a migration."""
    raise NotImplementedError("jobs are evidence; restore a backup instead")
