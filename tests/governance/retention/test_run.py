"""A run deletes what the plan counted and nothing else, records each batch, and survives a kill at any instant."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.jobs import journal
from governance.jobs.pace import Pace
from governance.jobs.tables import BATCHES
from governance.records.database import open_records
from governance.retention.plan import plan, plan_together, read_plan
from governance.retention.run import run, run_together
from governance.retention.targets import Ruled
from policies.errors import ConfigError, LedgerError, StalePlanError, StoreError, TamperedError
from policies.nouns import DatasetRef
from policies.retention_rules import read_retention

ALL = set(range(40))

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "6"))
"""How often a run is killed; `make soak` asks for more."""


def counts(office, kind):
    return [dict(event.counts) for event in office.ledger.events(kind)]


def change(store, statement, **values):
    with store.begin() as connection:
        connection.execute(sa.text(statement), values)


@pytest.mark.parametrize("batch_rows", [1, 3, 500])
def test_a_run_deletes_what_is_due_and_nothing_else(office, rule, store, shop, batch_rows):
    found = run(office, rule, plan(office, rule, store), store, pace=Pace(batch_rows))
    assert shop.left(store) == ALL - shop.due
    assert (found.deleted, found.planned, found.gone, found.held, found.left) == (len(shop.due), len(shop.due), 0, 0, 0)


def test_every_step_is_in_the_ledger_with_one_decision(office, rule, store, shop):
    made = plan(office, rule, store)
    found = run(office, rule, made, store, pace=Pace(4))
    (decision,) = office.ledger.events("decision")
    assert (decision.id, decision.purpose, decision.action) == (found.decision, "governance.retention", "delete")
    batches = list(office.ledger.events("job.batch"))
    assert sum(event.counts["rows"] for event in batches) == len(shop.due)
    assert all(event.refs["decision"] == decision.id and event.refs["plan"] == made.id for event in batches)
    (done,) = office.ledger.events("job.done")
    assert (done.counts["rows"], done.counts["batches"]) == (len(shop.due), found.batches)
    assert [event.closes for event in office.ledger.events("close")] == [decision.id]
    assert not list(office.ledger.open_decisions())


def test_a_plan_that_was_carried_out_is_not_carried_out_again(office, rule, store, shop):
    made = plan(office, rule, store)
    first = run(office, rule, made, store)
    change(store, "INSERT INTO orders VALUES (99, 1, :placed, 'closed')", placed=dt.datetime(2001, 1, 1))  # noqa: DTZ001
    second = run(office, rule, made, store)
    assert second == first
    assert 99 in shop.left(store)
    assert len(counts(office, "job.done")) == 1


def test_a_row_whose_start_moved_is_left_alone_and_reported(office, rule, store, shop):
    made = plan(office, rule, store)
    moved = max(shop.due)
    change(store, "UPDATE orders SET placed = :now WHERE id = :id", now=shop.now.replace(tzinfo=None), id=moved)
    found = run(office, rule, made, store)
    assert (found.deleted, found.changed, found.gone) == (len(shop.due) - 1, 1, 0)
    assert moved in shop.left(store)
    assert counts(office, "job.done")[0]["changed"] == 1


def test_a_row_that_changed_and_is_still_due_is_left_alone_and_reported(office, rule, store, shop):
    made, moved = plan(office, rule, store), max(shop.due)
    change(store, "UPDATE orders SET placed = :day WHERE id = :id", day=dt.datetime(2001, 1, 1), id=moved)  # noqa: DTZ001
    found = run(office, rule, made, store, pace=Pace(3))
    assert (found.deleted, found.changed, found.left) == (len(shop.due) - 1, 1, 0)
    assert shop.left(store) == ALL - shop.due | {moved}


def test_a_row_that_somebody_deleted_is_counted_as_gone(office, rule, store, shop):
    made = plan(office, rule, store)
    change(store, "DELETE FROM orders WHERE id = :id", id=max(shop.due))
    found = run(office, rule, made, store)
    assert (found.deleted, found.changed, found.gone) == (len(shop.due) - 1, 0, 1)


def test_a_row_that_is_referred_to_since_is_left_alone(office, rule, store, shop):
    made = plan(office, rule, store)
    kept = min(shop.due)
    change(store, "INSERT INTO items VALUES (900, :id)", id=kept)
    found = run(office, rule, made, store)
    assert (found.changed, shop.left(store)) == (1, ALL - shop.due | {kept})


def test_nothing_is_deleted_through_a_foreign_key(office, rule, store):
    run(office, rule, plan(office, rule, store), store)
    with store.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM items")).scalar_one() == 6


def test_what_nobody_reviewed_is_not_deleted(office, rule, store, shop):
    made = plan(office, rule, store)
    change(store, "INSERT INTO orders VALUES (99, 1, :placed, 'closed')", placed=dt.datetime(2001, 1, 1))  # noqa: DTZ001
    found = run(office, rule, made, store, pace=Pace(3))
    assert shop.left(store) == ALL - shop.due | {99}
    assert (found.deleted, found.left) == (len(shop.due), 1)


def test_one_that_takes_the_place_of_another_is_not_deleted(office, rule, store, shop):
    made, other = plan(office, rule, store), max(shop.due)
    change(store, "DELETE FROM orders WHERE id = :id", id=other)
    change(store, "INSERT INTO orders VALUES (99, 1, :placed, 'closed')", placed=dt.datetime(2001, 1, 1))  # noqa: DTZ001
    found = run(office, rule, made, store)
    assert (found.deleted, found.gone, found.left) == (len(shop.due) - 1, 1, 1)
    assert 99 in shop.left(store)


def test_a_plan_that_was_made_for_a_look_cannot_be_run(office, rule, store, shop):
    with pytest.raises(StalePlanError, match="do not know"):
        run(office, rule, plan(office, rule, store, look=True), store)
    assert shop.left(store) == ALL


def test_a_changed_row_list_is_refused_and_nothing_deleted(office, rule, store, shop):
    made = plan(office, rule, store)
    path = office.folder / f"{made.id}.rows"
    path.write_bytes(path.read_bytes()[:-32])
    with pytest.raises(TamperedError, match="row list"):
        run(office, rule, made, store)
    assert shop.left(store) == ALL


@pytest.mark.parametrize(("old", "new"), [("P3Y", "P1Y"), ("closed", "open"), ("crm.orders", "crm.items")])
def test_a_changed_rule_needs_a_new_plan(office, rule, store, shop, old, new):
    made = plan(office, rule, store)
    with pytest.raises(StalePlanError, match="rule"):
        run(office, shop.rule(shop.rules.replace(old, new)), made, store)
    assert shop.left(store) == ALL


def test_a_changed_policy_needs_a_new_plan(office, rule, store, shop):
    made = plan(office, rule, store)
    with pytest.raises(StalePlanError, match="policy"):
        run(shop.office(digest="d2"), rule, made, store)


def test_a_changed_schema_needs_a_new_plan(office, rule, store, shop):
    made = plan(office, rule, store)
    change(store, "ALTER TABLE orders ADD COLUMN note VARCHAR(9)")
    with pytest.raises(StalePlanError, match="schema"):
        run(office, rule, made, store)
    assert shop.left(store) == ALL


@pytest.mark.parametrize(
    ("scope", "key", "kept"), [("record", [22], {22}), ("record", ["22"], {22}), ("dataset", [], None)]
)
def test_a_held_record_is_never_deleted(office, rule, store, shop, scope, key, kept):
    office.holds.place(rule.dataset, scope, key, by="p:dpo")
    made = plan(office, rule, store)
    found = run(office, rule, made, store, pace=Pace(3))
    kept = shop.due if kept is None else kept
    assert made.holds == 1
    assert shop.left(store) == ALL - shop.due | kept
    assert (found.held, found.gone, found.left) == (len(kept), 0, 0)


def test_a_held_person_keeps_all_records(office, rule, store, shop):
    made = plan(office, rule, store, subject_key=("customer",))
    office.holds.place(rule.dataset, "subject", [2], by="p:dpo")
    found = run(office, rule, made, store, subject_key=("customer",))
    kept = {number for number in shop.due if number % 6 == 2}
    assert kept
    assert (found.held, shop.left(store)) == (len(kept), ALL - shop.due | kept)


def test_a_released_hold_stops_nothing(office, rule, store, shop):
    hold = office.holds.place(rule.dataset, "record", [22], by="p:dpo")
    office.holds.release(hold.id, by="p:dpo")
    run(office, rule, plan(office, rule, store), store)
    assert shop.left(store) == ALL - shop.due


def test_a_tree_is_deleted_from_its_leaves_up_in_one_job(shop, office, store):
    change(store, "CREATE TABLE parts (id INTEGER PRIMARY KEY, placed TIMESTAMP, up INTEGER REFERENCES parts(id))")
    old, new = dt.datetime(2001, 1, 1), shop.now.replace(tzinfo=None)  # noqa: DTZ001
    parts = [(1, old, 1), (2, old, 1), (3, old, 2), (4, old, 3), (5, old, None), (6, old, 5), (7, new, 6), (8, old, 6)]
    for number, placed, up in parts:  # 1 refers to itself; 7 stays, and with it 6 and 5
        change(store, "INSERT INTO parts VALUES (:id, :placed, :up)", id=number, placed=placed, up=up)
    rule = shop.rule(shop.rules.replace("crm.orders", "crm.parts").replace('    where: status == "closed"\n', ""))
    made = plan(office, rule, store)
    assert (made.due, dict(made.blocked)) == (5, {"parts(up)": 2})
    found = run(office, rule, made, store, pace=Pace(2))
    assert (found.deleted, found.left, found.changed, found.gone) == (5, 0, 0, 0)
    with store.connect() as connection:
        assert set(connection.execute(sa.text("SELECT id FROM parts")).scalars()) == {5, 6, 7}


TOGETHER = """
rules:
  a_baskets: {dataset: crm.baskets, start: placed, period: P3Y, basis: commercial law}
  b_lines: {dataset: crm.lines, start: placed, period: P3Y, basis: commercial law}
  c_notes: {dataset: crm.notes, start: placed, period: P3Y, basis: commercial law}
"""


@pytest.fixture
def baskets(store, tmp_path, shop):
    """Baskets, lines that refer to them and to other lines, and notes that refer to lines; 2001 is due, 2026 is not."""
    old, new = dt.datetime(2001, 1, 1), shop.now.replace(tzinfo=None)  # noqa: DTZ001
    change(store, "CREATE TABLE baskets (id INTEGER PRIMARY KEY, placed TIMESTAMP)")
    links = "basket INTEGER REFERENCES baskets(id), up INTEGER REFERENCES lines(id)"
    change(store, f"CREATE TABLE lines (id INTEGER PRIMARY KEY, placed TIMESTAMP, {links})")
    change(store, "CREATE TABLE notes (id INTEGER PRIMARY KEY, placed TIMESTAMP, line INTEGER REFERENCES lines(id))")
    for number, placed in ((1, old), (2, old), (3, old), (4, new), (5, old)):
        change(store, "INSERT INTO baskets VALUES (:id, :placed)", id=number, placed=placed)
    for number, placed, basket, up in (
        (10, old, 1, None),
        (11, old, 1, 10),
        (20, old, 2, None),
        (21, new, 2, 20),
        (30, old, 3, None),
    ):
        change(store, "INSERT INTO lines VALUES (:id, :placed, :b, :up)", id=number, placed=placed, b=basket, up=up)
    for number, placed, line in ((100, old, 11), (300, new, 30)):
        change(store, "INSERT INTO notes VALUES (:id, :placed, :line)", id=number, placed=placed, line=line)
    path = tmp_path / "together.yaml"
    path.write_text(TOGETHER, encoding="utf-8")
    return [Ruled(rule) for rule in read_retention(path).values()]


def ids(store):
    with store.connect() as connection:
        tables = ("baskets", "lines", "notes")
        return {name: set(connection.execute(sa.text(f"SELECT id FROM {name}")).scalars()) for name in tables}


def test_what_refers_to_a_record_goes_before_it_in_one_job(office, store, baskets):
    made = plan_together(office, baskets, store)
    assert [(str(each.dataset), each.due, dict(each.blocked)) for each in made] == [
        ("crm.notes", 1, {}),
        ("crm.lines", 2, {"lines(up)": 1, "notes(line)": 1}),
        ("crm.baskets", 2, {"lines(basket)": 2}),
    ]
    found = run_together(office, baskets, made[0].plan, store, pace=Pace(1))
    assert ids(store) == {"baskets": {2, 3, 4}, "lines": {20, 21, 30}, "notes": {300}}
    assert [(step.name, step.done) for step in found.of.steps] == [
        ("delete crm.notes", 1),
        ("delete crm.lines", 2),
        ("delete crm.baskets", 2),
    ]
    assert (found.deleted, found.changed, found.gone, found.left) == (5, 0, 0, 0)


def test_a_held_record_keeps_what_it_refers_to(office, store, baskets):
    made = plan_together(office, baskets, store)
    office.holds.place(DatasetRef("crm", "notes"), "record", [100], by="p:dpo")
    found = run_together(office, baskets, made[0].plan, store)
    assert ids(store) == {"baskets": {1, 2, 3, 4}, "lines": {10, 11, 20, 21, 30}, "notes": {100, 300}}
    assert (found.held, found.changed, found.deleted) == (1, 3, 1)


def test_a_plan_of_several_rules_wants_just_these(office, store, baskets):
    made = plan_together(office, baskets, store)
    with pytest.raises(StalePlanError, match="rule"):
        run_together(office, baskets[:2], made[0].plan, store)


def test_datasets_in_a_circle_and_two_rules_on_one_are_refused(office, store, shop, rule, baskets):
    with pytest.raises(ConfigError, match="two rules"):
        plan_together(office, [Ruled(rule), Ruled(rule)], store)
    change(store, "ALTER TABLE baskets ADD COLUMN first INTEGER REFERENCES lines(id)")
    with pytest.raises(ConfigError, match="circle"):
        plan_together(office, baskets, store)


class DownLedger:
    """A ledger that fails from its n-th write on."""

    def __init__(self, ledger, good):
        self._ledger = ledger
        self._good = good

    def append(self, draft):
        return self._ledger.append(draft)

    def append_in(self, connection, draft):
        if self._good == 0:
            raise LedgerError("ledger", found="down", expected="up", next_step="wait")
        self._good -= 1
        return self._ledger.append_in(connection, draft)


def test_without_a_decision_nothing_is_deleted(office, rule, store, shop):
    made = plan(office, rule, store)
    with pytest.raises(LedgerError):
        run(shop.office(ledger=DownLedger(office.ledger, 0)), rule, made, store)
    assert shop.left(store) == ALL


@pytest.mark.parametrize("good", [1, 2, 3])
def test_a_ledger_that_fails_later_loses_no_count(office, rule, store, shop, good):
    made = plan(office, rule, store)
    with pytest.raises(LedgerError):
        run(shop.office(ledger=DownLedger(office.ledger, good)), rule, made, store, pace=Pace(3))
    found = run(office, rule, made, store, pace=Pace(3))
    assert found.deleted == len(shop.due)
    assert sum(each["rows"] for each in counts(office, "job.batch")) == len(shop.due)


def test_a_second_run_beside_a_living_one_is_refused(office, rule, store, shop, monkeypatch):
    made = plan(office, rule, store)
    settle = journal.Journal.settle
    refused = []

    def meanwhile(self, intent, draft):
        if not refused:
            refused.append(True)
            with pytest.raises(StalePlanError, match="another run"):
                self.intend(["0" * 64])
        settle(self, intent, draft)

    monkeypatch.setattr(journal.Journal, "settle", meanwhile)
    assert run(office, rule, made, store, pace=Pace(3)).deleted == len(shop.due)
    assert refused


def test_a_hold_placed_while_it_runs_holds_from_the_next_batch_on(office, rule, store, shop, monkeypatch):
    made, last = plan(office, rule, store), max(shop.due)
    settle = journal.Journal.settle

    def meanwhile(self, intent, draft):
        settle(self, intent, draft)
        if intent.number == 1:
            office.holds.place(rule.dataset, "record", [last], by="p:dpo")

    monkeypatch.setattr(journal.Journal, "settle", meanwhile)
    found = run(office, rule, made, store, pace=Pace(3))
    assert (found.held, found.deleted, shop.left(store)) == (1, len(shop.due) - 1, ALL - shop.due | {last})


def test_a_row_cannot_change_between_choosing_and_deleting(office, rule, store, shop, monkeypatch, store_url):
    made, row = plan(office, rule, store), min(shop.due)
    hasty = {"timeout": 0.1} if store_url.startswith("sqlite") else {"options": "-c lock_timeout=100"}
    other = sa.create_engine(store_url, connect_args=hasty)
    intend, refused = journal.Journal.intend, []

    def meanwhile(self, marks, **said):
        with pytest.raises(sa.exc.OperationalError):
            change(other, "UPDATE orders SET status = 'open' WHERE id = :id", id=row)
        refused.append(True)
        return intend(self, marks, **said)

    monkeypatch.setattr(journal.Journal, "intend", meanwhile)
    assert run(office, rule, made, store).deleted == len(shop.due)
    assert refused
    other.dispose()


def test_no_key_stays_in_the_records(office, rule, store, records):
    run(office, rule, plan(office, rule, store), store)
    with records.connect() as connection:
        assert set(connection.execute(sa.select(BATCHES.c.digests)).scalars()) == {""}


def test_the_stores_own_error_text_goes_nowhere(office, rule, store):
    made = plan(office, rule, store)
    change(store, "ALTER TABLE items RENAME TO pieces")
    with pytest.raises((StoreError, StalePlanError)) as caught:
        run(office, rule, made, store)
    assert "SELECT" not in str(caught.value)


class Killed(BaseException):
    """Ends a run where a kill would."""


@pytest.mark.parametrize("moment", ["before the store changes", "after the store committed"])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_run_that_ends_between_two_databases_counts_each_row_once(office, rule, store, shop, moment, batch):
    made = plan(office, rule, store)
    name = "intend" if moment.startswith("before") else "settle"
    real, seen = getattr(journal.Journal, name), []

    def die(self, *arguments, **said):
        seen.append(True)
        if len(seen) == batch and name == "settle":
            raise Killed
        found = real(self, *arguments, **said)
        if len(seen) == batch:
            raise Killed
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal.Journal, name, die)
        with pytest.raises(Killed):
            run(office, rule, made, store, pace=Pace(3))
    found = run(office, rule, made, store, pace=Pace(3))
    assert (found.deleted, found.gone) == (len(shop.due), 0)
    assert sum(each["rows"] for each in counts(office, "job.batch")) == len(shop.due)
    assert shop.left(store) == ALL - shop.due


SCRIPT = """
import importlib.util, sys
import sqlalchemy as sa
from governance.jobs.pace import Pace
spec = importlib.util.spec_from_file_location("shop", {conftest!r})
shop = importlib.util.module_from_spec(spec); spec.loader.exec_module(shop)
from pathlib import Path
from governance.records.database import open_records
from governance.retention.plan import read_plan
from governance.retention.run import run_together
from governance.retention.targets import Ruled
office = shop.make_office(open_records({records!r}))
rule = shop.make_rule(Path({folder!r}))
plan = read_plan(Path({plan!r}).read_text(), office.keyed_hash)
print("ready", flush=True)
run_together(office, [Ruled(rule)], plan.plan, sa.create_engine({store!r}), pace=Pace(2),
    on_progress=lambda *_: print("step", flush=True))
print("done", flush=True)
"""


def test_a_run_killed_at_any_instant_finishes_and_counts_nothing_twice(shop, tmp_path, store_url):
    store = sa.create_engine(store_url)
    sys.modules[shop.office.__module__].fill(store, orders=400)
    office, rule = shop.office(), shop.rule(shop.rules)
    made = plan(office, rule, store)
    (tmp_path / "plan.json").write_text(made.to_text(), encoding="utf-8")
    records_url = office.records.url.render_as_string(hide_password=False)
    script = textwrap.dedent(SCRIPT).format(
        conftest=str(Path(__file__).parent / "conftest.py"),
        records=f"sqlite:///{tmp_path / 'gov.db'}" if records_url.startswith("sqlite") else records_url,
        folder=str(tmp_path / "killed"),
        plan=str(tmp_path / "plan.json"),
        store=store_url,
    )
    (tmp_path / "killed").mkdir()
    instants, kills = random.Random(7), 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(instants.uniform(0.02, 0.25))
        process.send_signal(signal.SIGKILL)
        output = process.communicate()[0]
        kills += "done" not in output
    assert kills >= 3
    final = run(office, rule, read_plan(made.to_text(), office.keyed_hash), store, pace=Pace(50))
    assert (final.deleted, final.planned, final.gone, final.left) == (made.due, made.due, 0, 0)
    assert sum(each["rows"] for each in counts(office, "job.batch")) == made.due
    assert len(counts(office, "decision")) == len(counts(office, "job.done")) == 1
    assert plan(office, rule, store).due == 0
    store.dispose()


def test_records_stay_readable_for_the_audit(office, rule, store, tmp_path, shop):
    run(office, rule, plan(office, rule, store), store)
    engine = open_records(f"sqlite:///{tmp_path / 'gov.db'}")
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.sum(BATCHES.c.rows))).scalar_one() == len(shop.due)
    engine.dispose()
