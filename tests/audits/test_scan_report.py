"""What the report on a scan says, counted again from the raw form."""

from __future__ import annotations

import pytest

from audits.report import Facts, Missing, Notes, NotSeen, Report, Table, Text, Tone
from audits.reports.scan import scan_report
from audits.reports.scan_facts import unread_bound
from audits.reports.scan_reasons import reason_of
from audits.speaking import Speaker


def _fact(report: Report, key: str) -> object:
    overview = next(each for each in report.sections if each.id == "overview")
    facts = next(each for each in overview.blocks if isinstance(each, Facts))
    return next(fact.value for fact in facts.items if fact.label.key == f"scan.{key}")


def _missing(report: Report) -> tuple[Missing, ...]:
    block = report.sections[-1].blocks[0]
    assert isinstance(block, NotSeen)
    return block.items


def test_counts_equal_the_raw_form(reports: dict[str, Report], scan: dict) -> None:
    fields = [each for store in scan["stores"] for dataset in store["datasets"] for each in dataset["fields"]]
    labels = [each["label"] for each in fields if each["label"] and each["label"]["status"] != "rejected"]
    report = reports["scan"]
    assert _fact(report, "fields") == len(fields)
    assert _fact(report, "personal") == len(labels)
    assert _fact(report, "special_fields") == sum(each["special"] for each in labels)
    assert _fact(report, "unreviewed") == sum(each["status"] == "proposed" for each in labels)
    assert _fact(report, "rare_values") == 1


def test_failed_store_is_the_first_thing_said(reports: dict[str, Report]) -> None:
    verdict = reports["scan"].verdict
    assert verdict.tone is Tone.BAD
    assert Speaker("en").say(verdict.line) == "1 of 3 stores could not be scanned, so the inventory is incomplete."
    assert Speaker("en").say(verdict.tasks[0].what) == "Make legacy reachable and scan it again"


def test_everything_not_seen_is_listed(reports: dict[str, Report]) -> None:
    places = [each.place for each in _missing(reports["scan"])]
    assert places == [
        "legacy",
        "exports.old/backup.xls",
        "crm.patients.photo",
        "crm.tickets",
        "exports.2026/<img src=x onerror=alert(1)>.csv",
    ]


@pytest.mark.parametrize(
    ("read", "rows", "bound"),
    [(100, 100, 0.0), (300, 1000, 0.01), (300, None, 0.01), (0, None, 1.0), (2, 10, 1.0), (0, 0, 0.0)],
)
def test_unread_rows_are_bounded_by_the_rule_of_three(read: int, rows: int | None, bound: float) -> None:
    assert unread_bound(read, rows) == pytest.approx(bound)


def test_rare_find_leads_the_list_of_what_to_look_at(reports: dict[str, Report]) -> None:
    highest = next(each for each in reports["scan"].sections if each.id == "highest")
    table = highest.blocks[0]
    assert isinstance(table, Table)
    assert Speaker("en").say(table.rows[0].cells[1]) == "rare: Chinese resident identity number"
    details = table.rows[0].details[1]
    assert isinstance(details, Facts)
    assert Speaker("en").say(details.title) == "Finding 1: Chinese resident identity number"


def test_special_kind_inside_a_field_of_another_label_is_shown(scan: dict) -> None:
    note = next(each for each in scan["stores"][0]["datasets"][1]["fields"] if each["field"] == "note")
    note["findings"].append({**note["findings"][0], "entity": "HEALTH", "category": "user.health_and_medical"})
    report = scan_report(scan)
    table = next(each for each in report.sections if each.id == "highest").blocks[0]
    assert isinstance(table, Table)
    row = next(each for each in table.rows if "special" in each.facets and "note" in Speaker("en").say(each.cells[0]))
    rows = [Speaker("en").say(each.cells[1]) for each in table.rows]
    assert "Private content, Health words, Person's name, rare: Chinese resident identity number" in rows
    assert row.details


def test_dataset_that_is_special_as_a_whole_asks_for_a_decision(reports: dict[str, Report]) -> None:
    said = [Speaker("en").say(each.what) for each in reports["scan"].verdict.tasks]
    assert "Decide on one dataset that is special as a whole" in said


def test_reviewed_scan_is_in_order(scan: dict) -> None:
    scan["summary"]["failed_stores"] = scan["summary"]["special_datasets"] = []
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            for field in dataset["fields"]:
                field["findings"] = [each for each in field["findings"] if each["prevalence"] > 0.01]
                if field["label"]:
                    field["label"]["status"] = "confirmed"
    assert scan_report(scan).verdict.tone is Tone.GOOD
    scan["stores"][0]["datasets"][0]["fields"][1]["label"]["status"] = "proposed"
    assert scan_report(scan).verdict.line.key == "scan.verdict_special"


def test_scan_of_nothing_is_not_called_in_order() -> None:
    report = scan_report({"schema": "governance.scan/1", "stores": [], "summary": {}})
    assert report.verdict.tone is Tone.WARN


def test_rejected_label_is_not_personal_data(reports: dict[str, Report]) -> None:
    section = next(each for each in reports["scan"].sections if each.title == "tickets")
    table = section.blocks[0]
    assert isinstance(table, Table)
    loyalty = next(row for row in table.rows if Speaker("en").say(row.cells[0]) == "loyalty")
    assert "unreviewed" not in loyalty.facets


def test_reason_of_a_scan_is_said_in_the_readers_language() -> None:
    said = reason_of("2815 of 2995 values read have its form")
    assert isinstance(said, Text)
    assert Speaker("zh-Hans").say(said) == "已读 2995 个值中有 2815 个符合其格式"
    assert reason_of("a reason of another kind") == "a reason of another kind"


def test_fields_that_single_people_out_are_said_with_what_was_counted(reports: dict[str, Report]) -> None:
    section = next(each for each in reports["scan"].sections if each.id == "quasi")
    said = [Speaker("en").say(item) for block in section.blocks if isinstance(block, Notes) for item in block.items]
    assert (
        "crm.patients: birth_date + postal_code + gender can single out 906 of 3,120 rows"
        " (smallest group 1; 1,311 rows in groups under 5)" in said
    )
    table = section.blocks[-1]
    assert isinstance(table, Table)
    assert [Speaker("en").say(row.cells[-1]) for row in table.rows] == [
        "all 3,120 rows",
        "all 3,120 rows",
        "a sample of 10,000 rows",
    ]


def test_scan_of_before_quasi_identifiers_has_no_chapter_on_them(scan: dict) -> None:
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            dataset.pop("quasi", None)
    assert "quasi" not in {each.id for each in scan_report(scan).sections}


def test_large_groups_are_shown_as_such(scan: dict) -> None:
    quasi = scan["stores"][0]["datasets"][0]["quasi"]
    quasi.update(smallest=40, rows_below=0, alone=0, combinations=[])
    scan["stores"][0]["datasets"][1]["quasi"] = None
    section = next(each for each in scan_report(scan).sections if each.id == "quasi")
    assert section.marks == (0,)
    table = section.blocks[-1]
    assert isinstance(table, Table)
    assert [Speaker("en").say(each) for each in table.rows[0].cells[2:4]] == ["40", "0"]
