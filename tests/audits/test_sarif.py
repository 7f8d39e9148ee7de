"""SARIF against models that were made from the standard's schema; they refuse what it does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from audits.rendering import render
from audits.report import Report
from audits.reports.scan import scan_report


@pytest.fixture
def run(reports: dict[str, Report]) -> dict[str, Any]:
    log = json.loads(render(reports["scan"], "sarif"))
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(log)
    found: dict[str, Any] = log["runs"][0]
    return found


def test_every_result_points_at_its_rule_and_field(run: dict[str, Any]) -> None:
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == sorted({each["id"] for each in rules})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        place = result["locations"][0]
        of_dataset = result["ruleId"] == "scan/QUASI_IDENTIFIER"
        assert place["logicalLocations"][0]["fullyQualifiedName"].count(".") >= (1 if of_dataset else 2)
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "policies/catalog.yaml"


def test_fingerprints_are_unique_and_stable_under_order(run: dict[str, Any], scan: dict) -> None:
    prints = [each["partialFingerprints"]["fieldAndEntity/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)
    scan["stores"][0]["datasets"].reverse()
    again = json.loads(render(scan_report(scan), "sarif"))["runs"][0]["results"]
    assert {each["partialFingerprints"]["fieldAndEntity/v1"] for each in again} == set(prints)


def _levels(run: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (each["locations"][0]["logicalLocations"][0]["name"], each["ruleId"]): each["level"] for each in run["results"]
    }


def test_level_follows_sensitivity(run: dict[str, Any]) -> None:
    levels = _levels(run)
    assert levels["diagnosis", "scan/HEALTH"] == "error"
    assert levels["note", "scan/CN_RESIDENT_ID"] == "error"
    assert levels["<script>alert(1)</script>", "scan/EMAIL_ADDRESS"] == "warning"


def test_rejected_label_is_no_result(run: dict[str, Any]) -> None:
    assert not [name for name, _ in _levels(run) if name == "loyalty"]


def test_no_example_stands_in_a_result(run: dict[str, Any]) -> None:
    assert "***" not in json.dumps(run)


def test_name_with_brackets_is_no_link(scan: dict) -> None:
    scan["stores"][0]["datasets"][0]["fields"][0]["field"] = "[click](1)"
    written = json.loads(render(scan_report(scan), "sarif"))
    assert "\\[click\\](1)" in written["runs"][0]["results"][0]["message"]["text"]
