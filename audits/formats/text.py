"""Plain text for a terminal: no colour, no escape codes, columns that stay straight in Chinese."""

from __future__ import annotations

from collections.abc import Iterator

from audits.formats.base import ALL_REPORTS
from audits.formats.widths import cut, pad, printable, width
from audits.report import Bar, Block, Chart, Facts, Notes, NotSeen, Report, Section, Table, Verdict
from audits.speaking import DASH, Speaker

MOST_CELLS = 56
"""A table cell is cut at this width; the whole name stands in the other formats."""

BAR_CELLS = 32
"""The width of the longest bar of a chart."""

RIGHT = frozenset({"number", "percent", "share"})
"""Kinds of column that stand at the right."""


class TextFormat:
    """The verdict first, then each chapter; what opens on demand in HTML is left out here."""

    name = "text"
    serves = ALL_REPORTS
    encoding = "utf-8"

    def write(self, report: Report, speaker: Speaker) -> str:
        """The report as lines without blanks at their end."""
        return "\n".join(line.rstrip() for line in _report(report, speaker)) + "\n"


def _say(speaker: Speaker, value: object) -> str:
    return printable(speaker.say(value))  # type: ignore[arg-type]  # every value of the model is a Value


def _report(report: Report, speaker: Speaker) -> Iterator[str]:
    title = _say(speaker, report.title)
    yield title
    yield "=" * width(title)
    if report.as_of is not None:
        yield f"{speaker.words.say('report.as_of')}{speaker.words.say('report.colon')}{speaker.moment(report.as_of)}"
    yield from _verdict(report.verdict, speaker)
    group = ""
    for section in report.sections:
        if section.group and section.group != group:
            yield from ("", f"## {printable(section.group)}")
        group = section.group
        yield from _section(section, speaker)


def _verdict(verdict: Verdict, speaker: Speaker) -> Iterator[str]:
    state = speaker.words.say(f"report.{verdict.tone}")
    yield ""
    yield f"{state}{speaker.words.say('report.colon')}{_say(speaker, verdict.line)}"
    for task in verdict.tasks:
        yield f"  - {_say(speaker, task.what)} ({_say(speaker, task.by)}; {_say(speaker, task.who)})"


def _section(section: Section, speaker: Speaker) -> Iterator[str]:
    marks = "  ".join(_say(speaker, each) for each in section.marks)
    yield from ("", f"# {_say(speaker, section.title)}" + (f"  ({marks})" if marks else ""))
    for block in section.blocks:
        yield from _block(block, speaker)


def _block(block: Block, speaker: Speaker) -> Iterator[str]:
    match block:
        case Facts():
            yield from _facts(block, speaker)
        case Table():
            yield from _table(block, speaker)
        case Chart():
            yield from _chart(block, speaker)
        case Notes():
            yield from (f"  {_say(speaker, each)}" for each in block.items)
        case NotSeen():
            yield from _not_seen(block, speaker)


def _facts(facts: Facts, speaker: Speaker) -> Iterator[str]:
    if facts.title is not None:
        yield from ("", f"  {_say(speaker, facts.title)}")
    labels = [_say(speaker, fact.label) for fact in facts.items]
    values = [_say(speaker, fact.value) for fact in facts.items]
    wide, high = max(map(width, labels), default=0), max(map(width, values), default=0)
    for fact, label, value in zip(facts.items, labels, values, strict=True):
        note = f"  {_say(speaker, fact.note)}" if fact.note else ""
        yield f"  {pad(label, wide)}  {pad(value, high, right=True)}{note}"


def _table(table: Table, speaker: Speaker) -> Iterator[str]:
    shown = [row for row in table.rows if not row.quiet]
    if shown:
        yield from _lines(
            table, [[cut(_say(speaker, cell), MOST_CELLS) for cell in row.cells] for row in shown], speaker
        )
    if hidden := len(table.rows) - len(shown):
        yield f"  {speaker.words.say('report.quiet_rows', count=speaker.number(hidden))}"
    if not table.rows:
        yield f"  {speaker.words.say('report.nothing')}"


def _lines(table: Table, cells: list[list[str]], speaker: Speaker) -> Iterator[str]:
    heads = [_say(speaker, column.title) for column in table.columns]
    keep = [index for index in range(len(heads)) if any(row[index] not in ("", DASH) for row in cells)]
    widths = {index: max(width(heads[index]), *(width(row[index]) for row in cells)) for index in keep}
    right = {index: table.columns[index].kind in RIGHT for index in keep}
    for row in (heads, ["-" * widths.get(index, 0) for index in range(len(heads))], *cells):
        yield "  " + "  ".join(pad(row[index], widths[index], right=right[index]) for index in keep)


def _chart(chart: Chart, speaker: Speaker) -> Iterator[str]:
    yield from ("", f"  {_say(speaker, chart.title)}")
    labels = [_say(speaker, bar.label) for bar in chart.bars]
    wide, most = max(map(width, labels), default=0), max((bar.value for bar in chart.bars), default=0)
    for bar, label in zip(chart.bars, labels, strict=True):
        yield f"  {pad(label, wide)}  {_bar(bar, most)} {speaker.number(bar.value)}"


def _bar(bar: Bar, most: int) -> str:
    length = max(1, round(BAR_CELLS * bar.value / most)) if bar.value else 0
    return "█" * length


def _not_seen(block: NotSeen, speaker: Speaker) -> Iterator[str]:
    for each in block.items:
        place = f"{printable(each.place)}{speaker.words.say('report.colon')}" if each.place else ""
        yield f"  - {place}{_say(speaker, each.reason)}"
    if not block.items:
        yield f"  {speaker.words.say('report.not_seen_nothing')}"
