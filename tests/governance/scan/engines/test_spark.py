"""What Spark finds equals what this machine finds, byte for byte, whichever way the parts were cut."""

import datetime as dt
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from connectors.base import FULL, Dataset, DatasetKind, Field, NotSeen, Sample
from connectors.files.store import FileStore
from connectors.memory import MemoryStore
from connectors.sql.store import SqlStore
from governance.scan.dataset_profile import DatasetProfile
from governance.scan.engines.local import result_of, scan_store, scan_stores
from governance.scan.engines.spark import scan_store_spark, scan_stores_spark
from governance.scan.engines.spark_session import spark_session
from governance.scan.engines.spark_task import Outcome, Task
from governance.scan.options import ScanOptions
from governance.scan.shapes import shape_name
from policies.errors import InstallationError, StoreError

MARKER = "zq7marker"
ROWS = 900
SMALL_PARTS = 4_096


def text_of(scan):
    return json.dumps(result_of([scan], ScanOptions()).to_json())


def both(spark, make, options=None, *, part_bytes=SMALL_PARTS):
    """The store's scan by Spark, after checking that the local engine gives the same record and bytes."""
    options = options or ScanOptions(FULL)
    ours = scan_store_spark(make(), options, spark, part_bytes=part_bytes)
    local = scan_store(make(), options)
    assert text_of(ours) == text_of(local)
    assert ours == local
    return ours


def dataset(scan, name):
    (found,) = [each for each in scan.datasets if each.dataset == name]
    return found


def labels(scan, name):
    return {each.field: each.label.entity for each in dataset(scan, name).fields if each.label}


def people():
    for number in range(ROWS):
        yield f"u{number}@test.com", f"1381234{number:04d}", "call back\nsoon, please" if number % 3 else ""


def written_csv(path, encoding, *, ragged=False):
    lines = ["id,邮箱,phone,note"]
    lines += [f'{number},{mail},{phone},"{note}"' for number, (mail, phone, note) in enumerate(people())]
    if ragged:
        lines.insert(700, "only,two")
    path.write_bytes("\r\n".join(lines).encode(encoding))


def typed_table():
    rows = range(ROWS)
    return pa.table(
        {
            "id": pa.array(rows, pa.int64()),
            "email": [f"u{number}@test.com" if number % 7 else None for number in rows],
            "born": [dt.date(1950, 1, 1) + dt.timedelta(days=17 * number) for number in rows],
            "seen": pa.array(
                [dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=n) for n in rows],
                pa.timestamp("ns", "UTC"),
            ),
            "paid": [Decimal(number) / 100 for number in rows],
            "share": [number / 7 for number in rows],
            "far": pa.array([2**63 + number for number in rows], pa.uint64()),
            "at": pa.array([dt.time(number % 24, 5) for number in rows], pa.time64("us")),
            "place": [{"city": "Berlin", "zip": f"{10_000 + number}"} for number in rows],
            "tags": [[f"t{number % 5}"] * (number % 3) for number in rows],
            "extra": pa.array([[("tel", f"1381234{n:04d}")] for n in rows], pa.map_(pa.string(), pa.string())),
            "photo": [b"\x00\x01"] * ROWS,
        }
    )


@pytest.fixture
def folder(tmp_path):
    written_csv(tmp_path / "plain.csv", "utf-8")
    written_csv(tmp_path / "gb.csv", "gb18030")
    written_csv(tmp_path / "ragged.csv", "utf-8", ragged=True)
    (tmp_path / "empty.csv").write_text("email,phone\n", encoding="utf-8")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    pq.write_table(typed_table(), tmp_path / "typed.parquet", row_group_size=100)
    pq.write_table(typed_table().slice(0, 0), tmp_path / "none.parquet")
    lines = [json.dumps({"who": {"mail": mail}, "tels": [phone]}) for mail, phone, _ in people()]
    (tmp_path / "lines.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def test_files_cut_in_parts_give_the_local_bytes(spark, folder):
    found = both(spark, lambda: FileStore("s", str(folder), name_filter=shape_name))
    assert labels(found, "plain.csv") == labels(found, "gb.csv") == {"邮箱": "EMAIL_ADDRESS", "phone": "PHONE_NUMBER"}
    assert labels(found, "typed.parquet")["email"] == "EMAIL_ADDRESS"
    assert dataset(found, "none.parquet").rows == dataset(found, "empty.csv").rows == 0
    (ragged,) = dataset(found, "ragged.csv").not_seen
    assert (ragged.reason, ragged.detail) == ("not_seen.ragged_row", "1, first at row 701")


def test_file_in_the_wrong_encoding_fails_as_it_does_locally(spark, tmp_path):
    rows = [b"id,name", *[b"%d,box" % number for number in range(150_000)], *[b"9,\xff\xfe"] * 200]
    (tmp_path / "a.csv").write_bytes(b"\n".join(rows))
    (tmp_path / "b.csv").write_bytes(b"email\na@test.com\n")
    found = both(spark, lambda: FileStore("s", str(tmp_path), encoding="utf-8"), part_bytes=500_000)
    assert [each.dataset for each in found.datasets] == ["b.csv"]
    assert [each.reason for each in found.not_seen] == ["not_seen.failed"]


def filled(url):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE people (id integer PRIMARY KEY, email varchar(80), doc json, born date)")
        )
        connection.execute(sa.text("CREATE TABLE bare (email varchar(80))"))
        connection.execute(sa.text("CREATE TABLE nobody (id integer PRIMARY KEY, phone varchar(20))"))
        connection.execute(sa.text("CREATE VIEW seen AS SELECT email FROM people"))
        rows = [
            {"i": 3 * number, "e": mail, "d": json.dumps({"tel": phone, mail: 1}), "b": f"19{number % 90 + 10}-05-06"}
            for number, (mail, phone, _) in enumerate(people())
        ]
        connection.execute(sa.text("INSERT INTO people VALUES (:i, :e, :d, :b)"), rows)
        connection.execute(sa.text("INSERT INTO bare VALUES (:e)"), [{"e": row["e"]} for row in rows])
    engine.dispose()


def test_sqlite_file_cut_by_row_ids_gives_the_local_bytes(spark, sqlite_url):
    filled(sqlite_url)
    store = SqlStore("crm", sqlite_url)
    assert len(store.parts("people", ["email"], FULL, size_bytes=50_000)) > 3
    found = both(spark, lambda: SqlStore("crm", sqlite_url), part_bytes=50_000)
    assert labels(found, "people")["email"] == labels(found, "bare")["email"] == "EMAIL_ADDRESS"
    assert labels(found, "people")["doc:$.tel"] == "PHONE_NUMBER"
    assert dataset(found, "nobody").rows == 0


def test_postgres_table_cut_by_its_key_gives_the_local_bytes(spark, postgres_url):
    filled(postgres_url)
    store = SqlStore("crm", postgres_url)
    assert len(store.parts("people", ["email"], FULL, size_bytes=50_000)) > 3
    found = both(spark, lambda: SqlStore("crm", postgres_url), part_bytes=50_000)
    assert {"email", "born"} <= labels(found, "people").keys()


def test_sample_has_the_rows_of_the_local_engine(spark, folder):
    options = ScanOptions(Sample(rows=200, seed=3), datasets=("plain.csv", "typed.parquet"))
    found = both(spark, lambda: FileStore("s", str(folder), name_filter=shape_name), options)
    assert {(each.rows_read, each.method) for each in found.datasets} == {(200, "reservoir"), (200, "every_nth")}


def test_own_recognizers_travel_to_the_executors(spark, tmp_path):
    path = tmp_path / "recognizers.yaml"
    path.write_text(
        "recognizers:\n  - {name: m, supported_entity: MEMBER, patterns: [{regex: 'M-\\d{6}', score: 0.9}]}\n",
        encoding="utf-8",
    )
    tables = {"t": pa.table({"c": [f"M-{number:06d}" for number in range(50)]})}
    found = both(spark, lambda: MemoryStore("m", tables), ScanOptions(FULL, recognizers=path))
    assert [each.entity for each in dataset(found, "t").fields[0].findings] == ["MEMBER"]


def test_field_that_cannot_be_looked_at_is_listed(spark):
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"\xed\xa0\x80")]
    )
    tables = {"t": pa.table({"bad": broken, "email": ["a@test.com"]})}
    found = both(spark, lambda: MemoryStore("m", tables))
    assert labels(found, "t")["email"] == "EMAIL_ADDRESS"


def test_stores_are_scanned_by_name_and_a_failing_one_is_marked(spark, tmp_path):
    stores = [MemoryStore("b", {"t": pa.table({"email": ["a@test.com"]})}), FileStore("a", str(tmp_path / "none"))]
    found = scan_stores_spark(stores, ScanOptions(FULL), spark)
    assert found == scan_stores(stores, ScanOptions(FULL))
    assert [(each.store, each.failed) for each in found.stores] == [("a", True), ("b", False)]


def test_progress_names_every_dataset(spark, sqlite_url):
    filled(sqlite_url)
    seen = []
    scan_store_spark(SqlStore("crm", sqlite_url), ScanOptions(FULL), spark, on_progress=seen.append)
    assert [(each.dataset, each.rows_read) for each in seen] == [
        ("bare", ROWS),
        ("nobody", 0),
        ("people", ROWS),
        ("seen", ROWS),
    ]


def test_session_of_this_machine_listens_on_loopback_and_shows_no_page(spark):
    settings = dict(spark.sparkContext.getConf().getAll())
    assert settings["spark.driver.bindAddress"] == settings["spark.driver.host"] == "127.0.0.1"
    assert spark.sparkContext.uiWebUrl is None
    assert spark.sparkContext.master == "local[2]"


def test_session_that_runs_already_is_used_and_left_running(spark):
    with spark_session("spark://127.0.0.1:1") as session:
        assert session is spark
    assert spark.range(3).count() == 3


@dataclass(frozen=True)
class _Part:
    error: Exception

    def read(self):
        raise self.error


ONE = Dataset("t", DatasetKind.TABLE, (Field("c", "string"),))


def outcome_of(error):
    ((_, found),) = Task((((0, _Part(error)),),), {0: ONE}, ("US",), None).run(0)
    return found


def test_unforeseen_error_in_a_task_shows_its_kind_and_no_value():
    assert outcome_of(ValueError(MARKER)).fault == "an executor failed while it read a part (ValueError)"


def test_error_of_a_store_in_a_task_is_passed_on():
    error = StoreError("m.t", found="a lock", expected="a table", next_step="retry")
    assert outcome_of(error).fault == str(error)


def test_outcomes_merge_in_any_order_and_survive_json():
    one = Outcome(DatasetProfile(rows=2), 2, "full", (NotSeen("s.t.c", "not_seen.long_cell", "2"),))
    two = Outcome(DatasetProfile(rows=3), 3, "full", (NotSeen("s.t.c", "not_seen.long_cell", "1"),))
    assert one.merge(two) == two.merge(one)
    assert one.merge(two).notes == (NotSeen("s.t.c", "not_seen.long_cell", "3"),)
    assert Outcome.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_place_that_a_part_cannot_know_asks_for_one_pass():
    one = Outcome(notes=(NotSeen("s.t", "not_seen.ragged_row", "1, first at row 3"),))
    assert Outcome().merge(one).single


def test_missing_package_is_named_with_the_next_step(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(InstallationError, match=r"pyspark.*customer-data-governance\[spark\]"), spark_session():
        pass


def test_missing_java_is_named_with_the_next_step(spark, tmp_path):
    code = (
        "from governance.scan.engines.spark_session import spark_session\n"
        "from policies.errors import InstallationError\n"
        "try:\n    spark_session().__enter__()\nexcept InstallationError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "JAVA_HOME": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "no Java that Spark could start" in said.stdout
    assert "--engine local" in said.stdout
