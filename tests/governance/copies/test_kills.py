"""A copy killed at any instant goes on where it stood: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest
import sqlalchemy as sa

from governance.jobs.pace import Pace
from governance.jobs.tables import CERTIFICATES
from governance.records.database import open_records

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "7"))
"""How often a run is killed, over all kinds of target; `make soak` asks for more."""
SHARES = {"sqlite": 3, "postgresql": 2, "mariadb": 2}
ROWS = 30 + 60 + 120 + 8 + 3 + 9


def start(shop, urls, folder, records, plan):
    """A run in a process of its own; it ends with 0 when the job is done."""
    child = os.fork()
    if child:
        return child
    try:
        places = shop.unowned(*urls, folder)
        shop.run(shop.office(open_records(records)), places, plan, pace=Pace(2))
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.parametrize("kind", SHARES)
def test_a_copy_that_is_killed_goes_on_where_it_stood(office, shop, fresh, kind):
    urls = fresh("sqlite"), fresh(kind)
    places = shop.places(*urls, shop.folder)
    shop.fill(places.source_engine)
    rules = shop.rules.replace("  products:\n", "  products:\n    rows: referred\n")
    plan = shop.plan(office, places, shop.parse(rules))
    records = office.records.url.render_as_string(hide_password=False)
    for engine in (places.source_engine, places.target_engine, office.records):
        engine.dispose()
    random_, kills, wait = random.Random(KILLS), -(-KILLS * SHARES[kind] // 7), 2.0
    while kills:
        child, began = start(shop, urls, shop.folder, records, plan), time.monotonic()
        time.sleep(random_.uniform(0, wait))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):  # it was done before: begin anew, and kill sooner
            assert os.WEXITSTATUS(status) == 0
            wait = max(0.05, (time.monotonic() - began) / 2)
            plan = shop.plan(office, places, shop.parse(rules))
            places.target_engine.dispose()
            office.records.dispose()
        else:
            kills -= 1
    found = shop.run(office, places, plan)
    assert (found.state, found.total("done")) == ("done", ROWS - 1)  # one product is referred to by nothing
    counts = {name: len(shop.table(places.target_engine, name)) for name in shop.parse(rules).datasets}
    assert sum(counts.values()) == ROWS - 1
    with office.records.connect() as connection:
        query = sa.select(CERTIFICATES.c.text).where(CERTIFICATES.c.job == plan.id)
        body = json.loads(connection.execute(query).scalar_one())
    assert body["findings"]["rows"] == counts
    assert body["findings"]["orphans_left_out"] == 0
    assert not list(office.ledger.open_decisions())
