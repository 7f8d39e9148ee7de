"""The report on automated decisions: what laws ask and nobody declared, from which day, and reviews that are late."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audits.evidence import Evidence
from audits.report import Report, Tone
from audits.reports.automated import automated_report
from audits.reports.automated_facts import review_state

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent / "evidence/automated.json").read_text(encoding="utf-8"))


def gaps(report: Report) -> dict[str, list[str]]:
    return {
        each["name"]: sorted(f"{gap['law']}:{gap['ask']}" for gap in each["gaps"]) for each in report.data["procedures"]
    }


def test_each_procedure_has_the_gaps_that_its_law_and_effect_give(reports: dict[str, Report]) -> None:
    report = reports["automated"]
    assert gaps(report) == {
        "credit-limit": ["ccpa:notice", "ccpa:opt_out", "gdpr:notice", "gdpr:review", "gdpr:special"],
        "fraud-hold": ["ccpa:opt_out"],
        "next-offer": [],
        "old-score": [],
    }
    states = {each["name"]: each["state"] for each in report.data["procedures"]}
    assert states == {"credit-limit": "gaps", "fraud-hold": "later", "next-offer": "good", "old-score": "ended"}
    assert {each["id"]: each["state"] for each in report.data["reviews"]} == {
        "r1": "overdue",
        "r2": "open",
        "r3": "decided",
        "r4": "late",  # one minute past midnight in Taipei
    }


def test_the_work_is_most_urgent_first_and_names_the_day_of_a_law_to_come(reports: dict[str, Report]) -> None:
    verdict = reports["automated"].verdict
    assert verdict.tone is Tone.BAD
    assert dict(verdict.line.values) == {"count": 1, "total": 3, "late": 1}
    keys = [each.what.key.removeprefix("automated.") for each in verdict.tasks]
    assert keys == [
        "task_overdue", "task_open", "task_special", "task_review", "task_notice",
        "later_notice", "later_opt_out", "later_opt_out",
    ]  # fmt: skip
    assert {each.by for each in verdict.tasks if each.what.key.startswith("automated.later")} == {dt.date(2027, 1, 1)}
    assert verdict.tasks[1].who == "support"


def test_a_law_asks_from_its_day_on(evidence: Evidence) -> None:
    later = replace(evidence, as_of=dt.datetime(2026, 12, 31, 16, 0, tzinfo=dt.UTC))  # the new year in Taipei
    keys = [each.what.key for each in automated_report(later, DOCUMENT).verdict.tasks]
    assert keys.count("automated.task_opt_out") == 2
    assert not any(each.startswith("automated.later") for each in keys)


@pytest.mark.parametrize(
    ("change", "tone", "key"),
    [
        ({"procedures": [], "reviews": []}, Tone.GOOD, "none"),
        ({"procedures": DOCUMENT["procedures"][2:], "reviews": []}, Tone.GOOD, "good"),
        ({"procedures": DOCUMENT["procedures"][1:2], "reviews": []}, Tone.WARN, "waiting"),
        ({"procedures": [DOCUMENT["procedures"][2] | {"gone": ["crm.orders"]}], "reviews": []}, Tone.BAD, "bad"),
    ],
)
def test_the_short_answer(evidence: Evidence, change: dict[str, Any], tone: Tone, key: str) -> None:
    verdict = automated_report(evidence, DOCUMENT | change).verdict
    assert (verdict.tone, verdict.line.key) == (tone, f"automated.{key}")


def test_the_last_day_is_in_time() -> None:
    review = {"due": "2026-11-20", "decided": None}
    assert review_state(review, dt.date(2026, 11, 20), "UTC") == "open"
    assert review_state(review, dt.date(2026, 11, 21), "UTC") == "overdue"
