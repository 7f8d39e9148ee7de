"""The flows that look at a CRM, on Zoho's connector and its fake: nothing written, nobody named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from audits.rendering import render
from governance.app import Governance
from governance.cli.main import main
from governance.consent.events import Subject
from governance.flows.consent.judging_consent import audit_consent

from ...connectors.crm.zoho_account import CLIENT, Account  # noqa: TID252 the fake lies beside its connector
from ...connectors.crm.zoho_fake import OWNER, id_of, running, seed  # noqa: TID252 as above

COUNT = 60
CONFIG = """
version: 1
stores:
  sales: {{kind: zoho, address: "{address}", client: env:ZO_client, secret: env:ZO_secret, token: env:ZO_token}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr]
"""
BASIS = "Data_Processing_Basis_Details"
CATALOG = f"""
version: 1
stores:
  sales:
    id: s1
    datasets:
      Contacts:
        id: d1
        subject_key: id
        fields:
          id: {{id: f1, category: user.unique_id, status: confirmed}}
          Email: {{id: f2, category: user.contact.email, status: confirmed}}
          Phone: {{id: f3, category: user.contact.phone_number, status: confirmed}}
          Email_Opt_Out: {{id: f4, category: none, status: confirmed, consent_flag: {{purpose: news}}}}
          {BASIS}.Data_Processing_Basis:
            {{id: f5, category: none, status: confirmed, consent_flag: {{purpose: news}}}}
"""
FILES = {
    "catalog.yaml": CATALOG,
    "purposes.yaml": "version: 1\npurposes:\n  news: {basis: {gdpr: consent}, since: 2026-02-01}\n",
    "principals.yaml": "version: 1\nprincipals:\n  dora: {}\n",
    "access.csv": "",
    "access_tests.yaml": "version: 1\ntests: {}\n",
    "retention.yaml": "version: 1\nrules: {}\n",
}


@pytest.fixture
def account() -> Account:
    return seed(COUNT)


@pytest.fixture
def gov(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account) -> Iterator[Governance]:
    for name, value in CLIENT.items():
        monkeypatch.setenv(f"ZO_{name}", value)
    monkeypatch.chdir(tmp_path)
    with running(account) as address:
        (tmp_path / "policies").mkdir()
        (tmp_path / "governance.yaml").write_text(CONFIG.format(address=address), encoding="utf-8")
        for name, text in FILES.items():
            (tmp_path / "policies" / name).write_text(text, encoding="utf-8")
        assert main(["init"]) == 0
        with Governance.open("governance.yaml") as opened:
            yield opened
    assert not [each.path for each in account.asked if each.method not in ("GET", "POST")]


def test_marks_of_the_vendor_basis_and_age_of_consent(gov: Governance, account: Account) -> None:
    data = gov.audit_crm().data
    found = {(each["rule"], each["place"].removeprefix("sales.Contacts.")): each for each in data["findings"]}
    assert ("crm.personal_not_marked", "Phone") in found
    assert ("crm.personal_not_marked", "Email") not in found
    assert found["crm.marked_but_readable", "Email"]["readers"] == ["Administrator", "Standard", "Support"]
    assert ("crm.withheld", "Passport") in found
    empty = sum(place % 6 == 5 for place in range(COUNT))
    assert found["crm.basis_missing", f"{BASIS}.Data_Processing_Basis"]["rows"] == empty
    obtained = sum(place % 6 != 5 and place % 5 == 0 for place in range(COUNT))
    assert found["crm.consent_older_than_purpose", f"{BASIS}.Data_Processing_Basis"]["rows"] == obtained
    assert data["cannot"]
    assert not [each for each in data["not_seen"] if each["failed"]]


def test_consent_of_the_crm_beside_what_is_on_record(gov: Governance, account: Account) -> None:
    for place in (0, 10, 3):  # two of the basis "obtained", and one who told them to stop
        gov.consent.given(Subject(f"p{place}", store_keys={"sales": id_of(place * 10)}), "news")
    report = audit_consent(gov)
    drift = {each["field"].rpartition(".")[2]: each for each in report.data["drift"]}
    assert drift["Email_Opt_Out"]["rows"] == COUNT
    assert drift["Data_Processing_Basis"]["both"] == 2
    states = {(each["says"], each["on_record"]): each["rows"] for each in report.data["states"] if each["differs"]}
    stopped = {key: rows for key, rows in states.items() if key[0] == "withdrawn"}
    assert stopped == {("withdrawn", "given"): 1}
    (coverage,) = report.data["coverage"]
    assert (coverage["rows"], coverage["basis"]) == (COUNT, 3)
    assert report.data["not_seen"] == []


def test_profiles_are_in_the_access_review_and_users_are_counted(gov: Governance, account: Account) -> None:
    review = gov.open_review("dora", dt.date(2030, 1, 1))
    report = gov.audit_review(review.id)
    found = {(each["subject"], each["object"]): each for each in report.data["grants"]}
    assert (found["Standard", "sales.Contacts"]["holders"], found["Standard", "sales.Contacts"]["inactive"]) == (2, 1)
    assert "every_action" in found["Administrator", "sales.Contacts"]["flags"]
    assert found["Support", "sales.Contacts"]["action"] == "read"


def test_no_person_no_employee_and_no_secret_is_in_any_report(gov: Governance, account: Account) -> None:
    contacts = account.modules["Contacts"].rows.values()
    planted = [str(row[name]) for row in contacts for name in ("Email", "Phone", "Passport")]
    planted += [OWNER["email"], *CLIENT.values(), *account.tokens, *(str(each["email"]) for each in account.users)]
    reports = (gov.audit_crm(), audit_consent(gov), gov.audit_review())
    shown = "".join(render(each, form, "zh-Hans") for each in reports for form in ("text", "html", "json", "csv"))
    shown += "".join(repr(each) for each in gov.ledger.events())
    assert not [each for each in planted if each in shown]
