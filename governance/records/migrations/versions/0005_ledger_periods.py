"""Lets periods of the ledger be closed and dropped, and on SQLite derives the search columns from the stored leaf."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_EVENTS = """
CREATE TABLE gov_ledger_event_new (
    period INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    seal VARCHAR(64) NOT NULL,
    id VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.id') END) VIRTUAL,
    time VARCHAR(27) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.time') END) VIRTUAL,
    kind VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.kind') END) VIRTUAL,
    principal VARCHAR(80) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.principal') END) VIRTUAL,
    closes VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN CASE WHEN json_extract(CAST(leaf AS TEXT), '$.kind') = 'close' THEN json_extract(CAST(leaf AS TEXT), '$.refs.decision') END END) VIRTUAL,
    CONSTRAINT pk_gov_ledger_event PRIMARY KEY (period, seq),
    CONSTRAINT uq_gov_ledger_event_id UNIQUE (id),
    CONSTRAINT uq_gov_ledger_event_closes UNIQUE (closes)
)
"""  # noqa: E501 the text that SQLite keeps, and that a verification compares


def upgrade() -> None:
    """Add two columns to the periods; on SQLite make the five search columns generated ones."""
    op.add_column("gov_ledger_period", sa.Column("closed", sa.String(27), nullable=True))
    op.add_column("gov_ledger_period", sa.Column("dropped", sa.String(27), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.get_bind().exec_driver_sql(_EVENTS)
        op.execute(
            "INSERT INTO gov_ledger_event_new (period, seq, leaf, seal) SELECT period, seq, leaf, seal "
            "FROM gov_ledger_event ORDER BY period, seq"
        )
        op.drop_table("gov_ledger_event")
        op.rename_table("gov_ledger_event_new", "gov_ledger_event")
        for column in ("kind", "principal", "time"):
            op.create_index(f"ix_gov_ledger_event_{column}", "gov_ledger_event", [column])
    else:
        for column, size in (("id", 64), ("time", 27), ("kind", 64)):
            op.alter_column("gov_ledger_event", column, existing_type=sa.String(size), nullable=True)


def downgrade() -> None:
    """Refuse: a ledger is never taken back by a migration."""
    raise NotImplementedError("the ledger is append-only; restore a backup instead")
