"""Reports as workbooks: read back as a spreadsheet reads them, the same bytes each time, and no text that runs."""

from __future__ import annotations

import datetime as dt
import io
import sys
import time
import zipfile
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from audits.formats.base import ALL_REPORTS
from audits.formats.csv import FORMULA_STARTS
from audits.rendering import render_bytes
from audits.report import (
    Code,
    Column,
    Count,
    Listing,
    Missing,
    NotSeen,
    Report,
    Row,
    Section,
    Share,
    Table,
    Tag,
    Task,
    Tone,
    Verdict,
    text,
)
from audits.speaking import Speaker
from policies.errors import ConfigError, InstallationError
from policies.vocabulary import LANGUAGES

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("https://example.org")',
    " =1",
    "＝1",
    "{=1}",
    "https://x.org",
]


def book(report: Report, lang: str = "en") -> Any:
    return openpyxl.load_workbook(io.BytesIO(render_bytes(report, "xlsx", lang)))


def small(*rows: tuple[Any, ...], title: str = "rows") -> Report:
    columns = tuple(Column(f"c{number}", text("report.what")) for number in range(len(rows[0])))
    table = Table(columns, tuple(Row(cells) for cells in rows), text("report.contents"))
    when = dt.datetime(2026, 11, 1, 16, 30, tzinfo=dt.UTC)
    tasks = (Task(text("report.now"), dt.date(2026, 11, 30), "=cmd()", "rows"),)
    sections = (
        Section("rows", title, (table,)),
        Section("more", title, (table, NotSeen((Missing("=1", "-2"),)))),
    )
    return Report(
        "scan",
        text("scan.title"),
        Verdict(Tone.BAD, text("report.bad"), tasks),
        sections,
        table,
        as_of=when,
        zone="Asia/Taipei",
    )


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(ALL_REPORTS))
def test_every_report_is_a_workbook_that_opens_with_its_answer(
    reports: dict[str, Report], kind: str, lang: str
) -> None:
    report, speaker = reports[kind], Speaker(lang, reports[kind].zone)
    found = book(report, lang)
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    assert len(found.worksheets) == 1 + len(tables)
    first = found.worksheets[0]
    assert first["A2"].value == speaker.words.say(f"report.{report.verdict.tone}")
    assert first["B2"].value == speaker.say(report.verdict.line)
    told = [[cell.value for cell in row] for row in first.iter_rows()]
    for task in report.verdict.tasks:
        assert any(row[0] == speaker.say(task.what) for row in told)
    for sheet, table in zip(found.worksheets[1:], tables, strict=True):
        assert [cell.value for cell in sheet[1]] == [speaker.say(column.title) for column in table.columns]
        assert sheet.max_row == 1 + len(table.rows)


def test_numbers_and_dates_are_real_and_in_the_zone_of_the_report(reports: dict[str, Report]) -> None:
    moment = dt.datetime(2026, 11, 1, 16, 30, tzinfo=dt.UTC)
    report = small((7, Count(1_234_567, ("e1",)), Share(0.125), dt.date(2026, 2, 28), moment, None))
    sheet = book(report).worksheets[1]
    cells = sheet[2]
    assert [cell.value for cell in cells] == [
        7, 1_234_567, 0.125, dt.datetime(2026, 2, 28), dt.datetime(2026, 11, 2, 0, 30), None,  # noqa: DTZ001  as sheets have them
    ]  # fmt: skip
    assert [cell.data_type for cell in cells] == ["n", "n", "n", "d", "d", "n"]
    assert cells[2].number_format == "0.0%"
    fairness = reports["fairness"]
    table = book(fairness).worksheets[1]
    shown = [row.cells for row in next(b for b in fairness.sections[1].blocks if isinstance(b, Table)).rows]
    assert [row[2].value for row in table.iter_rows(min_row=2)] == [
        each[2].value if isinstance(each[2], Count) else None for each in shown
    ]
    access = book(reports["access"])
    uses = reports["access"]
    zone = ZoneInfo(uses.zone)
    moments = {
        cell.astimezone(zone).replace(tzinfo=None)
        for section in uses.sections for block in section.blocks if isinstance(block, Table)
        for row in block.rows for cell in row.cells if isinstance(cell, dt.datetime)
    }  # fmt: skip
    read = {
        cell.value
        for sheet in access.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "d"
    }
    assert moments
    assert moments <= read


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_text_that_would_run_stays_a_text(hostile: str) -> None:
    report = small((hostile, Code(hostile), Listing((hostile, Code(hostile))), Tag(text("report.now"), Tone.BAD)))
    raw = render_bytes(report, "xlsx")
    found = openpyxl.load_workbook(io.BytesIO(raw))
    for sheet in found.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "d")
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value.lstrip().startswith(FORMULA_STARTS):
                    assert cell.quotePrefix
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        sheets = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in each or b"hyperlink" in each for each in sheets)


def test_the_same_report_gives_the_same_bytes_at_any_time(reports: dict[str, Report]) -> None:
    first = {kind: render_bytes(report, "xlsx", "zh-Hant") for kind, report in reports.items()}
    time.sleep(2.1)  # a ZIP counts in two seconds
    assert {kind: render_bytes(report, "xlsx", "zh-Hant") for kind, report in reports.items()} == first


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("a/b: c?", ["a b  c", "a b  c 2"]),
        ("x" * 40, ["x" * 30 + "…", "x" * 28 + "… 2"]),
        ("History", ["History 2", "History 3"]),
        ("'", ["-", "- 2"]),
        ("資料" * 20, ["資料" * 7 + "資…", "資料" * 7 + "… 2"]),
    ],
)
def test_names_of_sheets_are_made_to_fit_and_each_is_its_own(title: str, names: list[str]) -> None:
    found = book(small(("a",), title=title)).sheetnames[1:]
    assert found == names


def test_a_text_longer_than_a_cell_is_cut_and_control_characters_are_blanks() -> None:
    sheet = book(small(("y" * 40_000, "a\x00b\x1bc\u202ed"))).worksheets[1]
    assert len(sheet["A2"].value) == 32_767
    assert sheet["B2"].value == "a b c d"


def test_without_the_extra_it_says_what_to_install(reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(InstallationError, match="extra `xlsx`"):
        render_bytes(reports["scan"], "xlsx")


def test_bytes_of_a_text_format_have_its_encoding(reports: dict[str, Report]) -> None:
    assert render_bytes(reports["scan"], "csv").startswith(b"\xef\xbb\xbf")
    assert render_bytes(reports["scan"], "json").startswith(b"{")
    with pytest.raises(ConfigError):
        render_bytes(reports["access"], "sarif")
