"""Import of consent: events a second and memory, by size of the file, from JSON lines with a store's key a line.

Run by hand: `python tests/benchmarks/consent_import.py [EVENTS ...] [--records URL]`. Prints one JSON line for each
size; each runs in a process of its own, so that its peak memory is its own. Wall and CPU time of the import with keys,
ledger and records on a new SQLite file, or in the empty PostgreSQL database of the URL (whose own CPU time is not
counted, and which takes one size); the second figure is the same file once more, which must change nothing.
"""

import argparse
import datetime as dt
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
import structlog
from peak import peak_mb

from governance.consent.intake.importing import Importer
from governance.consent.intake.names import Names
from governance.consent.intake.readers import read_file
from governance.ledger.log import Ledger
from governance.protect.keyring.file import FileKeyring
from governance.protect.sealing import KeyringSealer
from governance.records.database import create_records
from policies.consent_map import ConsentMapFile
from policies.dpv import dpv_terms
from policies.organisation import OrganisationFile
from policies.purposes import PurposesFile

SIZES = (10_000, 100_000, 1_000_000)
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
PURPOSES = {
    "marketing": {"basis": {"gdpr": "consent"}},
    "marketing.email": {"parent": "marketing", "channels": ["email"]},
}


def write_file(path, events):
    told = {"purpose": "marketing.email", "channel": "email", "kind": "given", "time": "2026-01-02T08:00:00Z"}
    told |= {"notice_version": "2026-01", "language": "en", "method": "web_form", "jurisdiction": "gdpr"}
    with path.open("w", encoding="utf-8") as file:
        for at in range(events):
            file.write(json.dumps({"subject": f"s{at}", "store_keys": {"crm": at}, **told}) + "\n")


def importer_of(folder, url=""):
    keyring = FileKeyring.create(folder / "keys.json", "bench", scrypt_n=2**14)
    records, ids = create_records(url or f"sqlite:///{folder}/gov.db"), map("e{:012d}".format, itertools.count())
    ledger = Ledger(
        records,
        signer=keyring.signer("ledger"),
        keyed_hash=keyring.keyed_hash(),
        clock=lambda: NOW,
        new_id=ids.__next__,
    )
    purposes = PurposesFile.model_validate({"purposes": PURPOSES})
    return Importer(
        records,
        purposes,
        keyring.keyed_hash(),
        KeyringSealer(keyring),
        ledger,
        "system",
        "run",
        frozenset({"crm"}),
        NOW,
    )


def run(importer, path):
    names = Names(importer.purposes, OrganisationFile(), dpv_terms(NOW.date()), ConsentMapFile())
    check = importer.drafting.key_check
    wall, cpu = time.perf_counter(), time.process_time()
    found = importer.take(
        lambda: read_file(path, "jsonl", names, check), on_error="skip", size_bytes=0, step=lambda *_: None
    )
    return found, time.perf_counter() - wall, time.process_time() - cpu


def measure(events, url=""):
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as name:
        path, importer = Path(name) / "consents.jsonl", importer_of(Path(name), url)
        write_file(path, events)
        first, wall, cpu = run(importer, path)
        again, wall_again, _ = run(importer, path)
        with importer.records.connect() as connection:
            rows = connection.execute(sa.text("SELECT COUNT(*) FROM gov_consent_event")).scalar()
        assert (first.recorded, again.recorded, again.known, rows) == (events, 0, events, events)
    print(json.dumps({
        "figure": f"consent import, JSON lines, {importer.records.dialect.name}", "events": events,
        "events_per_second": round(events / wall),
        "cpu_us_an_event": round(cpu / events * 1e6), "again_events_per_second": round(events / wall_again),
        "peak_mb": round(peak_mb()),
    }), flush=True)  # fmt: skip


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("events", type=int, nargs="*", default=SIZES)
    options.add_argument("--records", default="")
    options.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    told = options.parse_args()
    if told.one:
        measure(told.events[0], told.records)
    else:
        for size in told.events:
            asked = ["--one", str(size), "--records", told.records]
            subprocess.run([sys.executable, __file__, *asked], check=True)
