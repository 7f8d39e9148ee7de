"""The access report from a large ledger: time and memory from stored events to the written page.

Run by hand: `python tests/benchmarks/access_report.py [EVENTS]`, 1,000,000 by default. The bar is 5,000,000 in 60 s of
wall time and 600 MB, and a page under 2 MB. Prints one JSON line; `cpu_seconds` is what the report took of one core,
`seconds` is more when others use the machine. The events are uses with their ends, by 50 people on 40 fields over a
year, written by the ledger itself; the report must have as many uses and rows as were written.
"""

import datetime as dt
import itertools
import json
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

from peak import peak_mb

from audits.evidence import Evidence
from audits.rendering import render
from audits.reports.access import access_report
from governance.ledger.events import EventDraft, EventObject
from governance.ledger.log import Ledger
from governance.protect.keyring.file import FileKeyring
from governance.records.database import create_records, open_records

EVENTS = 1_000_000
BAR_EVENTS, BAR_SECONDS, BAR_MB = 5_000_000, 60, 600
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
AT_ONCE = 2000


def write(folder: Path, events: int) -> None:
    """A ledger of so many events: decisions, each with its end."""
    keyring = FileKeyring.create(folder / "keys.json", "bench", scrypt_n=2**14)
    count, step = itertools.count(), dt.timedelta(days=365) / events
    moments = (START + step * each for each in itertools.count())
    ledger = Ledger(
        create_records(f"sqlite:///{folder}/gov.db"),
        signer=keyring.signer("ledger"),
        keyed_hash=keyring.keyed_hash(),
        clock=lambda: next(moments),
        new_id=lambda: f"e{next(count):012d}",
    )
    for first in range(0, events // 2, AT_ONCE):
        made = ledger.append_many([use(each) for each in range(first, min(first + AT_ONCE, events // 2))])
        ledger.append_many([end(each.id) for each in made])
    ledger.finish()


def use(number: int) -> EventDraft:
    """One allowed use of two fields."""
    objects = tuple(EventObject(f"crm.customers.f{(number + each) % 40}", "clear") for each in range(2))
    return EventDraft(
        kind="decision",
        actor="system",
        principal=f"p:person{number % 50}",
        purpose="support",
        action="read",
        outcome="allowed",
        objects=objects,
        rules=("access.csv:2",),
    )


def end(decision: str) -> EventDraft:
    """How it ended."""
    return EventDraft(kind="close", actor="system", outcome="done", counts={"rows": 3}, refs={"decision": decision})


def report(folder: str, events: int) -> None:
    """Read the ledger, make the report as `governance audit access` does, and write it; alone in its process."""
    from governance.flows.audits.reporting import gather_uses
    from governance.ledger.reading import read_leaves

    began, cpu_began = time.perf_counter(), time.process_time()
    as_of = START + dt.timedelta(days=366)
    found = gather_uses(read_leaves(open_records(f"sqlite:///{folder}/gov.db")), as_of, "UTC")
    made = access_report(Evidence(as_of=as_of, events_read=found.events), found)
    size = len(render(made, "html").encode())
    seconds = time.perf_counter() - began
    megabytes = peak_mb()
    totals = made.data["totals"]
    assert (totals["uses"]["value"], totals["rows"]["value"]) == (events // 2, 3 * (events // 2))
    figure = {"figure": "access report", "events": events, "seconds": round(seconds, 1), "megabytes": round(megabytes)}
    bar = {"events": BAR_EVENTS, "seconds": BAR_SECONDS, "megabytes": BAR_MB}
    cpu = round(time.process_time() - cpu_began, 1)
    print(json.dumps(figure | {"cpu_seconds": cpu, "page_bytes": size, "bar": bar}))


def main() -> None:
    """Write the ledger, then report on it in a process of its own."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), events)
        process = multiprocessing.get_context("spawn").Process(target=report, args=(folder, events))
        process.start()
        process.join()
        sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
