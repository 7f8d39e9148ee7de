"""Write a report in a format and a language.

>>> from audits.reports.scan import scan_report
>>> report = scan_report({"schema": "governance.scan/1", "stores": [], "summary": {}})
>>> render(report, "text", lang="zh-Hant").splitlines()[0]
'個人資料掃描報告'
"""

from __future__ import annotations

from audits.formats.base import Format, register
from audits.formats.csv import CsvFormat
from audits.formats.html import HtmlFormat
from audits.formats.json import JsonFormat
from audits.formats.markdown import MarkdownFormat
from audits.formats.sarif import SarifFormat
from audits.formats.text import TextFormat
from audits.formats.xlsx import XlsxFormat
from audits.report import Report
from audits.speaking import Speaker
from policies.errors import ConfigError

FORMATS = register((TextFormat(), JsonFormat(), HtmlFormat(), MarkdownFormat(), CsvFormat(), SarifFormat()))
"""Every format of text by name."""
BINARY = "xlsx"
"""The one format that is no text; `render_bytes` writes it, for a file."""


def formats_for(kind: str) -> tuple[str, ...]:
    """The names of the formats that serve a kind of report, sorted."""
    return tuple(name for name, each in FORMATS.items() if kind in each.serves)


def format_named(name: str, kind: str) -> Format:
    """The format of that name. Raises ConfigError when there is none, or it does not serve this kind of report."""
    found = FORMATS.get(name)
    if found is None or kind not in found.serves:
        raise ConfigError(
            f"format `{name}`",
            found="a format that this report is not written in",
            expected=" or ".join(formats_for(kind)),
            next_step="name one of them after `--format`",
        )
    return found


def render(report: Report, format: str, lang: str = "en", zone: str | None = None) -> str:  # noqa: A002
    """A report as text, ending with one line feed; `zone` overrides the report's own time zone.

    Raises ConfigError for a format that does not serve the report, PackError for a language without texts.
    """
    return format_named(format, report.kind).write(report, Speaker(lang, zone or report.zone))


def render_bytes(
    report: Report,
    format: str,  # noqa: A002
    lang: str = "en",
    zone: str | None = None,
) -> bytes:
    """A report as the bytes of a file, in any format, `xlsx` included; text is encoded as its readers expect.

    Raises as `render`, and InstallationError for `xlsx` without its extra.
    """
    if format == BINARY:
        return XlsxFormat().write(report, Speaker(lang, zone or report.zone))
    return render(report, format, lang, zone).encode(format_named(format, report.kind).encoding)
