"""Makes the table in which decisions wait to be filed; on SQLite its search columns come from the stored leaf."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_UNFILED = """
CREATE TABLE gov_ledger_unfiled (
    period INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    seal VARCHAR(64) NOT NULL,
    given VARCHAR(64) NOT NULL,
    id VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.id') END) VIRTUAL,
    time VARCHAR(27) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.time') END) VIRTUAL,
    kind VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.kind') END) VIRTUAL,
    principal VARCHAR(80) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN json_extract(CAST(leaf AS TEXT), '$.principal') END) VIRTUAL,
    closes VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN json_valid(CAST(leaf AS TEXT)) THEN CASE WHEN json_extract(CAST(leaf AS TEXT), '$.kind') = 'close' THEN json_extract(CAST(leaf AS TEXT), '$.refs.decision') END END) VIRTUAL,
    CONSTRAINT pk_gov_ledger_unfiled PRIMARY KEY (given)
) WITHOUT ROWID
"""  # noqa: E501 the text that SQLite keeps, and that a verification compares


def upgrade() -> None:
    """Make the table."""
    if op.get_bind().dialect.name == "sqlite":
        op.get_bind().exec_driver_sql(_UNFILED)
        return
    op.create_table(
        "gov_ledger_unfiled",
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("given", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=True),
        sa.Column("time", sa.String(27), nullable=True),
        sa.Column("kind", sa.String(64), nullable=True),
        sa.Column("principal", sa.String(80), nullable=True),
        sa.Column("closes", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("given", name="pk_gov_ledger_unfiled"),
    )


def downgrade() -> None:
    """Refuse: a ledger is never taken back by a migration."""
    raise NotImplementedError("the ledger is append-only; restore a backup instead")
