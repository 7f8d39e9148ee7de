"""The report on incidents: each clock at each moment, numbers recounted, gaps named in three languages."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from typing import Any

import pytest

from audits.evidence import Evidence
from audits.rendering import render
from audits.report import Report, Tone
from audits.reports.incident import incident_report
from audits.reports.incident_facts import CLOCKS, clock_state, incident_state
from audits.reports.incident_tables import CLOCK_TONES
from policies.incident_clocks import incident_clocks
from policies.incident_notices import incident_notices
from policies.vocabulary import Words

END = dt.datetime(2026, 11, 21, 6, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 27)


def clock(**more: Any) -> dict[str, Any]:
    made = {"name": "c", "unit": "hours", "start": "2026-11-18T06:00:00+00:00", "ends": END.isoformat(), "below": False}
    return made | more


def answered(kind: str, at: dt.datetime = END) -> dict[str, Any]:
    return {"kind": kind, "clock": "c", "at": at.isoformat()}


BEFORE = END - dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("state", "about", "steps", "as_of"),
    [
        ("running", clock(), [], BEFORE),
        ("overdue", clock(), [], END),
        ("told", clock(), [answered("told", BEFORE)], END),
        ("told_late", clock(), [answered("told")], END),
        ("not_needed", clock(), [answered("not_needed")], END),
        ("judge", clock(below=True), [], END),
        ("waiting", clock(start=None, ends=None), [], END),
        ("at_once", clock(unit="at_once", ends=None), [], END),
        ("told", clock(unit="at_once", ends=None), [answered("told")], END),
        ("by_order", clock(unit="by_order", ends=None), [], END),
    ],
)
def test_a_clock_at_a_moment(
    state: str, about: dict[str, Any], steps: list[dict[str, Any]], as_of: dt.datetime
) -> None:
    incident = {"steps": steps, "clocks": [about]}
    assert clock_state(incident, about, as_of) == state
    assert state in CLOCKS
    assert state in CLOCK_TONES


def test_answers_alone_do_not_contain_it() -> None:
    told, contained = answered("told", BEFORE), {"kind": "contained", "clock": "", "at": END.isoformat()}
    states = [
        incident_state({"steps": steps, "clocks": [clock()]}, END) for steps in ([told], [contained], [told, contained])
    ]
    assert states == ["open", "contained", "notified"]


def test_numbers_are_those_of_the_document(reports: dict[str, Report]) -> None:
    report = reports["incident"]
    figures = [each["figures"] for each in report.data["incidents"]]
    rows = next(each for each in report.sections if each.id == "incidents").blocks[0].rows
    assert [row.cells[3].value for row in reversed(rows)] == [each["people"] for each in figures]
    assert [row.cells[4].value for row in reversed(rows)] == [sum(each["records"].values()) for each in figures]
    assert [row.cells[3].evidence for row in rows] == [("event220",), ("event210",), ("event201",)]
    people = next(each for each in report.sections if each.id == "people").blocks[0].rows
    counted = sum(len(each[part]) for each in figures for part in ("laws", "categories", "records"))
    assert len(people) == counted + sum(bool(each[part]) for each in figures for part in ("unknown", "nobody"))


def test_gaps_are_named_and_closed_incidents_ask_for_nothing(reports: dict[str, Report]) -> None:
    for lang in ("en", "zh-Hans", "zh-Hant"):
        said, words = render(reports["incident"], "text", lang), Words(lang)
        for item in ("cause", "consequences", "advice"):
            assert words.say("incident.gap", item=words.say(f"incident.item_{item}")) in said
        assert words.say("incident.draft_persons", article="PIPL Art. 57", incident="inc002") in said
        assert words.say("incident.draft_persons", article="GDPR Art. 34(2)", incident="inc001") not in said
    assert not [task for task in reports["incident"].verdict.tasks if "inc001" in repr(task)]


def test_what_is_in_order_is_called_so(reports: dict[str, Report], evidence: Evidence) -> None:
    document = copy.deepcopy(dict(reports["incident"].data))
    document["incidents"] = document["incidents"][:1]
    assert incident_report(evidence, document).verdict.tone is Tone.GOOD
    document["incidents"] = []
    assert incident_report(evidence, document).verdict.line.key == "incident.none"


def test_as_of_decides_what_is_overdue(reports: dict[str, Report], evidence: Evidence) -> None:
    document = reports["incident"].data
    early = incident_report(dataclasses.replace(evidence, as_of=BEFORE), document)
    assert "incident.task_overdue" not in {task.what.key for task in early.verdict.tasks}


def test_every_item_has_words_and_every_notice_a_clock() -> None:
    notices, clocks = incident_notices(TODAY), incident_clocks(TODAY).values()
    for lang in ("en", "zh-Hans", "zh-Hant"):
        assert all(Words(lang).has(f"incident.item_{item}") for each in notices.values() for item in each.items)
    told = {(each.law, each.tell) for each in clocks}
    assert all(any((law, each.tell) in told for law in each.laws) for each in notices.values())
    assert {each.article for each in notices.values()} >= {"GDPR Art. 33(3)", "GDPR Art. 34(2)", "PIPL Art. 57"}
