"""No key and no value of a row leaves a job: not in plan, row list, records, certificate, log, progress or error."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from governance.jobs.engine import run_job
from governance.jobs.key_order import among
from governance.jobs.marks import Marker
from governance.jobs.pace import Pace
from governance.jobs.plan import PlanDraft, PlanLine, make_plan, new_slip
from governance.jobs.registry import certificate_text
from governance.jobs.row_list import list_path, write_row_list
from governance.jobs.table_step import TableStep
from policies.errors import StalePlanError, StoreError
from policies.nouns import DatasetRef

PEOPLE = DatasetRef("crm", "people")
MARKERS = ("planted.marker", "欧阳测桩", "zebulon")


class Forget(TableStep):
    def apply(self, connection, batch):
        if connection.info.get("broken"):
            connection.execute(sa.text(f"SELECT '{batch.keys[0][0]}' FROM nosuch"))
        connection.execute(sa.delete(self.table).where(among(self.key, batch.keys)))
        return None if connection.info.get("restless") else len(batch.keys)


class ForgetWork:
    kind, purpose, rules = "club", "governance.test", ()

    def __init__(self, table):
        key, name = (table.c.email,), table.c.name
        options = {
            "name": "forget crm.people",
            "dataset": PEOPLE,
            "action": "delete",
            "subject": key,
            "states": (name,),
        }
        self.steps = (Forget(table=table, key=key, needs=name.is_not(None), **options),)

    def check(self, connection):
        pass

    def findings(self, _connection):
        return {}


@pytest.fixture
def people(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'people.db'}")
    columns = sa.Column("email", sa.Text, primary_key=True), sa.Column("name", sa.Text)
    table = sa.Table("people", sa.MetaData(), *columns)
    table.create(engine)
    with engine.begin() as connection:
        names = [
            (f"planted.marker{n}@example.org", name) for n, name in enumerate(("欧阳测桩", "Zebulon", "zebulon q"))
        ]
        connection.execute(sa.insert(table), [{"email": email, "name": name} for email, name in names])
    yield engine, table
    engine.dispose()


@pytest.mark.parametrize("mishap", [None, "broken", "restless", "held"])
def test_no_planted_value_leaves_a_job(club, lite, tmp_path, people, mishap):
    engine, table = people
    folder = tmp_path / "kept"
    office = club.office(folder=folder)
    work, slip = ForgetWork(table), new_slip(office)
    marker = Marker(office.keyed_hash, slip.salt, PEOPLE)
    with engine.connect() as connection:
        rows = [(marker.mark(key), marker.state(state)) for key, state in work.steps[0].reviewed(connection)]
    info = write_row_list(list_path(office, slip.id), rows)
    line = PlanLine("forget crm.people", str(PEOPLE), "delete", info.rows, "club.fill")
    draft = PlanDraft(kind="club", purpose="x", place=str(PEOPLE), lines=(line,), facts={}, slip=slip, row_list=info)
    made = make_plan(office, draft)
    said, errors = [made.text()], []
    if mishap == "held":
        office.holds.place(PEOPLE, "record", ["planted.marker0@example.org"], by="p:dpo")
    elif mishap:
        sa.event.listen(engine, "connect", lambda _, record: record.info.update({mishap: True}))
        engine.dispose()
    with capture_logs() as logs:
        try:
            run_job(office, work, made, engine, pace=Pace(1), on_progress=lambda *each: said.append(repr(each)))
            said.append(certificate_text(office, made.id))
        except (StoreError, StalePlanError) as error:
            errors.append(f"{error} {error!r} {error.__cause__!r}")
    assert bool(errors) is (mishap in {"broken", "restless"})
    kept = b"".join(file.read_bytes() for file in (*folder.iterdir(), *tmp_path.glob("lite.db*")))
    everything = (" ".join([*said, *errors, repr(logs)]).encode() + kept).lower()
    assert [each for each in MARKERS if each.encode() in everything] == []
