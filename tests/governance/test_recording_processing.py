"""The record of processing of a project: recounted from its files and its store, with nothing personal in it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audits.rendering import formats_for, render
from governance.access.grants import grants_to
from governance.app import Governance
from governance.ledger.log import Ledger
from policies.errors import BadInputError, ConfigError, LedgerError
from policies.yaml_files import load_yaml

MARKER = re.compile(r"zebulon|quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|zorblatt", re.IGNORECASE)
ORGANISATION = """
version: 1
controller: {id: "https://shop.example/", name: Shop, address: Road 1, country: DE, contact: privacy@shop.example}
storage: [DE]
measures: {masking: contacts are masked}
recipients:
  mailer:
    {id: "https://mail.example/", name: Mail, address: Road 2, country: IE, contact: x@mail.example, role: processor,
     contract: DPA-1, purposes: [marketing]}
  cloud:
    {id: "https://cloud.example/", name: Cloud, address: Road 3, country: US, contact: x@cloud.example, role: processor,
     purposes: [support]}
transfers: {cloud: {recipient: cloud, country: US, mechanism: scc, reference: TIA-1}}
processing: {support: {retention: P3Y, owner: customer care, review_by: 2999-01-01}}
"""


@pytest.fixture
def project(shared_project: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(shared_project, tmp_path / "p"))
    (folder / "policies/organisation.yaml").write_text(ORGANISATION)
    return folder


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml") as opened:
        yield opened


def found(data: Any) -> set[tuple[str, str, str]]:
    return {(each["rule"].removeprefix("ropa."), each["place"], each["detail"]) for each in data["findings"]}


def activity(data: Any, name: str) -> dict[str, Any]:
    one: dict[str, Any] = next(each for each in data["activities"] if each["id"] == name)
    return one


def test_every_purpose_is_one_activity_with_what_the_policy_gives(gov: Governance, project: Path) -> None:
    data = gov.audit_ropa().data
    purposes = load_yaml(project / "policies/purposes.yaml", error=ConfigError)["purposes"]
    assert [each["id"] for each in data["activities"]] == sorted(purposes)
    policy, catalog = gov.policy_files.policy, load_yaml(project / "policies/catalog.yaml", error=ConfigError)
    labels = catalog["stores"]["crm"]["datasets"]["customers"]["fields"]
    for each in data["activities"]:
        given = [one for name in policy.principals.principals for one in grants_to(policy, name)]
        fields = {one.field.field for one in given if one.purpose == each["id"] and one.treatments != ("null",)}
        kinds = {labels[name]["category"] for name in fields} - {"none"}
        assert each["categories"] == sorted(kinds)
        assert each["protection"]["fields"] == sum(labels[name]["category"] != "none" for name in fields)
        assert each["basis"] == dict(
            sorted((purposes[each["id"]].get("basis") or purposes["marketing"]["basis"]).items())
        )
    support = activity(data, "support")
    assert (support["owner"], support["retention"]["stated"]) == ("customer care", "P3Y")
    assert [each["name"] for each in activity(data, "marketing.email")["recipients"]] == ["mailer"]


def test_differences_are_those_of_the_table_itself(gov: Governance, project: Path) -> None:
    data = gov.audit_ropa().data
    with sqlite3.connect(project / "crm.db") as store:
        columns = {row[1] for row in store.execute("PRAGMA table_info(customers)")}
    store.close()
    known = load_yaml(project / "policies/catalog.yaml", error=ConfigError)["stores"]["crm"]["datasets"]["customers"]
    unknown = {each["place"] for each in data["drift"] if each["kind"] == "field_unknown" and "crm." in each["place"]}
    assert unknown == {f"crm.customers.{name}" for name in columns - known["fields"].keys()}
    unused = {each["place"] for each in data["drift"] if each["kind"] == "field_unused"}
    used = {f"crm.customers.{one}" for one in ("name", "email", "phone")}  # what support reaches
    personal = {f"crm.customers.{name}" for name, each in known["fields"].items() if each["category"] != "none"}
    assert unused == personal - used == {"crm.customers.notes"}
    decision = [each for each in gov.ledger.events() if each.purpose == "governance.ropa" and each.kind == "decision"]
    assert {each["event"] for each in data["drift"]} == {decision[-1].id}
    assert data["look"]["stores"][0] == {"store": "crm", "datasets": 1, "fields": len(columns)}


def test_what_is_gone_from_a_store_is_named(gov: Governance, project: Path) -> None:
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("ALTER TABLE customers RENAME COLUMN phone TO mobile")
        store.execute("CREATE TABLE leads (id INTEGER PRIMARY KEY, email TEXT)")
    store.close()
    now = found(gov.audit_ropa().data)
    assert {("field_gone", "crm.customers.phone", ""), ("field_unknown", "crm.customers.mobile", "")} <= now
    assert ("dataset_unknown", "crm.leads", "") in now
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("DROP TABLE customers")
    store.close()
    assert ("dataset_gone", "crm.customers", "") in found(gov.audit_ropa().data)


def test_gaps_are_found_and_mended_in_the_files(gov: Governance, project: Path) -> None:
    gaps = found(gov.audit_ropa().data)
    assert {
        ("no_contract", "cloud", ""),
        ("no_transfer_ground", "cloud", "US"),
        ("no_transfer_ground", "mailer", "IE"),
        ("no_purposes", "support", ""),
        ("no_data", "marketing.email", ""),
        ("category_unused", "user.health_and_medical", ""),
        ("no_subjects", "crm.customers", ""),
    } <= gaps
    assert not {each for each in gaps if each[0] in ("no_basis", "no_controller", "no_measures", "no_retention")}
    organisation, purposes = project / "policies/organisation.yaml", project / "policies/purposes.yaml"
    told = ORGANISATION.replace(
        "processor,\n     purposes: [support]", "processor, contract: C-2,\n     purposes: [support]"
    )
    told = told.replace("country: US, mechanism: scc", "country: US, mechanism: cn-standard-contract")
    organisation.write_text(told)
    purposes.write_text(purposes.read_text().replace("support: {", "support: {text: Answer people., "))
    catalog = project / "policies/catalog.yaml"
    catalog.write_text(catalog.read_text().replace("subject_key: id", "subject_key: id\n        subjects: customer"))
    later = gov.audit_ropa("pipl").data
    assert activity(later, "support")["subjects"] == ["customer"]
    assert not {("no_contract", "cloud", ""), ("no_transfer_ground", "cloud", "US")} & found(later)
    assert not {each for each in found(later) if each[0] in ("no_purposes", "no_subjects") and each[1] == "support"}


def test_a_form_asks_for_its_law_alone(gov: Governance) -> None:
    pipl, gdpr = gov.audit_ropa("pipl").data, gov.audit_ropa("gdpr").data
    assert [each["form"] for each in pipl["forms"]] == ["pipl"]
    assert ("no_transfer_ground", "mailer", "IE") in found(pipl) - found(gdpr)
    assert {law for each in pipl["findings"] for law in (one["law"] for one in each["asked"])} <= {"pipl"}
    with pytest.raises(BadInputError, match="not in force"):
        gov.audit_ropa("tw-pdpa")


def test_the_form_of_a_processor_is_there_when_the_organisation_works_for_others(
    gov: Governance, project: Path
) -> None:
    assert "gdpr-processor" not in [each["form"] for each in gov.audit_ropa().data["forms"]]
    client = (
        'florist: {id: "https://florist.example/", name: F, address: R, country: DE, contact: c, purposes: [marketing]}'
    )
    (project / "policies/organisation.yaml").write_text(f"{ORGANISATION}clients:\n  {client}\n")
    report = gov.audit_ropa()
    assert "gdpr-processor" in [each["form"] for each in report.data["forms"]]
    assert [each["name"] for each in report.data["clients"][0]["recipients"]] == ["mailer"]
    assert ("no_contract", "florist", "") in found(report.data)
    (project / "policies/organisation.yaml").write_text(
        f"{ORGANISATION}clients:\n  {client.replace('marketing', 'nope')}\n"
    )
    with pytest.raises(ConfigError, match=r"clients\.florist\.purposes"):
        gov.audit_ropa()


def test_a_purpose_for_emergencies_shows_what_a_broken_glass_gives(gov: Governance, project: Path) -> None:
    policies = project / "policies"
    purposes = policies / "purposes.yaml"
    glass = "  rescue: {basis: {gdpr: vital_interests, pipl: vital_interests}, break_glass: {may_open: [support]}}\n"
    purposes.write_text(purposes.read_text() + glass)
    lines = policies / "access.csv"
    lines.write_text(lines.read_text() + "p, break_glass, rescue, read, crm.customers, clear, allow,\n")
    assert "user.name" in activity(gov.audit_ropa().data, "rescue")["categories"]


def test_a_store_that_is_down_is_said_and_is_no_drift(gov: Governance, project: Path) -> None:
    (project / "crm.db").unlink()
    report = gov.audit_ropa()
    assert "crm" in [each["place"] for each in report.data["not_seen"]]
    assert not [each for each in report.data["drift"] if each["place"].startswith("crm")]
    assert report.verdict.tone != "good"
    closes = [each for each in gov.ledger.events() if each.purpose == "governance.ropa" and each.kind == "close"]
    assert closes[-1].outcome == "failed"


def test_without_a_ledger_no_store_is_looked_at(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LedgerError("ledger", found="nothing", expected="a ledger", next_step="wait")

    looked = []
    monkeypatch.setattr(Ledger, "decide", fail)
    monkeypatch.setattr(Governance, "store", lambda *_: looked.append(1))
    with pytest.raises(LedgerError):
        gov.audit_ropa()
    assert looked == []


def test_the_same_evidence_gives_the_same_bytes_and_no_format_holds_a_value(gov: Governance, project: Path) -> None:
    with sqlite3.connect(project / "crm.db") as store:
        store.execute('CREATE TABLE "Zebulon Quagmire planted.marker@zebra-quagga.example" ("+49 1512 7654321" TEXT)')
    store.close()
    report = gov.audit_ropa()
    for form in formats_for("ropa"):
        for lang in ("en", "zh-Hans", "zh-Hant"):
            written = render(report, form, lang)
            assert written == render(report, form, lang)
            assert not MARKER.search(written)
    assert not MARKER.search(repr(list(gov.ledger.events())))


def test_command_writes_every_format_and_refuses_a_law_that_is_not_in_force(
    project: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert json.loads(run("audit", "ropa", "--format", "json").out)["schema"] == "governance.ropa/1"
    assert "activity,purposes,basis" in run("audit", "ropa", "--form", "gdpr", "--format", "csv").out
    refused = run("audit", "ropa", "--form", "ccpa")
    assert refused.code == 2
    assert "not in force" in refused.err
