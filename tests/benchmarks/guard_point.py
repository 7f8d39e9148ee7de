"""What a point query through the guard costs, ledger included: `python tests/benchmarks/guard_point.py [--url URL]`.

Prints one JSON line per figure: wall time of one warm SELECT by primary key through Core, with 1 and with 16 callers at
once, beside bare Core and beside one durable commit of a row in a database like the ledger's. The bar is one durable
commit plus 1.5 times bare; answers are compared first. Sides take turns, so that both meet the same load.

Each figure comes twice: the median of all rounds, and the tenth part of the rounds that met the least load (`quiet`);
that of one caller also as the median of the means of sixteen calls, of which one writes the ends of all (`sixteens`).
`decision` is what the ledger alone takes of it, `driver` one commit by the driver without SQLAlchemy. A TMPDIR in
memory takes the disk out: what is left is work.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from guard_select import FIELDS, OnePermit, catalog, fill

from governance.clock import new_id, now
from governance.guard.base import UseContext
from governance.guard.engine import GuardedStore
from governance.ledger.events import EventDraft, EventObject
from governance.ledger.log import Ledger
from governance.protect.keyring.file import FileKeyring
from governance.records.database import create_records
from governance.records.transactions import writing, writing_plainly
from policies.nouns import Principal

ROWS = 20_000
ROUNDS = {1: 800, 16: 30}
"""By callers: how often each side has its turn."""
TIMES = {1: 1, 16: 20}
"""And the calls of a turn: one by one caller, so that most turns are over before another process is let in."""


def _seconds(act: Callable[[], object], callers: int) -> float:
    """Wall time of one call, with so many threads calling at once."""

    def many() -> None:
        for _ in range(TIMES[callers]):
            act()

    threads = [threading.Thread(target=many) for _ in range(callers - 1)]
    start = time.perf_counter()
    for each in threads:
        each.start()
    many()
    for each in threads:
        each.join()
    return (time.perf_counter() - start) / (TIMES[callers] * callers)


def _commit(records: sa.Engine) -> Callable[[], None]:
    """One durable commit of one row, with the settings of the records database."""
    _make_table(records)
    leaf = "x" * 600

    def act() -> None:
        with writing(records) as connection:
            connection.exec_driver_sql("INSERT INTO bench_commit (leaf) VALUES (?)", (leaf,))

    return act


def _make_table(records: sa.Engine) -> None:
    with writing(records) as connection:
        connection.exec_driver_sql("CREATE TABLE bench_commit (id INTEGER PRIMARY KEY, leaf TEXT)")


def _driver_commit(records: sa.Engine) -> Callable[[], None]:
    """The same by the driver alone."""
    _make_table(records)

    def act() -> None:
        with writing_plainly(records) as plain:
            plain.execute("INSERT INTO bench_commit (leaf) VALUES (?)", ("x" * 600,))

    return act


def _ledger(records: sa.Engine, keyring: FileKeyring) -> Ledger:
    return Ledger(records, signer=keyring.signer("ledger"), keyed_hash=keyring.keyed_hash(), clock=now, new_id=new_id)


def _decision(ledger: Ledger) -> Callable[[], None]:
    """What the ledger does for one use."""
    objects = (EventObject("s.customers.id", "clear"), EventObject("s.customers.tier", "clear"))
    draft = EventDraft(
        kind="decision",
        actor=ledger.refer("principal", "app"),
        principal=ledger.refer("principal", "a"),
        purpose="p",
        action="read",
        outcome="allowed",
        objects=objects,
        rules=("id", "r", "tier"),
        statement=ledger.statement_hash("SELECT"),
    )
    return lambda: ledger.close_soon(ledger.decide(draft), "done", {"rows": 1})


def _in_turns(sides: dict[str, Callable[[], Any]], callers: int, rounds: int) -> dict[str, list[float]]:
    """What calls of each side took, one side after the other, so that all meet the same load."""
    found: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, act in sides.items():
            found[side].append(_seconds(act, callers))
    return found


def _tell(load: str, callers: int, took: dict[str, int]) -> None:
    figure = f"guarded point query, {callers} callers, ledger included, wall, us, {load}"
    of_bar = round(took["guarded"] / (took["commit"] + 1.5 * took["bare"]), 2)
    print(json.dumps({"figure": figure, **took, "of_bar": of_bar}))


def _at(found: list[float], part: float) -> int:
    return round(sorted(found)[int(len(found) * part)] * 1e6)


def _sixteens(found: list[float]) -> list[float]:
    """The means of sixteen calls one behind the other: one of them writes the ends of all."""
    return [sum(found[start : start + 16]) / 16 for start in range(0, len(found), 16)]


def _reading(engine: sa.Engine) -> Callable[[], Any]:
    customers = sa.table("customers", sa.column("id"), sa.column("tier"))
    query = sa.select(customers.c.id, customers.c.tier).where(customers.c.id == sa.bindparam("i"))

    def act() -> Any:
        with engine.connect() as connection:
            return connection.execute(query, {"i": 7}).all()

    return act


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = given.url or f"sqlite:///{folder / 'bench.db'}"
        fill(url, ROWS)
        keyring = FileKeyring.create(folder / "keys.json", "bench", scrypt_n=2**14)
        records, apart = (create_records(f"sqlite:///{folder / name}.db") for name in ("gov", "apart"))
        ledger, alone = _ledger(records, keyring), _ledger(apart, keyring)  # each with ends of its own that wait
        store = GuardedStore(
            "s",
            url,
            permits=OnePermit(FIELDS),
            catalog=catalog(FIELDS),
            recorder=ledger,
            clock=now,
        )
        bare = sa.create_engine(url, pool_size=16, max_overflow=16)
        guarded = store.engine(UseContext(Principal("a", frozenset(), {"region": "EU"}), "app", "p"))
        sides = {"bare": _reading(bare), "guarded": _reading(guarded), "commit": _commit(records)}
        parts = {"decision": _decision(alone), "driver": _driver_commit(apart)}
        if sides["bare"]() != sides["guarded"]():
            raise SystemExit("the two sides differ")
        for callers, rounds in ROUNDS.items():
            found = _in_turns(sides, callers, rounds) | _in_turns(parts, callers, rounds)
            _tell("median", callers, {side: _at(each, 0.5) for side, each in found.items()})
            _tell("quiet", callers, {side: _at(each, 0.1) for side, each in found.items()})
            if callers == 1:
                _tell("sixteens", callers, {side: _at(_sixteens(each), 0.5) for side, each in found.items()})
        for each in (ledger, alone):
            each.finish()
        store.close()
        for engine in (bare, records, apart):
            engine.dispose()


if __name__ == "__main__":
    main()
