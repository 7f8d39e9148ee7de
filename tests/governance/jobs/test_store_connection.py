from __future__ import annotations

import sqlalchemy as sa

from governance.jobs.store_connection import connected, transaction


def test_a_job_waits_longer_for_a_lock_than_the_driver_would(tmp_path):
    store = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with connected(store, "crm.people") as connection, transaction(connection):
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
    store.dispose()
