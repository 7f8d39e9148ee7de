"""CSV as people export it."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from connectors.base import FULL, NotSeen, ReadLimits
from connectors.files.headers import field_names, has_header
from connectors.files.store import FileStore
from policies.errors import StoreError

MARKER = "13800138000"


def _store(tmp_path: Path, text: str, name: str = "x.csv") -> FileStore:
    (tmp_path / name).write_bytes(text.encode())
    return FileStore("s", str(tmp_path / name))


def _rows(store: FileStore, name: str = "x.csv") -> tuple[list[list[str | None]], list[NotSeen]]:
    [dataset] = store.datasets()
    with store.read(name, [field.name for field in dataset.fields], FULL) as reading:
        rows = [list(row.values()) for batch in reading for row in batch.to_pylist()]
    return rows, list(reading.not_seen)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(("id", "name")) + "\n" + "".join(f'{n}{delimiter}"a, b; c|d {n}"\n' for n in range(5))
    rows, unseen = _rows(_store(tmp_path, text))
    assert rows == [[str(n), f"a, b; c|d {n}"] for n in range(5)]
    assert unseen == []


def test_line_that_says_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    rows, _ = _rows(_store(tmp_path, "sep=;\r\nid;name\r\n1;a,b\r\n"))
    assert rows == [["1", "a,b"]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quoted_line_ends_and_quotes_stay(tmp_path: Path, end: str) -> None:
    text = f'id,"full{end}name"{end}1,"two{end}lines ""quoted"""{end}2,{end}3,""{end}'
    rows, unseen = _rows(_store(tmp_path, text))
    assert rows == [["1", f'two{end}lines "quoted"'], ["2", None], ["3", ""]]
    assert unseen == []


def test_numbers_and_dates_stay_the_text_they_are(tmp_path: Path) -> None:
    rows, _ = _rows(_store(tmp_path, "a,b,c,d\n0042,1e5,2026-01-02,NULL\n"))
    assert rows == [["0042", "1e5", "2026-01-02", "NULL"]]


def test_ragged_rows_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    text = f"id,name\n1,a\n2,b,{MARKER}\n3\n4,d\n"
    rows, unseen = _rows(_store(tmp_path, text))
    assert rows == [["1", "a"], ["4", "d"]]
    [note] = unseen
    assert (note.place, note.reason) == ("s.x.csv", "not_seen.ragged_row")
    assert note.detail.startswith("2, first at row ")
    assert MARKER not in repr(note)


def test_names_that_are_missing_or_taken_are_made_up(tmp_path: Path) -> None:
    [dataset] = _store(tmp_path, "id,,name,name,\n1,2,3,4,5\n").datasets()
    assert [field.name for field in dataset.fields] == ["id", "column_2", "name", "name_2", "column_5"]


@pytest.mark.parametrize("text", ["", "\n", "\ufeff"])
def test_empty_file_has_no_fields_and_no_rows(tmp_path: Path, text: str) -> None:
    assert _rows(_store(tmp_path, text)) == ([], [])


@pytest.mark.parametrize("text", ["id,name", "id,name\n", "id,name\r\n"])
def test_header_alone_is_an_empty_table(tmp_path: Path, text: str) -> None:
    store = _store(tmp_path, text)
    assert [field.name for field in store.datasets()[0].fields] == ["id", "name"]
    assert _rows(store) == ([], [])


def test_last_line_without_an_end_is_read(tmp_path: Path) -> None:
    assert _rows(_store(tmp_path, "id,name\n1,a\n2,b"))[0] == [["1", "a"], ["2", "b"]]


def test_nul_in_a_cell_stays(tmp_path: Path) -> None:
    assert _rows(_store(tmp_path, "id,name\n1,a\0b\n2,c\n"))[0] == [["1", "a\0b"], ["2", "c"]]


def test_quote_that_never_closes_is_an_error_without_the_cell(tmp_path: Path) -> None:
    text = "id,name\n1,a\n" + f'2,"{MARKER}' + "x,y\n" * 2_000_000
    store = _store(tmp_path, text)
    with pytest.raises(StoreError, match="does not end") as caught:
        _rows(store)
    assert MARKER not in "".join(traceback.format_exception(caught.value))


def test_long_cell_is_cut_and_listed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,name\n1," + "客" * 100 + "\n2,b\n", encoding="utf-8")
    store = FileStore("s", str(tmp_path / "x.csv"), ReadLimits(cell_bytes=50))
    rows, unseen = _rows(store)
    assert rows == [["1", "客" * 16], ["2", "b"]]
    assert unseen == [NotSeen("s.x.csv.name", "not_seen.long_cell", "1")]


@pytest.mark.parametrize(
    ("rows", "headed"),
    [
        ([["id", "name"], ["1", "a"]], True),
        ([["姓名", "性别"], ["张三", "男"], ["李四", "女"]], True),
        ([["张三", "男"], ["李四", "女"], ["王五", "男"]], False),
        ([["1", "a"], ["2", "b"]], False),
        ([["id", "2022", "2023"], ["1", "1", "2"]], True),
        ([["region", "2022"], ["a", "1"], ["b", "2"]], False),
        ([["ann@example.com", "x"], ["bob@example.com", "y"]], False),
        ([["13800138000", "x"]], False),
        ([["1985-03-02", "x"]], False),
        ([["1985年3月2日", "x"]], False),
        ([["", ""]], False),
        ([["name"]], True),
    ],
)
def test_header_rule(rows: list[list[str]], *, headed: bool) -> None:
    assert has_header(rows) is headed


def test_rows_without_a_header_are_all_read(tmp_path: Path) -> None:
    store = _store(tmp_path, "1,ann@example.com\n2,bob@example.com\n")
    assert [field.name for field in store.datasets()[0].fields] == ["column_1", "column_2"]
    assert _rows(store)[0] == [["1", "ann@example.com"], ["2", "bob@example.com"]]


def test_made_up_names_do_not_collide() -> None:
    assert field_names(["name_2", "name", "name"], 3) == ("name_2", "name", "name_3")
