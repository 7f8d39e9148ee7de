"""A person's fields are corrected through the guard; the ledger holds digests, and recipients wait to be told."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from governance.cli.project_option import actor
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.rectifying import notices_of, rectify
from governance.flows.subjects.running_erasure import run_erasure
from governance.requests.traced import Trace
from policies.errors import AccessRefusedError, BadInputError
from policies.nouns import DatasetRef

spec = importlib.util.spec_from_file_location("company_of_rectifying", Path(__file__).parent / "conftest.py")
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)
CUSTOMERS = DatasetRef("crm", "customers")
NEW = "corrected.marker@zebra-quagga.example"


def corrected(gov, number, values, dataset=CUSTOMERS, **options):
    said = {"principal": actor(), "purpose": "rectification", **options}
    return rectify(gov, club.trace(gov, club.person(number)), dataset, values, **said)


def test_a_value_is_corrected_on_every_kind_of_store_and_stands_in_no_record(company, gov):
    found = corrected(gov, 2, {"email": NEW, "phone": None}, recipients=["mailhouse"])
    assert company.rows("SELECT email, phone FROM customers WHERE id = 2") == [(NEW, None)]
    assert company.rows("SELECT email FROM customers WHERE id = 3") == [(club.MARKER.format(3),)]
    (event,) = gov.ledger.events("subject.rectified")
    assert (event.refs["before"], event.refs["after"]) == (found.before, found.after)
    assert (found.before != found.after, found.rows, event.counts["recipients"]) == (True, 1, 1)
    assert [each.ref for each in event.objects] == ["crm.customers.email", "crm.customers.phone"]
    assert not any("zebra-quagga" in str(each) for each in gov.ledger.events())
    assert "zebra-quagga" not in repr(found)


def test_recipients_wait_until_they_are_told_once_each(lite_company, lite_gov):
    corrected(lite_gov, 2, {"email": NEW}, recipients=["mailhouse", "bank", "bank"])
    queue = notices_of(lite_gov)
    assert [(each.what, each.recipient) for each in queue.waiting()] == [
        ("rectified", "bank"),
        ("rectified", "mailhouse"),
    ]
    queue.tell(queue.waiting()[0].id, by=lite_gov.actor_ref)
    assert [each.recipient for each in queue.waiting()] == ["mailhouse"]
    assert len(list(lite_gov.ledger.events("recipient.told"))) == 1
    with pytest.raises(BadInputError):
        queue.tell("nothing", by=lite_gov.actor_ref)


def test_an_erasure_queues_its_recipients_once(lite_company, lite_gov):
    trace = club.trace(lite_gov, club.person(2))
    text = plan_erasure(lite_gov, trace, club.person(2), recipients=["mailhouse"]).text()
    run_erasure(lite_gov, text, tracer=club.trace)
    run_erasure(lite_gov, text, tracer=club.trace)
    assert [(each.what, each.recipient) for each in notices_of(lite_gov).waiting()] == [("erased", "mailhouse")]


@pytest.mark.parametrize("values", [{}, {"id": "7"}, {"nothing": "x"}])
def test_keys_and_unknown_fields_are_refused(lite_company, lite_gov, values):
    with pytest.raises(BadInputError):
        corrected(lite_gov, 2, values)


def test_a_person_without_records_there_is_refused(lite_company, lite_gov):
    with pytest.raises(BadInputError, match="no record"):
        rectify(lite_gov, Trace((), {}), CUSTOMERS, {"phone": "1"}, principal=actor(), purpose="rectification")


def test_without_a_grant_nothing_is_changed(lite_company, lite_gov):
    with pytest.raises(AccessRefusedError):
        corrected(lite_gov, 2, {"email": NEW}, purpose="news")
    with pytest.raises(AccessRefusedError):
        corrected(lite_gov, 2, {"body": NEW}, dataset=DatasetRef("crm", "tickets"))
    assert lite_company.rows("SELECT email FROM customers WHERE id = 2") == [(club.MARKER.format(2),)]


def test_the_command_prints_no_value(lite_company, run, monkeypatch):
    fake = SimpleNamespace(trace_subject=club.trace, as_identifiers=club.guess)
    monkeypatch.setitem(sys.modules, "governance.flows.subjects.tracing_subjects", fake)
    Path("new.json").write_text(json.dumps({"email": NEW}))
    said = ("subject", "rectify", club.MARKER.format(2), "--in", "crm.customers", "--as", actor())
    outcome = run(*said, "--purpose", "rectification", "--values", "new.json", "--recipient", "mailhouse")
    assert (outcome.code, "1 records corrected" in outcome.out) == (0, True)
    assert "zebra-quagga" not in outcome.out + outcome.err
    assert lite_company.rows("SELECT email FROM customers WHERE id = 2") == [(NEW,)]
    listed = json.loads(run("subject", "notices", "--format", "json").out)["notices"]
    assert [each["recipient"] for each in listed] == ["mailhouse"]
    assert run("subject", "notices", "--told", listed[0]["id"]).out.strip() == ""
    assert run(*said, "--purpose", "rectification", "--set", "wrong").code == 2


@pytest.mark.parametrize("name", [club.MARKER.format(2), "Zebulon Quagmire", "", "Mailhouse"])
def test_a_recipient_that_is_no_id_is_refused_and_not_repeated(lite_gov, name):
    with pytest.raises(BadInputError, match="a text that is no id") as refused:
        corrected(lite_gov, 2, {"email": NEW}, recipients=[name])
    assert not name or name not in str(refused.value)
    with pytest.raises(BadInputError, match="a text that is no id"):
        plan_erasure(lite_gov, club.trace(lite_gov, club.person(2)), club.person(2), recipients=[name])
