"""Speed and peak memory of a job: `python tests/benchmarks/jobs.py [--rows 100000 1000000] [--batch 500]`.

For each number of rows, in processes of their own: a retention plan with its row list over a SQLite table of so many
rows, nine in ten of them due, and the run that deletes them. Prints one JSON line each, and fails when the peak of the
largest differs from that of the smallest by more than a fifth. The other side is a bare loop that deletes the same rows
by key in transactions of the same size, one commit each, with no journal, ledger, list or certificate.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from peak import peak_mb

_FLAT = 1.2
_NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
_RULES = """
rules:
  orders: {dataset: crm.orders, start: placed, period: P3Y, where: 'status == "closed"', basis: commercial law}
"""


def make(folder: Path, rows: int) -> None:
    """A store of orders, nine in ten due, and a rule."""
    (folder / "retention.yaml").write_text(_RULES, encoding="utf-8")
    with sqlite3.connect(folder / "store.db") as store:
        store.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT, placed DATETIME, status TEXT)")
        rows_ = ((n, n % 977, "2001-01-01 10:00:00", "open" if n % 10 == 0 else "closed") for n in range(rows))
        store.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows_)
    store.close()


def _office(folder: Path) -> Any:
    from governance.jobs.office import Office
    from governance.ledger.log import Ledger
    from governance.protect.keyed_hash import HmacKeyedHash
    from governance.protect.signing import Ed25519Signer
    from governance.records.database import create_records

    records, hashed = create_records(f"sqlite:///{folder / 'gov.db'}"), HmacKeyedHash(b"k" * 32)
    signer = Ed25519Signer("governance.ledger/bench", b"s" * 32)
    common: dict[str, Any] = {"keyed_hash": hashed, "clock": lambda: _NOW, "new_id": lambda: uuid.uuid4().hex}
    ledger = Ledger(records, signer=signer, **common)
    return Office(
        records=records, ledger=ledger, signer=signer, zone="UTC", digest="d", folder=folder / "plans", **common
    )


def measure(what: str, folder: Path, rows: int, batch: int) -> dict[str, object]:
    """One part, in this process."""
    import sqlalchemy as sa

    from governance.jobs.pace import Pace
    from governance.retention.plan import plan, read_plan
    from governance.retention.run import run
    from policies.retention_rules import read_retention

    office, store = _office(folder), sa.create_engine(f"sqlite:///{folder / 'store.db'}")
    rule = read_retention(folder / "retention.yaml")["orders"]
    due = rows - rows // 10
    before_mb, start = peak_mb(), time.process_time()
    if what == "plan":
        made = plan(office, rule, store)
        done = made.due
        (folder / "plan.json").write_text(made.to_text(), encoding="utf-8")
    else:
        made = read_plan((folder / "plan.json").read_text(encoding="utf-8"), office.keyed_hash)
        done = run(office, rule, made, store, pace=Pace(batch)).deleted
    cpu = time.process_time() - start
    assert done == due, (done, due)
    return {
        "figure": f"job_{what}",
        "rows": due,
        "batch": batch,
        "rows_per_cpu_second": round(due / cpu),
        "imports_mb": round(before_mb, 1),
        "peak_mb": round(peak_mb(), 1),
    }


def bare(folder: Path, rows: int, batch: int) -> dict[str, object]:
    """The same deletion without any of it."""
    due, after, done, start = rows - rows // 10, -1, 0, time.process_time()
    store = sqlite3.connect(folder / "store.db", isolation_level=None)
    select = "SELECT id FROM orders WHERE placed < '2023-11-22' AND status = 'closed' AND id > ? ORDER BY id LIMIT ?"
    while True:
        store.execute("BEGIN IMMEDIATE")
        keys = store.execute(select, (after, batch)).fetchall()
        done += store.executemany("DELETE FROM orders WHERE id = ?", keys).rowcount
        store.execute("COMMIT")
        if not keys:
            break
        after = keys[-1][0]
    cpu = time.process_time() - start
    store.close()
    assert done == due, (done, due)
    return {"figure": "job_bare_loop", "rows": due, "batch": batch, "rows_per_cpu_second": round(due / cpu)}


def _apart(what: str, folder: Path, rows: int, batch: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--part", what, "--folder", str(folder), "--rows", str(rows)]
    found = subprocess.run([*command, "--batch", str(batch)], check=True, capture_output=True, text=True)
    figure: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return figure


def main() -> int:
    """Print the figures; 1 when memory grows with the store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--part", choices=["plan", "run", "bare"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.part:
        folder, rows = options.folder, options.rows[0]
        part = bare(folder, rows, options.batch) if options.part == "bare" else None
        sys.stdout.write(json.dumps(part or measure(options.part, folder, rows, options.batch)) + "\n")
        return 0
    peaks: dict[str, list[float]] = {"plan": [], "run": []}
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, rows)
            for what, found in peaks.items():
                figure = _apart(what, folder, rows, options.batch)
                found.append(figure["peak_mb"])
                sys.stdout.write(json.dumps(figure) + "\n")
            (folder / "store.db").unlink()
            make(folder, rows)
            sys.stdout.write(json.dumps(_apart("bare", folder, rows, options.batch)) + "\n")
            sys.stdout.flush()
    grown = {what: round(found[-1] / found[0], 3) for what, found in peaks.items()}
    sys.stdout.write(json.dumps({"figure": "job_memory_growth", **grown, "bar": _FLAT}) + "\n")
    return int(max(grown.values()) > _FLAT)


if __name__ == "__main__":
    sys.exit(main())
