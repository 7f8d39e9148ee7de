"""One workbook that is being written: its cell forms, its sheets and their names. Pure: bytes in memory, no clock."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.formats.csv import harmless
from audits.formats.widths import cut, printable, width
from audits.report import Count, Share, Tag, Tone, Value
from audits.speaking import Speaker
from policies.errors import InstallationError

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

FIXED = dt.datetime(2000, 1, 1)  # noqa: DTZ001  a workbook has no zones; the same report has the same bytes
"""When a workbook says it was made whose report states no moment."""
LONGEST = 32_767
"""Letters that a cell can hold; a longer text is cut."""
WIDEST, NARROWEST = 60, 10
"""How wide columns are, in letters."""
_LETTERS_OF_A_NAME = 31
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_COLOURS: Mapping[Tone, str] = {
    Tone.BAD: "#FBD5D5",
    Tone.SPECIAL: "#FBD5D5",
    Tone.RESTRICTED: "#FDE3D0",
    Tone.WARN: "#FDF0C8",
    Tone.CONFIDENTIAL: "#FDF0C8",
    Tone.GOOD: "#D9F0DC",
}


class Book:
    """A workbook. Raises InstallationError where the extra `xlsx` is not installed."""

    def __init__(self, speaker: Speaker, title: str, made: dt.datetime | None) -> None:
        self.speaker = speaker
        self._out = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book: Workbook = _workbook()(self._out, options)
        when = made.astimezone(speaker.zone).replace(tzinfo=None, microsecond=0) if made is not None else FIXED
        self._book.set_properties({"title": title, "created": when})
        self._forms: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._names: set[str] = {"history"}  # a name that the program keeps for itself

    def sheet(self, name: str) -> Sheet:
        """A new sheet at the end; its name is made to fit, and another one where it is taken."""
        return Sheet(self, self._book.add_worksheet(self._free(name)))

    def form(self, **properties: Any) -> Any:
        """A cell form, each once."""
        key = tuple(sorted(properties.items()))
        if key not in self._forms:
            self._forms[key] = self._book.add_format({"valign": "top", **properties})
        return self._forms[key]

    def finished(self) -> bytes:
        """The whole file."""
        self._book.close()
        return self._out.getvalue()

    def _free(self, name: str) -> str:
        plain = printable(name).translate(_NOT_IN_NAMES).strip() or "-"
        tried, number = cut(plain, _LETTERS_OF_A_NAME), 1
        while tried.casefold() in self._names:
            number += 1
            end = f" {number}"
            tried = cut(plain, _LETTERS_OF_A_NAME - len(end)) + end
        self._names.add(tried.casefold())
        return tried


class Sheet:
    """One sheet; rows and columns count from 0."""

    def __init__(self, book: Book, sheet: Worksheet) -> None:
        self._book = book
        self._sheet = sheet
        self._widths: dict[int, int] = {}

    def text(self, row: int, column: int, text: str, **form: Any) -> None:
        """A text, which is never taken for a formula, number or link."""
        shown = printable(text)[:LONGEST]
        if harmless(shown) != shown:  # the mark by which spreadsheets keep it a text when somebody edits or saves it
            form["quote_prefix"] = True
        self._sheet.write_string(row, column, shown, self._book.form(**form))
        if not form.get("merged"):
            self._widths[column] = max(self._widths.get(column, NARROWEST), min(width(shown) + 2, WIDEST))

    def value(self, row: int, column: int, value: Value, **form: Any) -> None:
        """Any value of a report: numbers as numbers, shares as per cent, days and moments as such, all else as text."""
        write, made = self._sheet, self._book.form
        match value:
            case None:
                write.write_blank(row, column, None, made(**form))
            case Count():
                write.write_number(row, column, value.value, made(num_format="#,##0", **form))
            case Share():
                write.write_number(row, column, value.value, made(num_format="0.0%", **form))
            case dt.datetime():
                local = value.astimezone(self._book.speaker.zone).replace(tzinfo=None, microsecond=0)
                write.write_datetime(row, column, local, made(num_format="yyyy-mm-dd hh:mm:ss", **form))
                self._widths[column] = max(self._widths.get(column, 0), 20)
            case dt.date():
                write.write_datetime(row, column, value, made(num_format="yyyy-mm-dd", **form))
                self._widths[column] = max(self._widths.get(column, 0), 12)
            case int():
                write.write_number(row, column, value, made(num_format="#,##0", **form))
            case Tag():
                self.toned(row, column, self._book.speaker.say(value), value.tone, **form)
            case _:
                self.text(row, column, self._book.speaker.say(value), text_wrap=True, **form)

    def toned(self, row: int, column: int, text: str, tone: Tone, **form: Any) -> None:
        """A text with the colour of a tone behind it; the text says the same without."""
        colour = {"bg_color": _COLOURS[tone]} if tone in _COLOURS else {}
        self.text(row, column, text, **colour, **form)

    def heads(self, row: int, titles: Sequence[str], *, rows: int) -> None:
        """A line of headings that can be filtered by, over so many rows."""
        for column, title in enumerate(titles):
            self.text(row, column, title, bold=True, bottom=1, text_wrap=True, bg_color="#EEEEEE")
        if titles and rows:
            self._sheet.autofilter(row, 0, row + rows, len(titles) - 1)
        self._sheet.freeze_panes(row + 1, 1)

    def finish(self) -> None:
        """Set the widths, and how it prints: as wide as a page, its headings on each."""
        for column, cells in self._widths.items():
            self._sheet.set_column(column, column, cells)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)


def _workbook() -> Any:
    try:
        from xlsxwriter import Workbook
    except ImportError:
        raise InstallationError(
            "format `xlsx`",
            found="no package xlsxwriter",
            expected="the extra `xlsx`",
            next_step="run `pip install 'customer-data-governance[xlsx]'`",
        ) from None
    return Workbook
