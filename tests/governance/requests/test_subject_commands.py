"""The commands: counts on standard output, values in the named files alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from governance.cli.main import main
from governance.cli.project_option import actor

MARKERS = re.compile(r"anna|beispiel|muster|27654321|2765 4321|kai@|王小明|ring twice", re.IGNORECASE)


@pytest.fixture
def shop_cli(lite: Path) -> Path:
    """The shop, whose officer is whoever runs the command."""
    for name, old, new in (
        ("principals.yaml", "olga: {}", f"olga: {{}}, {actor()}: {{}}"),
        ("access.csv", "g, olga, officer", f"g, olga, officer\ng, {actor()}, impersonate"),
    ):
        path = lite / "policies" / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return lite


@pytest.mark.parametrize("form", ["text", "json"])
def test_find_prints_counts_and_no_value(shop_cli: Path, capsys, form: str) -> None:
    assert main(["--log-level", "debug", "subject", "find", "anna@example.com", "--format", form]) == 0
    out, err = capsys.readouterr()
    assert not MARKERS.search(out + err)
    if form == "json":
        found = json.loads(out)
        assert found["records"] == 14
        assert found["subject_keys"] == {"crm": 2}
        assert {"place": "crm.customers", "kind": "", "reason": "several", "persons": 2} in found["ambiguous"]
        assert {"place": "crm.keyless", "reason": "no_key"} in found["unreached"]
    else:
        assert "14 record(s) in 9 dataset(s)" in out
        assert "CONFIRM: 2 subject keys of crm.customers look like one person" in out
        assert "not looked at: crm.keyless (no_key)" in out


@pytest.mark.parametrize(
    ("lang", "found", "confirm", "unseen"),
    [
        ("zh-Hans", "共 14 条记录", "需人工确认：crm.customers 的 2 个编号", "未查询：crm.keyless（没有主键）"),
        ("zh-Hant", "共 14 筆紀錄", "須人工確認：crm.customers 的 2 個編號", "未查詢：crm.keyless（沒有主鍵）"),
    ],
)
def test_find_and_map_speak_chinese(shop_cli: Path, capsys, lang: str, found: str, confirm: str, unseen: str) -> None:
    assert main(["subject", "find", "anna@example.com", "--lang", lang]) == 0
    out, _ = capsys.readouterr()
    assert [each for each in (found, confirm, unseen) if each not in out] == []
    assert not MARKERS.search(out)
    assert main(["subject", "map", "--lang", lang]) == 0
    assert "crm.order_lines：" in capsys.readouterr().out


def test_keys_go_to_the_named_file_and_are_recorded(shop_cli: Path, capsys) -> None:
    assert main(["subject", "find", "anna@example.com", "--no-follow", "--store", "crm", "--keys", "keys.csv"]) == 0
    assert "(100," not in capsys.readouterr().out
    lines = (shop_cli / "keys.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "dataset,reach,key"
    assert "crm.order_lines,join,100 2" in lines
    capsys.readouterr()
    assert main(["ledger", "show", "--format", "json"]) == 0
    assert "subject.keys" in capsys.readouterr().out


def test_find_of_a_wrong_kind_or_store_is_exit_2(shop_cli: Path, capsys) -> None:
    assert main(["subject", "find", "anna-marker", "--kind", "email"]) == 2
    assert main(["subject", "find", "anna@example.com", "--store", "nosuch"]) == 2
    assert "marker" not in capsys.readouterr().err


def test_a_store_that_is_down_is_named_and_the_others_are_searched(shop_cli: Path, capsys) -> None:
    (shop_cli / "shop.db").write_bytes(b"no database at all, and long enough to be read as one" * 40)
    assert main(["subject", "find", "anna@example.com", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"place": "crm", "reason": "store_down"} in found["unreached"]
    assert [each["dataset"] for each in found["datasets"] if each["own"]] == ["files.survey.csv"]


def test_a_key_of_a_store_that_is_down_says_so(shop_cli: Path, capsys) -> None:
    (shop_cli / "shop.db").write_bytes(b"no database at all, and long enough to be read as one" * 40)
    assert main(["subject", "find", "crm:4711-marker", "--kind", "key"]) == 2
    told = capsys.readouterr().err
    assert "a store that does not answer" in told
    assert "4711" not in told


@pytest.mark.parametrize("form", ["text", "json"])
def test_map_shows_ways_joins_and_what_nothing_leads_to(shop_cli: Path, capsys, form: str) -> None:
    assert main(["subject", "map", "--format", form]) == 0
    out, _ = capsys.readouterr()
    if form == "json":
        found = {each["dataset"]: each for each in json.loads(out)["datasets"]}
        assert found["crm.orders"]["persons"] == "crm.customers"
        assert found["crm.line_events"]["joins"][0]["to"] == "crm.order_lines"
        assert found["crm.customers"]["third_persons"] == ["spouse_email"]
        assert found["crm.products"]["reached"] == []
    else:
        assert "crm.order_lines: join:crm.orders" in out
        assert "customer_id -> crm.customers (id), down, declared" in out


def test_export_writes_the_package_and_prints_no_value(shop_cli: Path, capsys) -> None:
    asked = ["--as", "olga", "--purpose", "answer_requests", "--models", "off"]
    line = ["subject", "export", "anna@example.com", "--output", "a.zip", *asked]
    assert main(line) == 1
    assert "--confirmed" in capsys.readouterr().err
    assert main([*line, "--confirmed", "--language", "zh-Hant"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert not MARKERS.search(err)
    assert "wrote a.zip: 8 record(s) of 4 dataset(s)" in err
    assert "to be added, gdpr: Who receives it" in err
    assert main([*line, "--confirmed"]) == 2
    for file in filter(Path.is_file, (shop_cli / ".governance").rglob("*")):
        assert b"anna@" not in file.read_bytes().lower()


def test_export_as_somebody_else_needs_the_role(shop_cli: Path, capsys) -> None:
    path = shop_cli / "policies" / "access.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(f"g, {actor()}, impersonate", ""), encoding="utf-8")
    line = ["subject", "export", "anna@example.com", "--output", "a", "--as", "olga", "--purpose", "answer_requests"]
    assert main([*line, "--confirmed"]) == 1
    assert "impersonate" in capsys.readouterr().err
    assert not (shop_cli / "a").exists()
