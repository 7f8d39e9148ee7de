"""A plan with a row list: just its rows are touched, and only while they are as the plan saw them, on each store."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.jobs import journal
from governance.jobs.engine import run_job
from governance.jobs.key_order import among
from governance.jobs.marks import Marker
from governance.jobs.pace import Pace
from governance.jobs.plan import PlanDraft, PlanLine, make_plan, new_slip
from governance.jobs.row_list import list_path, write_row_list
from governance.jobs.table_step import TableStep


class Expel(TableStep):
    def apply(self, connection, batch):
        statement = sa.delete(self.table).where(among(self.key, batch.keys), self.needs)
        return len(batch.keys) if connection.execute(statement).rowcount == len(batch.keys) else None


class ExpelWork:
    kind, purpose, rules = "club", "governance.test", ()

    def __init__(self, dataset):
        names = ("id", "person", "level")
        table = sa.Table("members", sa.MetaData(), *(sa.Column(n, sa.Integer, primary_key=n == "id") for n in names))
        columns = {"table": table, "key": (table.c.id,), "states": (table.c.level,), "subject": (table.c.person,)}
        self.steps = (Expel(name="expel", dataset=dataset, action="delete", needs=table.c.level >= 3, **columns),)

    def check(self, connection):
        pass

    def findings(self, _connection):
        return {}


@pytest.fixture
def desk(club, tmp_path):
    return club.office(folder=tmp_path / "plans")


@pytest.fixture
def work(club):
    return ExpelWork(club.dataset)


def planned(office, work, store):
    slip = new_slip(office)
    (step,) = work.steps
    marker = Marker(office.keyed_hash, slip.salt, step.dataset)
    with store.connect() as connection:
        rows = [(marker.mark(key), marker.state(state)) for key, state in step.reviewed(connection)]
    info = write_row_list(list_path(office, slip.id), rows)
    lines = (PlanLine("expel", str(step.dataset), "delete", info.rows, "club.fill"),)
    draft = {"kind": "club", "purpose": "governance.test", "place": str(step.dataset), "facts": {}}
    return make_plan(office, PlanDraft(lines=lines, slip=slip, row_list=info, **draft))


def change(store, *statements):
    with store.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def ids(store):
    with store.connect() as connection:
        return set(connection.execute(sa.text("SELECT id FROM members")).scalars())


LISTED = {number for number in range(1, 31) if number % 5 >= 3}
CHANGES = (
    "UPDATE members SET level = 4 WHERE id = 3",  # changed, and still to go
    "UPDATE members SET level = 1 WHERE id = 4",  # changed, and not to go any more
    "DELETE FROM members WHERE id = 8",  # gone
    "UPDATE members SET level = 3 WHERE id = 1",  # came to be concerned
    "INSERT INTO members VALUES (99, 1, 4)",  # came
)


@pytest.mark.parametrize("batch_rows", [1, 4])
def test_what_is_not_as_the_plan_saw_it_is_left_alone_and_counted(desk, work, any_store, batch_rows, club):
    made = planned(desk, work, any_store)
    change(any_store, *CHANGES)
    desk.holds.place(club.dataset, "record", [29], by="p:dpo")
    (step,) = run_job(desk, work, made, any_store, pace=Pace(batch_rows)).steps
    assert (step.planned, step.done, step.held, step.changed, step.gone, step.fresh) == (12, 8, 1, 2, 1, 2)
    assert ids(any_store) == set(range(1, 31)) - LISTED | {3, 4, 29, 99}


class KilledError(BaseException):
    """Ends a run where a kill would."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_counts_are_the_same_after_a_kill(desk, work, any_store, moment, monkeypatch):
    made = planned(desk, work, any_store)
    change(any_store, *CHANGES)
    settle, seen = journal.Journal.settle, []

    def die(self, *arguments):
        seen.append(True)
        if len(seen) == 2 and moment == "before":
            raise KilledError
        settle(self, *arguments)
        if len(seen) == 2:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "settle", die)
        with pytest.raises(KilledError):
            run_job(desk, work, made, any_store, pace=Pace(3))
    (step,) = run_job(desk, work, made, any_store, pace=Pace(5)).steps
    assert (step.done, step.changed, step.gone, step.fresh) == (9, 2, 1, 2)
    assert ids(any_store) == set(range(1, 31)) - LISTED | {3, 4, 99}


def test_a_row_of_another_dataset_with_the_same_key_is_not_in_the_list(desk, work, store, club):
    made = planned(desk, work, store)
    other = ExpelWork(type(club.dataset)("club", "guests"))
    marks = [Marker(desk.keyed_hash, b"s", step.dataset).mark((1,)) for step in (*work.steps, *other.steps)]
    assert len(set(marks)) == 2
    assert run_job(desk, work, made, store).total("done") == len(LISTED)
