"""Folders, globs, Parquet, workbooks and names."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.base import FULL, DatasetKind, NotSeen
from connectors.files.naming import shape_of
from connectors.files.store import FileStore
from policies.errors import InstallationError, StoreError

MARKER = "13800138000"


def _csv(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id,name\n1,a\n", encoding="utf-8")


def test_folder_is_walked_and_what_is_not_read_is_listed(tmp_path: Path) -> None:
    _csv(tmp_path / "b.csv")
    _csv(tmp_path / "下级" / "a.CSV")
    _csv(tmp_path / ".git" / "c.csv")
    _csv(tmp_path / "~$lock.xlsx")
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    (tmp_path / "y.pdf").write_bytes(b"%PDF")
    (tmp_path / f"z.{MARKER}").write_bytes(b"")
    store = FileStore("s", str(tmp_path))
    assert [dataset.name for dataset in store.datasets()] == ["b.csv", "下级/a.CSV"]
    assert store.not_seen() == [
        NotSeen("s", "not_seen.unknown_format", ".pdf: 2"),
        NotSeen("s", "not_seen.unknown_format", "other: 1"),
    ]


@pytest.mark.parametrize(
    ("pattern", "names"), [("exports/*.csv", ["a.csv"]), ("**/*.csv", ["exports/a.csv", "exports/x/b.csv"])]
)
def test_glob_names_are_relative_to_its_fixed_part(tmp_path: Path, pattern: str, names: list[str]) -> None:
    _csv(tmp_path / "exports" / "a.csv")
    _csv(tmp_path / "exports" / "x" / "b.csv")
    assert [dataset.name for dataset in FileStore("s", str(tmp_path / pattern)).datasets()] == names


@pytest.mark.parametrize("target", ["none.csv", "none/*.csv", "none"])
def test_path_without_files_is_a_store_error(tmp_path: Path, target: str) -> None:
    with pytest.raises(StoreError, match="no file, folder or match"):
        FileStore("s", str(tmp_path / target)).datasets()


def test_single_file_of_another_format_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(StoreError, match="format that is not read"):
        FileStore("s", str(tmp_path / "x.pdf")).datasets()


@pytest.mark.parametrize("name", ["broken.parquet", "broken.xlsx", "broken.csv"])
def test_unreadable_file_is_listed_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    _csv(tmp_path / "good.csv")
    (tmp_path / name).write_bytes(b"\xff\x80" * 3 + MARKER.encode() * 99 + b"\x81\xff\n")
    store = FileStore("s", str(tmp_path))
    assert [dataset.name for dataset in store.datasets()] == ["good.csv"]
    [unseen] = store.not_seen()
    assert (unseen.place, unseen.reason) == (f"s.{name}", "not_seen.unreadable_file")
    assert MARKER not in unseen.detail
    with pytest.raises(StoreError):
        FileStore("s", str(tmp_path / name)).datasets()


def test_names_are_filtered_where_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / f"张三_{MARKER}.csv").write_bytes(b"\xff\x80\x81\xff\n")
    (tmp_path / f"李四_{MARKER}.csv").write_bytes(b"a,b\n1,2\n3\n")
    store = FileStore("s", str(tmp_path), name_filter=shape_of)
    [dataset] = store.datasets()
    assert dataset.name == f"李四_{MARKER}.csv"
    [unseen] = store.not_seen()
    assert unseen.place == "s.字字_99999999999.csv"
    with store.read(dataset.name, ["a"], FULL) as reading:
        list(reading)
    assert [note.place for note in reading.not_seen] == ["s.字字_99999999999.csv"]


def test_file_that_is_gone_since_the_inventory_is_a_store_error(tmp_path: Path) -> None:
    _csv(tmp_path / f"{MARKER}.csv")
    store = FileStore("s", str(tmp_path), name_filter=shape_of)
    [dataset] = store.datasets()
    (tmp_path / f"{MARKER}.csv").unlink()
    with pytest.raises(StoreError, match="cannot be opened") as caught, store.read(dataset.name, ["id"], FULL):
        pass
    assert MARKER not in str(caught.value)
    assert caught.value.__cause__ is None


def test_parquet_structs_are_paths_and_types_stay(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "address": pa.array([{"city": "臺北", "geo": {"lat": 1.5}}, None]),
            "items": pa.array([[{"name": "a"}, {"name": "b"}], []]),
            "born": pa.array([dt.date(1985, 3, 2), None]),
            "raw": pa.array([b"x", b"y"]),
            "bag": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
            "at": pa.array([dt.time(10), None]),
            "took": pa.array([dt.timedelta(1), None]),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    store = FileStore("s", str(tmp_path))
    [dataset] = store.datasets()
    assert {field.name: field.type for field in dataset.fields} == {
        "id": "integer", "kind": "string", "address.city": "string", "address.geo.lat": "float",
        "items[].name": "json", "born": "date", "raw": "binary", "bag": "json", "at": "time", "took": "other",
    }  # fmt: skip
    with store.read("x.parquet", [field.name for field in dataset.fields], FULL) as reading:
        [batch] = list(reading)
    assert batch.schema.field("id").type == pa.int32()
    first, second = batch.to_pylist()
    assert (first["kind"], first["address.city"], first["address.geo.lat"]) == ("a", "臺北", 1.5)
    assert (first["items[].name"], first["born"], first["at"][:8]) == ('["a", "b"]', dt.date(1985, 3, 2), "10:00:00")
    assert (second["address.city"], second["items[].name"], second["bag"]) == (None, None, None)
    assert list(reading.not_seen) == [NotSeen("s.x.parquet.raw", "not_seen.binary")]


def test_workbook_sheets_are_datasets_hidden_ones_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "客户"
    sheet.append(["id", "phone", "born", "seen", "mixed", "ok"])
    sheet.append([1, 13800138000, dt.date(1985, 3, 2), dt.datetime(2026, 1, 2, 3, 4), "x", True])  # noqa: DTZ001 Excel knows no zone
    sheet.append([2, None, None, None, 42, False])
    hidden = book.create_sheet("hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["ann@example.com"])
    book.create_sheet("empty")
    book.save(tmp_path / "x.xlsx")
    store = FileStore("s", str(tmp_path))
    found = {dataset.name: dataset for dataset in store.datasets()}
    assert list(found) == ["x.xlsx#empty", "x.xlsx#hidden", "x.xlsx#客户"]
    assert found["x.xlsx#hidden"].kind is DatasetKind.SHEET
    fields = found["x.xlsx#客户"].fields
    assert [field.type for field in fields] == ["integer", "integer", "date", "datetime", "string", "boolean"]
    with store.read("x.xlsx#客户", [field.name for field in fields], FULL) as reading:
        first, second = (row for batch in reading for row in batch.to_pylist())
    assert (first["phone"], first["born"], first["mixed"]) == (13800138000, dt.date(1985, 3, 2), "x")
    assert (second["phone"], second["mixed"], second["ok"]) == (None, "42", False)
    with store.read("x.xlsx#hidden", ["column_1"], FULL) as reading:
        assert [row for batch in reading for row in batch.to_pylist()] == [{"column_1": "ann@example.com"}]


def test_workbook_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openpyxl.Workbook().save(tmp_path / "x.xlsx")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(InstallationError, match=r"customer-data-governance\[xlsx\]"):
        FileStore("s", str(tmp_path / "x.xlsx")).datasets()
