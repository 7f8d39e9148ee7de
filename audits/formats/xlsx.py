"""XLSX: a first sheet that answers in ten seconds, then one sheet a table; numbers and dates are real ones.

Text is never a formula: a cell that a spreadsheet might run carries the mark that keeps it a text.
The same report and language give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from audits.formats.base import ALL_REPORTS
from audits.formats.xlsx_book import Book, Sheet
from audits.report import Chart, Facts, Notes, NotSeen, Report, Section, Table, Value
from audits.speaking import Speaker


class XlsxFormat:
    """A workbook; needs the extra `xlsx`."""

    name = "xlsx"
    serves = ALL_REPORTS

    def write(self, report: Report, speaker: Speaker) -> bytes:
        """The whole workbook. Raises InstallationError."""
        book = Book(speaker, speaker.say(report.title), report.as_of)
        _first(book.sheet(speaker.words.say("report.verdict")), report, speaker)
        for section, table in _tables(report):
            _table(book.sheet(_name(section, table, speaker)), table, speaker)
        return book.finished()


def _tables(report: Report) -> Iterator[tuple[Section, Table]]:
    return ((section, block) for section in report.sections for block in section.blocks if isinstance(block, Table))


def _name(section: Section, table: Table, speaker: Speaker) -> str:
    several = sum(isinstance(block, Table) for block in section.blocks) > 1
    return speaker.say(table.title if several and table.title is not None else section.title)


def _table(sheet: Sheet, table: Table, speaker: Speaker) -> None:
    sheet.heads(0, [speaker.say(column.title) for column in table.columns], rows=len(table.rows))
    for number, row in enumerate(table.rows, start=1):
        for column, cell in enumerate(row.cells):
            sheet.value(number, column, cell)
    sheet.finish()


class _Lines:
    """Writes line after line of the first sheet."""

    def __init__(self, sheet: Sheet, speaker: Speaker) -> None:
        self.sheet, self.speaker, self.row = sheet, speaker, 0

    def word(self, key: str) -> str:
        return self.speaker.words.say(f"report.{key}")

    def heading(self, text: str) -> None:
        self.row += 1
        self.sheet.text(self.row, 0, text, bold=True, bottom=1)
        self.row += 1

    def pair(self, label: Value, value: Value, note: Value = None) -> None:
        self.sheet.value(self.row, 0, label)
        self.sheet.value(self.row, 1, value)
        if note is not None:
            self.sheet.value(self.row, 2, note)
        self.row += 1


def _first(sheet: Sheet, report: Report, speaker: Speaker) -> None:
    """Is it in order, what is not, by when, who; then what the report was made from, counted, and could not see."""
    lines = _Lines(sheet, speaker)
    sheet.text(0, 0, speaker.say(report.title), bold=True, font_size=16)
    verdict = report.verdict
    sheet.toned(1, 0, lines.word(verdict.tone), verdict.tone, bold=True)
    sheet.text(1, 1, speaker.say(verdict.line), bold=True, text_wrap=True)
    lines.row = 2
    _tasks(lines, report)
    _about(lines, report)
    for section in report.sections:
        _said(lines, section)
    sheet.finish()


def _tasks(lines: _Lines, report: Report) -> None:
    if not report.verdict.tasks:
        return
    lines.row += 1
    for column, key in enumerate(("what", "by", "who")):
        lines.sheet.text(lines.row, column, lines.word(key), bold=True, bottom=1)
    for task in report.verdict.tasks:
        lines.row += 1
        for column, value in enumerate((task.what, task.by, task.who)):
            lines.sheet.value(lines.row, column, value)
    lines.row += 1


def _about(lines: _Lines, report: Report) -> None:
    lines.heading(lines.word("made_from"))
    if report.subject:
        lines.pair(lines.word("place"), report.subject)
    if report.as_of is not None:
        lines.pair(lines.word("as_of"), report.as_of)
        lines.pair(lines.word("zone"), str(lines.speaker.zone))
    for label, value in report.made_from:
        lines.pair(label, value)


def _said(lines: _Lines, section: Section) -> None:
    """What a section says beside its tables."""
    blocks = [block for block in section.blocks if not isinstance(block, Table)]
    if not blocks:
        return
    lines.heading(lines.speaker.say(section.title))
    for block in blocks:
        match block:
            case Facts():
                if block.title is not None:
                    lines.sheet.value(lines.row, 0, block.title, italic=True)
                    lines.row += 1
                for fact in block.items:
                    lines.pair(fact.label, fact.value, fact.note)
            case Chart():
                lines.sheet.value(lines.row, 0, block.title, italic=True)
                lines.row += 1
                for bar in block.bars:
                    lines.pair(bar.label, bar.value)
            case Notes():
                for each in block.items:
                    lines.pair(each, None)
            case NotSeen():
                for missing in block.items:
                    lines.pair(missing.place or None, missing.reason)
