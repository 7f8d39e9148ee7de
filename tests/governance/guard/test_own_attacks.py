"""Attacks of our own, from the classes that pass a simple rewriting layer; both kinds of store, in three worlds."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from .conftest import CONTEXT, CUSTOMERS, leaks, make_models, outcome, seen  # type: ignore[import-not-found]

CASES = [json.loads(line) for line in Path(__file__).with_name("own_attacks.jsonl").read_text().splitlines()]
BOTH = {each["id"]: each["code"] for each in CASES if each["form"] == "sql"} | {
    "long-pattern": "SELECT count(*) FROM customers WHERE tier = 'vip' AND name LIKE '" + "%a" * 30_000 + "'",
    "deep": "SELECT " + "(" * 2_000 + "1" + ")" * 2_000,
    "deep-from": "SELECT 1 FROM " + "(" * 90_000 + "customers" + ")" * 90_000,
    "deep-case": "SELECT " + "CASE WHEN 1 THEN " * 5_000 + "1" + " END" * 5_000,
    "deep-not": "SELECT " + "NOT " * 40_000 + "id FROM customers",
    "long-chain": "SELECT 1 FROM customers WHERE id = 1" + " OR id = 1" * 1_500,
    "long": "SELECT '" + "x" * 300_000 + "'",
}


@pytest.mark.parametrize("name", sorted(BOTH))
def test_attack_learns_nothing(worlds, name):
    assert leaks(worlds, BOTH[name]) == []


@pytest.mark.parametrize("name", sorted(BOTH))
def test_answer_to_an_attack_holds_no_hidden_value(worlds, name):
    shown = str(outcome(worlds["base"], BOTH[name], "sql"))
    asked = BOTH[name]
    for row in CUSTOMERS:
        hidden = [row[2], row[3], row[4], row[7]] if row[6] == "EU" else [each for each in row if isinstance(each, str)]
        for value in hidden:
            assert not value or len(value) < 4 or value in asked or value in ("gold", "free") or value not in shown


REFUSED = [
    "in-tablename", "in-tablename-scalar", "shadow-elsewhere", "shadow-schema", "shadow-schema-pg", "shadow-later",
    "our-own-table", "quoted-text-select", "quoted-unicode", "two-statements", "rowid", "ctid", "whole-row",
    "functional-notation", "table-function", "catalog-sqlite", "catalog-pg", "temp-schema", "pg-temp", "cross-schema",
    "for-update", "select-into", "explain", "pragma", "attach", "set-role", "writable-cte", "file-read", "sleep",
    "load-extension", "function-schema", "function-quoted", "function-prefix", "operator-schema", "typed-literal",
    "indexed-by", "tablesample", "table-command", "nul", "bom", "deep", "long", "copy", "vacuum",
]  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_attack_is_refused_before_it_runs(worlds, name):
    assert outcome(worlds["base"], BOTH[name], "sql")[0] in ("StatementRefusedError", "AccessRefusedError")


PYTHON = {each["id"]: each["code"] for each in CASES if each["form"] == "python"}


def python_outcome(world, code):
    world.recorder.drafts.clear()
    engine = world.engine()
    with world.store.session(CONTEXT) as session:
        names = {**vars(sa), "s": session, "eng": engine, "kept": [], "listen": event.listen, **vars(make_models())}
        try:
            result = eval(code, names)
            return seen(result, in_order=True)
        except Exception as error:  # noqa: BLE001 the harness compares whatever is raised
            return type(error).__name__, str(error).split("(Background")[0]
        finally:
            names.clear()  # attacks forget their connections; the server has few
            gc.collect(1)


@pytest.mark.parametrize("name", sorted(PYTHON))
def test_python_attack_learns_nothing(worlds, name):
    found = {world: python_outcome(each, PYTHON[name]) for world, each in worlds.items()}
    found = {world: re.sub(r"0x[0-9a-f]+|gov_guard_\w+", "", str(each)) for world, each in found.items()}
    assert found["values"] == found["base"]
    assert found["rows"] == found["base"]
    for value in ("A123", "D012", "likes tea", "secret", "ann@x.io"):
        assert value not in found["base"]
