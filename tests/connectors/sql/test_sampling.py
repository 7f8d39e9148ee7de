"""The ways of sampling that only large tables take, on small ones."""

from __future__ import annotations

from itertools import pairwise

import pytest
import sqlalchemy as sa

from connectors.base import Sample
from connectors.sql.engines import mysql, postgresql, sqlite
from connectors.sql.store import SqlStore

ROWS = 40_000


def _store(url: str) -> SqlStore:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("note", sa.Text))
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": number, "note": "x" * 50} for number in range(1, ROWS + 1)])
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE TABLE t" if engine.dialect.name == "mysql" else "ANALYZE t")
    return SqlStore("s", url)


def _ids(store: SqlStore, sample: Sample) -> tuple[list[int], str]:
    with store.read("t", ["id"], sample) as reading:
        ids = [int(row["id"]) for batch in reading for row in batch.to_pylist()]
    return ids, reading.method


def _is_spread(ids: list[int]) -> bool:
    return max(after - before for before, after in pairwise([0, *sorted(ids), ROWS])) < ROWS / 10


def test_sqlite_reads_stretches_of_a_dense_key(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_RANGES_ROWS", 1000)
    ids, method = _ids(_store(sqlite_url), Sample(1000))
    assert (len(set(ids)), method) == (1000, "key_ranges")
    assert _is_spread(ids)


def test_mysql_reads_stretches_of_a_dense_key(mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql, "_RANGES_ROWS", 1000)
    monkeypatch.setattr(mysql, "counted_up_to", lambda *_: None)
    ids, method = _ids(_store(mysql_url), Sample(1000))
    assert (len(set(ids)), method) == (1000, "key_ranges")
    assert _is_spread(ids)


def test_mysql_counts_where_no_stretch_can_be_trusted(mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql, "counted_up_to", lambda *_: None)
    ids, method = _ids(_store(mysql_url), Sample(1000))
    assert (len(set(ids)), method) == (1000, "every_nth")
    assert _is_spread(ids)


def test_postgresql_samples_pages_and_thins_them(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "_PAGES_ROWS", 1000)
    ids, method = _ids(_store(postgres_url), Sample(2000))
    assert (len(set(ids)), method) == (2000, "tablesample")
    assert _is_spread(ids)


def test_postgresql_draws_again_when_the_statistics_are_wrong(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "counted_up_to", lambda *_: None)
    ids, method = _ids(_store(postgres_url), Sample(2000))
    assert (len(set(ids)), method) == (2000, "tablesample")


@pytest.mark.parametrize("seed", [0, 5])
def test_view_is_sampled_by_a_reservoir(sqlite_url: str, seed: int) -> None:
    store = _store(sqlite_url)
    with sa.create_engine(sqlite_url, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("CREATE VIEW v AS SELECT id FROM t")
    with store.read("v", ["id"], Sample(500, seed=seed)) as reading:
        ids = [int(row["id"]) for batch in reading for row in batch.to_pylist()]
    assert (len(set(ids)), reading.method, reading.rows_total) == (500, "reservoir", ROWS)
    assert _is_spread(ids)
