"""纷享销客 through the front door: doctor, scan with labels, employees apart, one person found."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from governance.app import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.flows.opening.offices import office_of
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.exporting_subjects import export_subject
from governance.flows.subjects.running_erasure import run_erasure
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.jobs.registry import certificate_text
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.requests.packages import Wanted
from governance.requests.traced import Identifier
from policies.errors import GovernanceError
from policies.vocabulary import Words

from ...connectors.crm.fxiaoke_account import Account, Asked  # noqa: TID252 the fake lies beside its connector
from ...connectors.crm.fxiaoke_fake import CLERK, Fault, id_of, running, seed  # noqa: TID252 as above

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "2"))
CONFIG = """
version: 1
stores:
  share:
    {{kind: fxiaoke, address: "{address}", write: true, client: env:FX_A, secret: env:FX_B, token: env:FX_C,
      user: env:FX_D}}
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
          remark: {id: f5, category: user.content.private, status: confirmed}
      object_visit__c:
        id: d2
        subject_key: contact__c
        fields:
          _id: {id: f1, category: none, status: confirmed}
          contact__c: {id: f2, category: user.unique_id, status: confirmed}
          note__c: {id: f3, category: user.content.private, status: confirmed}
"""


ACCESS = """
p, desk, answer_requests, export, share.ContactObj, clear, allow,
p, desk, answer_requests, export, share.object_visit__c, clear, allow,
g, {actor}, desk
g, {actor}, impersonate
"""


@pytest.fixture
def account() -> Account:
    return seed(max(300, 5 * KILLS))


@dataclass
class Cut:
    """Which coming call is cut, and how."""

    left: int = -1
    kind: str = ""

    def __call__(self, _number: int, _asked: Asked) -> Fault | None:
        self.left -= 1
        return Fault(self.kind) if self.left == 0 else None


@pytest.fixture
def cut() -> Cut:
    return Cut()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account, cut: Cut) -> Iterator[Path]:
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    for name, value in zip("ABCD", (account.app, account.secret, account.code, account.user), strict=True):
        monkeypatch.setenv(f"FX_{name}", value)
    monkeypatch.chdir(tmp_path)
    with running(account, cut) as address:
        (tmp_path / "policies").mkdir()
        (tmp_path / "governance.yaml").write_text(CONFIG.format(address=address), encoding="utf-8")
        files = {
            "catalog": CATALOG,
            "principals": f"version: 1\nprincipals:\n  {actor()}: {{}}\n",
            "purposes": "version: 1\npurposes:\n  answer_requests: {text: Answer people., basis: "
            "{gdpr: legal_obligation, pipl: legal_obligation}}\n",
        }
        for name, text in files.items():
            (tmp_path / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "policies" / "access.csv").write_text(ACCESS.format(actor=actor()), encoding="utf-8")
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


def test_one_person_is_handed_out_and_erased_to_the_end(project: Path, account: Account) -> None:
    row = dict(account.objects["ContactObj"].rows[id_of(25)])
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as gov:
        named = as_identifiers(gov, [row["email"]])
        wanted = Wanted(project / "package", actor(), "answer_requests", "zh-Hans", models="off")
        done = export_subject(gov, trace_subject(gov, named), named, wanted)
        assert done.records == {"share.ContactObj": 1, "share.object_visit__c": 1}
        outcome = run_erasure(gov, plan_erasure(gov, trace_subject(gov, named), named).text())
        assert outcome.of.state == "done"
        steps = json.loads(certificate_text(office_of(gov), outcome.of.job))["steps"]
        assert [each["receipts"] for each in steps if each.get("receipts")] == [{"done": 1}, {"done": 1}]
        assert outcome.findings["verification"]["residue"] == {}
        assert not list(trace_subject(gov, named).own())
        shown = f"{list(gov.ledger.events())!r} {outcome!r}"
        assert not [each for each in (row["name"], row["email"], row["mobile1"], account.secret) if each in shown]
    package = "".join(
        each.read_text(encoding="utf-8") for each in (project / "package").iterdir() if each.suffix != ".zip"
    )
    assert row["email"] in package
    assert str(CLERK["email"]) not in package
    assert {kind for kind, _ in account.done} == {"invalid", "delete"}
    assert account.done == {(kind, id_of(25)): 2 for kind in ("invalid", "delete")}
    assert not account.objects["ContactObj"].bin
    assert len(account.objects["ContactObj"].rows) == max(300, 5 * KILLS) - 1
    assert main(["ledger", "verify"]) == 0


def test_job_whose_vendor_was_cut_off_at_any_call_is_ended_when_started_again(
    project: Path, account: Account, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.crm.fxiaoke.api._TRIES", 1)
    chance = Random(14)
    stopped = 0
    for number in range(0, 5 * KILLS, 5):
        row = account.objects["ContactObj"].rows[id_of(number)]
        with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as gov:
            named = [Identifier("key", f"share:{id_of(number)}")]
            plan = plan_erasure(gov, trace_subject(gov, named), named).text()
            cut.left, cut.kind = chance.randrange(1, 40), chance.choice(("before", "after", "half"))
            with suppress(GovernanceError):
                run_erasure(gov, plan)
                stopped -= 1
            stopped += 1
            cut.left = -1
            assert run_erasure(gov, plan).of.state == "done"
        assert row["_id"] not in account.objects["ContactObj"].rows
    assert not account.objects["ContactObj"].bin
    assert not account.objects["object_visit__c"].bin
    assert account.done == {(kind, id_of(n)): 2 for kind in ("invalid", "delete") for n in range(0, 5 * KILLS, 5)}
    assert stopped > 0
