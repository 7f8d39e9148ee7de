"""Creates the tables of incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables."""
    op.create_table(
        "gov_incident",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("aware", sa.String(27), nullable=False),
        sa.Column("opened", sa.String(27), nullable=False),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gov_incident"),
    )
    op.create_table(
        "gov_incident_step",
        sa.Column("incident", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("clock", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("recorded", sa.String(27), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("incident", "kind", "clock", name="pk_gov_incident_step"),
        sa.ForeignKeyConstraint(["incident"], ["gov_incident.id"], name="fk_gov_incident_step_incident"),
    )


def downgrade() -> None:
    """Refuse: what happened and who was told is never forgotten by a migration."""
    raise NotImplementedError("registers are evidence; restore a backup instead")
