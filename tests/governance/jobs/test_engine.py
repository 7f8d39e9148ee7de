"""A job does what its plan says and nothing else, in batches, with holds and tombstones, and says what it did."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from governance.jobs import journal
from governance.jobs.pace import Pace, Window
from governance.jobs.plan import read_plan
from governance.jobs.tables import BATCHES, PLANS
from governance.jobs.tombstones import Tombstones
from policies.errors import ConfigError, LedgerError, StalePlanError, StoreError, TamperedError

WANTED = {number: 2 * (number % 5) for number in range(1, 31)}


def change(store, statement, **values):
    with store.begin() as connection:
        connection.execute(sa.text(statement), values)


def counts(office, kind):
    return [dict(event.counts) for event in office.ledger.events(kind)]


@pytest.mark.parametrize("batch_rows", [1, 7, 500])
def test_a_job_does_each_step_and_each_row_once(office, club, any_store, batch_rows):
    found = club.run(office, club.plan(office, any_store), any_store, pace=Pace(batch_rows))
    assert club.marks(any_store) == WANTED
    assert (found.state, found.total("done"), found.total("left"), found.total("gone")) == ("done", 30, 0, 0)
    assert found.batches == 1 + -(-30 // batch_rows)


def test_a_plan_changes_nothing_and_is_in_the_ledger(office, club, store):
    made = club.plan(office, store)
    with store.connect() as connection:
        assert "mark" not in {each["name"] for each in sa.inspect(connection).get_columns("members")}
    (event,) = office.ledger.events("job.planned")
    assert (event.refs["plan"], event.counts["rows"], event.counts["blocked"]) == (made.id, 30, 2)


def test_every_step_is_in_the_ledger_with_one_decision(office, club, store):
    found = club.run(office, club.plan(office, store), store, pace=Pace(8))
    (decision,) = office.ledger.events("decision")
    assert (decision.id, decision.outcome, decision.purpose) == (found.decision, "allowed", "governance.test")
    assert [each["rows"] for each in counts(office, "job.batch")] == [0, 8, 8, 8, 6]
    (done,) = office.ledger.events("job.done")
    assert (done.counts["rows"], done.refs["certificate"]) == (30, found.certificate)
    assert [event.closes for event in office.ledger.events("close")] == [decision.id]
    assert not list(office.ledger.open_decisions())


def test_a_plan_that_was_carried_out_is_not_carried_out_again(office, club, store):
    made = club.plan(office, store)
    first = club.run(office, made, store)
    change(store, "INSERT INTO members VALUES (99, 1, 1, NULL)")
    assert club.run(office, made, store) == first
    assert club.marks(store)[99] is None
    assert len(counts(office, "job.done")) == 1


def test_a_row_that_came_since_is_done_where_the_plan_lists_no_rows(office, club, store):
    made = club.plan(office, store)
    change(store, "INSERT INTO members VALUES (99, 1, 1)")
    assert club.run(office, made, store).total("done") == 31


def test_a_row_that_went_since_is_counted(office, club, any_store):
    made = club.plan(office, any_store)
    change(any_store, "DELETE FROM members WHERE id = 5")
    found = club.run(office, made, any_store)
    assert (found.total("done"), found.total("gone")) == (29, 1)


@pytest.mark.parametrize(
    ("scope", "key", "held"),
    [("record", [5], {5}), ("subject", [3], {3, 10, 17, 24}), ("dataset", [], set(range(1, 31)))],
)
def test_what_a_hold_names_is_left_alone(office, club, any_store, scope, key, held):
    made = club.plan(office, any_store)
    office.holds.place(club.dataset, scope, key, by="p:dpo")
    found = club.run(office, made, any_store, pace=Pace(4))
    assert {number for number, mark in club.marks(any_store).items() if mark is None} == held
    assert (found.total("held"), found.total("gone")) == (len(held), 0)


def test_a_hold_placed_between_two_batches_holds(office, club, store, monkeypatch):
    made, settle = club.plan(office, store), journal.Journal.settle

    def meanwhile(self, intent, draft):
        settle(self, intent, draft)
        if intent.number == 2:
            office.holds.place(club.dataset, "record", [30], by="p:dpo")

    monkeypatch.setattr(journal.Journal, "settle", meanwhile)
    found = club.run(office, made, store, pace=Pace(4))
    assert club.marks(store) == {**WANTED, 30: None}
    assert (found.total("held"), found.total("done")) == (1, 29)


def test_a_row_of_a_tombstoned_person_is_left_alone(club, store):
    office = club.office(grave=lambda name, subject: f"{name}-{subject[0]}".ljust(64, "0"))
    stones = Tombstones(office.records, clock=office.clock, new_id=office.new_id)
    stones.place("club-3".ljust(64, "0"), basis="erasure", ends=dt.date(2027, 1, 1))
    stones.place("club-4".ljust(64, "0"), basis="erasure", ends=dt.date(2026, 1, 1))
    found = club.run(office, club.plan(office, store), store, pace=Pace(4))
    assert {number for number, mark in club.marks(store).items() if mark is None} == {3, 10, 17, 24}
    assert (found.total("barred"), found.total("done")) == (4, 26)


def test_a_plan_of_another_policy_is_refused(club, store, office):
    made = club.plan(office, store)
    with pytest.raises(StalePlanError, match="policy"):
        club.run(club.office(digest="d2"), made, store)
    assert not counts(office, "decision")


def test_a_plan_of_other_records_is_refused(club, store, office):
    made = club.plan(office, store)
    with office.records.begin() as connection:
        connection.execute(sa.delete(PLANS))
    with pytest.raises(StalePlanError, match="do not know"):
        club.run(office, made, store)


def test_work_with_other_steps_than_were_reviewed_is_refused(club, store, office, monkeypatch):
    made = club.plan(office, store)
    monkeypatch.setattr(club.work, "steps", property(lambda _: (), lambda *_: None), raising=False)
    with pytest.raises(StalePlanError, match="steps"):
        club.run(office, made, store)


def test_a_plan_reads_back_the_same_and_no_byte_may_change(office, club, store):
    made = club.plan(office, store)
    text = made.text()
    assert read_plan(text, "club", office.keyed_hash) == made
    for place in range(len(text)):
        with pytest.raises(TamperedError):
            read_plan(text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :], "club", office.keyed_hash)


def test_a_world_that_changed_is_refused(office, club, store):
    made = club.plan(office, store)
    change(store, "ALTER TABLE members RENAME TO people")
    with pytest.raises(StalePlanError):
        club.run(office, made, store)
    assert not counts(office, "decision")


class TestPace:
    def test_a_closed_window_pauses_and_the_job_goes_on_later(self, club, store):
        window = Window.parse("22:00-06:00")
        night = dt.datetime(2026, 11, 22, 21, 59, tzinfo=dt.UTC)  # 05:59 in Shanghai
        times = iter([night] * 40)
        office = club.office(clock=lambda: next(times, night + dt.timedelta(minutes=1)))
        made = club.plan(office, store)
        paused = club.run(office, made, store, pace=Pace(1, window=window))
        assert paused.state == "paused"
        assert paused.resumes.isoformat() == "2026-11-23T22:00:00+08:00"
        assert 0 < paused.total("done") < 30
        assert paused.total("left") == 30 - paused.total("done")
        assert counts(office, "job.paused") == [{"rows": paused.total("done")}]
        assert club.run(club.office(), made, store, pace=Pace(7)).total("done") == 30
        assert club.marks(store) == WANTED
        assert len(counts(office, "decision")) == 1

    @pytest.mark.parametrize(
        ("text", "hour", "is_open"),
        [("22:00-06:00", 23, True), ("22:00-06:00", 5, True), ("22:00-06:00", 6, False), ("09:00-17:00", 8, False)],
    )
    def test_a_window_may_pass_midnight(self, text, hour, is_open):
        assert Window.parse(text).is_open(dt.datetime(2026, 11, 22, hour, tzinfo=dt.UTC)) is is_open

    @pytest.mark.parametrize("text", ["", "22:00", "22:00-22:00", "25:00-06:00", "night"])
    def test_a_text_that_is_no_window_is_refused(self, text):
        with pytest.raises(ConfigError, match=r"jobs\.window"):
            Window.parse(text)

    def test_a_throttle_waits_so_that_rows_per_second_hold(self, office, club, store):
        seconds, waits = [0.0], []

        def sleep(wait):
            waits.append(wait)
            seconds[0] += wait

        pace = Pace(10, rows_per_second=5, sleep=sleep, seconds=lambda: seconds[0])
        club.run(office, club.plan(office, store), store, pace=pace)
        assert waits == pytest.approx([2, 2, 2])


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


@pytest.mark.parametrize("good", range(7))
def test_a_ledger_that_fails_loses_no_count(office, club, store, good):
    made = club.plan(office, store)
    with pytest.raises(LedgerError):
        club.run(club.office(ledger=DownLedger(office.ledger, good)), made, store, pace=Pace(8))
    if good == 0:
        assert not counts(office, "decision")
    assert club.run(office, made, store, pace=Pace(8)).total("done") == 30
    assert club.marks(store) == WANTED
    assert sum(each["rows"] for each in counts(office, "job.batch")) == 30


class KilledError(BaseException):
    """Ends a run where a kill would."""


@pytest.mark.parametrize("moment", ["intend", "settle"])
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_run_that_ends_between_two_databases_counts_each_row_once(office, club, any_store, moment, batch):
    made = club.plan(office, any_store)
    real, seen = getattr(journal.Journal, moment), []

    def die(self, *arguments, **options):
        seen.append(True)
        if len(seen) == batch and moment == "settle":
            raise KilledError
        found = real(self, *arguments, **options)
        if len(seen) == batch:
            raise KilledError
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal.Journal, moment, die)
        with pytest.raises(KilledError):
            club.run(office, made, any_store, pace=Pace(8))
    found = club.run(office, made, any_store, pace=Pace(8))
    assert (found.total("done"), found.total("gone")) == (30, 0)
    assert [each["rows"] for each in counts(office, "job.batch")] == [0, 8, 8, 8, 6]
    assert club.marks(any_store) == WANTED


def test_a_second_run_beside_a_living_one_is_refused(office, club, store, monkeypatch):
    made, settle, refused = club.plan(office, store), journal.Journal.settle, []

    def meanwhile(self, intent, draft):
        if not refused:
            refused.append(True)
            with pytest.raises(StalePlanError, match="another run"):
                club.run(office, made, store)
        settle(self, intent, draft)

    monkeypatch.setattr(journal.Journal, "settle", meanwhile)
    assert club.run(office, made, store).total("done") == 30
    assert refused


def test_no_mark_stays_in_the_records_and_no_key_ever_enters_them(office, club, store, lite):
    club.run(office, club.plan(office, store), store)
    with lite.connect() as connection:
        assert set(connection.execute(sa.select(BATCHES.c.digests)).scalars()) == {""}


def test_the_stores_own_error_text_goes_nowhere(office, club, store, monkeypatch):
    made = club.plan(office, store)
    monkeypatch.setattr(club.work, "findings", lambda _, connection: connection.execute(sa.text("SELECT zhang")))
    with pytest.raises(StoreError) as caught:
        club.run(office, made, store)
    assert "zhang" not in str(caught.value)


def test_progress_is_told_step_by_step(office, club, store):
    told = []
    club.run(office, club.plan(office, store), store, pace=Pace(15), on_progress=lambda *each: told.append(each))
    fill = "fill members.mark"
    assert told == [(0, None, "add column members.mark"), (15, 30, fill), (30, 30, fill)]


def test_findings_stand_in_the_outcomes_document(office, club, store):
    found = club.run(office, club.plan(office, store), store)
    assert json.loads(json.dumps(found.to_json()))["steps"][1]["done"] == 30
