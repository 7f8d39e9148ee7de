"""Markdown for wikis and merge requests: names and cells are escaped, so that no name becomes markup or a link."""

from __future__ import annotations

from collections.abc import Iterator

from audits.formats.base import ALL_REPORTS
from audits.formats.widths import printable
from audits.report import Block, Chart, Code, Facts, Listing, Notes, NotSeen, Report, Row, Section, Table, Value
from audits.speaking import Speaker

MARKUP = frozenset("\\`*_{}[]<>()#+-.!|~$@:/&")
"""Characters that Markdown, or a site around it, may read as markup, a mention or a link."""

RIGHT = frozenset({"number", "percent", "share"})
"""Kinds of column that stand at the right."""


class MarkdownFormat:
    """GitHub-flavoured Markdown; what opens on demand in HTML is left out."""

    name = "markdown"
    serves = ALL_REPORTS
    encoding = "utf-8"

    def write(self, report: Report, speaker: Speaker) -> str:
        """The report as Markdown."""
        return "\n".join(_report(report, speaker)) + "\n"


def escape(text: str) -> str:
    """The text with a backslash before every markup character, on one line."""
    return "".join(f"\\{letter}" if letter in MARKUP else letter for letter in printable(text))


def code(text: str) -> str:
    """A technical name between backticks, more of them than it holds itself; a bar is escaped for tables."""
    plain = printable(text).replace("|", "\\|")
    run = longest = 0
    for letter in plain:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    blank = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{blank}{plain}{blank}{fence}" if plain else ""


def _say(value: Value, speaker: Speaker) -> str:
    if isinstance(value, Code):
        return code(value.text)
    if isinstance(value, Listing):
        return speaker.words.say("report.comma").join(_say(each, speaker) for each in value.items)
    return escape(speaker.say(value))


def _report(report: Report, speaker: Speaker) -> Iterator[str]:
    yield from (f"# {_say(report.title, speaker)}", "")
    if report.as_of is not None:
        yield from (f"{speaker.words.say('report.as_of')} {escape(speaker.moment(report.as_of))}", "")
    yield f"**{speaker.words.say(f'report.{report.verdict.tone}')}** {_say(report.verdict.line, speaker)}"
    for task in report.verdict.tasks:
        yield f"- {_say(task.what, speaker)} — {_say(task.by, speaker)}, {_say(task.who, speaker)}"
    group = ""
    for section in report.sections:
        if section.group and section.group != group:
            yield from ("", f"## {escape(section.group)}")
        group = section.group
        yield from _section(section, speaker)


def _section(section: Section, speaker: Speaker) -> Iterator[str]:
    yield from ("", f"{'###' if section.group else '##'} {_say(section.title, speaker)}", "")
    if section.marks:
        yield from (" · ".join(_say(each, speaker) for each in section.marks), "")
    for block in section.blocks:
        yield from _block(block, speaker)


def _block(block: Block, speaker: Speaker) -> Iterator[str]:
    match block:
        case Facts():
            rows = [[_say(each.label, speaker), _say(each.value, speaker)] for each in block.items]
            yield from _table(["", ""], [False, True], rows)
        case Table():
            yield from _rows(block, speaker)
        case Chart():
            rows = [[_say(bar.label, speaker), speaker.number(bar.value)] for bar in block.bars]
            yield from _table([_say(block.title, speaker), ""], [False, True], rows)
        case Notes():
            yield from ("", *(_say(each, speaker) for each in block.items), "")
        case NotSeen():
            yield from (
                f"- {code(each.place)} {_say(each.reason, speaker)}".replace("-  ", "- ") for each in block.items
            )
            if not block.items:
                yield speaker.words.say("report.not_seen_nothing")


def _rows(table: Table, speaker: Speaker) -> Iterator[str]:
    shown: list[Row] = [row for row in table.rows if not row.quiet]
    heads = [_say(column.title, speaker) for column in table.columns]
    right = [column.kind in RIGHT for column in table.columns]
    if shown:
        yield from _table(heads, right, [[_say(cell, speaker) for cell in row.cells] for row in shown])
    if hidden := len(table.rows) - len(shown):
        yield from ("", speaker.words.say("report.quiet_rows", count=speaker.number(hidden)))
    if not table.rows:
        yield speaker.words.say("report.nothing")


def _table(heads: list[str], right: list[bool], rows: list[list[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join('---:' if each else '---' for each in right)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
