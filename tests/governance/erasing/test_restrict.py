"""`governance subject restrict` and `unrestrict`: found by an identifier, left out of the next guarded statement."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from governance.cli.project_option import actor
from governance.consent.events import Subject
from governance.flows.subjects.restricting_traced import lift_traced, restrict_traced
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.requests.traced import Ambiguous, Reach, Trace, TracedRecord
from policies.errors import AccessRefusedError, BadInputError, ConfigError

spec = importlib.util.spec_from_file_location("company_of_restrictions", Path(__file__).parent / "conftest.py")
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)
MARKERS = ("zebra-quagga", "Quagmire", "7654321", "Zorblatt", "planted")
WHY = ("--reason", "accuracy_contested", "--basis", "gdpr:18(1)(a)")
ALL = [1, 2, 3, 4, 5, 6]


def clean(outcome):
    assert not any(each in outcome.out + outcome.err for each in MARKERS)
    return outcome


def known(**keys):
    """A trace that found these subject keys."""
    found = TracedRecord(club.CUSTOMERS, (6,), Reach.SUBJECT_KEY, None, 0)
    return Trace((found,), {store: frozenset(each) for store, each in keys.items()})


def seen(gov):
    """The customers whom a guarded statement sees."""
    with gov.session("crm", principal=actor(), purpose="rectification") as db:
        return [row[0] for row in db.execute(club.sa.text("SELECT id FROM customers ORDER BY id"))]


def test_the_next_statement_leaves_the_person_out_until_it_is_lifted(company, gov, run):
    assert seen(gov) == ALL
    with gov.session("crm", principal=actor(), purpose="rectification") as db:
        count = club.sa.text("SELECT count(*) FROM customers")
        assert db.scalar(count) == 6
        db.commit()
        done = clean(run("subject", "restrict", club.MARKER.format(3), *WHY))
        assert (done.code, db.scalar(count)) == (0, 5)
    assert "restricted from" in done.out
    assert "accuracy_contested gdpr:18(1)(a)" in done.out
    assert "obeyed by crm" in done.out
    assert seen(gov) == [1, 2, 4, 5, 6]
    assert company.rows("SELECT count(*) FROM customers WHERE id = 3") == [(1,)]
    refused = clean(run("subject", "unrestrict", club.MARKER.format(3)))
    assert (refused.code, "told" in refused.err) == (2, True)
    assert 3 not in seen(gov)
    done = clean(run("subject", "unrestrict", club.MARKER.format(3), "--told", "--format", "json"))
    assert (done.code, [each["kind"] for each in json.loads(done.out)["events"]]) == (0, ["lifted"])
    assert seen(gov) == ALL


def test_json_holds_ids_codes_and_places_alone(lite_company, lite_gov, run):
    found = json.loads(clean(run("subject", "restrict", club.MARKER.format(5), *WHY, "--format", "json")).out)
    (event,) = found["events"]
    (placed,) = lite_gov.ledger.events("restriction.placed")
    assert placed.refs["restriction"] == event["id"]
    assert (found["schema"], event["reason"]) == ("governance.restriction/1", "accuracy_contested")
    assert "crm" in found["stores"]
    assert set(event) == {"id", "kind", "reason", "basis", "since"}
    assert any(each["place"].startswith("crm.") or each["place"] == "exports" for each in found["apart"])


def test_whom_consent_knows_stays_one_person_whatever_finds_them(lite_company, lite_gov, run):
    lite_gov.consent.given(Subject("internal-4", {"crm": 4}), "rectification")
    assert run("subject", "restrict", "crm.customers:4", "--kind", "key", "--reason", "legal_claims").code == 0
    assert lite_gov.restrictions.standing("internal-4").reason == "legal_claims"
    other = clean(run("subject", "restrict", club.MARKER.format(4), *WHY, "--subject", "planted-other"))
    assert (other.code, "another internal key" in other.err) == (2, True)
    assert clean(run("subject", "unrestrict", club.MARKER.format(4), "--subject", "internal-4", "--told")).code == 0
    assert lite_gov.restrictions.standing("internal-4") is None


def test_a_key_that_is_named_is_the_one_that_consent_is_recorded_under(lite_company, lite_gov, run):
    assert run("subject", "restrict", club.MARKER.format(2), *WHY, "--subject", "internal-2").code == 0
    assert lite_gov.restrictions.standing("internal-2").basis == "gdpr:18(1)(a)"
    lite_gov.consent.given(Subject("internal-2", {"crm": 2}), "rectification")
    assert 2 not in seen(lite_gov)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("restrict", "nobody@example.org", *WHY), "no record"),
        (("restrict", "crm.customers:99", "--kind", "key", *WHY), "no record"),
        (("restrict", club.MARKER.format(1), "--reason", "planted words"), "reason"),
        (("restrict", club.MARKER.format(1), "--reason", "legal_claims", "--basis", "planted"), "law and article"),
        (("restrict", club.MARKER.format(1)), "--reason"),
        (("unrestrict", club.MARKER.format(1), "--told"), "not restricted"),
        (("unrestrict", "nobody@example.org", "--told"), "no record"),
    ],
)
def test_what_cannot_be_done_is_refused_and_records_nothing(lite_company, lite_gov, run, arguments, found):
    outcome = clean(run("subject", *arguments))
    assert (outcome.code, found in outcome.err) == (2, True)
    assert list(lite_gov.ledger.events(("restriction.placed", "restriction.lifted"))) == []
    assert seen(lite_gov) == ALL


def test_two_persons_with_one_address_are_restricted_only_when_a_human_has_looked(lite_company, lite_gov, run):
    lite_company.change("UPDATE customers SET phone = '+49 1512 11111' || id")
    lite_company.change("UPDATE customers SET phone = '+49 30 9988776' WHERE id IN (5, 6)")
    refused = clean(run("subject", "restrict", "+49 30 9988776", "--kind", "phone", *WHY))
    assert (refused.code, "look like one person" in refused.err) == (1, True)
    assert seen(lite_gov) == ALL
    done = clean(run("subject", "restrict", "+49 30 9988776", "--kind", "phone", *WHY, "--confirmed"))
    assert (done.code, done.out.count("restricted from")) == (0, 2)
    assert seen(lite_gov) == [1, 2, 3, 4]
    assert clean(run("subject", "unrestrict", "+49 30 9988776", "--kind", "phone", "--told", "--confirmed")).code == 0
    assert seen(lite_gov) == ALL


def test_a_store_that_cannot_obey_is_named_and_the_others_do(lite_company, lite_gov):
    done = restrict_traced(lite_gov, known(crm=[(6,)], shop=[("EU", 7)], exports=[(6,)]), reason="legal_claims")
    assert done.stores == ("crm",)
    assert {each.place: each.reason for each in done.apart} == {"shop": "key_form", "exports": "file"}
    assert 6 not in seen(lite_gov)
    with pytest.raises(BadInputError, match="no subject key"):
        restrict_traced(lite_gov, known(exports=[(6,)]), reason="legal_claims")
    with pytest.raises(ConfigError, match="not restricted"):
        lift_traced(lite_gov, known(crm=[(5,)]), told=True)
    several = replace(known(crm=[(1,), (2,)]), ambiguous=(Ambiguous("crm.customers", "", "several", 2),))
    with pytest.raises(AccessRefusedError):
        restrict_traced(lite_gov, several, reason="legal_claims")


def test_no_value_is_in_a_log_a_repr_or_the_ledger(lite_company, lite_gov):
    structlog.reset_defaults()  # `init` let warnings pass alone
    with structlog.testing.capture_logs() as logs:
        trace = trace_subject(lite_gov, club.person(3))
        done = restrict_traced(lite_gov, trace, reason="legal_claims", subject_key="planted-internal-key")
        lift_traced(lite_gov, trace, told=True)
    told = repr(logs) + repr(done) + repr(done.to_json()) + repr(list(lite_gov.ledger.events()))
    assert len(logs) > 1
    assert not any(each in told for each in MARKERS)
