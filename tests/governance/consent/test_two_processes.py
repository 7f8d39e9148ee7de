"""A withdrawal that another process takes down holds at the next statement of this one; races lose nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import sqlalchemy as sa

from governance.consent.events import Subject
from policies.nouns import DatasetRef

CUSTOMERS = DatasetRef("crm", "customers")
OTHER = """
import datetime as dt, runpy, sys, uuid
from governance.consent.book import ConsentBook
from governance.consent.events import Subject
from governance.records.database import open_records
parts = runpy.run_path(sys.argv[1])
records = open_records(sys.argv[2])
book = ConsentBook(records, parts["purposes_of"](parts["PURPOSES"]), keyed_hash=parts["TestHash"](),
    sealer=parts["TestSealer"](), recorder=parts["TestLedger"](records),
    clock=lambda: dt.datetime(2027, 1, 1, tzinfo=dt.UTC), new_id=lambda: uuid.uuid4().hex)
for number in sys.argv[3].split(","):
    book.withdrawn(Subject("internal-" + number), "marketing.email", "email")
records.dispose()
"""


def withdraw_elsewhere(world, numbers):
    parts = str(Path(__file__).with_name("conftest.py"))
    url = world.records.url.render_as_string(hide_password=False)
    if world.records.dialect.name == "sqlite":
        url = f"sqlite:///{world.records.url.database}"
    subprocess.run([sys.executable, "-c", OTHER, parts, url, numbers], check=True, capture_output=True, timeout=60)


def test_a_withdrawal_in_another_process_holds_here(tmp_path, postgres_url, build_world, make_sql):
    """Records and store both on PostgreSQL, as in production."""
    world = build_world(postgres_url, f"sqlite:///{tmp_path / 'crm.db'}")
    for number in (1, 2, 3):
        world.book.given(Subject(f"internal-{number}", {"crm": number}), "marketing.email", "email")

    def contacted():
        world.conditions.prepare("crm", "marketing.email")
        query = make_sql(world.conditions.conditions(CUSTOMERS, "marketing.email"))
        with world.store.connect() as connection:
            return [row.id for row in connection.exec_driver_sql(query)]

    assert contacted() == [1, 2, 3]
    withdraw_elsewhere(world, "1,3")
    assert contacted() == [2]
    world.records.dispose()
    world.store.dispose()


def test_many_at_once_bring_one_store_up_to_date(tmp_path, postgres_url, build_world):
    world = build_world(f"sqlite:///{tmp_path / 'gov.db'}", postgres_url)
    for number in range(1, 30):
        world.book.given(Subject(f"internal-{number}", {"crm": number}), "marketing.email", "email")
    failed: list[BaseException] = []

    def act(number):
        try:
            for _ in range(5):
                world.conditions.prepare("crm", "marketing.email")
                world.book.withdrawn(Subject(f"internal-{number}"), "marketing.email", "email")
                world.conditions.prepare("crm", "marketing.email")
                with world.store.connect() as connection:
                    query = sa.text("SELECT state FROM gov_consent WHERE subject_key = :key")
                    assert connection.execute(query, {"key": number}).scalar_one() == "withdrawn"
                world.book.given(Subject(f"internal-{number}"), "marketing.email", "email")
        except BaseException as cause:  # noqa: BLE001 - a thread's failure is this test's failure
            failed.append(cause)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(1, 5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    stepwise = {row[:2]: row for row in world.rows()}
    world.open_upkeep().rebuild(world.projection)
    rebuilt = {row[:2]: row for row in world.rows()}
    assert {key: row[4] for key, row in rebuilt.items()} == dict.fromkeys(stepwise, "given")
    world.records.dispose()
    world.store.dispose()
