"""What the guard costs: `python tests/benchmarks/guard_point.py [--rows 200000] [--url URL]`.

Prints one JSON line per figure with both sides, after checking that both give the same answers: a warm point query
through Core (wall, without a ledger: what a durable commit costs is the ledger's own figure), and a select of all rows
against hand-written SQL with the same masks and filter (CPU of this process).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from governance.guard.engine import GuardedStore
from policies.catalog import CatalogDataset, CatalogField, CatalogStore
from policies.nouns import Action, DatasetRef, LabelStatus, Principal
from policies.predicate import parse_predicate

FIELDS = {"id": "clear", "name": "mask:name", "phone": "mask:last4", "tier": "clear", "region": "clear"}
HAND = """
    SELECT id,
    CASE WHEN name IS NOT NULL THEN CASE WHEN length(name) >= 2 THEN substr(name, 1, 1) || '*' ELSE '*' END END AS name,
    CASE WHEN phone IS NOT NULL THEN CASE WHEN length(phone) >= 8 THEN '****' || substr(phone, length(phone) - 3, 4)
    ELSE '****' END END AS phone, tier, region FROM customers WHERE region = 'EU'"""


class _NoLedger:
    def refer(self, kind: str, text: str) -> str:
        return f"p:{kind}{len(text)}"

    def statement_hash(self, statement: str) -> str:
        return f"{len(statement):064x}"

    def decide(self, draft: Any) -> Any:
        return SimpleNamespace(id=str(len(draft.objects)))

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> None:
        pass


class _OnePermit:
    def __init__(self) -> None:
        self._permit = DatasetPermit(
            DatasetRef("s", "customers"),
            Action.READ,
            "p",
            (RowRule("r", parse_predicate("region == principal.region")),),
            (),
            (),
            {name: FieldPermit(name, (FieldRule(name, how, None),)) for name, how in FIELDS.items()},
            {},
            "d",
        )

    def versions(self) -> dict[str, str]:
        """Digests of nothing."""
        return {"policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:  # noqa: ARG002 the protocol's form
        return self._permit


def _fill(url: str, rows: int) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS customers"))
        connection.execute(
            sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, tier TEXT, region TEXT)")
        )
        connection.execute(
            sa.text("INSERT INTO customers VALUES (:i, :n, :p, :t, :r)"),
            [
                {"i": i, "n": f"Name {i % 977}", "p": f"+49151{i:08}", "t": "gold", "r": "US" if i % 10 == 0 else "EU"}
                for i in range(1, rows + 1)
            ],
        )
    engine.dispose()


def _time(clock: Callable[[], float], act: Callable[[], object], times: int) -> float:
    act()
    best = float("inf")
    for _ in range(5):
        start = clock()
        for _ in range(times):
            act()
        best = min(best, (clock() - start) / times)
    return best


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--url")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{Path(folder) / 'bench.db'}"
        _fill(url, given.rows)
        fields = {
            name: CatalogField(id=f"f{place}", category="none", status=LabelStatus.CONFIRMED)
            for place, name in enumerate(FIELDS, 1)
        }
        store = GuardedStore(
            "s",
            url,
            permits=_OnePermit(),
            catalog=CatalogStore(id="s1", datasets={"customers": CatalogDataset(id="d1", fields=fields)}),
            recorder=_NoLedger(),
            clock=lambda: dt.datetime.now(dt.UTC),
        )
        bare = sa.create_engine(url)
        guarded = store.engine(UseContext(Principal("a", frozenset(), {"region": "EU"}), "app", "p"))
        customers = sa.table("customers", sa.column("id"), sa.column("tier"))
        point = sa.select(customers.c.id, customers.c.tier).where(customers.c.id == sa.bindparam("i"))
        with bare.connect() as one, guarded.connect() as other:
            if one.execute(point, {"i": 7}).all() != other.execute(point, {"i": 7}).all():
                raise SystemExit("the two sides differ")
            figures = [
                _time(time.perf_counter, lambda: each.execute(point, {"i": 7}).all(), 500)  # noqa: B023 used at once
                for each in (one, other)
            ]
            print(json.dumps({"figure": "point query, us", "bare": figures[0] * 1e6, "guarded": figures[1] * 1e6}))
            whole = sa.text("SELECT * FROM customers")
            if sorted(one.execute(sa.text(HAND)).all()) != sorted(other.execute(whole).all()):
                raise SystemExit("the two sides differ")
            figures = [
                _time(time.process_time, lambda: one.execute(sa.text(HAND)).all(), 1),
                _time(time.process_time, lambda: other.execute(whole).all(), 1),
            ]
            print(json.dumps({"figure": f"select of {given.rows} rows, s", "hand": figures[0], "guarded": figures[1]}))
        bare.dispose()
        store.close()


if __name__ == "__main__":
    main()
