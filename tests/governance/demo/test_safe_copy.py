"""`governance mask`: nothing without a plan or --yes, the certificate, the exit code, and no planted value anywhere."""

from __future__ import annotations

import json
import shutil

import pytest
import sqlalchemy as sa

from governance.cli.main import main
from policies.vocabulary import LANGUAGES

MARKER = "marker.quillfeather@planted-marker.de"


@pytest.fixture
def project(tmp_path, small_demo, monkeypatch):
    """A demo shop with a place for the copy, and somebody whom nobody may meet in it."""
    folder = tmp_path / "demo"
    shutil.copytree(small_demo, folder)
    monkeypatch.chdir(folder)
    engine = sa.create_engine(f"sqlite:///{folder / 'shop.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE customers SET email = :m WHERE id = 3"), {"m": MARKER})
    engine.dispose()
    return folder


def mask(*arguments):
    return main(["--config", "copies.yaml", "mask", "crm", "test", *arguments])


def seen(folder, capsys):
    """All that the command said, wrote and recorded, and the copy itself."""
    out, err = capsys.readouterr()
    files = [folder / ".governance/gov.db", folder / "certificate.json", folder / "plan.json", folder / "test.db"]
    return out, out + err + "".join(each.read_bytes().decode("latin-1") for each in files if each.exists())


def test_a_copy_is_planned_reviewed_and_carried_out(project, capsys):
    masks = project / "policies/masks.yaml"
    masks.write_text(masks.read_text().replace("detail: clear", 'detail: "null"'))
    assert mask("--format", "json", "--output", "plan.json") == 0
    assert not (project / "test.db").exists() or not sa.inspect(sa.create_engine("sqlite:///test.db")).get_table_names()
    assert mask("--plan", "plan.json", "--certificate", "certificate.json", "--format", "json") == 0
    out, everything = seen(project, capsys)
    document = json.loads(out)
    assert (document["state"], document["findings"]["residue"]) == ("done", [])
    assert document["findings"]["rows"] == {"audit_log": 300, "customers": 40}
    assert MARKER not in everything
    assert "marker.quillfeather" not in everything
    assert mask("--plan", "plan.json", "--format", "json") == 0  # again: the same answer, nothing changed
    assert json.loads(capsys.readouterr().out)["certificate"] == document["certificate"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_residue_ends_with_1_and_is_named_by_field(project, capsys, lang):
    engine = sa.create_engine(f"sqlite:///{project / 'shop.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit_log SET detail = :m WHERE id = 5"), {"m": f"set email='{MARKER}'"})
    engine.dispose()
    assert mask("--yes", "--lang", lang) == 1
    out, everything = capsys.readouterr()
    assert "audit_log.detail" in out
    assert MARKER not in out + everything


def test_a_first_file_protects_what_is_about_people_and_is_never_overwritten(project, capsys):
    assert mask("--init", "--config", "first.yaml") == 0
    text = (project / "first.yaml").read_text()
    assert not [line for line in text.splitlines() if ": clear  # user" in line or ": clear  # system" in line]
    assert "extra: drop  # not reviewed" in text
    assert mask("--config", "first.yaml") == 0
    assert mask("--init", "--config", "first.yaml") == 2
    assert (project / "first.yaml").read_text() == text
    assert "not overwritten" in capsys.readouterr().err


def test_what_does_not_fit_together_is_refused(project, capsys):
    assert mask("--yes", "--init") == 2
    assert mask("--format", "json", "--output", "plan.json") == 0
    assert main(["--config", "copies.yaml", "mask", "test", "crm", "--plan", "plan.json"]) == 2
    assert main(["--config", "copies.yaml", "mask", "crm", "crm"]) == 2
    text = (project / "plan.json").read_text()
    (project / "plan.json").write_text(text.replace("mask:phone", "mask:name"))
    assert mask("--plan", "plan.json") == 1  # as a tampered file
