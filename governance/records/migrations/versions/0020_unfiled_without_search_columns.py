"""Takes the search columns from decisions that wait to be filed: SQLite derived them for each one that was added."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_WAITING = """
CREATE TABLE gov_ledger_waiting (
    given VARCHAR(64) NOT NULL,
    period INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    seal VARCHAR(64) NOT NULL,
    CONSTRAINT pk_gov_ledger_unfiled PRIMARY KEY (given)
) WITHOUT ROWID
"""
_MOVE = (
    "INSERT INTO gov_ledger_waiting (period, seq, leaf, seal, given) "
    "SELECT period, seq, leaf, seal, given FROM gov_ledger_unfiled"
)


# The key stands first: where it does not, the integrity check of SQLite 3.40 finds NULL in columns that hold none.


def upgrade() -> None:
    """Make the table anew on SQLite, with what waits in it; drop the columns on PostgreSQL, where nothing waits."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in (_WAITING, _MOVE):
            op.get_bind().exec_driver_sql(statement)
        op.drop_table("gov_ledger_unfiled")
        op.rename_table("gov_ledger_waiting", "gov_ledger_unfiled")
        return
    for name in ("id", "time", "kind", "principal", "closes"):
        op.drop_column("gov_ledger_unfiled", name)


def downgrade() -> None:
    """Refuse: a ledger is never taken back by a migration."""
    raise NotImplementedError("the ledger is append-only; restore a backup instead")
