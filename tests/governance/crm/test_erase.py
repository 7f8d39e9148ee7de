"""A person is erased from a CRM to the vendor's end, as steps of the same job as in databases."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from connectors.crm.base import Receipt
from governance.app import Governance
from governance.cli.main import main
from governance.flows.opening.offices import office_of
from governance.flows.retention.keeping import place_hold, release_hold, standing_holds
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.reapplying_erasure import plan_erasure_again
from governance.flows.subjects.running_erasure import ErasureOutcome, run_erasure
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.jobs.plan import Plan
from governance.jobs.registry import certificate_text
from policies.errors import ConfigError, StoreError
from policies.nouns import DatasetRef

from .conftest import ANN, Clock, contact, filled
from .memory_crm import MemoryCrm

ANNS = {"Contacts": {"12"}, "Deals": {"31", "32"}, "Cases": {"41"}, "Notes": {"51"}}
"""What goes, unless something keeps it; the account is declared to be hers too, and Bo's contact refers to it."""
NOTHING: dict[str, set[str]] = {name: set() for name in ANNS}
CONTACTS = DatasetRef("sales", "Contacts")


def planned(gov: Governance) -> Plan:
    named = as_identifiers(gov, [ANN])
    return plan_erasure(gov, trace_subject(gov, named), named)


def erased(gov: Governance) -> ErasureOutcome:
    return run_erasure(gov, planned(gov).text())


def left(crm: MemoryCrm) -> dict[str, set[str]]:
    """Which of Ann's records are there."""
    return {name: keys & set(crm.rows[name]) for name, keys in ANNS.items()}


def inventory(plan: Plan) -> dict[tuple[str, str], int]:
    return {(each["dataset"], each["action"]): each["rows"] for each in plan.facts["inventory"]}


def rule(folder: Path, erasure: str = "", retention: str = "") -> None:
    if erasure:
        (folder / "policies" / "erasure.yaml").write_text(f"version: 1\ndatasets:\n{erasure}", encoding="utf-8")
    if retention:
        (folder / "policies" / "retention.yaml").write_text(f"version: 1\nrules:\n{retention}", encoding="utf-8")


def test_a_plan_says_what_becomes_of_each_record_and_changes_nothing(gov: Governance, crm: MemoryCrm) -> None:
    plan = planned(gov)
    assert inventory(plan) == {
        ("sales.Accounts", "anonymise"): 1,
        ("sales.Contacts", "delete"): 1,
        ("sales.Deals", "delete"): 2,
        ("sales.Cases", "delete"): 1,
        ("sales.Notes", "delete"): 1,
        ("shop.customers", "delete"): 1,
    }
    assert left(crm) == ANNS
    assert "erase" not in crm.calls


def test_a_person_goes_from_crm_and_database_and_nobody_else_does(gov: Governance, crm: MemoryCrm) -> None:
    before = {name: set(rows) for name, rows in crm.rows.items()}
    found = erased(gov)
    assert found.of.state == "done"
    assert not found.failed
    assert {name: before[name] - set(rows) for name, rows in crm.rows.items()} == {"Accounts": set(), **ANNS}
    with sa.create_engine("sqlite:///shop.db").connect() as shop:
        assert [row[0] for row in shop.execute(sa.text("SELECT id FROM customers"))] == [8]
    assert all(crm.gone(name, keys)[key] for name, keys in ANNS.items() for key in keys)


def test_a_certificate_has_a_receipt_of_each_record(gov: Governance, capsys: pytest.CaptureFixture[str]) -> None:
    found = erased(gov)
    document = json.loads(certificate_text(office_of(gov), found.of.job))
    assert main(["job", "certificate", found.of.job]) == 0
    assert "receipts: 2 done, 0 no longer there" in capsys.readouterr().out
    receipts = {each["name"]: each.get("receipts") for each in document["steps"]}
    assert receipts["delete sales.Deals"] == {"done": 2}
    assert receipts["delete sales.Contacts"] == {"done": 1}
    assert receipts["delete shop.customers"] is None
    (batch,) = [each for each in gov.ledger.events("job.batch") if [one.ref for one in each.objects] == ["sales.Deals"]]
    assert batch.counts["rows"] == 2


def test_a_duty_keeps_and_a_mask_stays(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    rule(
        firm,
        "  sales.Contacts: {action: anonymise, masks: {Email: email}}\n",
        "  tax: {kind: duty, dataset: sales.Deals, start: Closing, period: P8Y, basis: tax}\n",
    )
    plan = planned(gov)
    assert inventory(plan)["sales.Deals", "keep"] == 1
    found = run_erasure(gov, plan.text())
    assert left(crm) == {"Contacts": {"12"}, "Deals": {"32"}, "Cases": set(), "Notes": set()}
    ann = crm.rows["Contacts"]["12"]
    assert (ann["Last_Name"], ann["Phone"], ann["Description"]) == ("***", None, None)
    assert ann["Email"] != ANN
    assert (ann["Region"], ann["Account"], ann["Owner.email"]) == (
        "EU",
        "1",
        filled().rows["Contacts"]["12"]["Owner.email"],
    )
    assert ann["Email"].endswith("example.com")
    said = found.findings
    assert said["verification"]["status"] == "open"
    assert said["verification"]["residue"] == {}
    assert said["by_hand"]["linked"] == {"sales.Contacts": {"attachment": 1, "email": 2}}


def test_what_the_crm_does_not_empty_although_it_says_so_is_for_people(
    gov: Governance, firm: Path, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(firm, "  sales.Contacts: {action: anonymise}\n")
    update = crm.update
    monkeypatch.setattr(
        crm,
        "update",
        lambda dataset, changes: update(
            dataset, {key: {n: v for n, v in row.items() if n != "Phone"} for key, row in changes.items()}
        ),
    )
    found = erased(gov)
    assert found.findings["by_hand"]["unwritten"] == {"sales.Contacts.Phone": 1}
    assert found.findings["verification"]["status"] != "passed"


def test_a_locked_record_waits_and_is_done_when_started_again(
    gov: Governance, crm: MemoryCrm, capsys: pytest.CaptureFixture[str]
) -> None:
    crm.locked = {("Deals", "32")}
    plan = planned(gov)
    found = run_erasure(gov, plan.text())
    assert (found.of.state, found.of.certificate, found.of.total("left") > 0) == ("paused", None, True)
    assert left(crm)["Deals"] == {"32"}
    assert left(crm)["Contacts"] == {"12"}, "what the deal refers to waits with it"
    with sa.create_engine("sqlite:///shop.db").connect() as shop:
        assert [row[0] for row in shop.execute(sa.text("SELECT id FROM customers"))] == [8]
    (paused,) = gov.ledger.events("job.paused")
    assert paused.counts["left"] == 1
    Path("plan.json").write_text(plan.text(), encoding="utf-8")
    assert main(["subject", "erase", "--plan", "plan.json"]) == 0
    assert "WAITING" in capsys.readouterr().out
    crm.locked = set()
    again = run_erasure(gov, plan.text())
    assert again.of.state == "done"
    assert left(crm) == NOTHING
    assert again.of.total("done") == plan.rows
    assert again.of.total("gone") == 0


def test_a_held_record_stays_until_the_hold_is_released(gov: Governance, crm: MemoryCrm) -> None:
    plan = planned(gov)
    place_hold(gov, CONTACTS, "record", ["12"], reason="case 7")
    found = run_erasure(gov, plan.text())
    assert left(crm)["Contacts"] == {"12"}
    assert found.of.total("held") == 1
    (hold,) = standing_holds(gov)
    release_hold(gov, hold.id)
    assert run_erasure(gov, planned(gov).text()).findings["verification"]["residue"] == {}
    assert left(crm)["Contacts"] == set()


def test_a_record_that_became_somebody_elses_since_the_plan_is_left_alone(gov: Governance, crm: MemoryCrm) -> None:
    plan = planned(gov)
    crm.rows["Deals"]["31"]["Contact"] = "13"
    found = run_erasure(gov, plan.text())
    assert "31" in crm.rows["Deals"]
    assert found.of.total("changed") == 1


def test_what_changes_between_the_mirror_and_the_call_is_seen(
    gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, records, late = planned(gov), crm.records, []

    def later(dataset: str, keys: list[str], fields: list[str]) -> object:
        late.append(dataset)
        if dataset == "Deals" and late.count("Deals") == 2:  # the first time fills the mirror
            crm.rows["Deals"]["31"]["Contact"] = "13"
        return records(dataset, keys, fields)

    monkeypatch.setattr(crm, "records", later)
    run_erasure(gov, plan.text())
    assert set(crm.rows["Deals"]) == {"31", "33"}


def test_a_read_only_crm_is_said_in_the_plan_and_refuses_to_run(
    gov: Governance, firm: Path, crm: MemoryCrm, capsys: pytest.CaptureFixture[str]
) -> None:
    config = firm / "governance.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace(", write: true", ""), encoding="utf-8")
    with Governance.open(config, actor=gov.actor) as again:
        plan = planned(again)
        assert plan.facts["read_only"] == ["sales"]
        with pytest.raises(ConfigError, match="only read"):
            run_erasure(again, plan.text())
    assert main(["subject", "erase", ANN]) == 0
    assert "READ ONLY sales" in capsys.readouterr().out
    assert left(crm) == ANNS
    assert not {"erase", "update"} & set(crm.calls)


def test_a_vendor_that_fails_in_the_middle_is_gone_on_with(
    gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, erase = planned(gov), crm.erase

    def fail(dataset: str, keys: list[str]) -> object:
        if dataset == "Deals":
            erase(dataset, list(keys)[:1])
            raise StoreError("sales.Deals", found="a cut connection", expected="an answer", next_step="try again")
        return erase(dataset, keys)

    monkeypatch.setattr(crm, "erase", fail)
    with pytest.raises(StoreError):
        run_erasure(gov, plan.text())
    assert len(left(crm)["Deals"]) == 1
    monkeypatch.setattr(crm, "erase", erase)
    found = run_erasure(gov, plan.text())
    assert (found.of.state, found.of.total("done"), found.of.total("gone")) == ("done", plan.rows, 0)
    assert left(crm) == NOTHING


class HalfWay(MemoryCrm):
    """A CRM that fails between deleting a record and purging it from its bin."""

    def __init__(self, of: MemoryCrm) -> None:
        self.__dict__.update(of.__dict__)
        self.bin: set[tuple[str, str]] = set()
        self.purges = True

    def erase(self, dataset: str, keys: list[str]) -> dict[str, Receipt]:
        found = dict(super().erase(dataset, keys))
        self.bin |= {(dataset, key) for key in keys if found[key] is Receipt.DONE}
        if not self.purges:
            raise StoreError("sales", found="a cut connection", expected="an answer", next_step="try again")
        for key in keys:
            found[key] = Receipt.DONE if (dataset, key) in self.bin else found[key]
            self.bin.discard((dataset, key))
        return found

    def gone(self, dataset: str, keys: list[str]) -> dict[str, bool]:
        return {key: each and (dataset, key) not in self.bin for key, each in super().gone(dataset, keys).items()}


class TestBin:
    """A record that was deleted and not purged is not lost sight of."""

    @pytest.fixture
    def crm(self) -> HalfWay:
        return HalfWay(filled())

    def test_it_is_purged_by_the_next_run(self, gov: Governance, crm: HalfWay) -> None:
        plan, crm.purges = planned(gov), False
        with pytest.raises(StoreError):
            run_erasure(gov, plan.text())
        assert crm.bin
        with pytest.raises(StoreError):
            run_erasure(gov, plan.text())
        crm.purges = True
        found = run_erasure(gov, plan.text())
        assert crm.bin == set()
        assert (found.of.total("done"), found.of.total("gone")) == (plan.rows, 0)
        assert not list((Path(".governance") / "plans").glob("*.open"))

    def test_a_hold_that_came_in_between_keeps_it_in_the_bin(self, gov: Governance, crm: HalfWay) -> None:
        plan, crm.purges = planned(gov), False
        with pytest.raises(StoreError):
            run_erasure(gov, plan.text())
        ((name, key), *_) = sorted(crm.bin)
        place_hold(gov, DatasetRef("sales", name), "record", [key], reason="case 8")
        crm.purges = True
        run_erasure(gov, plan.text())
        assert (name, key) in crm.bin


def test_a_person_whom_a_restore_of_the_vendor_brought_back_is_found_and_erased_again(
    gov: Governance, firm: Path, crm: MemoryCrm, clock: Clock
) -> None:
    rule(firm, "  sales.Contacts: {created: Created}\n")
    erased(gov)
    clock.now += dt.timedelta(days=3)
    old = filled()
    crm.rows["Contacts"]["12"] = old.rows["Contacts"]["12"]
    crm.rows["Deals"]["31"] = old.rows["Deals"]["31"]
    found = plan_erasure_again(gov, "sales")
    assert (found.persons, found.newer, found.undecided) == (1, 0, 0)
    assert found.plan is not None
    run_erasure(gov, found.plan.text())
    assert left(crm) == NOTHING


def test_a_new_person_under_an_old_key_stays(gov: Governance, firm: Path, crm: MemoryCrm, clock: Clock) -> None:
    rule(firm, "  sales.Contacts: {created: Created}\n")
    erased(gov)
    clock.now += dt.timedelta(days=3)
    crm.rows["Contacts"]["12"] = contact("12", "New", "new@example.net", Created=clock.now)
    found = plan_erasure_again(gov, "sales")
    assert (found.plan, found.newer) == (None, 1)


def test_no_value_is_in_plan_ledger_log_certificate_or_files_beside(gov: Governance, firm: Path) -> None:
    with capture_logs() as logs:
        plan = planned(gov)
        found = run_erasure(gov, plan.text())
    shown = [plan.text(), repr(plan), repr(found), str(logs), certificate_text(office_of(gov), found.of.job)]
    assert "zorblatt" not in "".join(shown)
    for each in (firm / ".governance" / "plans").iterdir():
        assert b"zorblatt" not in each.read_bytes()
    with sqlite3.connect(firm / ".governance" / "gov.db") as records:
        assert "zorblatt" not in "".join(records.iterdump())
