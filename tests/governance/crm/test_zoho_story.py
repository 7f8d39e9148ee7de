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
from ...connectors.crm.zoho_fake import OWNER, id_of, running, seed  # noqa: TID252 as above

CONFIG = """
version: 1
stores:
  sales:
    {{kind: zoho, address: "{address}", client: env:ZO_client, secret: env:ZO_secret, token: env:ZO_token, write: true}}
  shop: {{url: "sqlite:///shop.db"}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr, pipl]
scan: {{regions: [CN]}}
"""
CATALOG = """
version: 1
stores:
  sales:
    id: s1
    datasets:
      Contacts:
        id: d1
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          Last_Name: {id: f2, category: user.name, status: confirmed}
          Email: {id: f3, category: user.contact.email, status: confirmed}
          Phone: {id: f4, category: user.contact.phone_number, status: confirmed}
          Mailing_Street: {id: f5, category: user.contact.address.street, status: confirmed}
          Account_Name.id: {id: f6, category: none, status: confirmed}
      Notes:
        id: d2
        fields:
          id: {id: f1, category: none, status: confirmed}
          Parent_Id.id: {id: f2, category: none, status: confirmed}
          Note_Content: {id: f3, category: user.content.private, status: confirmed}
  shop:
    id: s2
    datasets:
      customers:
        id: d1
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
"""
ACCESS = """
p, desk, answer_requests, export, sales.Contacts, clear, allow,
p, desk, answer_requests, export, sales.Notes, clear, allow,
p, desk, answer_requests, export, shop.customers, clear, allow,
"""
PURPOSES = """
version: 1
purposes:
  answer_requests: {text: Answer people., basis: {gdpr: legal_obligation, pipl: legal_obligation}}
"""
PERSON = id_of(250)
"""The contact with a note: number 25."""
NOTE = id_of(20_000_025)


@pytest.fixture
def account() -> Account:
    return seed(300)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account) -> Iterator[Path]:
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    for name, value in CLIENT.items():
        monkeypatch.setenv(f"ZO_{name}", value)
    monkeypatch.chdir(tmp_path)
    engine = sa.create_engine("sqlite:///shop.db")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT)"))
        insert = sa.text("INSERT INTO customers VALUES (:id, :email)")
        connection.execute(insert, {"id": 7, "email": _email(account)})
        connection.execute(insert, {"id": 8, "email": "somebody.else@example.com"})
    engine.dispose()
    with running(account) as address:
        (tmp_path / "policies").mkdir()
        (tmp_path / "governance.yaml").write_text(CONFIG.format(address=address), encoding="utf-8")
        principals = f"version: 1\nprincipals:\n  {actor()}: {{}}\n"
        files = {"catalog": CATALOG, "principals": principals, "purposes": PURPOSES}
        for name, text in files.items():
            (tmp_path / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "policies" / "access.csv").write_text(f"{ACCESS}g, {actor()}, desk\n", encoding="utf-8")
        assert main(["init"]) == 0
        yield tmp_path


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as opened:
        yield opened


def _email(account: Account) -> str:
    return str(account.modules["Contacts"].rows[PERSON]["Email"])


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
    assert not [each for each in (*CLIENT.values(), OWNER["email"], _email(account)) if each in repr(result)]


def test_person_is_found_in_crm_and_database_and_exported(gov: Governance, account: Account) -> None:
    found = trace_subject(gov, [_email(account)])
    own = {(str(each.dataset), str(each.key[0])) for each in found.own()}
    assert {("sales.Contacts", PERSON), ("shop.customers", "7")} <= own
    assert ("sales.Notes", NOTE) in {(str(each.dataset), str(each.key[0])) for each in found.records}
    assert ("shop.customers", "8") not in own
    assert _wrote(account) == []


def test_person_is_erased_to_the_end_of_both_and_verified(gov: Governance, account: Account) -> None:
    email, people = _email(account), set(account.modules["Contacts"].rows)
    named = as_identifiers(gov, [email])
    with capture_logs() as logs:
        done = run_erasure(gov, plan_erasure(gov, trace_subject(gov, named), named).text())
    assert (done.of.state, done.failed) == ("done", False)
    assert people - set(account.modules["Contacts"].rows) == {PERSON}
    assert NOTE not in account.modules["Notes"].rows
    assert account.bin == {}
    assert set(account.erased) == {PERSON, NOTE}
    assert account.woken == []
    with sa.create_engine("sqlite:///shop.db").connect() as shop:
        assert [row[0] for row in shop.execute(sa.text("SELECT id FROM customers"))] == [8]
    assert list(trace_subject(gov, [email]).own()) == []
    certificate = certificate_text(office_of(gov), done.of.job)
    receipts = {each["name"]: each.get("receipts") for each in json.loads(certificate)["steps"]}
    assert receipts["delete sales.Contacts"] == {"done": 1}
    objects = {one.ref for each in gov.ledger.events("job.batch") for one in each.objects}
    assert {"sales.Contacts", "sales.Notes", "shop.customers"} <= objects
    assert email not in certificate + json.dumps(logs, default=str)


def test_person_is_handed_what_the_crm_holds(
    project: Path, account: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    email = _email(account)
    assert main(["subject", "find", email, "--format", "json"]) == 0
    said = capfd.readouterr()
    assert email not in said.err
    assert (
        main(["subject", "export", email, "--as", actor(), "--purpose", "answer_requests", "--output", "out.zip"]) == 0
    )
    shown = capfd.readouterr()
    assert email not in shown.out + shown.err
    assert (project / "out.zip").stat().st_size > 1000
    assert _wrote(account) == []
