"""`governance request`: from the first line of a request to the report, and what is refused; no name in the records."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sqlite3

import pytest


def opened(run, *arguments):
    found = run("request", "open", *arguments)
    assert found.code == 0, found.err
    return found.out.split()[0]


def test_a_request_is_taken_down_worked_on_and_answered(project, run) -> None:
    made = opened(run, "access", "--law", "gdpr", "--subject", "customer-7", "--channel", "email", "--cause", "billing")
    assert "identity asked for" in run("request", "verify", made, "--ask").out
    assert "clock stands since" in run("request", "pause", made, "--cause", "identity").out
    assert run("request", "resume", made).code == 0
    assert "identity checked" in run("request", "verify", made, "--level", "reasonable").out
    task = run("request", "task", made, "crm.customers", "--owner", "alice").out.split()[0]
    assert run("request", "extend", made, "--reason", "complex").code == 0
    assert run("request", "answer", made).code == 2
    assert run("request", "task", made, "--done", task).out.split()[2] == "done"
    assert "gdpr  answered" in run("request", "answer", made).out
    assert "gdpr  closed" in run("request", "close", made).out
    shown = json.loads(run("request", "show", made, "--format", "json").out)
    kinds = [each["kind"] for each in shown["history"]]
    assert kinds == ["opened", "asked", "paused", "resumed", "verified", "task_given", "extended", "task_done",
                     "answered", "closed"]  # fmt: skip
    assert shown["tasks"][0]["owner"] == "alice"
    assert "task given" in run("request", "show", made).out


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh-Hans", ("查阅、复制", "待核实身份", "期限自", "未完成")),
        ("zh-Hant", ("查詢、閱覽、製給複製本", "待核實身分", "期間自", "未完成")),
    ],
)
def test_a_request_is_told_in_chinese(project, run, lang, words) -> None:
    made = opened(run, "access", "--law", "gdpr", "--subject", "customer-7")
    told = run("request", "verify", made, "--ask", "--lang", lang).out
    told += run("request", "pause", made, "--cause", "identity", "--lang", lang).out
    assert run("request", "verify", made, "--level", "reasonable").code == 0
    told += run("request", "task", made, "crm.customers", "--owner", "alice", "--lang", lang).out
    whole = run("request", "show", made, "--lang", lang).out + run("request", "list", "--lang", lang).out
    assert [each for each in words if each not in told] == []
    assert [each for each in (words[0], "alice") if each not in whole] == []
    english = ("clock", "answer", "task", "request", "received", "verified", "identity checked", "access")
    assert [each for each in english if each in told + whole] == []


def test_a_complaint_runs_through_its_steps(project, run) -> None:
    made = opened(run, "complaint", "--law", "uk-gdpr", "--subject", "customer-7", "--note", "the bill is wrong")
    assert run("request", "acknowledge", made).code == 0
    wrong = run("request", "answer", made)
    assert (wrong.code, "a complaint that is received" in wrong.err) == (2, True)
    assert run("request", "step", made, "investigated").code == 0
    assert run("request", "step", made, "resolved").code == 0
    assert "uk-gdpr  answered" in run("request", "answer", made).out


def test_overdue_exits_one_for_a_nightly_job(project, run) -> None:
    assert run("request", "list", "--overdue").code == 0
    late = opened(run, "erasure", "--law", "gdpr", "--subject", "customer-7", "--received", "2025-01-31")
    fine = opened(run, "erasure", "--law", "gdpr", "--subject", "customer-8")
    found = run("request", "list", "--overdue", "--format", "csv")
    assert found.code == 1
    assert [(row["id"], row["due_day"]) for row in csv.DictReader(io.StringIO(found.out))] == [(late, "2025-02-28")]
    every = run("request", "list", "--format", "json")
    assert every.code == 0
    assert [each["id"] for each in json.loads(every.out)["requests"]] == [late, fine]
    assert "OVERDUE" in run("request", "list").out
    refused = run("request", "refuse", late, "--reason", "exempt", "--route", "authority", "--route", "court")
    assert refused.code == 0
    assert run("request", "list", "--overdue").code == 0
    assert "2 requests" in run("request", "list", "--all").out


def test_a_receipt_that_was_not_confirmed_is_overdue_before_the_answer_is(project, run) -> None:
    made = opened(run, "erasure", "--law", "ccpa", "--subject", "7", "--received", _days_ago(30))
    found = run("request", "list", "--overdue")
    assert (found.code, "confirm by" in found.out) == (1, True)
    assert run("request", "acknowledge", made).code == 0
    assert run("request", "list", "--overdue").code == 0
    assert "answer by" in run("request", "list").out


def _days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("open access --law lex --subject 7", "no clock is known"),
        ("open access --law gdpr --subject 7 --received 2999-01-01", "or to come"),
        ("open access --law gdpr --subject 7 --received soon", "expected a time such as"),
        ("open access --law gdpr --subject 7 --tier Gold!", "no code"),
        ("open wish --law gdpr --subject 7", "is not one of"),
        ("answer nosuch", "an id of no request"),
        ("show nosuch", "an id of no request"),
        ("verify nosuch", "one of --ask and --level"),
        ("task nosuch", "PLACE and --owner, or --done"),
        ("task nosuch lager --owner alice", "a store name that is not configured"),
        ("task nosuch crm.lager --owner alice", "a dataset that the catalog does not have"),
        ("list --all --overdue", "one of --overdue and --all"),
    ],
)
def test_what_cannot_be_is_exit_two(project, run, line: str, words: str) -> None:
    found = run("request", *line.split())
    assert found.code == 2
    assert words in found.err
    assert "internal error" not in found.err


def test_people_and_texts_stand_in_the_erasable_table_alone(project, run) -> None:
    texts = ("--contact", "planted.marker@zebra-quagga.example", "--note", "allergic to zorblatt pollen")
    made = opened(run, "access", "--law", "gdpr", "--subject", "Zebulon Quagmire", *texts)
    assert run("request", "task", made, "crm", "--owner", "Zebulon Quagmire").code == 0
    assert "zorblatt" in run("request", "show", made).out
    with sqlite3.connect(project / ".governance" / "gov.db") as records:
        tables = [name for (name,) in records.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held = {name: str(records.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
    marked = {name for name, text in held.items() if "zorblatt" in text or "quag" in text.lower()}
    assert len(marked) == 1
    assert marked <= {name for name in tables if "name" in name}
    for line in (("ledger", "show", "--format", "json"), ("request", "list", "--format", "json")):
        assert "quag" not in run(*line).out.lower()
    records.close()


def test_the_calendar_of_the_configuration_moves_a_deadline(project, run) -> None:
    config = project / "governance.yaml"
    lines = ("request", "open", "access", "--law", "gdpr", "--subject", "7", "--received", "2025-11-25")
    assert run(*lines).out.strip().endswith("due 2025-12-25")
    with config.open("a") as file:
        file.write("calendar: DE-BY\nclosed_days: [2025-12-29]\ncalendars: {ccpa: US-CA}\n")
    assert run(*lines).out.strip().endswith("due 2025-12-30")
    config.write_text(config.read_text().replace("DE-BY", "DE-ZZ"))
    wrong = run(*lines)
    assert (wrong.code, "does not know" in wrong.err) == (2, True)


def test_the_zone_of_the_configuration_says_which_day_it_came(project, run) -> None:
    lines = ("request", "open", "access", "--law", "tw-pdpa", "--subject", "7", "--received", "2026-02-09T16:30+00:00")
    assert run(*lines).out.strip().endswith("due 2026-02-24")
    with (project / "governance.yaml").open("a") as file:
        file.write("time_zone: Asia/Taipei\n")
    assert run(*lines).out.strip().endswith("due 2026-02-25")
    assert run(*lines[:-1], "2026-02-09").out.strip().endswith("due 2026-02-24")


def test_the_report_says_what_is_overdue_and_is_recorded(project, run) -> None:
    late = opened(run, "erasure", "--law", "gdpr", "--subject", "customer-7", "--received", "2025-01-31")
    run("request", "task", late, "crm", "--owner", "alice")
    found = run("audit", "requests")
    assert found.code == 0
    assert "is overdue for 1 of 1 open requests" in found.out
    assert late in found.out
    assert "alice" in found.out
    assert json.loads(run("audit", "requests", "--format", "json", "--year", "2025").out)["ccpa"]["year"] == 2025
    events = run("ledger", "show", "--format", "json").out
    assert "audit.requests" in events
