"""纷享销客 through the front door: doctor, scan with labels, employees apart, one person found."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.app import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.protect.keyring.passphrase import PassphraseProvider
from policies.vocabulary import Words

from ...connectors.crm.fxiaoke_account import Account  # noqa: TID252 the fake lies beside its connector
from ...connectors.crm.fxiaoke_fake import CLERK, id_of, running, seed  # noqa: TID252 as above

CONFIG = """
version: 1
stores:
  share: {{kind: fxiaoke, address: "{address}", client: env:FX_A, secret: env:FX_B, token: env:FX_C, user: env:FX_D}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr, pipl]
scan: {{regions: [CN]}}
"""
CATALOG = """
version: 1
stores:
  share:
    id: s1
    datasets:
      ContactObj:
        id: d1
        subject_key: _id
        fields:
          _id: {id: f1, category: user.unique_id, status: confirmed}
          name: {id: f2, category: user.name, status: confirmed}
          email: {id: f3, category: user.contact.email, status: confirmed}
          mobile1: {id: f4, category: user.contact.phone_number, status: confirmed}
      object_visit__c:
        id: d2
        subject_key: contact__c
        fields:
          _id: {id: f1, category: none, status: confirmed}
          contact__c: {id: f2, category: user.unique_id, status: confirmed}
          note__c: {id: f3, category: user.content.private, status: confirmed}
"""


@pytest.fixture
def account() -> Account:
    return seed(300)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account) -> Iterator[Path]:
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    for name, value in zip("ABCD", (account.app, account.secret, account.code, account.user), strict=True):
        monkeypatch.setenv(f"FX_{name}", value)
    monkeypatch.chdir(tmp_path)
    with running(account) as address:
        (tmp_path / "policies").mkdir()
        (tmp_path / "governance.yaml").write_text(CONFIG.format(address=address), encoding="utf-8")
        files = {
            "catalog": CATALOG,
            "principals": f"version: 1\nprincipals:\n  {actor()}: {{}}\n",
            "purposes": "version: 1\npurposes:\n  support: {basis: {gdpr: contract, pipl: contract}}\n",
        }
        for name, text in files.items():
            (tmp_path / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "policies" / "access.csv").write_text("", encoding="utf-8")
        assert main(["init"]) == 0
        yield tmp_path


def test_doctor_reads_only_and_says_what_the_vendor_cannot_do(
    project: Path, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main(["doctor", "--format", "json"])
    said = capsys.readouterr().out
    checks = json.dumps(json.loads(said), ensure_ascii=False)
    assert Words("en").say("crm_fxiaoke.cannot.no_audit_trail") in checks
    assert "crm_fxiaoke." not in checks
    assert not [path for path in account.calls if path.endswith(("update", "invalid", "delete"))]
    assert not [
        each for each in (account.secret, account.code, *(value for value, _ in account.tokens)) if each in said
    ]


def test_scan_labels_people_and_keeps_employees_apart(project: Path, account: Account) -> None:
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as gov:
        result = gov.scan(["share"])
    fields = {
        (dataset.dataset, each.field): each
        for store in result.stores
        for dataset in store.datasets
        for each in dataset.fields
    }
    labels = {place: each.label.entity for place, each in fields.items() if each.label is not None}
    people = {name: labels.get(("ContactObj", name)) for name in ("name", "mobile1", "email", "date_of_birth")}
    assert people == {
        "name": "PERSON",
        "mobile1": "PHONE_NUMBER",
        "email": "EMAIL_ADDRESS",
        "date_of_birth": "DATE_OF_BIRTH",
    }
    staff = {name for (dataset, name), each in fields.items() if dataset == "ContactObj" and each.about == "employee"}
    assert {"owner__r.email", "owner__r.phone", "created_by__r.name"} <= staff
    assert not staff & {"name", "mobile1", "email"}
    assert labels["ContactObj", "owner__r.email"] == "EMAIL_ADDRESS"
    assert not [each for each in (account.secret, CLERK["email"], CLERK["phone"]) if str(each) in repr(result)]


def test_one_person_is_found_along_references(project: Path, account: Account) -> None:
    email = account.objects["ContactObj"].rows[id_of(25)]["email"]
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as gov:
        found = trace_subject(gov, [email])
    own = {(str(each.dataset), each.key[0]) for each in found.own()}
    assert {("share.ContactObj", id_of(25)), ("share.object_visit__c", id_of(25))} <= own
    assert {each.place for each in found.unreached} == {"share.AccountObj"}  # nobody has reviewed its labels
