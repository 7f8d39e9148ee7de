"""Planning retention on growing tables: seconds of CPU a million rows, and peak memory, which must stay flat.

Each size runs in a process of its own, so that peaks do not mix. What a plan counts is checked against numbers that are
known from how the rows are made. Sizes come from GOVERNANCE_PLAN_ROWS, by default `100000,1000000`; one of 10,000,000
takes some minutes. The other side of each figure is one bare `SELECT count(*) ... WHERE placed < cutoff` by hand.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import sqlalchemy as sa
from peak import peak_mb

from governance.jobs.office import Office
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records
from governance.retention.plan import plan_together
from governance.retention.targets import Ruled
from policies.retention_rules import read_retention

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
CUTOFF = "2023-11-22"
RULES = """
stages:
  crm.orders: {field: status, map: {c: customer, l: lapsed}}
rules:
  orders: {dataset: crm.orders, start: placed, period: P3Y, basis: no longer than needed}
  invoices: {dataset: crm.orders, kind: duty, start: placed, period: P8Y, where: amount > 900, basis: tax}
"""
MAKE = """
INSERT INTO orders
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
SELECT i, i % 1000, date('2026-11-22', '-' || (i % 3650) || ' days'), CASE i % 3 WHEN 0 THEN 'l' ELSE 'c' END, i % 1000
FROM n
"""


def office(folder: Path) -> Office:
    """An office with records of its own."""
    records, keyed_hash = create_records(f"sqlite:///{folder / 'gov.db'}"), HmacKeyedHash(b"k" * 32)
    signer = Ed25519Signer("governance.ledger/bench", b"s" * 32)
    parts = {"signer": signer, "keyed_hash": keyed_hash, "clock": lambda: NOW, "new_id": lambda: uuid.uuid4().hex}
    return Office(
        records=records, ledger=Ledger(records, **parts), zone="UTC", digest="d1", folder=folder / "plans", **parts
    )


def known_due(rows: int) -> int:
    """Rows older than three years that no duty keeps, by arithmetic: day i % 3650, amount i % 1000."""
    three = (dt.date(2026, 11, 22) - dt.date(2023, 11, 22)).days
    eight = (dt.date(2026, 11, 22) - dt.date(2018, 11, 22)).days
    period = 3650 * 1000 // 50  # both repeat after the least common multiple of 3650 and 1000
    whole = [three < i % 3650 and not (i % 1000 > 900 and i % 3650 <= eight) for i in range(1, period + 1)]
    return rows // period * sum(whole) + sum(whole[: rows % period])


def measure(rows: int) -> None:
    """Print one JSON line of a size: this process's own CPU seconds and peak memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = sa.create_engine(f"sqlite:///{folder / 'store.db'}")
        with store.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT, placed DATE, status TEXT, amount INT)"
                )
            )
            connection.execute(sa.text(MAKE), {"rows": rows})
        (folder / "retention.yaml").write_text(RULES, encoding="utf-8")
        rules = read_retention(folder / "retention.yaml")
        ruled = [Ruled(rules["orders"], (), (rules["invoices"],))]
        with store.connect() as connection:
            began = time.process_time()
            connection.execute(sa.text(f"SELECT count(*) FROM orders WHERE date(placed) < '{CUTOFF}'")).scalar_one()
            bare = time.process_time() - began
        desk, began = office(folder), time.process_time()
        (made,) = plan_together(desk, ruled, store, look=True)
        seconds = time.process_time() - began
        if made.due != known_due(rows):
            raise SystemExit(f"counted {made.due}, known {known_due(rows)}")
        peak = round(peak_mb())
        print(
            json.dumps(
                {
                    "figure": "retention.plan",
                    "rows": rows,
                    "due": made.due,
                    "cpu_seconds": round(seconds, 2),
                    "bare_count_cpu_seconds": round(bare, 2),
                    "peak_mb": peak,
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        for size in os.environ.get("GOVERNANCE_PLAN_ROWS", "100000,1000000").split(","):
            subprocess.run([sys.executable, __file__, size], check=True)
