"""Creates the ledger: periods, events, checkpoints, and the erasable names beside them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the four tables of the ledger."""
    op.create_table(
        "gov_ledger_period",
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("opened", sa.String(27), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("checkpoint_size", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint_time", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("period", name="pk_gov_ledger_period"),
        sa.UniqueConstraint("origin", name="uq_gov_ledger_period_origin"),
    )
    op.create_table(
        "gov_ledger_event",
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("principal", sa.String(80), nullable=True),
        sa.Column("closes", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("period", "seq", name="pk_gov_ledger_event"),
        sa.UniqueConstraint("id", name="uq_gov_ledger_event_id"),
        sa.UniqueConstraint("closes", name="uq_gov_ledger_event_closes"),
    )
    op.create_index("ix_gov_ledger_event_kind", "gov_ledger_event", ["kind"])
    op.create_index("ix_gov_ledger_event_principal", "gov_ledger_event", ["principal"])
    op.create_index("ix_gov_ledger_event_time", "gov_ledger_event", ["time"])
    op.create_table(
        "gov_ledger_checkpoint",
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", "size", name="pk_gov_ledger_checkpoint"),
    )
    op.create_table(
        "gov_ledger_name",
        sa.Column("ref", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_gov_ledger_name"),
        sa.UniqueConstraint("kind", "digest", name="uq_gov_ledger_name_kind_digest"),
    )


def downgrade() -> None:
    """Refuse: a ledger is never taken back by a migration."""
    raise NotImplementedError("the ledger is append-only; restore a backup instead")
