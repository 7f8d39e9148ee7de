"""`audit crm`: the vendor's marks, profiles and consent records beside our labels; counts and rules, no value."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.crm.base import VendorGrant
from governance.app import Governance
from policies.errors import ConfigError, StoreError

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol
from .conftest import CONFIG, MARKERS, Run, clean, write_catalog

CONSENT = "          Consent.Contact_Through_Email: {id: f9, category: none, status: confirmed, type: boolean, CONSENT}"
FLAG = "consent_flag: {purpose: news, channel: email}"
PURPOSES = """
version: 1
purposes:
  news: {basis: {gdpr: consent}, channels: [email], since: 2026-06-01}
"""


@pytest.fixture
def reviewed(project: Path) -> Path:
    """The project with a reviewed CRM."""
    write_catalog(project, CONSENT.replace("CONSENT}", f"{FLAG}}}"))
    (project / "policies" / "purposes.yaml").write_text(PURPOSES, encoding="utf-8")
    (project / "policies" / "access.csv").write_text("", encoding="utf-8")
    (project / "policies" / "access_tests.yaml").write_text("version: 1\ntests: {}\n", encoding="utf-8")
    return project


def found(run: Run, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("audit", "crm", *arguments, "--format", "json").out)
    return document


def findings(document: dict[str, Any], rule: str) -> dict[str, Any]:
    return {each["place"]: each for each in document["findings"] if each["rule"] == rule}


def test_personal_fields_that_the_vendor_does_not_mark_are_found(reviewed: Path, run: Run) -> None:
    places = set(findings(found(run), "crm.personal_not_marked"))
    assert places == {"sales.Contacts.id", "sales.Contacts.Full_Name", "sales.Contacts.UDF7"}  # Owner's are employees'


def test_labels_of_the_last_scan_count_before_anybody_reviewed_them(project: Path, run: Run) -> None:
    assert not findings(found(run), "crm.personal_not_marked")
    run("scan", "--store", "sales")
    places = findings(found(run), "crm.personal_not_marked")
    assert "sales.Contacts.UDF7" in places
    assert "sales.Contacts.Owner.email" not in places
    assert "sales.Contacts.Email" not in places


def test_marked_fields_are_listed_with_the_profiles_that_may_read_them(
    reviewed: Path, run: Run, crm: MemoryCrm
) -> None:
    crm.granted += [
        VendorGrant("", "Trainee", "", "Contacts", ("read",)),
        VendorGrant("", "Robots", "", "Contacts", ("write",)),
        VendorGrant("7", "Gone", "", "Contacts", ("read",), active=False),
        VendorGrant("", f"{MARKERS['mail']}", "", "Contacts", ("read",)),
    ]
    (one,) = findings(found(run), "crm.marked_but_readable").values()
    assert one["place"] == "sales.Contacts.Email"
    assert {"Sales", "Trainee"} < set(one["readers"])
    assert not {"Robots", "Gone"} & set(one["readers"])


def test_a_withheld_field_is_found_and_not_called_readable(reviewed: Path, run: Run) -> None:
    document = found(run)
    assert list(findings(document, "crm.withheld")) == ["sales.Contacts.Passport"]
    assert "sales.Contacts.Passport" not in findings(document, "crm.marked_but_readable")


def test_records_without_a_basis_are_counted(reviewed: Path, run: Run, crm: MemoryCrm) -> None:
    assert not findings(found(run), "crm.basis_missing")
    for number, row in enumerate(crm.rows["Contacts"].values()):
        row["Consent.Data_Processing_Basis"] = (None, "", "Not Applicable", "Consent - Obtained")[number % 4]
    (one,) = findings(found(run), "crm.basis_missing").values()
    assert (one["place"], one["rows"]) == ("sales.Contacts.Consent.Data_Processing_Basis", 225)


def test_consents_older_than_the_purpose_are_counted(reviewed: Path, run: Run, crm: MemoryCrm) -> None:
    for number, row in enumerate(crm.rows["Contacts"].values()):
        row["Consent.Consent_Date"] = dt.date(2026, 5, 31) if number < 10 else dt.date(2026, 6, 1)
    yes = sum(bool(row["Consent.Contact_Through_Email"]) for row in list(crm.rows["Contacts"].values())[:10])
    (one,) = findings(found(run), "crm.consent_older_than_purpose").values()
    assert (one["place"], one["rows"]) == ("sales.Contacts.Consent.Contact_Through_Email", yes)
    assert yes


def test_a_purpose_without_a_day_makes_no_consent_old(reviewed: Path, run: Run, crm: MemoryCrm) -> None:
    (reviewed / "policies" / "purposes.yaml").write_text(PURPOSES.replace(", since: 2026-06-01", ""), encoding="utf-8")
    for row in crm.rows["Contacts"].values():
        row["Consent.Consent_Date"] = dt.date(2001, 1, 1)
    assert not findings(found(run), "crm.consent_older_than_purpose")


def test_a_vendor_without_marks_is_said_and_not_accused(reviewed: Path, run: Run, crm: MemoryCrm) -> None:
    crm.kind, crm.flagged = "fxiaoke", {}
    document = found(run)
    assert document["findings"] == []
    assert {each["found"] for each in document["not_seen"]} >= {
        "crm_use.not_seen_no_marks",
        "crm_use.not_seen_no_basis",
    }


def test_fail_on_ends_with_1_for_that_rule_alone(reviewed: Path, run: Run) -> None:
    assert run("audit", "crm").code == 0
    assert run("audit", "crm", "--fail-on", "crm.basis_missing").code == 0
    assert run("audit", "crm", "sales", "--fail-on", "crm.personal_not_marked").code == 1


def test_grants_or_a_crm_that_do_not_come_end_with_2(
    reviewed: Path, run: Run, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Iterator[VendorGrant]:
        raise StoreError("store sales", found="code NO_PERMISSION", expected="a list", next_step="ask for the right")

    monkeypatch.setattr(crm, "grants", fail)
    outcome = run("audit", "crm", "--format", "json", "--fail-on", "crm.withheld")
    assert outcome.code == 2
    document = json.loads(outcome.out)
    assert {"place": "sales", "found": "code NO_PERMISSION", "failed": True} in document["not_seen"]
    assert findings(document, "crm.withheld")
    monkeypatch.setattr(crm, "flags", fail)
    assert run("audit", "crm").code == 2


def test_a_store_that_is_no_crm_is_refused(project: Path) -> None:
    (project / "governance.yaml").write_text(CONFIG, encoding="utf-8")
    with Governance.open(project / "governance.yaml") as gov, pytest.raises(ConfigError, match="no CRM"):
        gov.audit_crm(["books"])


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
@pytest.mark.parametrize("form", ["text", "html", "markdown", "csv", "json"])
def test_no_value_and_no_secret_is_in_any_form(reviewed: Path, run: Run, form: str, lang: str) -> None:
    outcome = run("audit", "crm", "--format", form, "--lang", lang)  # which looks for the markers itself
    assert outcome.code == 0
    assert "crm_use." not in outcome.out or form == "json"


def test_what_was_looked_at_is_on_record_before_and_after(gov: Governance, project: Path) -> None:
    write_catalog(project)
    gov.audit_crm()
    events = [each for each in gov.ledger.events() if each.kind == "report"]
    assert [(each.action, each.outcome) for each in events] == [("audit.crm", "begun"), ("audit.crm", "done")]
    clean("".join(repr(each) for each in gov.ledger.events()))


def test_audit_all_has_the_report(reviewed: Path, run: Run) -> None:
    (reviewed / "books.db").touch()
    run("audit", "all", "--output", "site")
    page = (reviewed / "site" / "crm.zh-Hans.html").read_text(encoding="utf-8")
    clean(page)
