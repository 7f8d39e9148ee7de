"""The script needs no superuser: the owner of tables and database, who may create roles, runs it with psql as it is."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
import sqlalchemy as sa

from governance.flows.access.compiling_policy import compile_policy
from governance.guard.compile_script import script_of

LINES = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, support, read, crm.sales.orders, clear, allow,
g, alice, support
"""


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
def test_an_owner_of_tables_who_may_create_roles_runs_the_script_twice(shop, tmp_path) -> None:
    shop.logins("alice", "owner")
    owner, url = shop.user("owner"), sa.make_url(shop.url)
    tables = "public.customers", "public.patients", "sales.orders"
    owned = "".join(f'ALTER TABLE {table} OWNER TO "{owner}";' for table in tables)
    schemas = "".join(f'ALTER SCHEMA {each} OWNER TO "{owner}";' for each in ("public", "sales"))
    shop.run(f'ALTER ROLE "{owner}" CREATEROLE; ALTER DATABASE "{url.database}" OWNER TO "{owner}"; {owned}{schemas}')
    shop.write(LINES, {"alice": {"region": "EU"}})
    script = tmp_path / "views.sql"
    try:
        with shop.open() as gov:
            compiled = compile_policy(gov, "crm")
            script.write_text(script_of(compiled), encoding="utf-8")
            for _ in range(2):
                psql(url.set(username=owner), script)
                assert shop.departures(gov) == []
        with shop.connected("alice") as connection:
            schema = compiled.uses[0].schema
            assert connection.exec_driver_sql(f'SELECT name FROM "{schema}".customers').scalars().all() == ["Ann Lee"]
    finally:
        shop.run(f'REASSIGN OWNED BY "{owner}" TO CURRENT_USER')


def psql(url: sa.URL, script) -> None:
    """Run a script with psql, which knows nothing of Python's ways with parameters."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(script), address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"})
    assert done.returncode == 0, done.stderr[-2000:]
