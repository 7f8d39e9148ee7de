"""A bank's store on each kind of database, its records, an office and a keyring."""

from __future__ import annotations

import importlib.util
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.records.database import create_records

_spec = importlib.util.spec_from_file_location("bank", Path(__file__).with_name("bank.py"))
bank = importlib.util.module_from_spec(_spec)
sys.modules["bank"] = bank
_spec.loader.exec_module(bank)


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def store_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else 'mysql'}_url")


@pytest.fixture
def store(store_url):
    made = sa.create_engine(store_url)
    bank.fill(made)
    yield made
    made.dispose()


@pytest.fixture
def records(tmp_path):
    made = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    yield made
    made.dispose()


@pytest.fixture
def office(records):
    return bank.make_office(records)


@pytest.fixture
def bench(store, tmp_path):
    return bank.make_bench(store, tmp_path)


SCRIPT = """
import importlib.util, sys
from pathlib import Path
import sqlalchemy as sa
spec = importlib.util.spec_from_file_location("bank", {bank!r})
bank = importlib.util.module_from_spec(spec); sys.modules["bank"] = bank; spec.loader.exec_module(bank)
from governance.jobs.pace import Pace
from governance.jobs.plan import read_plan
from governance.protect.existing import planning, rotation
from governance.records.database import open_records
folder = Path({folder!r})
office = bank.make_office(open_records("sqlite:///" + str(folder / "gov.db")))
bench = bank.make_bench(sa.create_engine({store!r}), folder, {catalog!r})
plan = read_plan((folder / "plan.json").read_text(), {kind!r}, office.keyed_hash)
print("ready", flush=True)
{run}(office, bench, plan, pace=Pace(batch_rows=3), on_progress=lambda *_: print("step", flush=True))
print("done", flush=True)
"""


def killed(plan, store_url, folder, run, *, times, catalog=bank.CATALOG):
    """Carry a plan out in another process, which is killed so often, or until it is done; gives the number of kills."""
    (folder / "plan.json").write_text(plan.text(), encoding="utf-8")
    path = str(Path(__file__).with_name("bank.py"))
    script = SCRIPT.format(bank=path, folder=str(folder), store=store_url, catalog=catalog, kind=plan.kind, run=run)
    instants = random.Random(5)
    for kills in range(times):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        steps = [process.stdout.readline() for _ in range(instants.randint(0, 8))]  # as quick as the machine may be
        time.sleep(instants.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        if "done" in "".join(steps) + process.communicate()[0]:
            return kills
    return times
