"""Cells a CPU second that a safe copy treats, against presidio-anonymizer on the same columns; memory at two sizes.

Run by hand: `python tests/benchmarks/masked_copy.py [ROWS]`. Prints one JSON line for each figure, after checking that
masks equal the definition, pseudonyms are consistent and keyed, and a whole copy has every row. Presidio hashes
with a salt where we give pseudonyms, and masks where we mask; it is told what each cell is, so nothing is detected.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from peak import peak_mb
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult

from governance.copies.treating import Treater, makers
from governance.protect.masks import mask
from governance.protect.pseudonyms import PseudonymKey
from policies.catalog import parse_catalog
from policies.copy_rules import CopyField, parse_copy_rules

ROWS = 200_000
REFERENCE_ROWS = 2_000
REPEATS = 3
SIZES = (100_000, 1_000_000)
TREATED = {"name": "pseudonym:person", "email": "pseudonym:email", "phone": "mask:phone", "no": "pseudonym:no"}
RULES = """
version: 1
domains:
  no: {kind: big_integer}
  person: {kind: person, locale: en}
  email: {kind: email}
datasets:
  people:
    fields: {no: pseudonym:no, name: pseudonym:person, email: pseudonym:email, phone: mask:phone}
"""
CATALOG = """
version: 1
stores:
  shop:
    id: s1
    datasets:
      people:
        id: d1
        subject_key: no
        fields:
          no: {id: f1, category: user.unique_id, status: confirmed}
          name: {id: f2, category: user.name, status: confirmed}
          email: {id: f3, category: user.contact.email, status: confirmed}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed}
"""


def columns(rows):
    """Columns of distinct values, as rows of a driver give them."""
    return {
        "name": [f"Ada{number} Lovelace{number % 97}" for number in range(rows)],
        "email": [f"ada.{number}@mail{number % 89}.example" for number in range(rows)],
        "phone": [f"+49151{number:08}" for number in range(rows)],
        "no": list(range(1, rows + 1)),
    }


def treater(key=b"k" * 32):
    made = PseudonymKey(key)
    return Treater(made, makers(parse_copy_rules(RULES), made))


def ours(cells, who):
    return {
        name: who.column(CopyField(treatment=TREATED[name]), "integer" if name == "no" else "string", each)
        for name, each in cells.items()
    }


def theirs(cells, engine):
    hashed = OperatorConfig("hash", {"hash_type": "sha256", "salt": b"s" * 32})
    masked = OperatorConfig("mask", {"masking_char": "*", "chars_to_mask": 7, "from_end": False})
    found = {}
    for name, column in cells.items():
        operators = {"X": masked if name == "phone" else hashed}
        found[name] = [
            engine.anonymize(str(cell), [RecognizerResult("X", 0, len(str(cell)), 1.0)], operators).text
            for cell in column
        ]
    return found


def best(work):
    """The least CPU time of several runs, and the last answer."""
    least, answer = float("inf"), None
    for _ in range(REPEATS):
        began = time.process_time()
        answer = work()
        least = min(least, time.process_time() - began)
    return least, answer


def check(cells, got, other):
    assert got["phone"] == [mask("phone").apply(each) for each in cells["phone"]]
    assert ours(cells, treater()) == got, "consistent under one key"
    assert not set(got["email"]) & set(ours(cells, treater(b"j" * 32))["email"]), "another key, other pseudonyms"
    for name in ("email", "no"):
        assert len(set(got[name])) == len(got[name])
        assert not set(got[name]) & set(cells[name])
    assert len(set(other["email"])) == len(other["email"])


def speed(rows):
    cells, few = columns(rows), columns(REFERENCE_ROWS)
    engine, who = AnonymizerEngine(), treater()
    seconds, got = best(lambda: ours(cells, who))
    reference, other = best(lambda: theirs(few, engine))
    check(cells, got, other)
    mine, peer = len(cells) * rows / seconds, len(few) * REFERENCE_ROWS / reference
    figure = {"figure": "masked_copy", "unit": "cells per CPU second", "ours": round(mine), "presidio": round(peer)}
    print(json.dumps({**figure, "times": round(mine / peer, 1), "bar": 100}))


def memory():
    peaks = {}
    for size in SIZES:
        command = [sys.executable, __file__, "--copy", str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks[size] = json.loads(done.stdout.splitlines()[-1])
    small, large = (peaks[size]["peak_mb"] for size in SIZES)
    rate = round(SIZES[-1] / peaks[SIZES[-1]]["cpu_seconds"])
    print(json.dumps({"figure": "masked_copy_memory", "unit": "MB", "rows": SIZES, "peaks": [small, large],
                      "times": round(large / small, 2), "bar": 1.2, "rows_per_cpu_second": rate}))  # fmt: skip


def copy_once(rows):
    """One copy of SQLite to SQLite in this process: peak memory and CPU."""
    import datetime as dt
    import uuid

    from governance.copies.work import CopyWork, Places, plan_copy
    from governance.jobs.engine import run_job
    from governance.jobs.office import Office
    from governance.jobs.pace import Pace
    from governance.ledger.log import Ledger
    from governance.protect.keyed_hash import HmacKeyedHash
    from governance.protect.signing import Ed25519Signer
    from governance.records.database import create_records
    from governance.scan.result import ScanResult

    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        source = sa.create_engine(f"sqlite:///{folder / 'a.db'}")
        with source.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE people (no INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT)"
            )
            for start in range(0, rows, 10_000):
                some = range(start + 1, start + 10_001)
                lot = [(n, f"Ada{n} Lovelace", f"ada.{n}@mail.example", f"+49151{n:08}") for n in some]
                connection.exec_driver_sql("INSERT INTO people VALUES (?, ?, ?, ?)", lot)
        parts = {"signer": Ed25519Signer("governance.ledger/bench", b"s" * 32), "keyed_hash": HmacKeyedHash(b"k" * 32)}
        common = {"clock": lambda: dt.datetime(2026, 11, 22, tzinfo=dt.UTC), "new_id": lambda: uuid.uuid4().hex}
        records = create_records(f"sqlite:///{folder / 'gov.db'}")
        ledger = Ledger(records, **parts, **common)
        office = Office(records=records, ledger=ledger, **parts, **common, zone="UTC", digest="d")
        places = Places(
            source="shop",
            target="test",
            source_engine=source,
            target_engine=sa.create_engine(f"sqlite:///{folder / 'b.db'}"),
            catalog=parse_catalog(CATALOG),
            key=PseudonymKey(b"k" * 32),
            folder=folder,
            scan=lambda: ScanResult((), "none"),
        )
        plan = plan_copy(office, places, parse_copy_rules(RULES))
        began = time.process_time()
        with CopyWork(places, plan) as work:
            done = run_job(office, work, plan, places.target_engine, pace=Pace(5_000))
        seconds = time.process_time() - began
        assert done.total("done") == rows
        with places.target_engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(DISTINCT no) FROM people").scalar() == rows
        peak = round(peak_mb())
        print(json.dumps({"peak_mb": peak, "cpu_seconds": round(seconds, 1)}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--copy"]:
        copy_once(int(sys.argv[2]))
    else:
        speed(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
        memory()
