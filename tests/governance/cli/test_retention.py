"""The commands of retention, restores and drills, from the first file to the certificate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from policies.retention_rules import read_retention

ARCHIVE = """
version: 1
rules:
  old: {dataset: crm.customers, start: created_at, period: P10Y, action: archive, basis: ten years are enough}
"""


@pytest.fixture
def project(shared_project, tmp_path, monkeypatch):
    """A copy of one project that was made once for the file; the process stands in its folder."""
    shutil.copytree(shared_project, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_a_template_becomes_a_rule_to_finish(project: Path, run) -> None:
    found = run("retention", "init", "--template", "cn-transaction-records", "--output", "first.yaml")
    assert found.code == 0
    text = Path("first.yaml").read_text(encoding="utf-8")
    finished = text.replace("STORE.DATASET", "crm.orders").replace("FIELD ", "ended_at ")
    Path("first.yaml").write_text(finished, encoding="utf-8")
    rule = read_retention(Path("first.yaml"))["cn-transaction-records"]
    assert (rule.kind, rule.period.text) == ("duty", "P3Y")
    assert "E-Commerce Law Art. 31" in str(rule.source)
    assert run("retention", "init", "--output", "first.yaml").code == 2


def test_every_template_is_a_rule_once_it_is_finished(project: Path, run) -> None:
    names = json.loads(run("retention", "templates", "--format", "json").out)["templates"]
    given = [word for name in names for word in ("--template", name)]
    text = run("retention", "init", *given).out.replace("STORE.DATASET", "crm.orders").replace("FIELD ", "at ")
    Path("all.yaml").write_text(text, encoding="utf-8")
    rules = read_retention(Path("all.yaml"))
    assert rules.keys() == names.keys()
    assert all(rule.source and rule.basis for rule in rules.values())
    assert run("retention", "init", "--template", "nosuch").code == 2


def test_from_plan_to_archive_to_restore(project: Path, run) -> None:
    (project / "policies" / "retention.yaml").write_text(ARCHIVE, encoding="utf-8")
    shutil.copy("crm.db", "backup.db")
    said = run("retention", "plan")
    assert "retention:old  crm.customers: 3 due for archive" in said.out
    assert run("retention", "plan", "old", "--format", "json", "--output", "plan.json").code == 0
    assert "3 deleted" in run("retention", "run", "--plan", "plan.json").out
    (archive,) = (project / ".governance" / "archives").iterdir()
    check = run("retention", "archive", "restore-check", archive)
    assert "3 rows are whole" in check.out
    asked = ("retention", "archive", "show", archive, "--as", "alice", "--purpose", "support", "--output", "rows.jsonl")
    assert (run(*asked).code, Path("rows.jsonl").exists()) == (1, False)
    with (project / "policies" / "access.csv").open("a", encoding="utf-8") as lines:
        lines.write("p, support, support, export, crm.customers, mask:redact, allow, region == principal.region\n")
        lines.write("p, support, support, export, crm.customers.id, clear, allow,\n")
    assert run(*asked).code == 0
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["id"], row["name"]) for row in rows] == [(1, "***"), (2, "***")]
    shutil.copy("backup.db", "crm.db")
    assert "3 there again" in run("subject", "reapply", "crm").out
    assert run("subject", "reapply", "crm", "--format", "json", "--output", "again.json").code == 0
    assert "3 deleted again" in run("subject", "reapply", "crm", "--plan", "again.json").out
    archive.write_bytes(archive.read_bytes()[:-1])
    assert run("retention", "archive", "restore-check", archive).code == 1
    jobs = {each["kind"]: each["id"] for each in json.loads(run("job", "list", "--format", "json").out)["jobs"]}
    assert "再次刪除還原之紀錄" in run("job", "certificate", jobs["reapply"], "--lang", "zh-Hant").out


@pytest.fixture
def duties(project: Path) -> None:
    duty = "  tax: {kind: duty, dataset: crm.customers, start: created_at, period: P20Y, basis: tax}\n"
    path = project / "policies" / "retention.yaml"
    path.write_text(path.read_text(encoding="utf-8") + duty, encoding="utf-8")


@pytest.mark.usefixtures("duties")
def test_why_a_record_stays_names_winner_and_loser(run) -> None:
    found = json.loads(run("retention", "why", "crm.customers", "1", "--format", "json").out)
    assert (found["outcome"], found["why"]) == ("kept", "duty")
    assert found["won"] == ["retention:tax"]
    assert found["lost"] == ["retention:customers-ten-years"]
    assert "not due: its period is not over" in run("retention", "why", "crm.customers", "9").out
    assert "no such record" in run("retention", "why", "crm.customers", "999").out
    assert run("retention", "why", "crm.customers", "1", "2").code == 2


@pytest.mark.usefixtures("duties")
def test_a_plan_says_what_keeps_and_a_duty_cannot_be_planned(run) -> None:
    assert "kept: 3 by the duty retention:tax" in run("retention", "plan").out
    assert run("retention", "plan", "tax", "--format", "json").code == 2


@pytest.mark.usefixtures("project")
def test_a_hold_has_matter_and_last_day(run) -> None:
    made = run("retention", "hold", "crm.customers", "--reason", "r", "--matter", "case 4711", "--until", "2099-01-31")
    (hold,) = json.loads(run("retention", "holds", "--format", "json").out)["holds"]
    assert (hold["id"], hold["matter"], hold["until"]) == (made.out.strip(), "case 4711", "2099-01-31")
    late = run("retention", "hold", "crm.customers", "--reason", "r", "--until", "2001-01-31")
    assert (late.code, "over" in late.err) == (2, True)


@pytest.mark.usefixtures("project")
def test_a_drill_is_listed(run) -> None:
    args = ("--backup-of", "2026-11-01", "--on", "2026-11-02", "--minutes", "7", "--checked", "reapply")
    assert run("backup", "drill", "record", "crm", *args).code == 0
    assert "2026-11-02  crm  backup of 2026-11-01  passed  7 min  reapply" in run("backup", "drill", "list").out
    assert run("backup", "drill", "record", "nosuch", "--backup-of", "2026-11-01").code == 2
