"""Several processes on one ledger, and one that is killed."""

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import uuid

import pytest

from governance.ledger.events import EventDraft
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer
from governance.records.database import open_records

APPEND = textwrap.dedent(
    """
    import datetime as dt, sys, uuid
    from governance.ledger.events import EventDraft
    from governance.ledger.log import Ledger
    from governance.protect.keyed_hash import HmacKeyedHash
    from governance.protect.signing import Ed25519Signer
    from governance.records.database import open_records

    ledger = Ledger(
        open_records(sys.argv[1]),
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=HmacKeyedHash(b"k" * 32),
        clock=lambda: dt.datetime.now(dt.UTC),
        new_id=lambda: uuid.uuid4().hex,
    )
    print("ready", flush=True)
    for number in range(int(sys.argv[2])):
        if number % 40 == 39 and sys.argv[3] == "victim":
            ledger.close_period()
        kind = "scan" if number % 3 else "decision"
        event = ledger.append(EventDraft(kind=kind, actor="p:" + sys.argv[3], counts={"n": number}))
        print(event.id, flush=True)
    """
)


@pytest.fixture
def reopened(engine, records_url):
    fresh = open_records(records_url)
    yield Ledger(
        fresh,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=HmacKeyedHash(b"k" * 32),
        clock=lambda: dt.datetime.now(dt.UTC),
        new_id=lambda: uuid.uuid4().hex,
    )
    fresh.dispose()


def start(url, count, name):
    return subprocess.Popen(
        [sys.executable, "-c", APPEND, url, str(count), name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )


def test_two_processes_append_at_once_and_lose_nothing(records_url, reopened):
    running = [start(records_url, 500, name) for name in ("one", "two")]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert len(out.split()) == 501
    found = reopened.verify()
    assert (found.status, found.size) == ("self_consistent", 1001)
    counts = {"p:one": [], "p:two": []}
    for event in reopened.events(("scan", "decision")):
        counts[event.actor].append(event.counts["n"])
    assert counts == {"p:one": list(range(500)), "p:two": list(range(500))}


KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
"""Per kind of database; `make soak` asks for 100."""


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_writer_leaves_a_valid_log_with_everything_it_reported(records_url, reopened, number):
    process = start(records_url, 100_000, "victim")
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.Random(number).uniform(0, 0.4))
    process.send_signal(signal.SIGKILL)
    out = process.stdout.read()  # not by `communicate`, which forgets what was read with the first line
    process.communicate(timeout=60)
    reported = [line for line in out.split("\n")[:-1] if len(line) == 32]
    assert process.returncode == -signal.SIGKILL
    found = reopened.verify()
    assert found.status == "self_consistent"
    stored = [event.id for event in reopened.events(("scan", "decision"))]
    assert stored[: len(reported)] == reported
    assert len(stored) - len(reported) <= 1  # durable, and killed before it could say so
    reopened.append(EventDraft(kind="scan", actor="p:next"))
    assert reopened.verify().status == "self_consistent"


def test_threads_share_a_ledger(reopened):
    import threading

    threads = [
        threading.Thread(target=lambda: [reopened.append(EventDraft(kind="scan", actor="p:t")) for _ in range(25)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = reopened.verify()
    assert (found.status, found.size) == ("self_consistent", 201)
