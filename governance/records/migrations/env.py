"""Runs migrations inside the connection that `governance.records.database` hands in; no `alembic.ini` is read."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
