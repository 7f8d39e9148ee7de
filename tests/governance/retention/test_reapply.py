"""Rows that a restore brings back go again on every kind of store, and in the order of foreign keys."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.jobs.pace import Pace
from governance.retention.plan import plan_together
from governance.retention.reapply import plan_reapply, run_reapply
from governance.retention.run import run_together
from governance.retention.targets import Ruled
from policies.errors import StalePlanError, TamperedError
from policies.retention_rules import read_retention

RULES = """
rules:
  baskets: {dataset: crm.baskets, start: made, period: P3Y, basis: none}
  lines: {dataset: crm.basket_lines, start: added, period: P3Y, basis: none}
"""
TABLES = (
    "CREATE TABLE baskets (id INT PRIMARY KEY, parent INT, made DATE, FOREIGN KEY (parent) REFERENCES baskets (id))",
    "CREATE TABLE basket_lines (id INT PRIMARY KEY, basket INT REFERENCES baskets (id), added DATE)",
)
ROWS = (
    "INSERT INTO baskets VALUES (1, NULL, '2010-01-01'), (2, 1, '2010-01-01'), (3, NULL, '2026-01-01')",
    "INSERT INTO basket_lines VALUES (10, 1, '2010-01-01'), (20, 2, '2010-01-01'), (30, 3, '2026-01-01')",
)


def execute(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def keys(engine):
    with engine.connect() as connection:
        return [
            sorted(connection.execute(sa.text(f"SELECT id FROM {table}")).scalars())
            for table in ("baskets", "basket_lines")
        ]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def restored(request, tmp_path, office):
    """A store from which a job has deleted, and into which a backup of before has been restored."""
    names = {"postgresql": "postgres_url", "mariadb": "mysql_url"}
    name = names.get(request.param)
    engine = sa.create_engine(request.getfixturevalue(name) if name else f"sqlite:///{tmp_path / 'baskets.db'}")
    execute(engine, *TABLES, *ROWS)
    path = tmp_path / "retention.yaml"
    path.write_text(RULES, encoding="utf-8")
    ruled = [Ruled(each) for each in read_retention(path).values()]
    made = plan_together(office, ruled, engine)[0].plan
    run_together(office, ruled, made, engine, pace=Pace(1))
    assert keys(engine) == [[3], [30]]
    execute(engine, "DELETE FROM basket_lines", "DELETE FROM baskets", *ROWS)
    yield engine
    engine.dispose()


def test_children_go_before_parents_and_leaves_before_roots(office, restored):
    made = plan_reapply(office, "crm", restored)
    assert {line.dataset: line.rows for line in made.lines} == {"crm.basket_lines": 2, "crm.baskets": 2}
    assert keys(restored) == [[1, 2, 3], [10, 20, 30]]
    found = run_reapply(office, made, restored, pace=Pace(1))
    assert (found.total("done"), found.state, keys(restored)) == (4, "done", [[3], [30]])


def test_a_new_row_that_refers_to_a_restored_one_keeps_it(office, restored):
    execute(restored, "INSERT INTO basket_lines VALUES (99, 1, '2026-11-01')")
    run_reapply(office, plan_reapply(office, "crm", restored), restored)
    assert keys(restored) == [[1, 3], [30, 99]]


def test_a_list_that_was_changed_is_refused(office, restored):
    made = plan_reapply(office, "crm", restored)
    path = office.folder / f"{made.id}.rows"
    path.write_bytes(path.read_bytes()[:-32])
    with pytest.raises(TamperedError):
        run_reapply(office, made, restored)
    assert keys(restored) == [[1, 2, 3], [10, 20, 30]]


def test_a_changed_schema_makes_the_plan_stale(office, restored):
    made = plan_reapply(office, "crm", restored)
    execute(restored, "ALTER TABLE baskets ADD COLUMN note INT")
    with pytest.raises(StalePlanError):
        run_reapply(office, made, restored)
    assert keys(restored) == [[1, 2, 3], [10, 20, 30]]
