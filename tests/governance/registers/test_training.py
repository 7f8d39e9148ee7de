"""Training: no valid attestation, no data; and who attested what."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.rendering import render
from governance.app import Governance
from governance.ledger.log import Ledger
from governance.records.database import create_records
from governance.registers.training import Attestations
from policies.errors import AccessRefusedError, BadInputError, ConfigError, LedgerError, RecordsError

SETTING = """
training:
  courses: {privacy: P12M, health: P6M}
  purposes: {support: [privacy]}
time_zone: Asia/Taipei
"""
QUERY = sa.text("SELECT email FROM customers WHERE id = 1")


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def project(shared_project: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(shared_project, tmp_path / "p"))
    (folder / "governance.yaml").write_text((folder / "governance.yaml").read_text() + SETTING)
    purposes = folder / "policies/purposes.yaml"
    purposes.write_text(purposes.read_text() + "  support.refunds: {parent: support}\n  other: {}\n")
    return folder


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", clock=Clock()) as opened:
        yield opened


def ask(gov: Governance, purpose: str = "support") -> int:
    with gov.session("crm", principal="alice", purpose=purpose) as db:
        return len(db.execute(QUERY).all())


def test_no_attestation_no_data_by_any_way_in(gov: Governance) -> None:
    refused = pytest.raises(AccessRefusedError, match="no valid attestation of privacy")
    with refused:
        ask(gov)
    with refused:
        ask(gov, "support.refunds")
    with refused, gov.engine("crm", principal="alice", purpose="support").connect() as db:
        db.execute(QUERY)
    with refused:
        gov.filter([{"id": 1, "region": "EU"}], dataset="crm.customers", principal="alice", purpose="support")
    with refused, gov.session("crm", principal="alice", purpose="support", writes=True) as db:
        db.execute(sa.text("UPDATE customers SET phone = '1' WHERE id = 1"))
    last = list(gov.ledger.events())[-1]
    assert (last.outcome, last.rules) == ("refused", ("guard.training",))
    gov.attest("alice", "privacy")
    assert ask(gov) == ask(gov, "support.refunds") == 1


def test_another_course_or_another_person_does_not_help(gov: Governance) -> None:
    gov.attest("alice", "health")
    gov.attest("mallory", "privacy")
    with pytest.raises(AccessRefusedError, match="no valid attestation of privacy"):
        ask(gov)


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_it_lapses_after_its_last_day_in_the_middle_of_a_session(
    project: Path, where: str, request: pytest.FixtureRequest
) -> None:
    if where == "postgresql":
        url = request.getfixturevalue("postgres_url").replace("+psycopg", "")
        create_records(url).dispose()
        config = project / "governance.yaml"
        config.write_text(config.read_text() + f'records: {{url: "{url}"}}\n')
    clock = Clock()
    with Governance.open(project / "governance.yaml", clock=clock) as gov:
        gov.attest("alice", "privacy", dt.date(2025, 11, 28))
        with gov.session("crm", principal="alice", purpose="support") as db:
            clock.now = dt.datetime(2026, 11, 28, 15, 59, tzinfo=dt.UTC)  # 23:59 in Taipei
            assert len(db.execute(QUERY).all()) == 1
            clock.now += dt.timedelta(minutes=1)
            with pytest.raises(AccessRefusedError, match="no valid attestation"):
                db.execute(QUERY)
            gov.attest("alice", "privacy")
            assert len(db.execute(QUERY).all()) == 1
        assert [each.day.isoformat() for each in Attestations(gov.records).all()] == ["2025-11-28", "2026-11-29"]


def test_an_older_attestation_written_later_shortens_nothing(gov: Governance) -> None:
    gov.attest("alice", "privacy")
    gov.attest("alice", "privacy", dt.date(2020, 1, 1))
    assert ask(gov) == 1


def test_it_cannot_be_told_means_no(gov: Governance, project: Path) -> None:
    gov.attest("alice", "privacy")
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_training_attestation RENAME TO elsewhere")
    with pytest.raises(RecordsError, match="cannot be read"):
        ask(gov)
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO gov_training_attestation")
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("{support: [privacy]}", "{suport: [privacy]}"))
    with Governance.open(config, clock=Clock()) as other, pytest.raises(ConfigError, match="does not have"):
        ask(other)


def test_without_the_setting_nothing_is_asked(project: Path) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("purposes: {support: [privacy]}", "purposes: {}"))
    with Governance.open(config, clock=Clock()) as gov:
        assert ask(gov) == 1


@pytest.mark.parametrize(
    ("old", "new"), [("[privacy]", "[privicy]"), ("P12M", "a year"), ("health:", "He alth:"), ("P6M", "P0D")]
)
def test_wrong_setting_is_refused(project: Path, old: str, new: str) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace(old, new))
    with pytest.raises(ConfigError):
        Governance.open(config)


def test_bad_attestation_changes_nothing(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInputError, match="to come"):
        gov.attest("alice", "privacy", dt.date(2026, 11, 28))
    with pytest.raises(BadInputError, match="does not have"):
        gov.attest("alice", "cooking")
    with pytest.raises(AccessRefusedError):
        gov.attest("nobody", "privacy")

    def fail(*_: object) -> None:
        raise LedgerError("ledger", found="nothing", expected="a ledger", next_step="wait")

    monkeypatch.setattr(Ledger, "append_in", fail)
    with pytest.raises(LedgerError):
        gov.attest("alice", "privacy")
    assert Attestations(gov.records).all() == ()


def test_report_tells_who_is_kept_out_and_of_refusals(gov: Governance) -> None:
    with pytest.raises(AccessRefusedError):
        ask(gov)
    refused = [event.id for event in gov.ledger.events() if event.outcome == "refused"]
    report = gov.audit_training()
    people = {(each["user"], each["course"]): each for each in report.data["people"]}
    assert people["alice", "privacy"]["purposes"] == ["support", "support.refunds"]
    assert ("mallory", "privacy") not in people  # no line gives her the purpose
    assert (people["alice", "privacy"]["state"], report.data["refused"]) == ("never", refused)
    assert report.verdict.tone == "bad"
    gov.attest("alice", "privacy", dt.date(2025, 12, 26))  # 30 days and the day of today
    assert gov.audit_training().verdict.tone == "warn"
    gov.attest("alice", "privacy", dt.date(2025, 12, 27))
    report = gov.audit_training()
    assert report.verdict.tone == "good"
    assert {each["until"] for each in report.data["attestations"]} == {"2026-12-26", "2026-12-27"}
    assert "alice" in render(report, "text")
    assert "alice" not in repr(list(gov.ledger.events())) + repr(Attestations(gov.records).all())


def test_command_attests_and_shows(gov: Governance, project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gov.close()
    monkeypatch.chdir(project)
    asked = ("query", "crm", "SELECT email FROM customers WHERE id = 1", "--as", "alice", "--purpose", "support")
    assert run(*asked).code == 1
    attest = ("audit", "training", "attest", "--as", "alice", "--course")
    assert run(*attest, "privacy", "--day", "soon").code == 2
    assert run(*attest, "cooking").code == 2
    assert run(*attest, "privacy").code == 0
    assert run(*asked).code == 0
    shown = json.loads(run("audit", "training", "show", "--format", "json").out)
    assert [each["state"] for each in shown["people"]] == ["valid"]


def test_work_list_of_quality_asks_for_it_too(project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    lines = project / "policies/access.csv"
    lines.write_text(lines.read_text() + "p, support, support, export, crm.customers, clear, allow,\n")
    asked = ("quality", "crm", "--work-list", "rows.csv", "--as", "alice", "--purpose", "support")
    found = []
    for _ in range(2):
        assert run(*asked).code in (0, 1)
        written = project / "rows.csv"
        found.append(written.exists() and "crm.customers,id=" in written.read_text())
        run("audit", "training", "attest", "--as", "alice", "--course", "privacy")
    assert found == [False, True]
