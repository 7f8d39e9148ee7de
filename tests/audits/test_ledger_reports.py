"""The reports on the ledger, each number counted again from the raw events by other means."""

from __future__ import annotations

import dataclasses
import json

from audits.evidence import Evidence
from audits.rendering import render
from audits.report import Report, Tone
from audits.reports.access import access_report
from audits.reports.retention import period_text, retention_report
from audits.speaking import Speaker


def test_totals_equal_the_raw_events_and_name_them(reports: dict[str, Report], evidence: Evidence) -> None:
    totals = reports["access"].data["totals"]
    decisions = [each for each in evidence.events if each["kind"] == "decision"]
    allowed = {each["id"] for each in decisions if each["outcome"] == "allowed"}
    closes = [each for each in evidence.events if each["kind"] == "close"]
    closed = {each["refs"]["decision"] for each in closes}
    assert set(totals["uses"]["evidence"]) == allowed
    assert totals["uses"]["value"] == len(allowed)
    assert totals["rows"] == {
        "value": sum(each["counts"].get("rows", 0) for each in closes),
        "evidence": [each["id"] for each in closes],
        "more": 0,
    }
    assert set(totals["unknown"]["evidence"]) == allowed - closed
    assert totals["refused"]["evidence"] == [each["id"] for each in decisions if each["outcome"] == "refused"]
    assert totals["failed"]["value"] == 1


def test_decision_without_a_close_reads_outcome_unknown(reports: dict[str, Report]) -> None:
    verdict = reports["access"].verdict
    assert verdict.tone is Tone.BAD
    assert Speaker("en").say(verdict.line) == "1 of 4 uses have no recorded outcome."
    use = next(each for each in reports["access"].data["uses"] if each["id"] == "event006")
    assert use["outcome"] == "unknown"
    assert use["rows"] is None
    assert "outcome unknown" in render(reports["access"], "text")


def test_day_begins_in_the_reports_zone(reports: dict[str, Report], evidence: Evidence) -> None:
    assert [each["day"] for each in reports["access"].data["by_day"]][:2] == ["2026-10-31", "2026-11-01"]
    utc = access_report(dataclasses.replace(evidence, zone="UTC"))
    assert utc.data["by_day"][0]["uses"]["value"] == 2


def test_erased_name_is_a_reference_and_listed_as_not_seen(reports: dict[str, Report]) -> None:
    written = render(reports["access"], "text")
    assert "reference person:9e9e" in written
    assert "One person is shown by reference only" in written
    assert "person:9e9e" not in reports["access"].data["names"]


def test_clear_and_masked_are_told_apart_per_field(reports: dict[str, Report]) -> None:
    found = {
        (each["field"], each["treatment"]): each["uses"]["evidence"] for each in reports["access"].data["by_field"]
    }
    assert found["crm.customers.email", "mask:email"] == ["event001"]
    assert found["crm.customers.email", "clear"] == ["event003", "event007"]
    assert found["crm.tickets.note", "null"] == ["event006"]


def test_unclear_outcome_counts_as_refused(evidence: Evidence) -> None:
    odd = {**evidence.events[0], "outcome": None}
    totals = access_report(dataclasses.replace(evidence, events=(odd,))).data["totals"]
    assert totals["uses"]["value"] == 0
    assert totals["refused"]["value"] == 1


def test_empty_ledger_is_not_called_in_order(evidence: Evidence) -> None:
    nothing = dataclasses.replace(evidence, events=(), plans=(), datasets_without_rule=())
    assert access_report(nothing).verdict.tone is Tone.WARN
    assert retention_report(nothing).verdict.tone is Tone.WARN


def test_every_event_of_the_ledger_is_accounted_for(reports: dict[str, Report], evidence: Evidence) -> None:
    written = render(reports["access"], "html")
    assert all(each["id"] in written for each in evidence.events)


def test_retention_totals_equal_plans_and_batches(reports: dict[str, Report]) -> None:
    totals = reports["retention"].data["totals"]
    assert totals["done"] == {"value": 630, "evidence": ["event010", "event011", "event013"]}
    assert totals["due"] == {"value": 1235, "evidence": ["plan002", "plan003"]}
    assert totals["overdue"] == {"value": 31, "evidence": ["plan003"]}
    assert totals["held"] == {"value": 3, "evidence": ["plan003"]}


def test_plan_is_overdue_when_its_last_day_is_over_in_the_zone(evidence: Evidence) -> None:
    on_the_day = dataclasses.replace(evidence, as_of=evidence.as_of.replace(day=21, hour=15, minute=59))
    assert retention_report(on_the_day).data["totals"]["overdue"]["value"] == 0
    after = dataclasses.replace(evidence, as_of=evidence.as_of.replace(day=21, hour=16))
    assert retention_report(after).data["totals"]["overdue"]["value"] == 31


def test_run_without_an_end_is_a_task(reports: dict[str, Report]) -> None:
    said = [Speaker("en").say(each.what) for each in reports["retention"].verdict.tasks]
    assert said == [
        "Erase 31 overdue records of crm.tickets",
        "Give one dataset a retention rule",
        "Finish one retention run that did not end",
        "Run the retention plan for 1,204 records of crm.orders",
        "Give one field a retention rule",
        "Look at 2 rules that match nothing",
    ]


def test_machine_forms_are_plain_json(reports: dict[str, Report]) -> None:
    for kind in ("access", "retention"):
        document = json.loads(render(reports[kind], "json"))
        assert document["schema"] == f"governance.audit.{kind}/{2 if kind == 'access' else 1}"
        assert document["as_of"] == "2026-11-22T08:00:00+00:00"


def test_period_is_said_in_words() -> None:
    said = Speaker("en").say
    assert said(period_text("P7Y")) == "7 years"
    assert said(period_text("P1Y6M")) == "1 year, 6 months"
    assert said(period_text("until withdrawal")) == "until withdrawal"
