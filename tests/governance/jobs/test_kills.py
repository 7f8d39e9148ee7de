"""A job killed at any instant, on each kind of store and of records, finishes and does no row twice."""

from __future__ import annotations

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

from governance.jobs.pace import Pace
from governance.jobs.plan import read_plan
from governance.records.database import open_records
from policies.errors import StalePlanError

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "4"))
"""How often a run is killed; `make soak` asks for more."""

SCRIPT = """
import importlib.util
import sqlalchemy as sa
from pathlib import Path
from governance.jobs.pace import Pace
from governance.jobs.plan import read_plan
from governance.records.database import open_records
spec = importlib.util.spec_from_file_location("club", {conftest!r})
club = importlib.util.module_from_spec(spec); spec.loader.exec_module(club)
office = club.make_office(open_records({records!r}))
plan = read_plan(Path({plan!r}).read_text(), "club", office.keyed_hash)
print("ready", flush=True)
club.run_club(office, plan, sa.create_engine({store!r}), pace=Pace(2),
    on_progress=lambda *_: print("step", flush=True))
print("done", flush=True)
"""


def url_of(engine):
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def script(tmp_path):
    def make(office, made, store):
        (tmp_path / "plan.json").write_text(made.text(), encoding="utf-8")
        return textwrap.dedent(SCRIPT).format(
            conftest=str(Path(__file__).parent / "conftest.py"),
            records=url_of(office.records),
            plan=str(tmp_path / "plan.json"),
            store=url_of(store),
        )

    return make


def start(script):
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_job_killed_at_any_instant_finishes_and_does_no_row_twice(club, lite, any_store, script):
    with any_store.begin() as connection:
        rows = [{"id": number, "person": number % 7, "level": number % 5} for number in range(31, 301)]
        connection.execute(sa.text("INSERT INTO members VALUES (:id, :person, :level)"), rows)
    office = club.office()
    made = club.plan(office, any_store)
    code, instants, kills = script(office, made, any_store), random.Random(any_store.dialect.name), 0
    for _ in range(KILLS):
        process = start(code)
        steps = [process.stdout.readline() for _ in range(instants.randint(0, 8))]  # as quick as the machine may be
        time.sleep(instants.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        kills += "done" not in "".join(steps) + process.communicate()[0]
    assert kills >= min(2, KILLS)
    found = club.run(office, read_plan(made.text(), "club", office.keyed_hash), any_store, pace=Pace(50))
    assert (found.total("done"), found.total("gone"), found.total("left")) == (300, 0, 0)
    assert club.marks(any_store) == {number: 2 * (number % 5) for number in range(1, 301)}
    assert sum(event.counts["rows"] for event in office.ledger.events("job.batch")) == 300
    assert len(list(office.ledger.events("decision"))) == len(list(office.ledger.events("job.done"))) == 1
    assert len({event.counts["batch"] for event in office.ledger.events("job.batch")}) == found.batches


def test_two_processes_with_one_plan_the_second_is_refused(club, records, store, script):
    office = club.office(records=open_records(url_of(records)))
    made = club.plan(office, store)
    code = script(office, made, store).replace("pace=Pace(2)", "pace=Pace(1, rows_per_second=2)")
    process = start(code)
    deadline = time.monotonic() + 20
    while not list(office.ledger.events("job.batch")) and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        with pytest.raises(StalePlanError, match="another run"):
            club.run(office, made, store)
    finally:
        process.kill()
        process.communicate()
    assert club.run(office, made, store).total("done") == 30  # a killed run gives its lock back at once
    assert club.marks(store) == {number: 2 * (number % 5) for number in range(1, 31)}
    office.records.dispose()
