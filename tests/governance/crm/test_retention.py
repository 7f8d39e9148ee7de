"""Retention on a CRM: the verdicts of SQL over a mirror, done by the vendor's calls, and nothing that changed since."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from governance.app import Governance
from governance.cli.main import main
from governance.flows.opening.offices import office_of
from governance.flows.retention.keeping import explain_retention, place_hold, plan_retention, run_retention
from governance.jobs.registry import certificate_text
from governance.retention.plan import RetentionPlan
from policies.errors import ConfigError, StoreError
from policies.nouns import DatasetRef

from .memory_crm import MemoryCrm

DEALS, CONTACTS = DatasetRef("sales", "Deals"), DatasetRef("sales", "Contacts")
OLD = "  old: {dataset: sales.Deals, start: Closing, period: P8Y, basis: long enough}\n"
MASKED = (
    "  names: {dataset: sales.Contacts, start: Created, period: P5Y, basis: no longer needed, action: anonymise,\n"
    "          masks: {Email: email, Phone: 'null', Description: 'null'}, where: Region == \"EU\"}\n"
)


def rules(folder: Path, text: str) -> None:
    (folder / "policies" / "retention.yaml").write_text(f"version: 1\nrules:\n{text}", encoding="utf-8")


def planned(gov: Governance, name: str = "old") -> RetentionPlan:
    (plan,) = plan_retention(gov, [name])
    return plan


def test_old_records_go_and_the_plan_said_so(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    rules(firm, OLD)
    plan = planned(gov)
    assert (plan.due, plan.by_month) == (2, {"2012-03": 2})
    assert len(crm.rows["Deals"]) == 3
    found = run_retention(gov, plan.to_text())
    assert (found.state, found.deleted, found.left) == ("done", 2, 0)
    assert set(crm.rows["Deals"]) == {"32"}
    document = json.loads(certificate_text(office_of(gov), found.job))
    assert document["steps"][0]["receipts"] == {"done": 2}
    assert document["findings"]["rules"][0]["left"] == {"rows": 1, "over": 0, "due": 0}


def test_a_duty_a_hold_and_a_referring_record_keep(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    contacts = "  all: {dataset: sales.Contacts, start: Created, period: P5Y, basis: no longer needed}\n"
    duty = (
        '  tax: {kind: duty, dataset: sales.Deals, start: Closing, period: P20Y, where: Contact == "12", basis: tax}\n'
    )
    rules(firm, OLD + duty + contacts)
    plan = planned(gov)
    assert (plan.due, plan.blocked) == (1, {"duty:retention:tax": 1})
    everybody = planned(gov, "all")
    assert everybody.blocked["Deals(Contact)"] == 2
    assert everybody.due == 241
    place_hold(gov, DEALS, "record", ["33"], reason="case 1")
    found = run_retention(gov, plan.to_text())
    assert (found.held, found.deleted, len(crm.rows["Deals"])) == (1, 0, 3)


def test_fields_are_masked_and_a_second_time_nothing_is_due(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    rules(firm, MASKED)
    before = dict(crm.rows["Contacts"]["12"])
    found = run_retention(gov, planned(gov, "names").to_text())
    assert (found.state, found.masked) == ("done", 243)
    ann = crm.rows["Contacts"]["12"]
    assert (ann["Phone"], ann["Description"], ann["Last_Name"]) == (None, None, before["Last_Name"])
    assert ann["Email"] != before["Email"]
    assert planned(gov, "names").due == 0


@pytest.mark.parametrize("change", [{"Closing": dt.date(2026, 1, 1)}, {"Closing": dt.date(2012, 3, 2)}])
def test_a_record_that_was_changed_since_the_plan_stays(
    gov: Governance, firm: Path, crm: MemoryCrm, change: dict[str, object]
) -> None:
    rules(firm, OLD)
    plan = planned(gov)
    crm.rows["Deals"]["31"].update(change)
    found = run_retention(gov, plan.to_text())
    assert (found.deleted, found.changed) == (1, 1)
    assert "31" in crm.rows["Deals"]


def test_a_record_that_is_changed_while_the_job_runs_stays(
    gov: Governance, firm: Path, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(firm, OLD)
    plan, records = planned(gov), crm.records

    def later(dataset: str, keys: list[str], fields: list[str]) -> object:
        crm.rows["Deals"]["31"]["Closing"] = dt.date(2026, 1, 1)
        return records(dataset, keys, fields)

    monkeypatch.setattr(crm, "records", later)
    run_retention(gov, plan.to_text())
    assert set(crm.rows["Deals"]) == {"31", "32"}


def test_a_locked_record_waits_and_a_cut_is_gone_on_with(
    gov: Governance, firm: Path, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules(firm, OLD)
    plan, erase = planned(gov), crm.erase
    (firm / "plan.json").write_text(plan.to_text(), encoding="utf-8")
    crm.locked = {("Deals", "33")}

    def cut(dataset: str, keys: list[str]) -> object:
        erase(dataset, keys)
        raise StoreError("sales", found="a cut connection", expected="an answer", next_step="try again")

    monkeypatch.setattr(crm, "erase", cut)
    with pytest.raises(StoreError):
        run_retention(gov, plan.to_text())
    monkeypatch.setattr(crm, "erase", erase)
    assert main(["retention", "run", "--plan", "plan.json"]) == 0
    assert "1 records wait" in capsys.readouterr().err
    crm.locked = set()
    found = run_retention(gov, plan.to_text())
    assert (found.state, found.deleted, found.gone, set(crm.rows["Deals"])) == ("done", 2, 0, {"32"})
    assert not list((firm / ".governance" / "plans").glob("*.open"))


def test_a_read_only_crm_is_said_and_refused(
    gov: Governance, firm: Path, crm: MemoryCrm, capsys: pytest.CaptureFixture[str]
) -> None:
    rules(firm, OLD)
    config = firm / "governance.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace(", write: true", ""), encoding="utf-8")
    with Governance.open(config, actor=gov.actor, clock=gov.clock) as again:
        plan = planned(again)
        assert plan.read_only
        with pytest.raises(ConfigError, match="only read"):
            run_retention(again, plan.to_text())
    assert main(["retention", "plan", "old"]) == 0
    assert "READ ONLY" in capsys.readouterr().out
    assert len(crm.rows["Deals"]) == 3


@pytest.mark.parametrize(
    "rule",
    [
        "  old: {dataset: sales.Deals, start: Closing, period: P8Y, basis: x, action: archive}\n",
        "  old: {dataset: sales.Deals, start: Closing, start_zone: Europe/Berlin, period: P8Y, basis: x}\n",
        "  old: {dataset: sales.Deals, start: Closing, period: P8Y, basis: x, action: crypto_shred}\n",
    ],
)
def test_what_cannot_be_held_in_a_crm_is_refused(gov: Governance, firm: Path, rule: str) -> None:
    rules(firm, rule)
    with pytest.raises(ConfigError):
        planned(gov)


def test_one_record_is_explained(gov: Governance, firm: Path) -> None:
    rules(firm, OLD)
    found = explain_retention(gov, DEALS, ["31"])
    assert found is not None
    assert found.outcome == "due"


def test_no_value_is_in_plan_ledger_log_or_file(gov: Governance, firm: Path) -> None:
    rules(firm, MASKED)
    with capture_logs() as logs:
        plan = planned(gov, "names")
        found = run_retention(gov, plan.to_text())
    shown = [plan.to_text(), repr(plan), repr(found), str(logs), certificate_text(office_of(gov), found.job)]
    assert "zorblatt" not in "".join(shown)
    for each in (firm / ".governance" / "plans").iterdir():
        assert b"zorblatt" not in each.read_bytes()
    with sqlite3.connect(firm / ".governance" / "gov.db") as records:
        assert "zorblatt" not in "".join(records.iterdump())
