"""`--format xlsx` on every command that writes a report: a file, or a clear no before anything is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from governance.app import Governance

MARKER = re.compile(
    r"quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|5678 ?9011|zorblatt|0440532013|11010519491231002X",
    re.IGNORECASE,
)
COMMANDS = (
    ("audit", "access"),
    ("audit", "automated", "show"),
    ("audit", "consent"),
    ("audit", "crm"),
    ("audit", "dpia", "show"),
    ("audit", "fairness"),
    ("audit", "incident", "show"),
    ("audit", "requests"),
    ("audit", "retention"),
    ("audit", "review", "show"),
    ("audit", "ropa"),
    ("audit", "training", "show"),
    ("consent", "coverage"),
    ("policy", "who", "crm"),
    ("policy", "what", "alice"),
    ("protect", "status"),
    ("quality", "crm"),
    ("scan", "--store", "crm"),
)


@pytest.fixture(scope="module")
def project(shared_project: Path) -> Path:
    return shared_project


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_report_is_written_as_a_workbook_that_holds_no_value(
    project: Path, run: Any, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "report.xlsx"
    told = run(*command, "--format", "xlsx", "--output", file, "--lang", "zh-Hans")
    assert told.code == 0, told.err
    assert told.out == ""
    found = openpyxl.load_workbook(file)
    texts = [str(cell.value) for sheet in found for row in sheet.iter_rows() for cell in row]
    assert len(texts) > 5
    assert not any(MARKER.search(each) for each in (*texts, *found.sheetnames))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_file_it_is_refused_and_nothing_is_recorded(
    project: Path, run: Any, command: tuple[str, ...]
) -> None:
    with Governance.open(project / "governance.yaml") as gov:
        before = len(list(gov.ledger.events()))
    told = run(*command, "--format", "xlsx")
    assert (told.code, told.out) == (2, "")
    assert "--output FILE.xlsx" in told.err
    with Governance.open(project / "governance.yaml") as gov:
        assert len(list(gov.ledger.events())) == before
