"""Every known threat is tried by a test that exists, or said openly in the docs."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
THREATS = YAML(typ="safe").load(HERE / "threats.yaml")


@cache
def _tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_threat_is_left_out():
    assert list(THREATS) == [f"N{number}" for number in range(1, 43)]
    assert all(each["threat"] and each["tests"] for each in THREATS.values())


@pytest.mark.parametrize("name", THREATS)
def test_threat_is_tried_by_tests_that_exist(name):
    for node in THREATS[name]["tests"]:
        file, _, test = node.partition("::")
        assert test.startswith("test_"), node
        assert (HERE / file).is_file(), node
        assert test in _tests((HERE / file).resolve()), node
    said = THREATS[name].get("said")
    if said is not None:
        assert said["words"] in (ROOT / said["page"]).read_text(encoding="utf-8")
