"""What is shipped for CI: the script runs in a real repository, the files that call it are well formed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from governance.cli.main import main

ROOT = Path(__file__).resolve().parents[3]
CI = ROOT / "docs" / "ci"
CONTEXT = Path(__file__).with_name("contexts") / "crm"
CONFIG = 'version: 1\nlaws: [gdpr, pipl]\nstores: {crm: {url: "postgresql://h/d", migrations: [migrations/]}}\n'
MIGRATION = "ALTER TABLE customers ADD COLUMN phone text, ADD COLUMN iban text;\nGRANT SELECT ON customers TO PUBLIC;\n"


def git(folder, *arguments):
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """A project whose branch `change` adds a migration to what `main` has."""
    (tmp_path / "migrations").mkdir()
    shutil.copytree(CONTEXT, tmp_path / "policies")
    (tmp_path / "governance.yaml").write_text(CONFIG)
    (tmp_path / "migrations" / "V1.sql").write_text("CREATE TABLE old (email text);")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    git(tmp_path, "checkout", "-b", "change")
    (tmp_path / "migrations" / "V2.sql").write_text(MIGRATION)
    return tmp_path


def run(folder, *arguments, **env):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
    command = [str(CI / "check.sh"), *arguments]
    return subprocess.run(
        command, cwd=folder, env={**clean, "PATH": path, **env}, capture_output=True, text=True, check=False
    )


def test_the_script_blocks_and_leaves_every_result(repository):
    summary = repository / "summary.md"
    done = run(repository, "main", "out", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1, done.stderr
    assert "::error file=migrations/V2.sql,line=2,title=GOV010::" in done.stdout
    assert "V1.sql" not in done.stdout
    found = json.loads((repository / "out" / "check.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert {each["ruleId"] for each in found} == {"GOV001", "GOV003", "GOV010"}
    assert len(list(ET.parse(repository / "out" / "check.xml").iter("failure"))) == len(found)
    assert summary.read_text(encoding="utf-8") == (repository / "out" / "check.md").read_text(encoding="utf-8")


def test_the_script_cannot_tell_without_the_base(repository):
    done = run(repository, "origin/gone")
    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stderr
    assert not (repository / "check.sarif").exists()


def test_the_action_and_the_template_run_the_script():
    action = YAML(typ="safe").load(CI / "action.yml")
    commands = "\n".join(step["run"] for step in action["runs"]["steps"])
    assert "check.sh" in commands
    assert set(action["inputs"]) == {"base", "folder", "version", "comment"}
    assert "${{ inputs" not in commands  # an input in a command could be a command
    job = YAML(typ="safe").load(CI / "gitlab.yml")["governance-check"]
    assert any("check.sh" in line for line in job["script"])
    assert job["artifacts"]["reports"]["junit"] == "governance-check/check.xml"
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")
    assert all(each["entry"].startswith("governance check") and not each["pass_filenames"] for each in hooks)


def test_our_own_migrations_pass_as_ci_checks_them(capsys):
    assert main(["--config", str(ROOT / ".ci" / "check" / "governance.yaml"), "check"]) == 0
    assert capsys.readouterr().out.startswith("pass: 0 findings")
    assert "--config .ci/check/governance.yaml check" in (ROOT / "Makefile").read_text(encoding="utf-8")
