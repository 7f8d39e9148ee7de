"""Zoho CRM through the front door: doctor, scan, one person found in CRM and database, exported, erased, verified."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from governance.app import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.flows.opening.offices import office_of
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.running_erasure import run_erasure
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.jobs.registry import certificate_text
from governance.protect.keyring.passphrase import PassphraseProvider
from policies.vocabulary import Words

from ...connectors.crm.zoho_account import CLIENT, Account  # noqa: TID252 the fake lies beside its connector
from ...connectors.crm.zoho_fake import OWNER, id_of, running  # noqa: TID252 as above
from .zoho_firm import ANN, CONTACT, seeded, write_firm

NOTES = {id_of(50_000_000 + place) for place in range(3)}
DEALS = {id_of(40_000_000 + place) for place in range(3)}


@pytest.fixture
def account() -> Account:
    return seeded()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account) -> Iterator[Path]:
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    monkeypatch.chdir(tmp_path)
    with running(account) as address:
        write_firm(tmp_path, address, monkeypatch)
        yield tmp_path


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as opened:
        yield opened


def _wrote(account: Account) -> list[str]:
    reading = {"/crm/v8/coql"}
    return [each.path for each in account.asked if each.method != "GET" and each.path not in reading]


def test_doctor_reads_only_and_says_what_the_vendor_cannot_do(
    project: Path, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main(["doctor", "--format", "json"])
    said = capsys.readouterr().out
    shown = json.dumps(json.loads(said), ensure_ascii=False)
    assert Words("en").say("crm_zoho.cannot.audit_trail_columns_are_not_known") in shown
    assert Words("en").say("crm.check.withheld") in shown
    assert "crm_zoho." not in shown
    assert "crm.check." not in shown
    assert _wrote(account) == []
    assert not [each for each in (*CLIENT.values(), *account.tokens) if each in said]


def test_scan_labels_people_and_keeps_employees_apart(gov: Governance, account: Account) -> None:
    result = gov.scan(["sales"])
    fields = {
        (dataset.dataset, each.field): each
        for store in result.stores
        for dataset in store.datasets
        for each in dataset.fields
    }
    labels = {place: each.label.entity for place, each in fields.items() if each.label is not None}
    found = {name: labels.get(("Contacts", name)) for name in ("Email", "Phone", "Date_of_Birth", "Last_Name")}
    assert found == {
        "Email": "EMAIL_ADDRESS",
        "Phone": "PHONE_NUMBER",
        "Date_of_Birth": "DATE_OF_BIRTH",
        "Last_Name": "PERSON",
    }
    staff = {name for (dataset, name), each in fields.items() if dataset == "Contacts" and each.about == "employee"}
    assert {"Owner.email", "Owner.name", "Modified_By.email"} <= staff
    assert not staff & {"Email", "Phone", "Last_Name"}
    not_seen = {
        (each.place, each.reason) for store in result.stores for dataset in store.datasets for each in dataset.not_seen
    }
    assert ("sales.Contacts.Passport", "not_seen.withheld_by_vendor") in not_seen
    assert _wrote(account) == []
    assert not [each for each in (*CLIENT.values(), OWNER["email"], ANN) if each in repr(result)]


def test_person_is_found_in_crm_and_database(gov: Governance, account: Account) -> None:
    found = trace_subject(gov, [ANN])
    own = {(str(each.dataset), str(each.key[0])) for each in found.own()}
    assert {("sales.Contacts", CONTACT), ("shop.customers", "7")} <= own
    assert {("sales.Notes", each) for each in NOTES} <= {
        (str(each.dataset), str(each.key[0])) for each in found.records
    }
    assert ("shop.customers", "8") not in own
    assert _wrote(account) == []


def test_person_is_erased_to_the_end_of_both_and_verified(gov: Governance, account: Account) -> None:
    people = set(account.modules["Contacts"].rows)
    named = as_identifiers(gov, [ANN])
    with capture_logs() as logs:
        done = run_erasure(gov, plan_erasure(gov, trace_subject(gov, named), named).text())
    assert (done.of.state, done.failed) == ("done", False)
    assert people - set(account.modules["Contacts"].rows) == {CONTACT}
    assert not NOTES & set(account.modules["Notes"].rows)
    assert account.bin == {}
    assert set(account.erased) == {CONTACT, *NOTES, *DEALS}
    assert account.woken == []
    with sa.create_engine("sqlite:///shop.db").connect() as shop:
        assert [row[0] for row in shop.execute(sa.text("SELECT id FROM customers"))] == [8]
    assert list(trace_subject(gov, [ANN]).own()) == []
    certificate = certificate_text(office_of(gov), done.of.job)
    receipts = {each["name"]: each.get("receipts") for each in json.loads(certificate)["steps"]}
    assert receipts["delete sales.Contacts"] == {"done": 1}
    objects = {one.ref for each in gov.ledger.events("job.batch") for one in each.objects}
    assert {"sales.Contacts", "sales.Notes", "shop.customers"} <= objects
    assert ANN not in certificate + json.dumps(logs, default=str)


def test_person_is_handed_what_the_crm_holds(
    project: Path, account: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["subject", "find", ANN, "--format", "json"]) == 0
    said = capfd.readouterr()
    assert ANN not in said.err
    asked = ["subject", "export", ANN, "--as", actor(), "--purpose", "answer_requests", "--output", "out.zip"]
    assert main(asked) == 0
    shown = capfd.readouterr()
    assert ANN not in shown.out + shown.err
    assert (project / "out.zip").stat().st_size > 1000
    assert _wrote(account) == []
