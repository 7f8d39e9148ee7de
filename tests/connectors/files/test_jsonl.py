"""JSON lines with nested, broken and disguised content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors.base import FULL, NotSeen, Sample
from connectors.files import jsonl
from connectors.files.naming import shape_of
from connectors.files.store import FileStore


def _store(tmp_path: Path, *values: Any, **options: Any) -> FileStore:
    lines = [value if isinstance(value, str) else json.dumps(value) for value in values]
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return FileStore("s", str(tmp_path / "x.jsonl"), **options)


def _types(store: FileStore) -> dict[str, str]:
    return {field.name: field.type for field in store.datasets()[0].fields}


def _rows(store: FileStore, sample: Sample = FULL) -> tuple[list[dict[str, str | None]], list[NotSeen]]:
    with store.read("x.jsonl", list(_types(store)), sample) as reading:
        rows = [row for batch in reading for row in batch.to_pylist()]
    return rows, list(reading.not_seen)


def test_nested_paths_are_fields(tmp_path: Path) -> None:
    store = _store(
        tmp_path,
        {"id": 1, "address": {"city": "臺北"}, "items": [{"name": "a"}, {"name": "b"}], "tags": ["x", 1], "a.b": True},
        {"id": 2.5, "address": None, "items": [], "note": "later"},
    )
    assert _types(store) == {
        "id": "float",
        "address.city": "string",
        "items[].name": "json",
        "tags[]": "json",
        '"a.b"': "boolean",
        "note": "string",
    }
    rows, unseen = _rows(store)
    assert rows == [
        dict(zip(_types(store), ("1", "臺北", '["a", "b"]', '["x", 1]', "true", None), strict=True)),
        dict(zip(_types(store), ("2.5", None, None, None, None, "later"), strict=True)),
    ]
    assert unseen == []


def test_bad_lines_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    rows, unseen = _rows(_store(tmp_path, {"a": "x"}, '{"a": 13800138000', "", "nonsense", {"a": "y"}))
    assert rows == [{"a": "x"}, {"a": "y"}]
    assert unseen == [NotSeen("s.x.jsonl", "not_seen.bad_line", "2, first at line 2")]


def test_nul_and_lone_surrogates_are_read(tmp_path: Path) -> None:
    rows, _ = _rows(_store(tmp_path, '{"a": "x\\u0000y"}', '{"a": "\\ud800z", "l": ["\\udc00"]}'))
    assert [row["a"] for row in rows] == ["x\0y", "\ufffdz"]
    assert rows[1]["l[]"] == '["\ufffd"]'


def test_keys_that_are_data_fold(tmp_path: Path) -> None:
    store = _store(
        tmp_path,
        {"contacts": {"ann@example.com": {"phone": "1"}, "bob@example.com": {"phone": "2"}}},
        {"many": {f"key {number}": number for number in range(100)}},
    )
    assert _types(store) == {"contacts.*.phone": "json", "many.*": "json"}
    rows, unseen = _rows(store)
    assert rows[0]["contacts.*.phone"] == '["1", "2"]'
    assert json.loads(rows[1]["many.*"] or "") == list(range(100))
    assert unseen == []


def test_keys_that_the_shape_rule_changes_fold(tmp_path: Path) -> None:
    store = _store(
        tmp_path, {"by": {"Ann Example": 1}}, name_filter=lambda name: shape_of(name) if name == "Ann Example" else name
    )
    assert _types(store) == {"by.*": "json"}


def test_scalar_lines_are_one_field(tmp_path: Path) -> None:
    rows, _ = _rows(_store(tmp_path, "1", '"two"'))
    assert rows == [{"value": "1"}, {"value": "two"}]


def test_path_that_the_inventory_missed_is_listed(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(jsonl, "_INVENTORY_ALL_BYTES", 10)
    monkeypatch.setattr(jsonl, "_INVENTORY_LINES", 2)
    values = [{"a": 1}] * 500
    values[333] = {"a": 1, "b": {"c": "x"}}
    _, unseen = _rows(_store(tmp_path, *values))
    assert unseen == [NotSeen("s.x.jsonl", "not_seen.late_path", "1, first at line 334")]


def test_array_around_all_objects_is_read_as_one_line(tmp_path: Path) -> None:
    rows, _ = _rows(_store(tmp_path, [{"a": 1}, {"a": 2}]))
    assert rows == [{"[].a": "[1, 2]"}]
