"""The ledger: appends of 64 concurrent callers beside one commit an event, and verification beside a bare Merkle loop.

Run by hand: `python tests/benchmarks/ledger.py [EVENTS]`. Prints one JSON line for each figure. Appends are wall time,
since they wait for the disk: the same callers through the same writer, with a commit for each event or with one for all
that wait; beside them one caller alone. `floor` is what hand-over and ledger take apart from each other. Verification
is CPU time; both sides read the same rows and must come to the same root.
"""

import json
import os
import sys
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from governance.clock import new_id, now
from governance.ledger.events import EventDraft
from governance.ledger.group_commit import GroupCommit
from governance.ledger.log import Ledger
from governance.protect.keyring.file import FileKeyring
from governance.records.database import create_records

CALLERS = 64
TURNS = 5
DRAFT = EventDraft(
    kind="decision", actor="system", principal="p:bench", purpose="support", action="read", outcome="allowed"
)


def opened(folder, url=None):
    keyring = FileKeyring.create(folder / "keys.json", "bench", scrypt_n=2**14)
    return Ledger(
        create_records(url or f"sqlite:///{folder}/gov.db"),
        signer=keyring.signer("ledger"),
        keyed_hash=keyring.keyed_hash(),
        clock=now,
        new_id=new_id,
    )


@contextmanager
def postgres():
    """A fresh database on the server at GOVERNANCE_TEST_POSTGRES_URL or on loopback; None where none answers."""
    server = os.environ.get("GOVERNANCE_TEST_POSTGRES_URL", "postgresql+psycopg://root@127.0.0.1:5432/postgres")
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"gov_bench_{uuid.uuid4().hex[:12]}"
    try:
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    except sa.exc.OperationalError:
        yield None
        return
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def one_by_one(ledger, events):
    start = time.perf_counter()
    for _ in range(events):
        ledger.decide(DRAFT)
    return events / (time.perf_counter() - start)


def by_callers(append, events):
    """Events a second of so many callers at once, each of which waits until its event is durable."""
    each = events // CALLERS
    threads = [threading.Thread(target=lambda: [append() for _ in range(each)]) for _ in range(CALLERS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * CALLERS / (time.perf_counter() - start)


def in_a_commit_of_its_own(ledger):
    """The same writer, asked for one event at a time."""
    [[placed]] = ledger._write(lambda: [(DRAFT,)])
    assert placed.seq


def handed_over(commit):
    """Seconds of an event that as many callers wait for together, where the writer only waits as a commit does."""
    commits = []

    def write(take):
        units = take()
        time.sleep(commit)
        commits.append(units)
        return [list(unit) for unit in units]

    group = GroupCommit(write)
    rate = by_callers(lambda: group.submit((DRAFT,)), 12_800)
    return 1 / rate - commit * len(commits) / 12_800


def of_groups(ledger):
    """Seconds of an event in the ledger where one caller records as many together."""
    start = time.perf_counter()
    for _ in range(50):
        ledger.append_many([DRAFT] * CALLERS)
    return (time.perf_counter() - start) / (50 * CALLERS)


def bare_merkle(engine):
    """The root of all leaves, read by the plain driver and hashed by a plain loop."""
    connection = engine.raw_connection()
    start = time.process_time()
    rows = connection.cursor()
    rows.execute("SELECT leaf FROM gov_ledger_event ORDER BY period, seq")
    level = [sha256(b"\x00" + leaf).digest() for (leaf,) in rows]
    while len(level) > 1:
        pairs = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    spent = time.process_time() - start
    connection.close()
    return level[0].hex(), spent


def main(events):
    with tempfile.TemporaryDirectory() as name:
        measure(opened(Path(name)), "SQLite", events)
    with tempfile.TemporaryDirectory() as name, postgres() as url:
        if url is None:
            print("no PostgreSQL answers", file=sys.stderr)
            return
        ledger = opened(Path(name), url)
        measure(ledger, "PostgreSQL", events)
        ledger._engine.dispose()


def measure(ledger, database, events):
    apart, grouped, alone = [], [], []
    for _ in range(TURNS):
        alone.append(one_by_one(ledger, 500))
        apart.append(by_callers(lambda: in_a_commit_of_its_own(ledger), 1_280))
        grouped.append(by_callers(lambda: ledger.decide(DRAFT), 12_800))
    assert sum(len(leaves) for leaves in ledger.leaves()) == TURNS * (500 + 1_280 + 12_800) + 1  # and the opening
    rates = {name: median(each) for name, each in (("apart", apart), ("grouped", grouped), ("alone", alone))}
    print(json.dumps({
        "figure": f"ledger append, {database}, 64 concurrent callers, wall",
        "events_per_second": round(rates["grouped"]), "one_commit_per_event": round(rates["apart"]),
        "ratio": round(rates["grouped"] / rates["apart"], 1), "bar": 8,
        "one_commit_per_event_of_one_caller": round(rates["alone"]),
        "to_that": round(rates["grouped"] / rates["alone"], 1),
    }))  # fmt: skip
    waking, own = (
        median(handed_over(1 / rates["alone"]) for _ in range(TURNS)),
        median(of_groups(ledger) for _ in range(TURNS)),
    )
    print(json.dumps({
        "figure": f"floor of that, {database}: microseconds of an event to hand over and wake, and in the ledger",
        "hand_over": round(waking * 1e6, 1), "ledger": round(own * 1e6, 1),
        "ratio": round(1 / (waking + own) / rates["apart"], 1),
    }))  # fmt: skip
    for _ in range(events // 1_000):
        ledger.append_many([DRAFT] * 1_000)
    ledger.finish()
    ours, bare = [], []
    for _ in range(5):
        start = time.process_time()
        found = ledger.verify()
        ours.append(time.process_time() - start)
        root, spent = bare_merkle(ledger._engine)
        bare.append(spent)
        assert root == found.root
        assert found.status == "self_consistent"
    print(json.dumps({
        "figure": f"ledger verify, {database}, CPU of the client", "events": found.size,
        "events_per_second": round(found.size / min(ours)), "bare_merkle_loop": round(found.size / min(bare)),
        "ratio": round(min(bare) / min(ours), 2), "bar": 0.8,
    }))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
