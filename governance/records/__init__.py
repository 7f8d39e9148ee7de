"""Governance's own records: one SQL database, SQLite by default, PostgreSQL by URL, its schema kept by Alembic."""
