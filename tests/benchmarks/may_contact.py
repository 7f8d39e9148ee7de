"""May these people be contacted: the bulk question beside one question a person, which must give the same answers.

Run by hand: `python tests/benchmarks/may_contact.py [PEOPLE]`. Prints one JSON line for each figure: CPU and wall
seconds, and the peak of memory before and after, in kB. Three quarters of the people
have events, and a third of those took back.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from peak import peak_mb

from governance.app import Governance
from governance.cli.main import main as command
from governance.consent.drafting import snapshot_of
from governance.consent.events import ConsentEvent
from governance.consent.tables import EVENTS

USE = ("marketing.email", "email")
FILES = {
    "governance.yaml": "version: 1\nstores: {}\nlaws: [gdpr, pipl]\n",
    "policies/purposes.yaml": (
        "version: 1\npurposes:\n  marketing.email: {channels: [email], basis: {gdpr: consent, pipl: consent}}\n"
    ),
}


def events(gov, people):
    book, snapshot = gov.consent, snapshot_of(gov.policy_files.purposes, USE[0])
    for number in range(people):
        for at, kind in enumerate(("given", "withdrawn")[: 1 + (number % 3 == 0)]):
            if number % 4 == 3:
                continue
            moment = f"2026-0{at + 1}-01T00:00:00.000000Z"
            blank = dict.fromkeys(("jurisdiction", "notice_version", "language", "method", "proof_ref"), "")
            event = ConsentEvent(
                epoch=2 * number + at + 1,
                id=f"e{number}-{at}",
                subject_ref=book.subject_ref(f"customer-{number}"),
                purpose=USE[0],
                channel=USE[1],
                kind=kind,
                form="given",
                collected_by="system",
                valid_time=moment,
                recorded_time=moment,
                snapshot=snapshot,
                **blank,
            )
            yield asdict(event) | {"categories": ""}


def fill(gov, people):
    page = []
    with gov.records.begin() as connection:
        for row in events(gov, people):
            page.append(row)
            if len(page) == 5000:
                connection.execute(EVENTS.insert(), page)
                page = []
        if page:
            connection.execute(EVENTS.insert(), page)


def measured(what, people, run):
    before = round(peak_mb())
    wall, cpu = time.perf_counter(), time.process_time()
    answers = run()
    figures = {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.perf_counter() - wall, 2)}
    after = round(peak_mb())
    print(json.dumps({"what": what, "people": people, **figures, "peak_mb": [before, after]}))
    return answers


def run(people):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("policies").mkdir()
        for name, text in FILES.items():
            Path(name).write_text(text)
        os.environ["GOVERNANCE_PASSPHRASE"] = "bench"
        assert command(["init"]) == 0
        with Governance.open("governance.yaml", clock=lambda: dt.datetime.now(dt.UTC)) as gov:
            fill(gov, people)
            subjects = [f"customer-{number}" for number in range(people)]
            many = measured("may_contact_many", people, lambda: gov.may_contact_many(subjects, *USE))
            some = subjects[:: max(1, people // 500)]
            alone = measured("may_contact, one by one", len(some), lambda: [gov.may_contact(key, *USE) for key in some])
            picked = many["allowed"].to_pylist()[:: max(1, people // 500)]
            assert picked == [each.allowed for each in alone]
        os.chdir("/")


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
