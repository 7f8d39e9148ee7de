from __future__ import annotations

from pathlib import Path

import pytest

from policies.errors import CatalogError, ConfigError
from policies.yaml_files import FileModel, check_model, load_yaml, parse_yaml, read_model


class _Inner(FileModel):
    limit: int


class _Model(FileModel):
    name: str
    parts: dict[str, _Inner]


class _Optional(FileModel):
    parts: dict[str, _Inner] = {}  # noqa: RUF012 pydantic copies it


def test_a_good_file_becomes_a_model(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text("name: shop\nparts:\n  一: {limit: 3}\n", encoding="utf-8")
    assert read_model(_Model, path).parts["一"].limit == 3


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: shop\nparts: {}\n")
    assert read_model(_Model, path).name == "shop"


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("name: a\nname: b\nparts: {}\n", 2, "a key given twice"),
        ("name: [1\n", 2, "text that is no YAML 1.2"),
        ("name: shop\nparts:\n  x: {limit: ten}\n", 3, "`parts.x.limit`"),
        ("name: shop\nparts: {}\nextra: 1\n", 3, "`extra`"),
        ("name: shop\nparts:\n  x:\n    limits: 1\n", 3, "`parts.x.limit"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, found: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_model(_Model, path)
    assert caught.value.place == f"{path}:{line}"
    assert found in caught.value.found


def test_a_missing_file_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="governance init"):
        load_yaml(tmp_path / "none.yaml", error=CatalogError)


def test_bytes_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Zoë".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_yaml(path)


def test_yes_is_a_word_and_no_truth_value() -> None:
    assert parse_yaml("a: yes\nb: true\n", "text") == {"a": "yes", "b": True}


def test_a_fault_never_repeats_the_value() -> None:
    with pytest.raises(ConfigError) as caught:
        check_model(_Model, {"name": "shop", "parts": {"x": {"limit": "marker-4711"}}}, "place")
    assert "marker" not in str(caught.value)
    assert "marker" not in repr(caught.value)


def test_a_heading_whose_entries_are_commented_out_is_no_fault() -> None:
    assert check_model(_Optional, parse_yaml("parts:\n  # x: {limit: 1}\n", "text"), "text").parts == {}
