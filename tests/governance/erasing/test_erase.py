"""A person is erased from every store: what is deleted, emptied, kept and why; and what is found afterwards."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.consent.events import Subject
from governance.flows.opening.offices import office_of
from governance.flows.retention.keeping import place_hold
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.running_erasure import run_erasure
from governance.jobs.certificate import verify_certificate
from governance.jobs.registry import certificate_text
from governance.jobs.tombstones import Tombstones
from governance.protect.signing import Ed25519Verifier
from governance.requests.traced import Trace
from policies.errors import AccessRefusedError, BadInputError, ConfigError, StalePlanError, TamperedError
from policies.nouns import DatasetRef

spec = importlib.util.spec_from_file_location("company_of_erasing", Path(__file__).parent / "conftest.py")
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)
trace, person, MARKER, NAME = club.trace, club.person, club.MARKER, club.NAME


def planned(gov, number, **options):
    return plan_erasure(gov, trace(gov, person(number)), person(number), **options)


def erased(gov, number, **options):
    return run_erasure(gov, planned(gov, number, **options).text(), tracer=trace)


def test_everything_of_a_person_goes_in_the_order_of_foreign_keys_on_every_kind_of_store(company, gov):
    found = erased(gov, 2)
    assert found.findings["verification"] == {"status": "passed", "residue": {}, "kept": {}, "unreached": []}
    assert company.ids("customers") == [1, 3, 4, 5, 6]
    assert company.ids("households") == [1, 3, 4, 5, 6]
    assert company.ids("tickets") == [1, 3, 4, 5, 6, 101, 103, 104, 105, 106]
    assert (company.ids("orders"), company.ids("order_items")) == ([1], [1])
    assert "acc-2" not in company.ids("accounts", company.shop)


def test_a_duty_keeps_an_invoice_with_its_lines_and_the_customer_stays_without_a_name(company, gov):
    made = planned(gov, 1)
    before = company.rows("SELECT * FROM customers ORDER BY id")
    assert {(each["dataset"], each["action"], each["rows"]) for each in made.facts["inventory"]} == {
        ("crm.customers", "anonymise", 1),
        ("crm.households", "anonymise", 1),
        ("crm.order_items", "keep", 1),
        ("crm.orders", "keep", 1),
        ("crm.tickets", "delete", 2),
        ("shop.accounts", "delete", 1),
    }
    assert company.rows("SELECT * FROM customers ORDER BY id") == before
    found = run_erasure(gov, made.text(), tracer=trace)
    kept = next(each for each in found.findings["inventory"] if each["dataset"] == "crm.orders")
    assert (kept["rule"], kept["until"], kept["reason"]) == ("retention:invoices", "2034-03-01", "duty")
    assert found.findings["exemptions"]["duty"] == {"gdpr": "17(3)(b)", "pipl": "47(2)"}
    ((name, mail, phone, region, home),) = company.rows(
        "SELECT name, email, phone, region, household FROM customers WHERE id = 1"
    )
    assert (name, mail[:5], phone, region, home) == ("***", "gone-", None, "EU", 1)
    assert company.rows("SELECT head, address FROM households WHERE id = 1") == [(None, None)]
    assert (company.ids("orders"), company.ids("order_items")) == ([1, 2], [1, 2])
    assert found.findings["verification"]["kept"] == {"crm.customers": 1, "crm.orders": 1, "crm.order_items": 1}
    assert found.findings["verification"]["status"] == "open"
    assert found.findings["by_hand"]["files"] == {"exports.leads.csv": 1}


@pytest.mark.parametrize(("width", "fits"), [(16, True), (12, False)])
def test_a_short_text_whose_values_must_differ_is_filled_as_far_as_it_goes(company, gov, width, fits):
    company.change(f"ALTER TABLE customers ADD COLUMN badge VARCHAR({width}) NOT NULL DEFAULT ''")
    for number in range(1, 7):
        company.change(f"UPDATE customers SET badge = 'C{number:07}' WHERE id = {number}")
    company.change("CREATE UNIQUE INDEX one_badge ON customers (badge)")
    if not fits:
        with pytest.raises(ConfigError, match="13 or more"):
            planned(gov, 3)
        return
    for number in (1, 3):
        erased(gov, number)
    badges = [row[0] for row in company.rows("SELECT badge FROM customers WHERE id IN (1, 3)")]
    assert [(each[:5], len(each)) for each in badges] == [("gone-", 16)] * 2
    assert len(set(badges)) == 2


def test_a_row_to_which_another_person_refers_stays_without_the_person(company, gov):
    found = erased(gov, 3)
    assert company.rows("SELECT name, phone FROM customers WHERE id = 3") == [("***", None)]
    assert company.rows("SELECT referrer FROM customers WHERE id = 4") == [(3,)]
    assert found.findings["verification"]["status"] == "passed"


def test_an_anonymised_row_keeps_its_mask(lite_company, lite_gov):
    lite_company.rule("datasets:\n  crm.customers: {action: anonymise, masks: {phone: last4}}\n")
    found = erased(lite_gov, 5)
    ((phone, name),) = lite_company.rows("SELECT phone, name FROM customers WHERE id = 5")
    assert (phone[-4:], phone[:3], name) == ("4321", "***", "***")
    assert found.findings["verification"]["status"] == "open"


def test_a_mask_on_a_key_is_refused(lite_company, lite_gov):
    lite_company.rule("datasets:\n  crm.customers: {action: anonymise, masks: {id: last4}}\n")
    with pytest.raises(ConfigError, match="a key"):
        planned(lite_gov, 5)


def test_a_hold_keeps_its_record_and_the_rest_goes(lite_company, lite_gov):
    place_hold(lite_gov, DatasetRef("crm", "tickets"), "record", ["6"], reason="a claim")
    found = erased(lite_gov, 6)
    assert lite_company.ids("tickets") == [1, 2, 3, 4, 5, 6, 101, 102, 103, 104, 105]
    assert found.findings["exemptions"]["hold"] == {"gdpr": "17(3)(e)", "pipl": "47(2)"}
    assert found.findings["verification"]["kept"] == {"crm.customers": 1, "crm.tickets": 1}


def test_a_hold_placed_after_the_plan_keeps_its_record_too(lite_company, lite_gov):
    made = planned(lite_gov, 6)
    place_hold(lite_gov, DatasetRef("crm", "tickets"), "subject", ["6"], reason="a claim")
    found = run_erasure(lite_gov, made.text(), tracer=trace)  # the customer cannot go while the tickets stay
    assert (found.failed, found.findings["verification"]["residue"]) == (True, {"crm.customers": 1})
    assert {6, 106} <= set(lite_company.ids("tickets"))
    assert 6 in lite_company.ids("customers")
    again = erased(lite_gov, 6)
    assert not again.failed
    assert lite_company.rows("SELECT name FROM customers WHERE id = 6") == [("***",)]


def test_what_is_left_without_reason_fails_the_certificate(lite_company, lite_gov):
    whole = trace(lite_gov, person(2))
    missed = Trace(tuple(each for each in whole.records if each.dataset.store == "crm"), whole.subject_keys)
    found = run_erasure(lite_gov, plan_erasure(lite_gov, missed, person(2)).text(), tracer=trace)
    assert found.failed
    assert found.findings["verification"]["residue"] == {"shop.accounts": 1}


def test_rows_that_the_map_does_not_reach_are_found_by_their_subject_key(lite_company, lite_gov):
    def blind(gov, identifiers):
        whole = trace(gov, identifiers)
        seen = tuple(each for each in whole.records if each.dataset != DatasetRef("crm", "tickets"))
        return Trace(seen, whole.subject_keys)

    lite_company.change("DELETE FROM orders WHERE id > 9")
    lite_company.change("UPDATE tickets SET customer = NULL WHERE id IN (2, 102)")
    made = plan_erasure(lite_gov, blind(lite_gov, person(2)), person(2))
    lite_company.change("PRAGMA foreign_keys = OFF")
    lite_company.change("UPDATE tickets SET customer = 2 WHERE id = 2")
    found = run_erasure(lite_gov, made.text(), tracer=blind)
    assert found.findings["verification"]["residue"] == {"crm.customers": 1, "crm.tickets": 1}


def test_the_certificate_is_signed_and_names_what_must_still_be_told(lite_company, lite_gov):
    found = erased(lite_gov, 2, recipients=["mailhouse"])
    text = certificate_text(office_of(lite_gov), found.of.job)
    signer = office_of(lite_gov).signer
    document = verify_certificate(text, Ed25519Verifier(signer.name, signer.public_key))
    assert document["findings"]["recipients_to_tell"] == ["mailhouse"]
    assert document["findings"]["backups_end"] == "2026-12-27"
    with pytest.raises(TamperedError):
        verify_certificate(text.replace("mailhouse", "nobody"), Ed25519Verifier(signer.name, signer.public_key))


def test_consent_goes_with_the_person_and_leaves_the_projection(lite_company, lite_gov):
    lite_gov.consent.given(Subject("c2", {"crm": 2}), "news", "email")
    lite_gov.consent.given(Subject("c5", {"crm": 5}), "news", "email")
    lite_gov.consent_conditions.create_projection("crm")
    assert lite_company.rows("SELECT COUNT(*) FROM gov_consent WHERE subject_key = 2") != [(0,)]
    erased(lite_gov, 2)
    assert lite_company.rows("SELECT COUNT(*) FROM gov_consent WHERE subject_key = 2") == [(0,)]
    assert lite_company.rows("SELECT COUNT(*) FROM gov_consent WHERE subject_key = 5") != [(0,)]


def test_a_tombstone_stands_for_each_subject_key_of_each_store(lite_company, lite_gov):
    erased(lite_gov, 2)
    book = Tombstones(lite_gov.records, clock=lite_gov.clock, new_id=lite_gov.new_id)
    stones = list(book.standing())
    assert {(each.basis, each.ends) for each in stones} == {("erasure", "2026-12-27")}
    subjects = lite_gov.keyring.subjects
    refs = {subjects.tombstone(subjects.ref(space, key)).hex() for space, key in (("s1", (2,)), ("s2", ("acc-2",)))}
    assert {each.ref for each in stones} == refs


def test_running_a_plan_again_changes_nothing(lite_company, lite_gov):
    text = planned(lite_gov, 2).text()
    first = run_erasure(lite_gov, text, tracer=trace)
    assert run_erasure(lite_gov, text, tracer=trace) == first


def test_a_record_that_became_somebody_elses_is_left_alone(lite_company, lite_gov):
    text = planned(lite_gov, 2).text()
    lite_company.change("UPDATE tickets SET customer = 5 WHERE id = 2")
    found = run_erasure(lite_gov, text, tracer=trace)
    assert (found.failed, lite_company.rows("SELECT customer FROM tickets WHERE id = 2")) == (False, [(5,)])
    assert found.of.total("changed") == 1


@pytest.mark.parametrize("what", ["plan", "list", "sealed"])
def test_any_changed_file_of_a_plan_is_refused(lite_company, lite_gov, what):
    made = planned(lite_gov, 2)
    folder, text = lite_company.folder / ".governance" / "plans", made.text()
    if what == "plan":
        text = text.replace('"crm.tickets"', '"crm.orders"')
    elif what == "list":
        (folder / f"{made.id}.rows").write_bytes(b"")
    else:
        (folder / f"{made.id}.person").unlink()
    with pytest.raises(TamperedError):
        run_erasure(lite_gov, text, tracer=trace)
    assert 2 in lite_company.ids("customers")


def test_a_changed_schema_makes_the_plan_stale(lite_company, lite_gov):
    text = planned(lite_gov, 2).text()
    lite_company.change("ALTER TABLE tickets ADD COLUMN extra INT")
    with pytest.raises(StalePlanError):
        run_erasure(lite_gov, text, tracer=trace)
    assert 2 in lite_company.ids("customers")


@pytest.mark.parametrize("name", ["erasure.yaml", "retention.yaml"])
def test_changed_rules_make_the_plan_stale(lite_company, lite_gov, name):
    text = planned(lite_gov, 2).text()
    if name == "erasure.yaml":
        lite_company.rule("datasets:\n  crm.tickets: {action: anonymise}\n")
    else:
        path = lite_company.folder / "policies" / name
        path.write_text(path.read_text().replace("P8Y", "P20Y"))
    with pytest.raises(StalePlanError):
        run_erasure(lite_gov, text, tracer=trace)
    assert 2 in lite_company.ids("customers")


def test_without_the_second_person_nothing_is_erased(lite_company):
    path = lite_company.folder / "governance.yaml"
    path.write_text(path.read_text() + "jobs: {approval: two_persons}\n")
    with club.Governance.open("governance.yaml", clock=lite_company.clock) as gov:
        text = planned(gov, 2).text()
        with pytest.raises(AccessRefusedError, match="second person"):
            run_erasure(gov, text, tracer=trace)
    assert 2 in lite_company.ids("customers")


def test_nobody_and_files_alone_are_refused(lite_gov):
    with pytest.raises(BadInputError, match="no record"):
        plan_erasure(lite_gov, Trace((), {}), person(99))
    whole = trace(lite_gov, person(1))
    files = Trace(tuple(each for each in whole.records if each.dataset.store == "exports"), {})
    with pytest.raises(BadInputError, match="files alone"):
        plan_erasure(lite_gov, files, person(1))


def test_no_value_of_the_person_stands_in_plan_certificate_records_or_ledger(lite_company, lite_gov, caplog):
    made = planned(lite_gov, 1)
    found = run_erasure(lite_gov, made.text(), tracer=trace)
    said = [made.text(), repr(made), repr(found), json.dumps(found.to_json()), caplog.text]
    said += [certificate_text(office_of(lite_gov), made.id)]
    said += [str(event) for event in lite_gov.ledger.events()]
    lite_gov.close()
    for path in (lite_company.folder / ".governance").rglob("*"):
        if path.is_file():
            said.append(path.read_bytes().decode("latin-1"))
    for each in said:
        assert not any(word in each for word in ("zebra-quagga", "Quagmire", "7654321", "Zorblatt"))
    assert not list((lite_company.folder / ".governance").rglob("*.person"))


def test_the_sealed_file_beside_a_plan_hides_the_person(lite_company, lite_gov):
    made = planned(lite_gov, 1)
    (path,) = (lite_company.folder / ".governance").rglob("*.person")
    assert b"zebra-quagga" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert sa.inspect(lite_company.crm).has_table("customers")
    assert made.id in path.name
