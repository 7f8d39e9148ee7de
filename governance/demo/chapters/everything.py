"""Chapter: everything at once: each report as a page, and an overview of the controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from audits.report import Report
from audits.reports.overview import STATES
from governance.demo.stage import Line, Stage, Style, lines, table
from governance.flows.audits.auditing_all import audit_all

SITE = "audit"
"""The folder of the site beside the other reports."""


def everything(stage: Stage, made: Mapping[str, Report]) -> Iterator[Line]:
    """The overview of all controls; `made` are reports of this walk, which are not made again."""
    folder = stage.folder / "reports" / SITE
    overview = audit_all(stage.gov, folder, made=made, lang=stage.speaker.lang)
    counted = Counter(each["state"] for each in overview.data["controls"].values())
    yield from stage.say("everything", controls=counted.total(), pages=len(overview.data["reports"]))
    yield from table([(stage.speaker.words.say(f"controls.{state}"), counted[state]) for state in STATES])
    yield from stage.say("everything_line", line=stage.speaker.say(overview.verdict.line))
    yield from stage.command("governance audit all --output audit")
    yield from lines([str(folder / "index.html")], style=Style.GOOD)
