"""Creates the register of requests and complaints: one row a request, its events, its tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the three tables."""
    op.create_table(
        "gov_request",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("law", sa.String(32), nullable=False),
        sa.Column("clock", sa.String(64), nullable=False),
        sa.Column("ack_clock", sa.String(64), nullable=True),
        sa.Column("received", sa.String(27), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("requester", sa.String(32), nullable=False),
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("contact", sa.String(80), nullable=True),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("tier", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("due_day", sa.String(10), nullable=False),
        sa.Column("due", sa.String(27), nullable=False),
        sa.Column("ack_day", sa.String(10), nullable=True),
        sa.Column("ack_due", sa.String(27), nullable=True),
        sa.Column("acknowledged", sa.String(27), nullable=True),
        sa.Column("extended", sa.String(27), nullable=True),
        sa.Column("paused", sa.String(27), nullable=True),
        sa.Column("pause_cause", sa.String(32), nullable=True),
        sa.Column("answered", sa.String(27), nullable=True),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(64), nullable=True),
        sa.Column("closed", sa.String(27), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_request"),
    )
    op.create_index("ix_gov_request_state", "gov_request", ["state"])
    op.create_index("ix_gov_request_subject_ref", "gov_request", ["subject_ref"])
    op.create_table(
        "gov_request_event",
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("recorded", sa.String(27), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("code", sa.String(64), nullable=True),
        sa.Column("task", sa.String(64), nullable=True),
        sa.Column("note", sa.String(80), nullable=True),
        sa.Column("event", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["gov_request.id"], name="fk_gov_request_event_request"),
        sa.PrimaryKeyConstraint("request", "number", name="pk_gov_request_event"),
    )
    op.create_table(
        "gov_request_task",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened", sa.String(27), nullable=False),
        sa.Column("ended", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["request"], ["gov_request.id"], name="fk_gov_request_task_request"),
        sa.PrimaryKeyConstraint("id", name="pk_gov_request_task"),
    )
    op.create_index("ix_gov_request_task_request", "gov_request_task", ["request"])


def downgrade() -> None:
    """Refuse: the register is evidence."""
    raise NotImplementedError("the register of requests is evidence; restore a backup instead")
