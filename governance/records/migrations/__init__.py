"""Alembic's folder: `env.py` runs inside a connection that `governance.records.database` hands in."""
