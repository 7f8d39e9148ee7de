"""Records on SQLite and PostgreSQL, with a ledger."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import uuid
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from governance.jobs.engine import run_job
from governance.jobs.office import Office
from governance.jobs.plan import PlanDraft, PlanLine, make_plan
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records, open_records
from policies.errors import StalePlanError
from policies.nouns import DatasetRef

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@pytest.fixture
def keyed_hash():
    return HmacKeyedHash(b"k" * 32)


@pytest.fixture
def clock():
    return lambda: NOW


@pytest.fixture
def new_id():
    numbers = itertools.count(1)
    return lambda: f"id{next(numbers)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request, tmp_path):
    if request.param == "postgresql":
        engine = create_records(request.getfixturevalue("postgres_url"))
    else:
        engine = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(records, keyed_hash, clock, new_id):
    return Ledger(
        records,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=keyed_hash,
        clock=clock,
        new_id=new_id,
    )


# --- a kind of job for these tests: add a column to a club's members, then fill it

CLUB = DatasetRef("club", "members")


def fill_club(engine, members=30):
    metadata = sa.MetaData()
    table = sa.Table(
        "members",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Integer, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [{"id": number, "person": number % 7, "level": number % 5} for number in range(1, members + 1)]
        connection.execute(sa.insert(table), rows)


def has_mark(connection):
    return "mark" in {column["name"] for column in sa.inspect(connection).get_columns("members")}


class AddColumn:
    name, dataset, action = "add column members.mark", CLUB, "write"

    def batch(self, connection, _after, _limit):
        return None if has_mark(connection) else Batch()

    def apply(self, connection, _batch):
        connection.execute(sa.text("ALTER TABLE members ADD COLUMN mark INTEGER"))
        return 0

    def applied(self, connection, _intended):
        return has_mark(connection)


class Fill(TableStep):
    def apply(self, connection, batch):
        if any(level is None for (level,) in batch.payload):
            return None
        statement = sa.text("UPDATE members SET mark = COALESCE(mark, 0) + :mark WHERE id = :id")
        rows = [{"id": key[0], "mark": 2 * level} for key, (level,) in zip(batch.keys, batch.payload, strict=True)]
        connection.execute(statement, rows)
        return len(rows)


def members_table():
    names = ("id", "person", "level", "mark")
    return sa.Table(
        "members", sa.MetaData(), *(sa.Column(name, sa.Integer, primary_key=name == "id") for name in names)
    )


class ClubWork:
    kind, purpose, rules = "club", "governance.test", ("club:mark",)

    def __init__(self, facts):
        self.facts = facts
        table = members_table()
        fill = Fill(
            name="fill members.mark",
            dataset=CLUB,
            action="write",
            table=table,
            key=(table.c.id,),
            needs=table.c.mark.is_(None),
            subject=(table.c.person,),
            columns=(table.c.level,),
        )
        self.steps = (AddColumn(), fill)

    def check(self, connection):
        if "members" not in sa.inspect(connection).get_table_names():
            raise StalePlanError("club", found="no table", expected="one", next_step="make a new plan")

    def findings(self, connection):
        return {"unmarked": connection.execute(sa.text("SELECT count(*) FROM members WHERE mark IS NULL")).scalar_one()}


def plan_club(office, store):
    with store.connect() as connection:
        members = connection.execute(sa.text("SELECT count(*) FROM members")).scalar_one()
    lines = (
        PlanLine("add column members.mark", str(CLUB), "write", 0, "club.add"),
        PlanLine("fill members.mark", str(CLUB), "write", members, "club.fill", {"club.other": 2}),
    )
    facts = {"factor": 2}
    return make_plan(
        office, PlanDraft(kind="club", purpose="governance.test", place=str(CLUB), lines=lines, facts=facts)
    )


def run_club(office, plan, store, **options):
    return run_job(office, ClubWork(plan.facts), plan, store, **options)


def club_marks(store):
    with store.connect() as connection:
        return dict(connection.execute(sa.text("SELECT id, mark FROM members ORDER BY id")).fetchall())


def make_office(records, **changes):
    return Office(
        **{
            "records": records,
            "ledger": Ledger(
                records,
                signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
                keyed_hash=HmacKeyedHash(b"k" * 32),
                clock=lambda: NOW,
                new_id=lambda: uuid.uuid4().hex,
            ),
            "keyed_hash": HmacKeyedHash(b"k" * 32),
            "signer": Ed25519Signer("governance.ledger/test", b"s" * 32),
            "clock": lambda: NOW,
            "new_id": lambda: uuid.uuid4().hex,
            "zone": "Asia/Shanghai",
            "digest": "d1",
            "actor": "p:planner",
            **changes,
        }
    )


@pytest.fixture
def store(tmp_path):
    """A club on SQLite."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    fill_club(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def any_store(request, tmp_path):
    """A club on each kind of store."""
    urls = {"postgresql": "postgres_module_url", "mariadb": "mysql_module_url"}
    url = f"sqlite:///{tmp_path / 'any.db'}"
    engine = sa.create_engine(request.getfixturevalue(urls[request.param]) if request.param in urls else url)
    fill_club(engine)
    yield engine
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE members"))
    engine.dispose()


@pytest.fixture(scope="session")
def empty_records(tmp_path_factory):
    """Records as `init` makes them, once; tests work on copies."""
    path = tmp_path_factory.mktemp("records") / "gov.db"
    create_records(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def lite(tmp_path, empty_records):
    """Records on SQLite alone."""
    shutil.copy(empty_records, tmp_path / "lite.db")
    engine = open_records(f"sqlite:///{tmp_path / 'lite.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def office(lite):
    return make_office(lite)


@pytest.fixture
def club(lite):
    """What tests of the engine share."""
    return SimpleNamespace(
        dataset=CLUB,
        plan=plan_club,
        run=run_club,
        marks=club_marks,
        work=ClubWork,
        fill=fill_club,
        now=NOW,
        office=lambda **changes: make_office(changes.pop("records", lite), **changes),
    )
