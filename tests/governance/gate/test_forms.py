"""The forms of a result: each holds every finding, in every language, and nothing of a person."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from governance.cli.main import main
from governance.gate.forms import FORMS
from governance.gate.rules.all import RULES
from policies.catalog import read_catalog
from policies.nouns import FieldRef, LabelStatus
from policies.vocabulary import LANGUAGES

CONTEXT = Path(__file__).with_name("contexts") / "crm"
CONFIG = 'version: 1\nlaws: [gdpr]\nstores: {crm: {url: "postgresql://h/d", migrations: [migrations/]}}\n'
ACCESS = """p, support, support, read, crm.orders, clear, allow,
p, analyst, analytics, read, crm.orders, clear, allow,
p, support, analytics, read, crm.orders, clear, allow,
g, ada, support
g, bo, analyst
"""
EXAMPLE = (
    "ALTER TABLE orders ADD COLUMN ssn text;\nALTER TABLE orders ADD religion text;\nGRANT SELECT ON orders TO PUBLIC;"
)
MARKER = "kim.lee@planted-shop.de"


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copytree(CONTEXT, tmp_path / "policies")
    (tmp_path / "policies" / "access.csv").write_text(ACCESS)
    (tmp_path / "governance.yaml").write_text(CONFIG)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "V1.sql").write_text(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *arguments):
    code = main(["check", *arguments])
    return code, capsys.readouterr().out


def test_the_example_gives_what_the_check_is_for(project, capsys):
    code, text = run(capsys)
    assert code == 1
    assert "adds crm.orders.ssn, personal data by its name (US_SSN" in text
    assert "adds crm.orders.religion, special category data" in text
    assert "readable in clear by analyst, support under purpose analytics" in text
    assert "not declared: purpose, retention, protection" not in text.split("GOV003")[0]
    assert "V1.sql:3: GOV010 error" in text
    assert "          ssn: {id: f6, category: user.government_id" in text
    assert text.rstrip().splitlines()[-1].startswith("BLOCK: 3 findings")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_form_holds_every_finding_in_every_language(project, capsys, form, lang):
    code, text = run(capsys, "--format", form, "--lang", lang)
    assert code == 1
    plain = text.replace("\\", "")
    assert all(sign in plain for sign in ("GOV001", "GOV003", "GOV010", "crm.orders.religion", "V1.sql"))


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_a_person_is_in_any_form(project, capsys, form):
    (project / "migrations" / "V2.sql").write_text(
        f"INSERT INTO orders (note) VALUES ('{MARKER}');\n"
        f"ALTER TABLE orders ADD COLUMN email text DEFAULT '{MARKER}';\n"
        f'ALTER TABLE orders RENAME COLUMN status TO "{MARKER}";\n'
        f"UPDATE orders SET note = md5('{MARKER}');\n"
        f'CREATE VIEW "{MARKER}" AS SELECT religion AS r FROM contacts;\n'
        f'GRANT SELECT ON "{MARKER}" TO "{MARKER}", PUBLIC;\n'
        f'DROP POLICY "{MARKER}" ON orders; -- governance:ignore GOV099 {MARKER}\n'
    )
    code = main(["check", "--format", form])
    streams = capsys.readouterr()
    assert code == 1
    assert "GOV021" in streams.out
    assert "EMAIL_ADDRESS 1" in streams.out.replace("\\", "")
    assert "planted" not in streams.out + streams.err


def test_json_is_stable_and_carries_readers(project, capsys):
    found = json.loads(run(capsys, "--format", "json")[1])
    assert found["summary"]["verdict"] == "block"
    ssn = found["findings"][0]
    assert ssn["readers"][0] == {"purpose": "analytics", "treatment": "clear", "roles": ["analyst", "support"]}
    assert ssn["missing"] == ["protection"]


def test_sarif_is_valid(project, capsys):
    log = json.loads(run(capsys, "--format", "sarif")[1])
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(log)  # made from the standard's schema
    (only,) = log["runs"]
    ids = [each["id"] for each in only["tool"]["driver"]["rules"]]
    assert ids == list(RULES)
    for each in only["results"]:
        assert each["ruleId"] in ids
        assert each["level"] in ("none", "note", "warning", "error")
        (place,) = each["locations"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert re.fullmatch(r"[0-9a-f]{32}", each["partialFingerprints"]["governance/v1"])


def test_junit_fails_the_rules_that_block(project, capsys):
    root = ET.fromstring(run(capsys, "--format", "junit")[1])
    failed = [case.get("name")[:6] for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == ["GOV001", "GOV003", "GOV010"]
    assert (root.get("tests"), root.get("failures")) == (str(len(RULES)), "3")


def test_github_notes_are_one_line_each(project, capsys):
    lines = run(capsys, "--format", "github")[1].splitlines()
    assert [line.split("::")[1].split(" ")[0] for line in lines[:3]] == ["error"] * 3
    assert len(lines) == 4


def test_markdown_has_a_table_of_who_would_see_it(project, capsys):
    text = run(capsys, "--format", "markdown")[1]
    assert re.search(
        r"\| crm\.orders\.ssn \| user\.government_id\S* \| analyst, support \| analytics \| clear \|", text
    )
    assert "```yaml" in text


# The command


def test_a_quiet_project_passes_in_every_form(project, capsys):
    (project / "migrations" / "V1.sql").write_text("SELECT 1")
    for form in FORMS:
        assert run(capsys, "--format", form)[0] == 0


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_explained(rule, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # no project is needed
    assert main(["check", "--explain", rule.lower()]) == 0
    assert capsys.readouterr().out.startswith(rule)


@pytest.mark.parametrize(
    "arguments", [["--explain", "GOV999"], ["--base", "gone"], ["--by", "x"], ["other"], ["--write-baseline"]]
)
def test_what_cannot_be_told_is_exit_2(project, capsys, arguments):
    (project / "other").mkdir()
    assert run(capsys, *arguments)[0] == 2


def test_a_baseline_counts_old_findings_and_lets_new_ones_through(project, capsys):
    assert run(capsys, "--baseline", "base.json", "--write-baseline")[0] == 0
    assert run(capsys, "--baseline", "base.json")[0] == 0
    (project / "migrations" / "V2.sql").write_text(
        "ALTER TABLE orders ADD phone text; GRANT SELECT ON contacts TO PUBLIC"
    )
    code, text = run(capsys, "--baseline", "base.json", "--format", "json")
    summary = json.loads(text)["summary"]
    assert (code, summary["errors"], summary["baselined"]) == (1, 2, 3)
    (project / "base.json").write_text('{"schema": "other"}')
    assert run(capsys, "--baseline", "base.json")[0] == 2


def test_a_second_unread_statement_is_not_hidden_by_the_baseline_of_one(project, capsys):
    path = project / "migrations" / "V1.sql"
    path.write_text("FROBNICATE a;")
    run(capsys, "--baseline", "base.json", "--write-baseline")
    assert run(capsys, "--baseline", "base.json")[0] == 0
    path.write_text("FROBNICATE a;\nFROBNICATE b;")
    assert run(capsys, "--baseline", "base.json")[0] == 1


def test_severity_is_configured(project, capsys):
    (project / "governance.yaml").write_text(
        CONFIG + 'check: {severity: {GOV001: warning, GOV003: "off", GOV010: warning}}\n'
    )
    code, text = run(capsys, "--format", "json")
    assert (code, json.loads(text)["summary"]["warnings"]) == (0, 2)
    (project / "governance.yaml").write_text(CONFIG + "check: {severity: {GOV1: warning}}\n")
    assert run(capsys)[0] == 2


def test_fix_writes_proposals_and_keeps_comments_and_decisions(project, capsys):
    path = project / "policies" / "catalog.yaml"
    path.write_text("# ours\n" + path.read_text())
    assert run(capsys, "--fix")[0] == 1  # a proposal opens nothing
    text = path.read_text()
    assert text.startswith("# ours\n")
    entry = read_catalog(path).field(FieldRef("crm", "orders", "ssn"))
    assert (entry.status, entry.by) == (LabelStatus.PROPOSED, "governance check")
    run(capsys, "--fix", "--by", "dpo")
    entry = read_catalog(path).field(FieldRef("crm", "orders", "ssn"))
    assert (entry.status, entry.by) == (LabelStatus.CONFIRMED, "dpo")
    assert {each["rule"] for each in json.loads(run(capsys, "--format", "json")[1])["findings"]} == {"GOV005", "GOV010"}


PLUGIN = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("{name}", sa.Text))
def test_it(assert_schema_governed):
    assert_schema_governed(metadata)
"""


@pytest.mark.parametrize(("name", "outcome"), [("amount", 0), ("ssn", 1)])
def test_the_pytest_plugin_fails_on_what_is_not_governed(project, name, outcome):
    import os
    import subprocess
    import sys

    (project / "test_schema.py").write_text(PLUGIN.format(name=name))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "governance.gate.pytest_plugin", "test_schema.py"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == outcome, done.stdout
    assert ("MetaData:1: GOV001 error: adds crm.orders.ssn" in done.stdout) == (outcome == 1)
