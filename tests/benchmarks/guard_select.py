"""What a large SELECT through the guard costs: `python tests/benchmarks/guard_select.py [--rows 200000] [--url URL]`.

Prints one JSON line: CPU seconds of client and, for PostgreSQL, of its server process, for all rows beside hand-written
SQL with the same masks, filter and rows, after checking that both give the same. The bar is 1.10. Sides take turns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
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

FIELDS = {"id": "clear", "name": "mask:redact", "phone": "mask:last4", "tier": "clear", "region": "clear"}
HAND = """
    SELECT id, CASE WHEN name IS NOT NULL THEN '***' END AS name,
    CASE WHEN phone IS NOT NULL THEN CASE WHEN length(phone) >= 8 THEN '****' || substr(phone, length(phone) - 3, 4)
    ELSE '****' END END AS phone, tier, region FROM customers WHERE region = 'EU'"""
ROUNDS = 7
BAR = 1.10
_NAME = "gov_bench_select"


class NoLedger:
    """A recorder that keeps nothing: what recording costs is measured with the point query."""

    def refer(self, kind: str, text: str) -> str:
        """Any reference."""
        return f"p:{kind}{len(text)}"

    def statement_hash(self, statement: str) -> str:
        """Any hash."""
        return f"{len(statement):064x}"

    def decide(self, draft: Any) -> Any:
        """Any event."""
        return SimpleNamespace(id=str(len(draft.objects)))

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> None:
        """Nothing."""

    def close_soon(self, decision: Any, outcome: str, counts: Mapping[str, int]) -> None:
        """Nothing."""


class OnePermit:
    """The same permit for everybody."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._permit = DatasetPermit(
            DatasetRef("s", "customers"),
            Action.READ,
            "p",
            (RowRule("r", parse_predicate("region == principal.region")),),
            (),
            (),
            {name: FieldPermit(name, (FieldRule(name, how, None),)) for name, how in fields.items()},
            {},
            "d",
        )

    def versions(self) -> dict[str, str]:
        """Digests of nothing."""
        return {"policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:  # noqa: ARG002 the protocol's form
        """The permit."""
        return self._permit


def catalog(fields: Mapping[str, str]) -> CatalogStore:
    """A catalog with all fields reviewed."""
    entries = {
        name: CatalogField(id=f"f{place}", category="none", status=LabelStatus.CONFIRMED)
        for place, name in enumerate(fields, 1)
    }
    return CatalogStore(id="s1", datasets={"customers": CatalogDataset(id="d1", fields=entries)})


def fill(url: str, rows: int) -> None:
    """A table of customers, nine of ten in the EU."""
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


def _servers(admin: sa.Engine | None) -> float:
    """CPU seconds that the server processes of this benchmark have taken so far, as Linux counts them."""
    if admin is None:
        return 0.0
    with admin.connect() as connection:
        query = sa.text("SELECT pid FROM pg_stat_activity WHERE application_name = :name")
        pids = connection.execute(query, {"name": _NAME}).scalars().all()
    ticks = 0
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _spent(act: Callable[[], object], admin: sa.Engine | None) -> float:
    client, server = time.process_time(), _servers(admin)
    act()
    spent = time.process_time() - client
    return spent + _servers(admin) - server


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--url")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = sa.make_url(given.url or f"sqlite:///{Path(folder) / 'bench.db'}")
        fill(url.render_as_string(hide_password=False), given.rows)
        postgres = url.get_backend_name() == "postgresql"
        admin = sa.create_engine(url) if postgres else None
        named = url.update_query_dict({"application_name": _NAME}) if postgres else url
        address = named.render_as_string(hide_password=False)
        store = GuardedStore(
            "s",
            address,
            permits=OnePermit(FIELDS),
            catalog=catalog(FIELDS),
            recorder=NoLedger(),
            clock=lambda: dt.datetime.now(dt.UTC),
        )
        bare = sa.create_engine(address)
        guarded = store.engine(UseContext(Principal("a", frozenset(), {"region": "EU"}), "app", "p"))
        with bare.connect() as one, guarded.connect() as other:
            sides = {
                "hand": lambda: one.execute(sa.text(HAND)).all(),
                "guarded": lambda: other.execute(sa.text("SELECT * FROM customers")).all(),
            }
            if sorted(sides["hand"]()) != sorted(sides["guarded"]()):
                raise SystemExit("the two sides differ")
            found: dict[str, list[float]] = {side: [] for side in sides}
            for _ in range(ROUNDS):
                for side, act in sides.items():
                    found[side].append(_spent(act, admin))
        seconds = {side: round(min(each), 4) for side, each in found.items()}
        ratio = round(seconds["guarded"] / seconds["hand"], 3)
        figure = f"guarded select of {given.rows} rows, {url.get_backend_name()}, CPU of client and server, s"
        print(json.dumps({"figure": figure, **seconds, "ratio": ratio, "bar": BAR}))
        bare.dispose()
        store.close()


if __name__ == "__main__":
    main()
