"""A pass sees one moment of the store, and never holds up who writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.base import FULL, ReadLimits, Sample
from connectors.sql.store import SqlStore
from policies.errors import StoreError

ROWS = 30_000


def _filled(url: str) -> sa.Engine:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    table = sa.Table("people", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", sa.Text))
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": number + 1, "word": f"w{number}"} for number in range(ROWS)])
    return engine


def _write(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM people WHERE id > 15000")
        connection.exec_driver_sql("UPDATE people SET word = 'changed'")


@pytest.fixture(params=["sqlite_wal", "postgresql", "mysql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    if request.param == "sqlite_wal":
        url = f"sqlite:///{tmp_path / 'store.db'}"
        first = sa.create_engine(url)
        with first.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        first.dispose()
    else:
        url = request.getfixturevalue({"postgresql": "postgres_url", "mysql": "mysql_url"}[request.param])
    made = _filled(url)
    yield made
    made.dispose()


def _store(engine: sa.Engine) -> SqlStore:
    return SqlStore("s", engine.url.render_as_string(hide_password=False))


@pytest.mark.parametrize("sample", [FULL, Sample(5_000)])
def test_writer_commits_during_a_pass_and_the_pass_does_not_see_it(engine: sa.Engine, sample: Sample) -> None:
    with _store(engine).read("people", ["id", "word"], sample) as reading:
        batches = iter(reading)
        first = next(batches)
        _write(engine)
        rows = [row for batch in (first, *batches) for row in batch.to_pylist()]
    assert len(rows) == (sample.rows or ROWS)
    assert not [row for row in rows if row["word"] == "changed"]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar() == 15_000


@pytest.mark.parametrize("sample", [FULL, Sample(5_000)])
@pytest.mark.parametrize(
    "key", ["id INTEGER PRIMARY KEY, word TEXT", "id INTEGER, word TEXT, PRIMARY KEY (id)) WITHOUT ROWID"]
)
def test_sqlite_without_wal_lets_a_writer_commit_between_batches(tmp_path: Path, sample: Sample, key: str) -> None:
    path = tmp_path / "store.db"
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool, connect_args={"timeout": 0.2})
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE people ({key}{'' if key.endswith('ROWID') else ')'}")
        connection.exec_driver_sql(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
            " INSERT INTO people SELECT i, 'w' || i FROM n"
        )
    with SqlStore("s", f"sqlite:///{path}").read("people", ["id"], sample) as reading:
        seen = 0
        for batch in reading:
            seen += batch.num_rows
            with engine.begin() as connection:
                connection.exec_driver_sql("UPDATE people SET word = 'changed' WHERE id = 1")
    assert seen == (sample.rows or ROWS)


def test_pass_cannot_write(engine: sa.Engine) -> None:
    store = _store(engine)
    with store._backend.snapshot() as snapshot, pytest.raises(Exception, match=r"(?i)read.?only|READ ONLY"):
        snapshot.one("DELETE FROM people")


def test_statement_that_runs_too_long_is_cut_off(engine: sa.Engine) -> None:
    slow = {
        "postgresql": "SELECT pg_sleep(20)::text AS word",
        "mysql": "SELECT count(*) AS word FROM people a, people b, people c WHERE a.word <> b.word",
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS word FROM n",
    }[engine.dialect.name]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE VIEW slow AS {slow}")
    store = SqlStore("s", engine.url.render_as_string(hide_password=False), ReadLimits(statement_seconds=1))
    with pytest.raises(StoreError, match="time-out"), store.read("slow", ["word"], FULL) as reading:
        list(reading)
