"""Decisions that wait to be filed are in the log like any event, and leave their waiting place in time."""

import dataclasses
import itertools

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.ledger.events import Event
from governance.ledger.filing import DERIVED
from governance.ledger.locating import Problem
from governance.ledger.tables import EVENTS, FOUND_BY, UNFILED
from governance.ledger.unfiled import FILED_TOGETHER
from governance.records.database import create_records
from policies.errors import LedgerError

on_sqlite = pytest.mark.parametrize("records_url", ["sqlite"], indirect=True)
WAIT = (
    "INSERT INTO gov_ledger_unfiled (period, seq, leaf, seal, given) "
    "SELECT period, {seq}, leaf, seal, {given} FROM {table} WHERE seq = {of}"
)
PEOPLE = ("p:ann", "p:bob", None)


def count(engine, table):
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def walked(ledger):
    """Every event, from the bytes, in the order of the log."""
    return [Event.from_leaf(leaf) for batch in ledger.leaves() for leaf in batch]


@pytest.fixture
def edit(engine):
    def run(*statements):
        with engine.begin() as connection:
            for each in statements:
                connection.execute(sa.text(each))

    return run


@pytest.fixture
def waiting(ledger, draft):
    """A filed event, then five decisions that are not."""
    ledger.append(draft("scan"))
    for person in ("p:ann", "p:bob", "p:ann", None, "p:bob"):
        ledger.decide(draft("decision", principal=person, purpose="support"))
    return ledger


@on_sqlite
def test_a_decision_waits_until_an_event_of_another_kind_comes(waiting, engine, draft):
    assert (count(engine, EVENTS), count(engine, UNFILED)) == (2, 5)
    waiting.append(draft("check"))
    assert (count(engine, EVENTS), count(engine, UNFILED)) == (8, 0)
    assert [event.seq for event in waiting.events()] == list(range(8))


@pytest.mark.parametrize("records_url", ["postgresql"], indirect=True)
def test_nothing_waits_on_postgresql(waiting, engine):
    assert (count(engine, EVENTS), count(engine, UNFILED)) == (7, 0)


@on_sqlite
def test_the_database_of_what_waits_passes_the_integrity_check_of_sqlite(waiting, engine):
    assert count(engine, UNFILED) == 5
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]


@on_sqlite
def test_a_checkpoint_and_the_end_of_a_period_file_what_waits(waiting, engine, draft):
    waiting.checkpoint()
    assert count(engine, UNFILED) == 0
    waiting.decide(draft("decision"))
    waiting.close_period()
    assert count(engine, UNFILED) == 0
    assert waiting.verify().status == "self_consistent"


@on_sqlite
def test_no_more_than_a_few_decisions_ever_wait(ledger, engine, draft):
    most = 0
    for _ in range(2 * FILED_TOGETHER + 5):
        ledger.decide(draft("decision"))
        most = max(most, count(engine, UNFILED))
    ledger.append_many([draft("decision")] * 3 * FILED_TOGETHER)
    assert most == FILED_TOGETHER - 1
    assert count(engine, UNFILED) == 0
    assert [event.seq for event in ledger.events()] == list(range(5 * FILED_TOGETHER + 6))


@on_sqlite
def test_what_waits_is_read_counted_verified_exported_and_proven(waiting, make):
    for reader in (waiting, make()):
        assert [event.seq for event in reader.events("decision")] == [2, 3, 4, 5, 6]
        assert [event.seq for event in reader.events(principal="p:ann")] == [2, 4]
        assert len(list(reader.open_decisions())) == 5
        assert sum(len(batch) for batch in reader.leaves()) == 7
        assert (reader.verify().status, reader.verify().size) == ("self_consistent", 7)
    last = list(waiting.events())[-1]
    assert waiting.prove(last.id)["index"] == 6
    assert sum(b'"kind":"decision"' in line for line in waiting.export()) == 5


@on_sqlite
@pytest.mark.parametrize("filed", [True, False])
def test_no_id_is_given_twice_whether_it_is_filed_or_not(waiting, draft, filed):
    if filed:
        waiting.checkpoint()
    taken = list(waiting.events("decision"))[-1].id
    waiting._appender = dataclasses.replace(waiting._appender, new_id=lambda: taken)
    for kind in ("decision", "scan"):
        with pytest.raises(LedgerError, match="taken"):
            waiting.append(draft(kind))
    waiting._appender = dataclasses.replace(waiting._appender, new_id=lambda: "fresh")
    waiting.append(draft("scan"))
    assert [event.seq for event in waiting.events()] == list(range(8))


@on_sqlite
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE gov_ledger_unfiled SET leaf = replace(leaf, 'support', 'selling') WHERE seq = 4", "changed"),
        ("UPDATE gov_ledger_unfiled SET seal = 'x' WHERE seq = 4", "changed"),
        ("DELETE FROM gov_ledger_unfiled WHERE seq = 3", "removed"),
        ("DELETE FROM gov_ledger_unfiled WHERE seq = 6", "truncated"),
        ("UPDATE gov_ledger_unfiled SET seq = 9 - seq WHERE seq IN (4, 5)", "reordered"),
        ("UPDATE gov_ledger_unfiled SET period = 3 WHERE seq = 6", "state_changed"),
        (
            WAIT.format(seq=7, given="'other'", table="gov_ledger_unfiled", of=6),
            "inserted",
        ),
    ],
)
def test_a_change_of_what_waits_is_named(waiting, edit, draft, change, problem):
    edit(change)
    found = waiting.verify()
    assert found.status == "tampered"
    assert problem in {each.kind for each in found.problems}


@on_sqlite
def test_an_end_that_is_moved_where_nobody_looks_for_one_is_named(waiting, edit, draft):
    decision = next(waiting.events("decision"))
    end = waiting.close(decision.id, "done", {"rows": 1})
    edit(
        WAIT.format(seq=end.seq, given="id", table="gov_ledger_event", of=end.seq),
        f"DELETE FROM gov_ledger_event WHERE seq = {end.seq}",
    )
    assert waiting.verify().problems == (Problem("index_changed", 1, end.seq, end.seq),)


@on_sqlite
def test_a_column_added_to_what_waits_is_read_by_nobody(waiting, edit):
    edit("ALTER TABLE gov_ledger_unfiled ADD COLUMN principal TEXT DEFAULT 'p:eve'")
    assert waiting.verify().status == "self_consistent"
    assert [event.seq for event in waiting.events(principal="p:ann")] == [2, 4]
    assert list(waiting.events(principal="p:eve")) == []


def test_statements_on_what_waits_are_compiled_once_and_told_apart():
    keys = [sa.select(each)._generate_cache_key() for each in FOUND_BY[1].c]
    assert None not in keys
    assert len({each.key for each in keys}) == len(keys)
    assert sa.select(FOUND_BY[1].c.kind)._generate_cache_key() in keys


@on_sqlite
def test_what_waits_keeps_waiting_when_its_table_loses_its_search_columns(waiting, edit, engine, make):
    before = walked(waiting)
    columns = ", ".join(each for each in DERIVED)
    edit(
        f"CREATE TABLE former (period INTEGER NOT NULL, seq BIGINT NOT NULL, leaf BLOB NOT NULL, "
        f"seal VARCHAR(64) NOT NULL, given VARCHAR(64) NOT NULL PRIMARY KEY, {columns}) WITHOUT ROWID",
        "INSERT INTO former (period, seq, leaf, seal, given) "
        "SELECT period, seq, leaf, seal, given FROM gov_ledger_unfiled",
        "DROP TABLE gov_ledger_unfiled",
        "ALTER TABLE former RENAME TO gov_ledger_unfiled",
        "UPDATE alembic_version SET version_num = '0019'",
    )
    upgraded = create_records(engine.url)
    assert [each["name"] for each in sa.inspect(upgraded).get_columns("gov_ledger_unfiled")] == list(UNFILED.c.keys())
    upgraded.dispose()
    assert count(engine, UNFILED) == 5
    assert walked(make()) == before
    assert make().verify().status == "self_consistent"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["decision", "decision", "decision", "scan", "end", "checkpoint", "period", "many"]),
        st.sampled_from(PEOPLE),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory):
    engine = create_records(f"sqlite:///{tmp_path_factory.mktemp('unfiled') / 'gov.db'}")
    yield engine
    engine.dispose()


_names = itertools.count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_what_is_found_by_a_filter_is_what_a_walk_finds_whatever_is_filed(shared_engine, clock, draft, make_on, steps):
    ledgers = [make_on(shared_engine, f"l{next(_names)}-") for _ in range(2)]
    for kind, person, other in steps:
        ledger = ledgers[other]
        if kind == "end":
            open_one = next(ledger.open_decisions(), None)
            if open_one is not None:
                ledger.close(open_one.id, "done", {"rows": 1})
        elif kind == "checkpoint":
            ledger.checkpoint()
        elif kind == "period":
            ledger.close_period()
        elif kind == "many":
            ledger.append_many([draft("decision", principal=person)] * 20)
        else:
            ledger.append(draft(kind, principal=person))
    reader = ledgers[0]
    events = walked(reader)
    middle = events[len(events) // 2]
    ended = {event.closes for event in events}
    assert list(reader.events()) == events
    assert list(reader.events("decision")) == [each for each in events if each.kind == "decision"]
    assert list(reader.events(("scan", "close"))) == [each for each in events if each.kind in ("scan", "close")]
    for person in PEOPLE[:2]:
        assert list(reader.events(principal=person)) == [each for each in events if each.principal == person]
    assert list(reader.events(since=middle.moment)) == [each for each in events if each.time >= middle.time]
    assert list(reader.events(until=middle.moment)) == [each for each in events if each.time < middle.time]
    some = {each.id for each in events[::3]}
    assert list(reader.events(ids=some)) == [each for each in events if each.id in some]
    still_open = [each for each in events if each.kind == "decision" and each.id not in ended]
    assert list(reader.open_decisions()) == still_open
    assert reader.verify().status == "self_consistent"
