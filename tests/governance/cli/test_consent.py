"""`governance consent` over every kind and field, in three forms, and its notices."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest

ABOUT = ("--subject", "marker-4711", "--purpose", "marketing.email", "--channel", "email")
ITEMS = """controller officer purposes basis interests recipients transfers retention rights withdrawal complaint
obligation automated contact methods categories""".split()  # noqa: SIM905 a list of one word a line is no easier to read
NOTICE = """
version: 1
id: customers
editions:
  - {version: "2026-09", language: en, date: 2020-01-01, channels: [web], items: {ITEMS}}
"""


def declare(project, items=ITEMS):
    folder = project / "policies" / "notices"
    folder.mkdir(exist_ok=True)
    stated = ", ".join(f"{each}: section 1" for each in items)
    (folder / "customers.yaml").write_text(NOTICE.replace("ITEMS", stated))


@pytest.mark.parametrize(
    "kind", ["requested", "given", "refused", "withdrawn", "expired", "renewed", "invalidated", "objected"]
)
def test_every_kind_and_field_is_recorded_and_shown(run, project, kind):
    told = ("--kind", kind, "--form", "separate", "--duration", "P12M", "--law", "pipl", "--category", "user.contact",
            "--guardian", "g:1", "--method", "phone", "--language", "en", "--proof", "x:1",
            "--said", "2026-01-02T08:00:00+01:00")  # fmt: skip
    outcome = run("consent", "record", *ABOUT, *told)
    assert outcome.code == 0
    (event,) = json.loads(run("consent", "show", *ABOUT, "--format", "json").out)["events"]
    assert event | {"recorded_time": ""} == {
        "id": outcome.out.strip(),
        "kind": kind,
        "purpose": "marketing.email",
        "channel": "email",
        "form": "separate",
        "valid_time": "2026-01-02T07:00:00.000000Z",
        "recorded_time": "",
        "method": "phone",
        "jurisdiction": "pipl",
        "notice_version": "",
        "language": "en",
        "categories": ["user.contact"],
        "duration": "P12M",
        "guardian_ref": "g:1",
    }


def test_a_time_without_a_zone_is_in_the_zone_of_the_project(run, project):
    with (project / "governance.yaml").open("a") as file:
        file.write("time_zone: Asia/Taipei\n")
    assert run("consent", "record", *ABOUT, "--said", "2026-01-02T08:00").code == 0
    (event,) = json.loads(run("consent", "show", *ABOUT, "--format", "json").out)["events"]
    assert event["valid_time"] == "2026-01-02T00:00:00.000000Z"


def test_what_holds_is_told_in_three_forms_by_law_and_rule(run, project):
    assert run("consent", "record", *ABOUT, "--form", "separate", "--duration", "P50Y").code == 0
    text = run("consent", "show", *ABOUT, "--age", "30").out
    assert "marketing.email email: given until 20" in text
    assert "gdpr: allowed by consent:gdpr:consent (6(1)(a), 7(1))" in text
    assert "pipl: allowed by consent:pipl:consent (13(1), 14)" in text
    found = json.loads(run("consent", "show", *ABOUT, "--law", "gdpr", "--age", "12", "--format", "json").out)
    assert (found["state"], found["valid"], len(found["laws"])) == ("given", True, 1)
    assert (found["laws"][0]["allowed"], found["laws"][0]["reasons"][0]["rule"]) == (False, "consent:gdpr:children")
    (row,) = csv.DictReader(io.StringIO(run("consent", "show", *ABOUT, "--format", "csv").out))
    assert (row["kind"], row["duration"]) == ("given", "P50Y")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh-Hans",
            ("marketing.email（email）：已同意，至 20", "gdpr：允许，依据 consent:gdpr:consent (6(1)(a), 7(1))"),
        ),
        (
            "zh-Hant",
            ("marketing.email（email）：已同意，至 20", "gdpr：允許，依據 consent:gdpr:consent (6(1)(a), 7(1))"),
        ),
    ],
)
def test_what_holds_is_told_in_chinese(run, project, lang, words):
    assert run("consent", "record", *ABOUT, "--form", "separate", "--duration", "P50Y").code == 0
    out = run("consent", "show", *ABOUT, "--age", "30", "--lang", lang).out
    assert [each for each in words if each not in out] == []


def test_the_subject_key_is_in_no_output_and_no_log(run, project):
    for command in (("record",), ("withdraw",), ("show",), ("show", "--format", "json"), ("show", "--format", "csv")):
        outcome = run("consent", command[0], *ABOUT, *command[1:])
        assert outcome.code == 0
        assert "marker-4711" not in outcome.out + outcome.err
    assert "marker-4711" not in run("ledger", "show", "--format", "json").out


@pytest.mark.parametrize(
    "wrong",
    [
        ("--kind", "suspended"),
        ("--form", "guardian"),
        ("--duration", "forever"),
        ("--category", "Ann Marker"),
        ("--said", "yesterday"),
        ("--said", "2999-01-01T00:00:00Z"),
        ("--guardian", "ann marker"),
        ("--channel", "pigeon"),
    ],
)
def test_what_cannot_be_recorded_exits_2_and_records_nothing(run, project, wrong):
    outcome = run("consent", "record", *ABOUT, *wrong)
    assert outcome.code == 2
    assert "nn Marker" not in outcome.err
    assert json.loads(run("consent", "show", *ABOUT, "--format", "json").out)["state"] == "unknown"


def test_notices_are_checked_and_gate_only_when_asked(run, project):
    declare(project)
    (finding,) = {each["rule"] for each in json.loads(run("consent", "notices", "--format", "json").out)["findings"]}
    assert finding == "notice.no_source"
    assert run("consent", "notices").code == 0
    assert run("consent", "notices", "--fail-on", "notice.missing_item").code == 0
    assert run("consent", "notices", "--fail-on", "notice.no_source").code == 1
    assert run("consent", "notices", "--fail-on", "notice").code == 1
    assert run("consent", "notices", "--fail-on", "nothing").code == 2


def test_a_missing_item_is_told_with_its_article_in_three_forms(run, project):
    declare(project, [each for each in ITEMS if each != "retention"])
    assert "notice.missing_item  customers 2026-09 en  gdpr 13(2)(a)  retention" in run("consent", "notices").out
    rows = list(csv.DictReader(io.StringIO(run("consent", "notices", "--format", "csv").out)))
    missing = [(row["law"], row["article"]) for row in rows if row["rule"] == "notice.missing_item"]
    assert missing == [("gdpr", "13(2)(a)"), ("pipl", "17(2)")]
    assert run("consent", "notices", "--fail-on", "notice.missing_item").code == 1


def test_consents_are_counted_by_edition_and_an_unknown_one_is_refused(run, project):
    assert run("consent", "record", *ABOUT, "--notice", "2019").code == 0
    declare(project)
    assert run("consent", "record", *ABOUT, "--notice", "2026-09", "--language", "en").code == 0
    refused = run("consent", "record", *ABOUT, "--notice", "2020")
    assert (refused.code, "notice_version" in refused.err) == (2, True)
    assert run("consent", "withdraw", *ABOUT, "--notice", "2020").code == 0
    found = json.loads(run("consent", "notices", "--format", "json").out)
    assert [(each["version"], each["count"]) for each in found["consents"]] == [("2019", 1), ("2026-09", 1)]
    assert [each["place"] for each in found["findings"] if each["rule"] == "notice.unknown_version"] == ["2019"]


def test_a_wrong_notice_file_exits_2_and_names_it(run, project):
    declare(project)
    (project / "policies" / "notices" / "b.yaml").write_text("version: 1\nid: b\n")
    outcome = run("consent", "notices")
    assert outcome.code == 2
    assert "b.yaml" in outcome.err
    assert run("consent", "record", *ABOUT).code == 2
    assert run("consent", "withdraw", *ABOUT).code == 0


def test_init_makes_the_tables_of_consent_in_the_stores_that_it_names_and_in_no_other(run, project):
    def tables():
        with closing(sqlite3.connect("crm.db")) as store:
            return {
                name for (name,) in store.execute("SELECT name FROM sqlite_master") if name.startswith("gov_consent")
            }

    assert run("init").code == 0
    assert tables() == set()
    for _ in range(2):
        assert run("init", "--consent-in", "crm").code == 0
        assert {"gov_consent", "gov_consent_epoch"} <= tables()


@pytest.mark.parametrize("store", ["files", "nosuch"])
def test_init_refuses_a_store_that_cannot_hold_them(run, project, store):
    outcome = run("init", "--consent-in", store)
    assert (outcome.code, store in outcome.err) == (2, store == "files")
