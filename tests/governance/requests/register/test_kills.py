"""A process killed at any instant leaves each move whole: register, history and ledger agree on how many there were."""

from __future__ import annotations

import os
import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.requests.tables import EVENTS, REQUESTS

PARTS = str(Path(__file__).with_name("conftest.py"))
KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
BUSY = """
import itertools, runpy, sys
parts = runpy.run_path(sys.argv[1])
world = parts["make_world"](sys.argv[2], create=False)
register = world.register
print("ready", flush=True)
for number in itertools.count():
    made = register.open(parts["make_intake"]())
    task = register.task(made.id, "crm", "system")
    register.extend(made.id, "complex")
    register.done(made.id, task.id)
    register.answer(made.id)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_killed_process_leaves_no_half_move(kind: str, tmp_path, request) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else f"sqlite:///{tmp_path / 'gov.db'}"
    world = runpy.run_path(PARTS)["make_world"](url)
    instants = random.Random(kind)
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", BUSY, PARTS, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        time.sleep(instants.uniform(0.02, 0.4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with world.records.connect() as connection:
        versions = connection.execute(sa.select(sa.func.sum(REQUESTS.c.version))).scalar_one()
        listed = connection.execute(sa.select(EVENTS.c.event)).scalars().all()
    recorded = [each.id for each in world.ledger.events() if each.kind.startswith("request.")]
    assert versions == len(listed) == len(recorded) > 0
    assert set(listed) == set(recorded)
    world.ledger.verify()
    for each in world.register.waiting():
        assert world.register.history(each.id)[-1].number == each.version
    world.records.dispose()
