"""Speed and peak memory of encrypting and rotating a column: `python tests/benchmarks/protect_jobs.py [--rows N N]`.

For each number of rows, in processes of their own: a column of 32-character texts in SQLite is encrypted in place under
its dataset's key (each token read back and opened twice, ledger, journal and certificate included), then put under
another key. Prints one JSON line each, and fails when the peak of the largest differs from that of the smallest by more
than a fifth. The other side is a bare loop: pages in key order, one AESGCM call a cell, UPDATE by key, one commit a
page; no second look, and nothing on record. Both sides end with the same number of cells that open.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from peak import peak_mb

FLAT = 1.2
NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          name: {id: f2, category: user.name, status: confirmed}
"""


def make(folder: Path, rows: int) -> None:
    """A store of people."""
    with sqlite3.connect(folder / "store.db") as store:
        store.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
        store.executemany("INSERT INTO people VALUES (?, ?)", ((n, f"{n:032d}") for n in range(rows)))
    store.close()


def measure(what: str, folder: Path, rows: int, batch: int) -> dict[str, Any]:
    """One job, in this process."""
    import sqlalchemy as sa

    from governance.jobs.office import Office
    from governance.jobs.pace import Pace
    from governance.ledger.log import Ledger
    from governance.protect.existing.bench import Bench
    from governance.protect.existing.planning import plan_encryption, run_conversion
    from governance.protect.existing.rotation import plan_rotation, run_rotation
    from governance.protect.keyed_hash import HmacKeyedHash
    from governance.protect.keyring.file import FileKeyring
    from governance.protect.signing import Ed25519Signer
    from governance.records.database import create_records
    from policies.catalog import parse_catalog
    from policies.nouns import FieldRef

    records, ring = create_records(f"sqlite:///{folder / 'gov.db'}"), folder / "keyring.json"
    common: dict[str, Any] = {
        "keyed_hash": HmacKeyedHash(b"k" * 32),
        "signer": Ed25519Signer("governance.ledger/bench", b"s" * 32),
        "clock": lambda: NOW,
        "new_id": lambda: uuid.uuid4().hex,
    }
    office = Office(records=records, ledger=Ledger(records, **common), zone="UTC", digest="d", **common)
    keyring = FileKeyring.open(ring, "bench") if ring.exists() else FileKeyring.create(ring, "bench", scrypt_n=2**14)
    bench = Bench(parse_catalog(CATALOG), keyring, sa.create_engine(f"sqlite:///{folder / 'store.db'}"))
    field = FieldRef("crm", "people", "name")
    if what == "rotate":
        keyring.rotate("s1/d1")
    start = time.process_time()
    plan, run = (plan_encryption, run_conversion) if what == "encrypt" else (plan_rotation, run_rotation)
    done = run(office, bench, plan(office, bench, field), pace=Pace(batch)).total("done")
    cpu = time.process_time() - start
    assert done == rows, (done, rows)
    with sqlite3.connect(folder / "store.db") as store:
        last = store.execute("SELECT id, name FROM people ORDER BY id DESC LIMIT 1").fetchone()
    store.close()
    assert bench.protector(field).decrypt_column(field, [last[1]], [(last[0],)]) == [f"{last[0]:032d}"]
    return figure(f"protect_{what}", rows, batch, cpu) | {"peak_mb": round(peak_mb(), 1)}


def bare(folder: Path, rows: int, batch: int) -> dict[str, Any]:
    """The same cells without any of it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, after, done, start = AESGCM(os.urandom(32)), -1, 0, time.process_time()
    store = sqlite3.connect(folder / "store.db", isolation_level=None)
    store.execute("ALTER TABLE people ADD COLUMN token BLOB")
    while True:
        store.execute("BEGIN IMMEDIATE")
        query = "SELECT id, name FROM people WHERE id > ? ORDER BY id LIMIT ?"
        page = store.execute(query, (after, batch)).fetchall()
        tokens = []
        for number, text in page:
            nonce = os.urandom(12)
            tokens.append((nonce + cipher.encrypt(nonce, text.encode(), b"s1/d1/f2/%d" % number), number))
        done += store.executemany("UPDATE people SET token = ? WHERE id = ?", tokens).rowcount if tokens else 0
        store.execute("COMMIT")
        if not page:
            break
        after = page[-1][0]
    cpu = time.process_time() - start
    store.close()
    assert done == rows, (done, rows)
    return figure("protect_bare_loop", rows, batch, cpu)


def figure(name: str, rows: int, batch: int, cpu: float) -> dict[str, Any]:
    return {"figure": name, "rows": rows, "batch": batch, "rows_per_cpu_second": round(rows / cpu)}


def apart(what: str, folder: Path, rows: int, batch: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--part", what, "--folder", str(folder), "--rows", str(rows)]
    found = subprocess.run([*command, "--batch", str(batch)], check=True, capture_output=True, text=True)
    said: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    return said


def main() -> int:
    """Print the figures; 1 when memory grows with the store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 500_000])
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--part", choices=["encrypt", "rotate", "bare"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.part:
        part = bare if options.part == "bare" else lambda *rest: measure(options.part, *rest)
        sys.stdout.write(json.dumps(part(options.folder, options.rows[0], options.batch)) + "\n")
        return 0
    peaks: dict[str, list[float]] = {"encrypt": [], "rotate": []}
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, rows)
            for what, found in peaks.items():
                found.append(apart(what, folder, rows, options.batch)["peak_mb"])
            (folder / "store.db").unlink()
            make(folder, rows)
            apart("bare", folder, rows, options.batch)
    grown = {what: round(found[-1] / found[0], 3) for what, found in peaks.items()}
    sys.stdout.write(json.dumps({"figure": "protect_memory_growth", **grown, "bar": FLAT}) + "\n")
    return int(max(grown.values()) > FLAT)


if __name__ == "__main__":
    sys.exit(main())
