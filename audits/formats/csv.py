"""CSV: the report's flat table for spreadsheets, with formula injection made harmless."""

from __future__ import annotations

import csv
import io

from audits.formats.base import ALL_REPORTS
from audits.report import Report, Value
from audits.speaking import Speaker

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet may run a cell that begins with one of these, so such a cell gets an apostrophe in front."""


class CsvFormat:
    """One header line of stable column keys, then one line a row, RFC 4180 with CRLF."""

    name = "csv"
    serves = ALL_REPORTS
    encoding = "utf-8-sig"

    def write(self, report: Report, speaker: Speaker) -> str:
        """The flat table; names of columns are the same in every language."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([column.key for column in report.flat.columns])
        for row in report.flat.rows:
            writer.writerow([harmless(_cell(value, speaker)) for value in row.cells])
        return out.getvalue()


def _cell(value: Value, speaker: Speaker) -> str:
    """Integers without digit groups and nothing for None, so that a spreadsheet can count with them."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else speaker.say(value)


def harmless(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula; blanks in front do not hide one."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) or cell.lstrip().startswith(FORMULA_STARTS) else cell
