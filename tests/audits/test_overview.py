"""The overview says `nothing found` only of what a report has looked at."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from audits.report import Report, Table, Task, Tone, Verdict, text
from audits.reports.overview import Audited, overview_report
from policies.controls import Control, Controls, load_controls
from policies.vocabulary import LANGUAGES, Words

AS_OF = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
CONTROLS = Controls(
    "1",
    {
        "accuracy": Control(
            report="quality",
            fails_on=("quality.task_validity",),
            unknown_on=("quality.task_failed",),
            asked_by={"gdpr": "Art. 5(1)(d)"},
        ),
        "consent": Control(report="consent", asked_by={"gdpr": "Art. 7"}),
        "opt_out": Control(report="quality", fails_on=("quality.task_validity",), asked_by={"ccpa": "1798.120"}),
        "requests": Control(
            report="requests",
            fails_on=("requests.task_late", "requests.verdict_late"),
            absent_on=("requests.verdict_nothing",),
            asked_by={"gdpr": "Art. 12"},
        ),
    },
)


def quality(*keys: str, not_seen: tuple[str, ...] = ()) -> Report:
    tasks = tuple(Task(text(key, count=1, place="crm"), text("report.now"), text("report.engineer")) for key in keys)
    data = {"not_seen": [{"place": each, "found": "no answer"} for each in not_seen]}
    verdict = Verdict(Tone.GOOD, text("report.good"), tasks)
    return Report("quality", text("quality.title"), verdict, (), Table((), ()), data)


def states(*reports: Report, not_made: tuple[str, ...] = (), laws: tuple[str, ...] = ("gdpr",), previous=None):
    audited = Audited(
        tuple((each.kind, each) for each in reports),
        tuple({"report": each, "place": "crm", "found": "no answer"} for each in not_made),
        laws,
        CONTROLS,
        "e1",
        previous,
    )
    found = overview_report(audited, as_of=AS_OF)
    return {name: each["state"] for name, each in found.data["controls"].items()}, found


def test_a_control_passes_when_its_report_found_nothing() -> None:
    assert states(quality())[0] == {
        "accuracy": "pass",
        "consent": "unknown",
        "opt_out": "not_applicable",
        "requests": "unknown",
    }


@pytest.mark.parametrize(
    ("line", "tasks", "state"),
    [
        ("requests.verdict_nothing", (), "not_applicable"),
        ("requests.verdict_nothing", ("requests.task_late",), "fail"),
        ("requests.verdict_good", (), "pass"),
        ("requests.verdict_late", (), "fail"),
    ],
)
def test_where_there_never_was_anything_a_control_does_not_pass(line: str, tasks: tuple[str, ...], state: str) -> None:
    made = quality(*tasks)
    report = replace(made, kind="requests", verdict=replace(made.verdict, line=text(line, open=0, count=1)))
    assert states(report)[0]["requests"] == state
    assert states(report, not_made=("requests",))[0]["requests"] == ("fail" if state == "fail" else "unknown")


def test_a_finding_fails_its_control_and_is_a_task() -> None:
    found, report = states(quality("quality.task_validity"))
    assert found["accuracy"] == "fail"
    assert report.verdict.tone is Tone.BAD
    assert [task.what.key for task in report.verdict.tasks] == ["quality.task_validity"]


@pytest.mark.parametrize(
    ("reports", "not_made"),
    [((), ()), ((), ("quality",)), ((quality("quality.task_failed"),), ()), ((quality(not_seen=("crm",)),), ())],
    ids=["not asked", "not made", "store down", "dataset not seen"],
)
def test_what_was_not_looked_at_is_unknown(reports: tuple[Report, ...], not_made: tuple[str, ...]) -> None:
    assert states(*reports, not_made=not_made)[0]["accuracy"] == "unknown"


def test_one_store_of_several_not_made_leaves_the_control_unknown() -> None:
    controls = Controls(
        "1", {"need_to_know": Control(report="grants", fails_on=("grants.task_clear",), asked_by={"gdpr": "5"})}
    )
    made = replace(quality(), kind="grants")
    lost = ({"report": "grants-other", "place": "other", "found": "no answer"},)
    audited = Audited((("grants-crm", made),), lost, ("gdpr",), controls, "e1")
    assert overview_report(audited, as_of=AS_OF).data["controls"]["need_to_know"]["state"] == "unknown"


def test_a_finding_fails_even_where_something_was_not_seen() -> None:
    assert states(quality("quality.task_validity", not_seen=("crm",)))[0]["accuracy"] == "fail"


@pytest.mark.parametrize(
    ("laws", "state"), [(("ccpa",), "pass"), (("gdpr",), "not_applicable"), (("uk-gdpr",), "not_applicable")]
)
def test_a_control_that_no_law_in_force_asks_for_does_not_apply(laws: tuple[str, ...], state: str) -> None:
    assert states(quality(), laws=laws)[0]["opt_out"] == state


def test_the_trend_counts_what_got_better_and_worse() -> None:
    previous = {
        "as_of": "2026-11-22T00:00:00+00:00",
        "controls": {"accuracy": {"state": "fail"}, "consent": {"state": "pass"}},
    }
    _, report = states(quality(), previous=previous)
    notes = next(each for each in report.sections[0].blocks if each.block == "notes")
    assert dict(notes.items[0].values) == {"since": AS_OF, "better": 1, "worse": 1}


def test_every_control_and_finding_of_the_pack_has_words_in_each_language() -> None:
    for name, control in load_controls(AS_OF.date()).by_id.items():
        for lang in LANGUAGES:
            words = Words(lang)
            for key in (
                *(f"controls.{each}_{name}" for each in ("title", "person", "iso")),
                *control.fails_on,
                *control.unknown_on,
                *control.absent_on,
            ):
                assert words.has(key), key
