"""The walk through the chain on a demo project: every line of data is what the library gives at that moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from audits.rendering import render
from audits.report import Report
from audits.reports.scan import scan_report
from audits.speaking import Speaker
from connectors.base import Sample
from governance.app import Governance
from governance.demo.chapters.assess import assess
from governance.demo.chapters.audit import audit
from governance.demo.chapters.catalog import catalog
from governance.demo.chapters.check import check
from governance.demo.chapters.consent import consent
from governance.demo.chapters.copies import copies
from governance.demo.chapters.erase import erase
from governance.demo.chapters.everything import everything
from governance.demo.chapters.fairness import fairness
from governance.demo.chapters.find import find, recorded_scan
from governance.demo.chapters.ledger import ledger
from governance.demo.chapters.policy import policy
from governance.demo.chapters.protect import protect
from governance.demo.chapters.quality import quality
from governance.demo.chapters.query import query
from governance.demo.chapters.registers import registers
from governance.demo.chapters.requests import requests
from governance.demo.chapters.retention import retention
from governance.demo.chapters.subject import subject
from governance.demo.clock import DemoClock
from governance.demo.project import STORE
from governance.demo.stage import Line, Stage, Style, lines
from governance.flows.scan.reviewing import drift
from governance.flows.scan.scanning import with_confirmed_datasets
from governance.writing import replace_file

FIRST_MORNING = dt.datetime(2026, 11, 2, 1, 0, tzinfo=dt.UTC)
"""When the first walk takes place: the Monday after the recorded weeks; a later one goes on after what is recorded."""
FRESH_ROWS = 1_000
"""Rows of each table that the walk scans anew, to compare the store with the catalog."""
REPORTS = ("scan", "access", "retention", "quality", "requests")
"""The reports that it leaves, each a self-contained HTML file in `reports/`."""


def walk(folder: Path, *, lang: str, env: Mapping[str, str]) -> Iterator[Line]:
    """The story, line by line. Side effects: as told; the reports are written anew.

    Raises GovernanceError when a part of the project was changed so that it cannot be used.
    """
    clock = DemoClock(FIRST_MORNING)
    with Governance.open(folder / "governance.yaml", actor="walk", clock=clock, env=env) as gov:
        for event in gov.ledger.events(since=FIRST_MORNING):
            clock.move_to(event.moment)
        stage = Stage(gov, STORE, Speaker(lang, gov.project.config.time_zone))
        yield Line(stage.word("title"), Style.TITLE)
        yield from stage.say("intro")
        yield from _chapters(stage)


def _chapters(stage: Stage) -> Iterator[Line]:
    gov, number = stage.gov, count(1)
    yield from stage.chapter(next(number), "find_head")
    yield from find(stage)
    yield from stage.chapter(next(number), "catalog_head")
    found = drift(gov, gov.scan(sample=Sample(FRESH_ROWS)))
    yield from catalog(stage, found)
    for head, tell in _TOLD:
        yield from stage.chapter(next(number), head)
        yield from tell(stage)
    yield from stage.chapter(next(number), "retention_head")
    plans = gov.plan_retention(look=True)
    yield from retention(stage, plans)
    yield from stage.chapter(next(number), "copies_head")
    yield from copies(stage)
    yield from stage.chapter(next(number), "quality_head")
    measured = gov.measure_quality([STORE])
    yield from quality(stage, measured)
    for head, tell in _ASKED:
        yield from stage.chapter(next(number), head)
        yield from tell(stage)
    yield from stage.chapter(next(number), "audit_head")
    access = gov.audit_access()
    yield from audit(stage, access)
    yield from stage.chapter(next(number), "check_head")
    yield from check(stage)
    zone = gov.project.config.time_zone
    recorded = with_confirmed_datasets(dict(recorded_scan(stage)), gov.catalog)
    scan = scan_report(recorded, as_of=gov.clock(), zone=zone, drift=found)
    reports = {"scan": scan, "access": access, "retention": gov.audit_retention(plans)}
    reports |= {"quality": gov.quality_report(measured), "requests": gov.audit_requests()}
    yield from _reports(stage, reports)
    yield from stage.chapter(next(number), "everything_head")
    yield from everything(stage, reports)


_TOLD = (
    ("policy_head", policy),
    ("query_head", query),
    ("consent_head", consent),
    ("protect_head", protect),
    ("ledger_head", ledger),
)
_ASKED = (
    ("requests_head", requests),
    ("subject_head", subject),
    ("erase_head", erase),
    ("registers_head", registers),
    ("assess_head", assess),
    ("fairness_head", fairness),
)


def _reports(stage: Stage, reports: Mapping[str, Report]) -> Iterator[Line]:
    folder = stage.folder / "reports"
    folder.mkdir(exist_ok=True)
    yield Line("")
    yield from stage.say("reports")
    for name in REPORTS:
        path = folder / f"{name}.html"
        replace_file(path, render(reports[name], "html", stage.speaker.lang))
        yield from lines([str(path)], style=Style.GOOD)
