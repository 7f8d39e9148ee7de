"""Coverage and drift in counts: equal to what the guard gives, and no key or value in any form of the report."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from audits.rendering import formats_for, render
from governance.cli.main import main
from governance.flows.consent.judging_consent import audit_consent, consent_coverage, consent_drift


@pytest.fixture
def told(shop):
    catalog = shop.folder / "policies" / "catalog.yaml"
    flag = "consent_flag: {purpose: marketing.email, channel: email, given: ['yes']}"
    text = catalog.read_text().replace(
        "opt_in: {id: f4, category: none, status: confirmed, type: string}",
        f"opt_in: {{id: f4, category: none, status: confirmed, type: string, {flag}}}",
    )
    catalog.write_text(text)
    for number, form in ((1, "given"), (2, "separate"), (5, "given"), (6, "separate")):
        shop.gov.consent.given(shop.person(number), "marketing.email", "email", form=form)
    return shop


def counts(report, dataset, purpose):
    (found,) = [each for each in report.data["coverage"] if (each["dataset"], each["purpose"]) == (dataset, purpose)]
    return found


def test_rows_with_a_basis_are_those_that_the_guard_gives(told):
    told.gov.restrict(told.person(4), reason="legal_claims")
    told.object_to(3, "marketing")
    found = counts(consent_coverage(told.gov), "crm.people", "marketing.email")
    assert (found["rows"], found["basis"], found["unknown_law"]) == (8, 5, 2)
    assert (found["restricted"], found["objected"]) == (1, 1)
    assert told.ids("marketing.email") == [1, 2, 6, 8]  # of the five, the third objects
    other = counts(consent_coverage(told.gov), "crm.orders", "marketing.email")
    assert (other["basis"], other["unknown_law"]) == (2, 8)


def test_a_dataset_without_flag_or_person_is_not_counted(told):
    report = consent_drift(told.gov)
    assert report.data["coverage"] == []
    assert {each["dataset"] for each in consent_coverage(told.gov).data["coverage"]} == {"crm.people", "crm.orders"}


def test_drift_counts_where_flag_and_consent_disagree(told):
    (found,) = consent_drift(told.gov).data["drift"]
    with told.raw.connect() as connection:
        yes = set(connection.scalars(sa.text("SELECT id FROM people WHERE opt_in = 'yes'")))
    consenting = {1, 2, 6}  # 5 gave a weaker form than the strictest law asks for, which holds for an unknown law
    assert found["both"] == len(yes & consenting)
    assert found["flag_only"] == len(yes - consenting)
    assert found["consent_only"] == len(consenting - yes)
    assert sum(found[each] for each in ("both", "flag_only", "consent_only", "neither")) == found["rows"] == 8


def test_a_flag_of_a_database_without_the_values_that_mean_yes_is_named(told):
    catalog = told.folder / "policies" / "catalog.yaml"
    catalog.write_text(catalog.read_text().replace(", given: ['yes']", ""))
    (missed,) = consent_drift(told.gov).data["not_seen"]
    assert missed == {"place": "crm.people", "found": "a `consent_flag` without `given`"}


def test_the_audit_tells_events_by_law_and_how_late_withdrawals_were(told):
    told.gov.consent.withdrawn(told.person(1), "marketing.email", "email")
    report = audit_consent(told.gov)
    kinds = {(each["kind"], each["events"]) for each in report.data["events"]}
    assert kinds == {("given", 4), ("withdrawn", 1)}
    assert report.data["withdrawals"] == {"count": 1, "median_seconds": 0, "slowest_seconds": 0}


def test_no_value_or_key_is_in_any_form_of_the_report_and_each_run_is_recorded(told):
    report = audit_consent(told.gov)
    for name in formats_for("consent"):
        for lang in ("en", "zh-Hans", "zh-Hant"):
            written = render(report, name, lang)
            assert "planted" not in written
            assert not any(f"internal-{number}" in written for number in range(1, 9))
    uses = [each for each in told.gov.ledger.events(("report",)) if each.purpose == "governance.consent"]
    assert [each.outcome for each in uses] == ["begun", "done"]


def test_a_store_that_is_down_is_named_and_the_run_is_recorded_as_failed(told):
    with told.raw.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent")
    report = consent_coverage(told.gov)
    assert {each["place"] for each in report.data["not_seen"]} == {"crm.people", "crm.orders"}
    assert next(reversed(list(told.gov.ledger.events(("report",))))).outcome == "failed"


def test_the_commands_write_the_same_reports(told, capfd):
    config = str(told.folder / "governance.yaml")
    for command in (["consent", "coverage"], ["consent", "drift"], ["audit", "consent"]):
        capfd.readouterr()
        assert main(["--config", config, *command, "--format", "json"]) == 0
        printed = capfd.readouterr().out
        assert '"schema": "governance.consent-use/1"' in printed
        assert "planted" not in printed
