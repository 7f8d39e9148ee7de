"""Consent coverage and drift on a CRM: its records beside what is on record, in counts; nothing is sent back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audits.rendering import formats_for, render
from governance.app import Governance
from governance.consent.events import Subject
from governance.flows.consent.judging_consent import audit_consent, consent_coverage, consent_drift
from policies.errors import StoreError

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol
from .conftest import Run, clean, make_crm, write_catalog

PURPOSES = """
version: 1
purposes:
  news: {basis: {gdpr: consent}, channels: [email]}
  research: {basis: {gdpr: legitimate_interests}}
"""
BASIS = "sales.Contacts.Consent.Data_Processing_Basis"
OPT_OUT = "sales.Contacts.Email_Opt_Out"
STATES = {
    "1": "Consent - Obtained",
    "2": "Consent-Obtained",
    "3": "Consent - Awaiting",
    "4": "Consent-Declined",
    "5": "Stop Processing",
    "6": "Contract",
    "7": None,
}


@pytest.fixture
def few(crm: MemoryCrm) -> MemoryCrm:
    """The CRM with seven records whose basis is known; the first two and the fifth opted in by mail."""
    rows = list(make_crm(8).rows["Contacts"].values())[1:]
    crm.rows["Contacts"] = {
        key: row
        | {"id": key, "Consent.Data_Processing_Basis": state, "Email_Opt_Out": key not in "125", "Country": "DE"}
        for (key, state), row in zip(STATES.items(), rows, strict=True)
    }
    return crm


def catalog(project: Path, opt_out: str = "", basis: str = "") -> None:
    line = "          {}: {{id: {}, category: none, status: confirmed, type: {}, consent_flag: {{{}}}}}"
    flag = "purpose: news, channel: email"
    write_catalog(
        project,
        line.format("Email_Opt_Out", "f9", "boolean", flag + opt_out),
        line.format("Consent.Data_Processing_Basis", "f10", "string", flag + basis),
    )
    (project / "policies" / "purposes.yaml").write_text(PURPOSES, encoding="utf-8")
    (project / "policies" / "access.csv").write_text("", encoding="utf-8")
    (project / "policies" / "access_tests.yaml").write_text("version: 1\ntests: {}\n", encoding="utf-8")


@pytest.fixture
def gov(project: Path, few: MemoryCrm) -> Iterator[Governance]:
    """The project, with consent of the first and the fourth, and no to a fifth."""
    catalog(project)
    with Governance.open(project / "governance.yaml") as opened:
        for key in ("1", "4"):
            opened.consent.given(Subject(f"p{key}", store_keys={"sales": key}), "news", "email")
        five = Subject("p5", store_keys={"sales": "5"})
        opened.consent.given(five, "news", "email")
        opened.consent.withdrawn(five, "news")
        yield opened


def drift(gov: Governance) -> dict[str, dict[str, Any]]:
    return {each["field"]: each for each in consent_drift(gov).data["drift"]}


def test_flags_of_the_vendor_are_read_by_their_meaning(gov: Governance) -> None:
    found = drift(gov)
    opted = {each: found[OPT_OUT][each] for each in ("both", "flag_only", "consent_only", "neither", "rows")}
    assert opted == {"both": 1, "flag_only": 2, "consent_only": 1, "neither": 3, "rows": 7}
    basis = {each: found[BASIS][each] for each in ("both", "flag_only", "consent_only", "neither")}
    assert basis == {"both": 1, "flag_only": 1, "consent_only": 1, "neither": 4}


def test_states_stand_beside_each_other_and_what_is_at_odds_is_told(gov: Governance) -> None:
    states = {
        (each["says"], each["on_record"]): (each["rows"], each["differs"])
        for each in consent_drift(gov).data["states"]
        if each["field"] == BASIS
    }
    assert states == {
        ("given", "given"): (1, False),
        ("given", "unknown"): (1, True),
        ("requested", "unknown"): (1, False),
        ("refused", "given"): (1, True),
        ("withdrawn", "withdrawn"): (1, False),
        ("", "unknown"): (2, False),
    }


def test_coverage_counts_as_the_guard_decides(gov: Governance, few: MemoryCrm) -> None:
    gov.restrict(Subject("p2", store_keys={"sales": "2"}), reason="legal_claims")
    few.rows["Contacts"]["7"]["Country"] = "FR"
    found = {each["purpose"]: each for each in consent_coverage(gov).data["coverage"]}
    news = found["news"]
    assert (news["rows"], news["basis"], news["restricted"], news["unknown_law"]) == (7, 2, 1, 1)
    assert (found["research"]["rows"], found["research"]["basis"]) == (7, 7)


def test_consent_that_came_to_its_end_is_none(gov: Governance, few: MemoryCrm) -> None:
    before = drift(gov)[BASIS]["both"]
    gov.consent.withdrawn(Subject("p1", store_keys={"sales": "1"}), "news")
    assert (before, drift(gov)[BASIS]["both"]) == (1, 0)


def test_given_of_the_catalog_outranks_the_vendors_meaning(project: Path, few: MemoryCrm) -> None:
    catalog(project, opt_out=", given: ['true']", basis=", given: [Contract]")
    with Governance.open(project / "governance.yaml") as gov:
        found = drift(gov)
    assert (found[OPT_OUT]["flag_only"], found[BASIS]["flag_only"]) == (4, 1)


def test_fields_that_tell_of_consent_and_are_not_mapped_are_said(gov: Governance, run: Run) -> None:
    data = consent_drift(gov).data
    assert data["unmapped"] == ["sales.Contacts.Consent.Contact_Through_Email"]
    assert data["not_seen"] == []
    assert "has no `consent_flag` for it" in run("consent", "drift").out


def test_the_crm_is_paged_and_neither_changed_nor_asked_for_more(gov: Governance, few: MemoryCrm) -> None:
    few.calls.clear()
    few.writable = False
    audit_consent(gov)
    assert set(few.calls) == {"pages"}


def test_a_crm_that_does_not_answer_is_named(gov: Governance, few: MemoryCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreError("store sales", found="code 503", expected="an answer", next_step="try again")

    monkeypatch.setattr(few, "datasets", fail)
    data = consent_drift(gov).data
    assert data["not_seen"] == [{"place": "sales.Contacts", "found": "code 503"}]
    assert [each.outcome for each in gov.ledger.events() if each.kind == "report"][-1] == "failed"


def test_a_field_that_the_crm_does_not_have_is_no_count(gov: Governance, few: MemoryCrm) -> None:
    shape = few.described["Contacts"]
    few.described["Contacts"] = type(shape)(
        shape.name, shape.kind, tuple(each for each in shape.fields if each.name != "Email_Opt_Out"), ("id",)
    )
    (missed,) = consent_drift(gov).data["not_seen"]
    assert missed["found"] == "1 field(s) of the catalog that the CRM does not have"


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
def test_no_value_is_in_any_form(gov: Governance, few: MemoryCrm, lang: str) -> None:
    for row in few.rows["Contacts"].values():
        row["Consent.Data_Processing_Basis"] = "planted-basis-of-zebulon"
    report = audit_consent(gov)
    for form in formats_for("consent"):
        text = render(report, form, lang)
        clean(text)
        assert "planted-basis" not in text
    assert "planted-basis" not in "".join(repr(each) for each in gov.ledger.events()) + json.dumps(report.data)
