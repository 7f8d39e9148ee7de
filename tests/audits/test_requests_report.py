"""The first line of the report on requests: each reason not to be in order, the gravest first, and who sees to it."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from audits.rendering import FORMATS, formats_for, render
from audits.report import Listing, Tone
from audits.reports.requests import NAMED, requests_report

AS_OF = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
STORED = json.loads((Path(__file__).parent / "evidence" / "requests.json").read_text(encoding="utf-8"))


@pytest.fixture
def document() -> dict[str, Any]:
    """The stored evidence with nothing the matter: open requests that have time, one tier like another."""
    calm = copy.deepcopy(STORED) | {"expired": [], "calendar": "DE-BY"}
    for each in calm["open"]:
        each |= {"overdue": False, "unacknowledged": False, "due_soon": False, "late_days": 0}
    calm["counts"] |= {"overdue": 0, "unacknowledged": 0, "due_soon": 0}
    for each in calm["tiers"]:
        each["unequal"] = False
    return calm


def verdict(document):
    return requests_report(document, as_of=AS_OF).verdict


def test_all_in_time_is_in_order_and_leaves_no_work(document) -> None:
    found = verdict(document)
    assert (found.tone, found.line.key, found.tasks) == (Tone.GOOD, "requests.verdict_good", ())


def test_each_matter_has_its_line_and_the_graver_one_wins(document) -> None:
    document["expired"] = STORED["expired"]
    assert (verdict(document).tone, verdict(document).line.key) == (Tone.WARN, "requests.verdict_old")
    document["open"][1]["due_soon"] = True
    document["counts"]["due_soon"] = 1
    assert (verdict(document).tone, verdict(document).line.key) == (Tone.WARN, "requests.verdict_soon")
    document["tiers"] = STORED["tiers"]
    assert (verdict(document).tone, verdict(document).line.key) == (Tone.BAD, "requests.verdict_unequal")
    document["open"][0]["unacknowledged"] = True
    assert (verdict(document).tone, verdict(document).line.key) == (Tone.BAD, "requests.verdict_late")
    assert [each.section for each in verdict(document).tasks] == ["open", "open", "tiers", "expired"]


def test_only_the_tier_that_is_served_worse_is_work(document) -> None:
    document["tiers"] = STORED["tiers"]
    (task,) = verdict(document).tasks
    values = dict(task.what.values)
    assert values["tier"].text == "basic"
    assert (values["count"], values["others"]) == (21, 20)


def test_no_request_at_all_is_said_and_not_praised() -> None:
    empty = copy.deepcopy(STORED) | {"open": [], "shares": [], "tiers": [], "expired": []}
    empty["counts"] = dict.fromkeys(empty["counts"], 0)
    empty["complaints"] = dict.fromkeys(empty["complaints"], 0)
    empty["on_time"] |= {"settled": 0, "share": None}
    empty["ccpa"]["types"] = []
    report = requests_report(empty, as_of=AS_OF)
    assert (report.verdict.tone, report.verdict.line.key) == (Tone.WARN, "requests.verdict_nothing")
    for form in formats_for("requests"):
        assert form in FORMATS
        assert render(report, form, "zh-Hans")


def test_the_latest_come_first_with_their_owners_and_many_are_summed_up(document) -> None:
    first = document["open"][0]
    late = [
        first | {"id": f"late{n:02}", "overdue": True, "late_days": n, "due_day": f"2026-10-{31 - n:02}"}
        for n in range(1, NAMED + 4)
    ]
    document["open"] = late
    tasks = verdict(document).tasks
    assert len(tasks) == NAMED + 1
    assert dict(tasks[0].what.values)["id"].text == f"late{NAMED + 3:02}"
    assert tasks[0].who == Listing(("alice", "bob"))
    assert dict(tasks[-1].what.values)["count"] == 3


def test_what_is_not_known_is_said(document) -> None:
    document |= {"calendar": None, "tiers": []}
    missing = requests_report(document, as_of=AS_OF).sections[-1].blocks[0].items
    assert [each.place for each in missing] == ["governance.yaml", "tier"]
