"""An erasure killed at any instant finishes, does no row twice, and leaves nothing of the person."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.running_erasure import run_erasure

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
"""How often a run is killed; `make soak` asks for more."""
CONFTEST = Path(__file__).parent / "conftest.py"
SCRIPT = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("company_of_kills", {conftest!r})
club = importlib.util.module_from_spec(spec); spec.loader.exec_module(club)
from governance import Governance
from governance.flows.subjects.running_erasure import run_erasure
with Governance.open("governance.yaml", clock=club.Clock()) as gov:
    _ = gov.ledger, gov.catalog, gov.policy_files.policy
    print("ready", flush=True)
    run_erasure(gov, Path("erase.json").read_text(), tracer=club.trace)
print("done", flush=True)
"""
spec = importlib.util.spec_from_file_location("company_to_kill", CONFTEST)
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)


@pytest.fixture(params=["sqlite", "postgresql"])
def crm_url(request, tmp_path):
    return f"sqlite:///{tmp_path / 'crm.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def test_an_erasure_killed_at_any_instant_finishes(company, gov):
    (company.folder / "governance.yaml").write_text(
        (company.folder / "governance.yaml").read_text() + "jobs: {batch_rows: 1}\n"
    )
    instants, kills, number = random.Random(company.crm.dialect.name), 0, 1000
    while kills < KILLS:
        number += 1
        fresh(company.crm, company.shop, number)
        with club.Governance.open("governance.yaml", clock=company.clock) as planning:
            made = plan_erasure(planning, club.trace(planning, club.person(number)), club.person(number))
        (company.folder / "erase.json").write_text(made.text())
        script = textwrap.dedent(SCRIPT).format(conftest=str(CONFTEST))
        ended, batches = False, 0
        while not ended and kills < KILLS:
            process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
            assert process.stdout.readline() == "ready\n"
            wait_for(gov, made.id, batches + instants.randint(0, 4), process)
            time.sleep(instants.uniform(0.0, 0.03))
            process.send_signal(signal.SIGKILL)
            ended = "done" in process.communicate()[0]
            batches = counted(gov, made.id)
            kills += not ended
        with club.Governance.open("governance.yaml", clock=company.clock) as again:
            found = run_erasure(again, made.text(), tracer=club.trace)
            batches = [each for each in again.ledger.events("job.batch") if each.refs["job"] == made.id]
        assert found.findings["verification"]["status"] == "passed"
        assert sum(each.counts["rows"] for each in batches) == made.rows == found.of.total("done")
        assert (found.of.total("changed"), found.of.total("gone")) == (0, 0)
        assert not left(company.crm, number)
    assert company.ids("customers")[:6] == [1, 2, 3, 4, 5, 6]


def counted(gov, job):
    """How many batches stand in the journal of a job."""
    with gov.records.connect() as connection:
        return connection.execute(sa.text("SELECT COUNT(*) FROM gov_job_batch WHERE job = :j"), {"j": job}).scalar_one()


def wait_for(gov, job, batches, process):
    """Wait until a run has come so far, or has ended."""
    while process.poll() is None and counted(gov, job) < batches:
        time.sleep(0.005)


def fresh(crm, shop, number):
    """One more customer, with all that can hang on one."""
    with crm.begin() as connection:
        values = {"id": number, "email": club.MARKER.format(number)}
        connection.execute(sa.text(f"INSERT INTO households VALUES ({number}, NULL, 'Zorblatt Way 7')"))
        connection.execute(
            sa.text("INSERT INTO customers (id, name, email, household) VALUES (:id, 'Z', :email, :id)"), values
        )
        connection.execute(sa.text(f"UPDATE households SET head = {number} WHERE id = {number}"))
        connection.execute(sa.text(f"INSERT INTO orders VALUES ({number}, {number}, '2010-01-01', 'x')"))
        connection.execute(sa.text(f"INSERT INTO order_items VALUES ({number}, {number}, 'pen')"))
        for ticket in range(6):
            connection.execute(sa.text(f"INSERT INTO tickets VALUES ({number * 10 + ticket}, {number}, 'x')"))
    with shop.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO accounts VALUES ('acc-{number}', {number}, 'x')"))


def left(crm, number):
    places = {"customers": "id", "households": "head", "orders": "customer", "tickets": "customer"}
    with crm.connect() as connection:
        counts = [
            connection.execute(sa.text(f"SELECT COUNT(*) FROM {table} WHERE {field} = {number}")).scalar_one()
            for table, field in places.items()
        ]
    return sum(counts)
