"""Which store a target means, and that memory stays flat."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.base import FULL, Sample
from connectors.files.store import FileStore
from connectors.opening import open_store
from connectors.sql.store import SqlStore
from policies.errors import ConfigError


def test_address_opens_a_database_and_path_opens_files(tmp_path: Path) -> None:
    assert isinstance(open_store("s", f"sqlite:///{tmp_path / 'x.db'}"), SqlStore)
    assert isinstance(open_store("s", str(tmp_path)), FileStore)
    assert isinstance(open_store("s", "exports/*.csv", encoding="big5"), FileStore)


@pytest.mark.parametrize(
    ("target", "encoding"), [("", None), ("  ", None), ("sqlite:///x.db", "big5"), ("ftp://h/x", None)]
)
def test_target_that_is_neither_is_refused(target: str, encoding: str | None) -> None:
    with pytest.raises(ConfigError):
        open_store("s", target, encoding=encoding)


_PEAK = """
import pathlib, re, sys
from connectors.base import FULL, Sample
from connectors.opening import open_store
store = open_store("s", sys.argv[1])
dataset = next(one for one in store.datasets() if one.name == sys.argv[2])
def read(sample):
    with store.read(dataset.name, [field.name for field in dataset.fields], sample) as reading:
        return sum(batch.num_rows for batch in reading)
# Not getrusage: its peak is handed down from the process that started this one.
full, sampled = read(FULL), read(Sample(1000))
peak_kb = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
print(full, sampled, int(peak_kb) // 1024)
"""


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def _peak_mb(url: str, dataset: str, rows: int) -> int:
    run = subprocess.run([sys.executable, "-c", _PEAK, url, dataset], check=True, stdout=subprocess.PIPE, text=True)
    full, sampled, peak = (int(word) for word in run.stdout.split())
    assert (full, sampled) == (rows, 1000)
    return peak


def _fill(url: str, name: str, rows: int) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    numbers = {
        "postgresql": f"SELECT i FROM generate_series(1, {rows}) AS n(i)",
        "mysql": f"SELECT seq AS i FROM seq_1_to_{rows} AS n",
        "sqlite": f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n",
    }[engine.dialect.name]
    text = "repeat('x', 200)" if engine.dialect.name != "sqlite" else "printf('%.200c', 'x')"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} (id int PRIMARY KEY, note varchar(300))")
        insert = f"INSERT INTO {name} (id, note) SELECT i, {text} FROM ({numbers}) AS numbers"
        connection.exec_driver_sql(insert.replace("%", "%%") if engine.dialect.name != "sqlite" else insert)
    engine.dispose()


@needs_proc
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_memory_does_not_grow_with_the_table(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    fixture = {"postgresql": "postgres_url", "mysql": "mysql_url"}.get(kind)
    url = request.getfixturevalue(fixture) if fixture else f"sqlite:///{tmp_path / 'x.db'}"
    _fill(url, "small", 100_000)
    _fill(url, "large", 400_000)
    small, large = _peak_mb(url, "small", 100_000), _peak_mb(url, "large", 400_000)
    # The large table holds 80 MB of text, the small one a quarter of it.
    assert large < small * 1.2


@needs_proc
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    for name, rows in (("small.csv", 30_000), ("large.csv", 600_000)):
        with (tmp_path / name).open("w") as file:
            file.write("id,note\n")
            file.writelines(f"{number},{'x' * 500}\n" for number in range(rows))
    small = _peak_mb(str(tmp_path), "small.csv", 30_000)
    large = _peak_mb(str(tmp_path), "large.csv", 600_000)
    # The large file has 300 MB. Arrow reads a few blocks ahead, more or fewer of them, but never the file.
    assert large < small + 150


def test_sample_of_a_large_sqlite_table_with_gaps_is_spread(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " INSERT INTO t SELECT i * 94 + CASE WHEN i > 10000 THEN 1000000000000 ELSE 0 END FROM n"
        )
    with open_store("s", url).read("t", ["id"], Sample(200)) as reading:
        ids = [int(row["id"]) for batch in reading for row in batch.to_pylist()]
    assert len(ids) == 200
    assert 60 < sum(number > 10**12 for number in ids) < 140
    with open_store("s", url).read("t", ["id"], FULL) as reading:
        assert sum(batch.num_rows for batch in reading) == 20_000
