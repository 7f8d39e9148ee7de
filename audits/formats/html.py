"""HTML: one self-contained file that opens no network, for readers, keyboards, screen readers and paper.

Its content security policy forbids every request. All names are escaped by Jinja; nothing is marked safe.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from itertools import groupby

import jinja2

from audits.formats.base import ALL_REPORTS
from audits.formats.html_charts import columns, segments
from audits.formats.widths import printable
from audits.report import Code, Count, Listing, Report, Section, Share, Table, Tag, Text, Tone, Value
from audits.speaking import Speaker

MOST_IDS_SHOWN = 50
"""Evidence ids under one number; the JSON form has all."""

RANKS = (Tone.SPECIAL, Tone.RESTRICTED, Tone.CONFIDENTIAL, Tone.INTERNAL, Tone.PUBLIC, Tone.BAD, Tone.WARN, Tone.NOTE)
"""Tones in the order in which a column of tags sorts; the others come behind."""


class HtmlFormat:
    """Search, sort, filter and drill-down work without a server; without scripts everything can still be opened."""

    name = "html"
    serves = ALL_REPORTS
    encoding = "utf-8"

    def write(self, report: Report, speaker: Speaker) -> str:
        """The page in the speaker's language."""
        say = speaker.say
        page = _environment().get_template("report.html.j2")
        return page.render(
            report=report,
            lang=speaker.lang,
            say=lambda value: printable(say(value)),
            word=speaker.words.say,
            number=speaker.number,
            moment=speaker.moment,
            groups=_groups(report),
            first_table=_first_table(report),
            chips=_chips(report),
        )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("audits.formats", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["form"] = form
    environment.filters["pieces"] = pieces
    environment.filters["sort_key"] = sort_key
    environment.globals.update(segments=segments, columns=columns, most_ids=MOST_IDS_SHOWN)
    return environment


def form(value: Value) -> str:
    """Which macro writes a value."""
    match value:
        case None:
            return "dash"
        case Tag():
            return "tag"
        case Code():
            return "code"
        case Share():
            return "share"
        case Count() if value.evidence:
            return "count"
        case Listing():
            return "listing"
        case _:
            return "plain"


def pieces(name: str) -> list[str]:
    """A technical name cut behind its separators, where a line may break."""
    return re.findall(r"[^._/:#-]*[._/:#-]*", name)[:-1] or [name]


def sort_key(value: Value) -> str:
    """What a column sorts by; empty sorts last in either direction."""
    match value:
        case Share() | Count():
            return repr(value.value)
        case Tag():
            return str(RANKS.index(value.tone) if value.tone in RANKS else len(RANKS))
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat()
        case dt.date():
            return value.isoformat()
        case int():
            return str(value)
        case _:
            return ""


def _groups(report: Report) -> list[tuple[str, list[Section]]]:
    """Sections in order, those of one group together."""
    return [(group, list(sections)) for group, sections in groupby(report.sections, key=lambda each: each.group)]


def _first_table(report: Report) -> str:
    """The id of the first section that has a table: search and filter stand before it."""
    return next((each.id for each in report.sections if any(isinstance(block, Table) for block in each.blocks)), "")


def _chips(report: Report) -> list[tuple[str, Text, Tone, int]]:
    """The filter's choices with the rows that each shows; 0 where chapters overlap and a count would mislead."""
    blocks = [block for each in report.sections if each.group for block in each.blocks]
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    return [(each.key, each.text, each.tone, sum(each.key in row.facets for row in rows)) for each in report.filter]
