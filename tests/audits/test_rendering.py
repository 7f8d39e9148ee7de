"""Every format x report x language."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re

import pytest

from audits.evidence import Evidence
from audits.formats.base import register
from audits.formats.csv import CsvFormat, harmless
from audits.formats.markdown import code, escape
from audits.rendering import FORMATS, formats_for, render
from audits.report import Report
from audits.reports.access import access_report
from audits.reports.scan import scan_report
from policies.errors import ConfigError, PackError
from policies.vocabulary import LANGUAGES

EVERY = [
    (kind, name, lang) for kind in ("scan", "access", "retention") for name in formats_for(kind) for lang in LANGUAGES
]


@pytest.mark.parametrize(("kind", "name", "lang"), EVERY)
def test_same_evidence_gives_same_bytes(
    reports: dict[str, Report], scan: dict, evidence: Evidence, kind: str, name: str, lang: str
) -> None:
    again = {
        "scan": scan_report(
            scan, as_of=evidence.as_of, zone="Asia/Taipei", drift=[{"place": "crm.patients.nickname", "kind": "new"}]
        )
    }
    other = again.get(kind) or (access_report(evidence) if kind == "access" else reports[kind])
    assert render(other, name, lang) == render(reports[kind], name, lang)


@pytest.mark.parametrize(("kind", "name", "lang"), EVERY)
def test_no_key_of_the_vocabulary_is_left_unsaid(reports: dict[str, Report], kind: str, name: str, lang: str) -> None:
    written = render(reports[kind], name, lang)
    if name != "json":
        assert re.findall(r"\b(?:scan|report|audit|signal|category|entity)\.[a-z_]{3,}", written) == []
    assert written.endswith("\n")


def test_rendering_in_another_zone_moves_the_clock(reports: dict[str, Report]) -> None:
    assert "16:00:00 UTC+08:00" in render(reports["scan"], "text")
    assert "08:00:00 UTC+00:00" in render(reports["scan"], "text", zone="UTC")


def test_two_formats_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two formats"):
        register([CsvFormat(), CsvFormat()])


def test_unknown_format_is_refused_with_those_that_exist(reports: dict[str, Report]) -> None:
    with pytest.raises(ConfigError, match="csv or html or json or markdown or sarif or text"):
        render(reports["scan"], "pdf")


def test_sarif_does_not_serve_the_ledger_reports(reports: dict[str, Report]) -> None:
    for kind in ("access", "retention"):
        with pytest.raises(ConfigError, match="not written in"):
            render(reports[kind], "sarif")


def test_unknown_language_is_refused(reports: dict[str, Report]) -> None:
    with pytest.raises(PackError, match="zh-Hant"):
        render(reports["scan"], "text", "de")


def test_json_of_a_scan_is_the_scan(reports: dict[str, Report], scan: dict) -> None:
    assert json.loads(render(reports["scan"], "json")) == scan


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json"}))  # JSON is the input itself
def test_what_the_form_does_not_name_is_not_written(scan: dict, name: str) -> None:
    marker = "MARKER-7d1f-Wang-Xiaoming"
    field = scan["stores"][0]["datasets"][0]["fields"][0]
    field["values"] = [marker]
    field["findings"][0]["matched"] = marker
    assert marker not in render(scan_report(scan), name)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\u3000="])
def test_formula_is_neutralised(start: str) -> None:
    assert harmless(f"{start}HYPERLINK(1)").startswith("'")


@pytest.mark.parametrize("cell", ["", "email", "12.5", "a=b", "客户", "1-2"])
def test_plain_cell_is_left_alone(cell: str) -> None:
    assert harmless(cell) == cell


def test_csv_of_hostile_names_holds_no_formula(reports: dict[str, Report]) -> None:
    rows = list(csv.reader(io.StringIO(render(reports["scan"], "csv"))))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert "'=cmd|' /C calc'!A0" in [cell for row in rows for cell in row]


def test_markdown_escapes_names_and_cells() -> None:
    assert escape("a|b <i> [x](y) @team\nz") == "a\\|b \\<i\\> \\[x\\]\\(y\\) \\@team z"
    assert code("a|b") == "`a\\|b`"
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"


def test_markdown_tables_keep_their_columns(reports: dict[str, Report]) -> None:
    lines = render(reports["scan"], "markdown").splitlines()
    for first, second in itertools.pairwise(lines):
        if first.startswith("|") and second.startswith("|"):
            assert first.replace("\\|", "").count("|") == second.replace("\\|", "").count("|")


def test_text_cannot_move_the_cursor_or_forge_a_line(scan: dict) -> None:
    scan["stores"][0]["datasets"][0]["fields"][0]["field"] = "a\x1b[2Jb\n# In order\u202e"
    written = render(scan_report(scan), "text")
    assert "\x1b" not in written
    assert "\u202e" not in written
    assert "\n# In order" not in written
