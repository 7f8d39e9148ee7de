"""One person is found in a CRM and in a database in one walk, whatever the vendor's own search would find."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.crm.base import VendorFlags
from governance.app import Governance
from governance.cli.main import main
from governance.cli.subject_said import trace_said
from governance.flows.subjects.tracing_subjects import map_subjects, trace_subject
from governance.requests.trace_shown import trace_json
from governance.requests.traced import Identifier, Reach, Trace
from policies.errors import StoreError
from policies.nouns import DatasetRef
from policies.vocabulary import LANGUAGES, Words

from .conftest import ANN, BO, EVE
from .memory_crm import MemoryCrm

OWN = {
    "sales.Accounts": {"1"},
    "sales.Contacts": {"12"},
    "sales.Deals": {"31", "32"},
    "sales.Cases": {"41"},
    "sales.Notes": {"51"},
    "shop.customers": {7},
}


def own(trace: Trace) -> dict[str, set[object]]:
    found: dict[str, set[object]] = {}
    for each in trace.own():
        found.setdefault(str(each.dataset), set()).add(each.key[0])
    return found


def mentions(trace: Trace) -> set[tuple[str, object]]:
    return {(str(each.dataset), each.key[0]) for each in trace.records if each.reach is Reach.MENTION}


@pytest.mark.parametrize("identifier", [ANN.upper(), "0049 (0)151-27654321", "＋４９ １５１ ２７６５４３２１"])
def test_any_form_of_an_identifier_finds_the_person_in_crm_and_database(gov: Governance, identifier: str) -> None:
    found = trace_subject(gov, [identifier])
    assert own(found) == OWN
    assert found.subject_keys == {"sales": frozenset({("12",)}), "shop": frozenset({(7,)})}
    assert not found.unreached


def test_a_key_of_the_crm_finds_the_person(gov: Governance) -> None:
    assert own(trace_subject(gov, [Identifier("key", "sales:12")])) == OWN


def test_a_key_of_the_database_leads_into_the_crm(gov: Governance) -> None:
    assert own(trace_subject(gov, [Identifier("key", "shop:7")])) == OWN


def test_texts_of_records_are_searched_whatever_the_vendor_searches(gov: Governance, crm: MemoryCrm) -> None:
    crm.search = None  # type: ignore[assignment]  # nobody may ask it
    assert mentions(trace_subject(gov, [ANN])) == {("sales.Contacts", "14"), ("sales.Notes", "52")}
    assert mentions(trace_subject(gov, [ANN], text=False)) == set()


def test_an_employee_inside_a_record_is_a_mention_and_never_makes_it_theirs(gov: Governance) -> None:
    found = trace_subject(gov, [EVE])
    assert own(found) == {}
    assert len(mentions(found)) == 243
    contacts = map_subjects(gov).datasets[DatasetRef("sales", "Contacts")]
    assert contacts.third_persons == ("Owner.email",)
    assert "Owner.email" not in contacts.identifiers


def test_what_hangs_on_a_record_is_listed_by_kind(gov: Governance) -> None:
    found = trace_subject(gov, [ANN])
    assert found.hanging() == {"sales.Contacts": {"attachment": 1, "email": 2}}
    told = {lang: "\n".join(trace_said(trace_json(found), Words(lang))) for lang in LANGUAGES}
    assert "on sales.Contacts hang 1 attachment, 2 email" in told["en"]
    assert "sales.Contacts 附带：附件 1 个、邮件 2 个" in told["zh-Hans"]


def test_a_module_that_does_not_answer_is_said_and_the_rest_is_found(
    gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = crm.pages

    def fail(dataset: str, *args: object) -> object:
        if dataset == "Deals":
            raise StoreError("sales.Deals", found="NO_PERMISSION", expected="a right", next_step="ask")
        return pages(dataset, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(crm, "pages", fail)
    found = trace_subject(gov, [ANN])
    assert own(found) == {name: keys for name, keys in OWN.items() if name != "sales.Deals"}
    assert [(each.place, each.reason) for each in found.unreached] == [("sales.Deals", "unreadable")]


def test_what_the_vendor_withholds_or_does_not_list_is_said(
    gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.flagged["Contacts", "Phone"] = VendorFlags(personal=True, left_out=True)

    def fail(*_: object) -> None:
        raise StoreError("sales", found="no such list", expected="one", next_step="ask")

    monkeypatch.setattr(crm, "linked", fail)
    reasons = {(each.place, each.reason) for each in trace_subject(gov, [ANN]).unreached}
    assert ("sales.Contacts.Phone", "withheld_by_vendor") in reasons
    assert ("sales.Contacts", "linked_not_listed") in reasons


def test_each_module_is_paged_once_a_walk(gov: Governance, crm: MemoryCrm) -> None:
    trace_subject(gov, [ANN])
    assert crm.calls.count("pages") == 5


def test_the_private_copy_has_no_name_and_leaves_nothing(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    seen, linked = [], crm.linked
    crm.linked = lambda *args: (seen.append(sorted((firm / ".governance").iterdir())), linked(*args))[1]  # type: ignore[method-assign]
    before = sorted((firm / ".governance").iterdir())
    trace_subject(gov, [ANN])
    assert seen
    assert all(not [each for each in names if "mirror" in each.name] for names in [*seen, before])
    assert not [each for each in (firm / ".governance").iterdir() if b"Ann " in each.read_bytes()[:10_000_000]]


def test_no_value_is_in_what_is_shown_logged_and_recorded(
    gov: Governance, firm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        found = trace_subject(gov, [ANN, BO])
        assert main(["subject", "find", ANN, "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["linked"] == {"sales.Contacts": {"attachment": 1, "email": 2}}
    shown = [repr(found), json.dumps(trace_json(found)), str(logs), printed.out, printed.err]
    assert "zorblatt" not in "".join(shown)
    with sqlite3.connect(firm / ".governance" / "gov.db") as records:
        assert "zorblatt" not in "".join(records.iterdump())
