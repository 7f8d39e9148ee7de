"""From which day a period runs, whatever the store; and the calendar itself, by properties."""

from __future__ import annotations

import calendar
import datetime as dt
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from governance.retention.plan import plan
from governance.retention.run import run
from governance.retention.targets import Ruled, find_target
from policies.errors import ConfigError, StoreError
from policies.periods import month_ends, parse_period
from policies.retention_rules import read_retention

TODAY = dt.date(2026, 11, 22)
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))
PERIODS = st.builds(
    lambda years, months, days: parse_period(f"P{years}Y{months}M{days}D"),
    st.integers(0, 30),
    st.integers(0, 24),
    st.integers(1, 60),
)


@given(DAYS, st.integers(1, 240))
def test_months_end_on_the_same_number_or_the_months_last_day(day, months):
    end = parse_period(f"P{months}M").after(day)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == min(day.day, calendar.monthrange(end.year, end.month)[1])


@given(DAYS, st.integers(1, 100))
def test_years_of_a_leap_day_end_on_the_last_day_of_february(day, years):
    leap = dt.date(2024, 2, 29)
    end = parse_period(f"P{years}Y").after(leap)
    assert end == dt.date(2024 + years, 2, 29 if calendar.isleap(2024 + years) else 28)


@given(DAYS, PERIODS)
def test_a_record_is_over_just_when_its_last_day_lies_behind(today, period):
    cutoff = period.cutoff(today)
    assert period.after(cutoff) >= today
    assert period.after(cutoff - dt.timedelta(days=1)) < today


@given(DAYS, DAYS, PERIODS)
def test_a_cutoff_never_goes_back(one, other, period):
    first, second = sorted([one, other])
    assert period.cutoff(first) <= period.cutoff(second)


@given(DAYS, st.integers(1, 30))
def test_the_last_days_of_months_follow_each_other(day, count):
    ends = month_ends(day, count)
    assert len(ends) == count
    assert (ends[0].year, ends[0].month) == (day.year, day.month)
    assert all((end + dt.timedelta(days=1)).day == 1 for end in ends)
    assert all((after - end).days in range(28, 32) for end, after in pairwise(ends))


RULES = """
rules:
  goodbye:
    dataset: crm.members
    start: {event: {dataset: crm.calls, field: at, by: {member: id}, where: kind == "goodbye"}}
    period: P2Y
    basis: two years after the goodbye
  activity:
    dataset: crm.members
    start: {last: [joined, {dataset: crm.calls, field: at, by: {member: id}}]}
    period: P2Y
    basis: two years after the last sign of life
  contract:
    dataset: crm.members
    start: {contract_end: {dataset: crm.contracts, field: ends, by: {member: id}}}
    period: P2Y
    basis: two years after the contract
"""
OLD, NEW = dt.date(2020, 1, 31), dt.date(2026, 1, 31)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def members(request, tmp_path_factory):
    names = {"postgresql": "postgres_module_url", "mariadb": "mysql_module_url"}
    name = names.get(request.param)
    url = request.getfixturevalue(name) if name else f"sqlite:///{tmp_path_factory.mktemp('s') / 'store.db'}"
    engine, metadata = sa.create_engine(url), sa.MetaData()
    key, member = (lambda: sa.Column("id", sa.Integer, primary_key=True)), (lambda: sa.Column("member", sa.Integer))
    table = sa.Table("members", metadata, key(), sa.Column("joined", sa.Date))
    calls = sa.Table("calls", metadata, key(), member(), sa.Column("at", sa.DateTime), sa.Column("kind", sa.String(20)))
    contracts = sa.Table("contracts", metadata, key(), member(), sa.Column("ends", sa.Date))
    metadata.create_all(engine)
    said = [(1, OLD, "goodbye"), (2, NEW, "goodbye"), (3, OLD, "hello"), (5, OLD, "goodbye"), (5, NEW, "hello")]
    ends = [(1, OLD), (2, NEW), (3, OLD), (3, None), (5, OLD), (5, dt.date(2021, 1, 1))]
    with engine.begin() as connection:
        connection.execute(sa.insert(table), [{"id": n, "joined": None if n == 4 else OLD} for n in range(1, 6)])
        noon = dt.time(12)
        rows = [{"member": n, "at": dt.datetime.combine(day, noon), "kind": kind} for n, day, kind in said]
        connection.execute(sa.insert(calls), rows)
        connection.execute(sa.insert(contracts), [{"member": n, "ends": day} for n, day in ends])
    yield engine
    engine.dispose()


def rules_of(tmp_path, text):
    path = tmp_path / "retention.yaml"
    path.write_text(text, encoding="utf-8")
    return read_retention(path)


@pytest.mark.parametrize(
    ("rule", "due", "undated"),
    [("goodbye", {1, 5}, {3, 4}), ("activity", {1, 3}, {4}), ("contract", {1, 5}, {4})],
)
def test_the_latest_day_counts_and_an_open_contract_runs(members, tmp_path, rule, due, undated):
    found = rules_of(tmp_path, RULES)[rule]
    with members.connect() as connection:
        target = find_target(connection, Ruled(found), today=TODAY, zone="UTC")
        number = target.table.c.id
        assert set(connection.execute(sa.select(number).where(target.expired)).scalars()) == due
        without = sa.select(number).where(target.month.is_(None))
        assert set(connection.execute(without).scalars()) - {3} == undated - {3}


def test_a_start_in_another_store_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="another store"):
        rules_of(tmp_path, RULES.replace("dataset: crm.calls", "dataset: erp.calls"))


def test_a_link_to_a_field_that_is_not_there_is_refused(members, tmp_path):
    found = rules_of(tmp_path, RULES.replace("{member: id}", "{nobody: id}"))["goodbye"]
    with members.connect() as connection, pytest.raises(StoreError, match="field of `by`"):
        find_target(connection, Ruled(found), today=TODAY, zone="UTC")


TREE = """
rules:
  groups: {dataset: crm.groups, start: made, period: P3Y, basis: none}
"""


def test_mariadb_follows_foreign_keys_trees_and_timestamps(mysql_url, office, tmp_path):
    engine = sa.create_engine(mysql_url)
    with engine.begin() as connection:
        for statement in (
            """CREATE TABLE groups (id INT PRIMARY KEY, parent INT, made TIMESTAMP NULL,
            FOREIGN KEY (parent) REFERENCES groups (id) ON DELETE CASCADE)""",
            "CREATE TABLE items (id INT PRIMARY KEY, grp INT, FOREIGN KEY (grp) REFERENCES groups (id))",
            """INSERT INTO groups VALUES (1, NULL, '2010-01-01'), (2, 1, '2010-01-01'), (3, 2, '2010-01-01'),
            (4, NULL, '2010-01-01'), (5, 4, '2026-01-01'), (6, NULL, '2010-01-01'), (7, NULL, NULL)""",
            "INSERT INTO items VALUES (1, 6)",
        ):
            connection.execute(sa.text(statement))
    rule = rules_of(tmp_path, TREE)["groups"]
    made = plan(office, rule, engine)
    assert (made.due, made.undated, sum(made.blocked.values())) == (3, 1, 2)
    assert run(office, rule, made, engine).deleted == 3
    with engine.connect() as connection:
        assert set(connection.execute(sa.text("SELECT id FROM groups")).scalars()) == {4, 5, 6, 7}
    engine.dispose()


def test_mariadb_refuses_a_foreign_key_from_another_database(mysql_url, mysql_module_url, office, tmp_path):
    engine, other = sa.create_engine(mysql_url), sa.make_url(mysql_module_url).database
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE groups (id INT PRIMARY KEY, made DATE)"))
        home = sa.make_url(mysql_url).database
        connection.execute(
            sa.text(
                f"CREATE TABLE {other}.far (id INT PRIMARY KEY, g INT, FOREIGN KEY (g) REFERENCES {home}.groups (id))"
            )
        )
    with pytest.raises(StoreError, match="another database"):
        plan(office, rules_of(tmp_path, TREE)["groups"], engine)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE {other}.far"))
    engine.dispose()
