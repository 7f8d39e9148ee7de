"""What is done with due records besides deleting them: keys destroyed, categories masked, people asked."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.consent.events import Subject
from governance.flows.audits.reporting import audit_retention, retention_gaps
from governance.flows.retention.keeping import place_hold, release_hold, retention_rules, run_retention
from governance.jobs.tombstones import Tombstones
from governance.jobs.work import Batch
from governance.retention.steps import Setting
from policies.errors import AccessRefusedError, ConfigError, KeyringError, StalePlanError
from policies.nouns import DatasetRef

SHRED = """
rules:
  old:
    dataset: crm.customers
    start: created_at
    period: P10Y
    action: crypto_shred
    basis: ten years are enough
"""
MASK = """
rules:
  contacts:
    category: user.contact
    start: created_at
    period: P10Y
    action: anonymise
    masks: {user.contact: redact, user.contact.email: email}
    basis: ten years are enough
"""


@pytest.fixture
def encrypted(shop):
    """Persons 1 to 3 have keys of their own, and tokens in `email`."""
    path = shop.folder / "policies" / "catalog.yaml"
    text = path.read_text(encoding="utf-8")
    email = "category: user.contact.email, status: confirmed, type: string"
    path.write_text(text.replace(email, f"{email}, encrypted: true"), encoding="utf-8")
    shop.rules(SHRED)
    shop.sql("UPDATE customers SET email = x'0101aa' WHERE id < 9")
    return path


def left_with_email(shop):
    return [row[0] for row in shop.sql("SELECT id FROM customers WHERE email IS NOT NULL ORDER BY id")]


def carry_out(gov, name="old"):
    (plan,) = gov.plan_retention([name])
    return run_retention(gov, plan.to_text())


@pytest.mark.usefixtures("encrypted")
def test_a_shredded_person_has_no_key_and_no_token(shop, gov):
    gov.keyring.subjects.of("s1", [1, 2, 9])
    found = carry_out(gov)
    assert found.of.total("done") == 3
    assert left_with_email(shop) == list(range(4, 41))
    for person in (1, 2):
        with pytest.raises(KeyringError):
            gov.keyring.subjects.of("s1", [person])
    assert gov.keyring.subjects.of("s1", [9])
    stones = list(Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id).standing())
    assert [each.basis for each in stones] == ["retention", "retention"]
    assert gov.plan_retention(["old"], look=True)[0].due == 0


def test_a_hold_on_another_record_of_the_person_keeps_the_key(shop, gov, encrypted):
    gov.keyring.subjects.of("s1", [1, 2])
    fields = "fields: {customer: {id: f1, category: none, status: confirmed}}"
    text = encrypted.read_text(encoding="utf-8")
    encrypted.write_text(f"{text}      letters: {{id: d2, subject_key: customer, {fields}}}\n", encoding="utf-8")
    shop.sql("CREATE TABLE letters (id INTEGER PRIMARY KEY, customer INTEGER)")
    hold = place_hold(gov, DatasetRef("crm", "letters"), "subject", ["2"], reason="a lawsuit")
    (plan,) = gov.plan_retention(["old"])
    with pytest.raises(AccessRefusedError, match="a hold keeps"):
        run_retention(gov, plan.to_text())
    assert left_with_email(shop) == list(range(1, 41))
    assert gov.keyring.subjects.of("s1", [1, 2])
    release_hold(gov, hold.id)
    assert run_retention(gov, plan.to_text()).of.total("done") == 3
    with pytest.raises(KeyringError):
        gov.keyring.subjects.of("s1", [2])


def test_a_row_that_is_not_due_any_more_keeps_its_key(shop, gov, encrypted):
    """The step asks once more as it changes rows, and destroys nothing for one that it did not change."""
    destroyed = []
    table = sa.table("customers", sa.column("id"), sa.column("email"))
    step = Setting(
        name="s", dataset=DatasetRef("crm", "customers"), action="write", table=table, key=(table.c.id,),
        needs=table.c.id < 3, values={"email": sa.null()}, shred=destroyed.append,
    )  # fmt: skip
    engine = sa.create_engine(f"sqlite:///{shop.folder / 'crm.db'}")
    with engine.begin() as connection:
        assert step.apply(connection, Batch([(2,), (3,)], subjects=[(2,), (3,)])) is None
        assert destroyed == []
        assert step.apply(connection, Batch([(2,)], subjects=[(2,)])) == 1
    engine.dispose()
    assert destroyed == [[2]]


def test_a_person_whose_key_other_records_need_is_not_shredded(shop, gov, encrypted):
    text = encrypted.read_text(encoding="utf-8")
    card = "card: {id: f2, category: user.financial, encrypted: true, status: confirmed}"
    fields = f"customer: {{id: f1, category: none, status: confirmed}}, {card}"
    encrypted.write_text(
        f"{text}      orders: {{id: d2, subject_key: customer, fields: {{{fields}}}}}\n", encoding="utf-8"
    )
    shop.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, card BLOB)")
    shop.sql("INSERT INTO orders VALUES (1, 2, x'0101aa')")
    assert carry_out(gov).of.total("done") == 2
    assert left_with_email(shop) == [2, *range(4, 41)]


def test_shredding_what_is_not_encrypted_is_refused(shop, gov):
    shop.rules(SHRED)
    with pytest.raises(ConfigError, match="without encrypted fields"):
        gov.plan_retention(["old"])


def test_a_category_is_masked_in_every_dataset_that_has_it(shop, gov):
    shop.rules(MASK)
    assert list(retention_rules(gov)) == ["contacts:crm.customers"]
    found = carry_out(gov, "contacts:crm.customers")
    assert found.of.total("done") == 3
    (first,) = shop.sql("SELECT email, phone, name FROM customers WHERE id = 1")
    assert first == ("p***@zebra-quagga.example", "***", "Zebulon Quagmire")
    assert gov.plan_retention(look=True)[0].due == 0


def test_a_row_that_changed_since_the_plan_is_not_masked_and_is_reported(shop, gov):
    shop.rules(MASK)
    (plan,) = gov.plan_retention(["contacts:crm.customers"])
    shop.sql("UPDATE customers SET created_at = '2026-11-01' WHERE id = 2")
    found = run_retention(gov, plan.to_text())
    assert (found.masked, found.deleted, found.changed, found.gone) == (2, 0, 1, 0)


def test_a_plan_is_stale_when_another_rule_of_its_dataset_has_come(shop, gov):
    shop.rules(MASK)
    (plan,) = gov.plan_retention(["contacts:crm.customers"])
    duty = "  tax: {kind: duty, dataset: crm.customers, start: created_at, period: P20Y, basis: tax}\n"
    shop.rules(MASK + duty)
    with pytest.raises(StalePlanError):
        run_retention(gov, plan.to_text())


WAITING = """
rules:
  old:
    dataset: crm.customers
    start: created_at
    period: P10Y
    keep_while:
      consent: marketing.email
      request: {dataset: crm.requests, by: {customer: id}, where: closed is None}
    basis: ten years are enough
"""


def test_live_consent_and_an_open_request_keep_records(shop, gov):
    shop.rules(WAITING)
    shop.sql("CREATE TABLE requests (id INTEGER PRIMARY KEY, customer INTEGER, closed TEXT)")
    shop.sql("INSERT INTO requests VALUES (1, 3, NULL), (2, 1, '2026-01-01')")
    gov.consent_conditions.create_projection("crm")
    person = Subject("2", {"crm": "2"})
    gov.consent.given(person, "marketing.email", "email")
    (plan,) = gov.plan_retention(["old"])
    assert (plan.due, dict(plan.blocked)) == (1, {"consent": 1, "request": 1})
    gov.consent.withdrawn(person, "marketing.email", "email")
    (later,) = gov.plan_retention(["old"])
    assert (later.due, dict(later.blocked)) == (2, {"request": 1})
    found = run_retention(gov, plan.to_text())
    assert (found.deleted, found.left) == (1, 1), "what came to be due since was not reviewed"


def test_waiting_for_a_purpose_that_needs_no_consent_is_refused(shop, gov):
    shop.rules(WAITING.replace("consent: marketing.email", "consent: support"))
    with pytest.raises(ConfigError, match="needs no consent"):
        gov.plan_retention(["old"])


def test_records_for_review_are_counted_and_cannot_be_run(shop, gov):
    shop.rules(SHRED.replace("crypto_shred", "review"))
    (plan,) = gov.plan_retention(["old"])
    assert plan.due == 3
    with pytest.raises(ConfigError, match="people to look at"):
        run_retention(gov, plan.to_text())


def test_what_no_rule_takes_away_is_named(shop, gov):
    shop.rules(MASK + "  health: {category: user.biometric, start: x, period: P1Y, action: review, basis: b}\n")
    gaps = retention_gaps(gov)
    assert gaps.datasets == ()
    assert gaps.fields == ("crm.customers.name", "crm.customers.notes")
    assert gaps.unmatched == ("health",)


def test_the_report_says_what_is_late_and_by_when(shop, gov):
    shop.rules(MASK)
    report = audit_retention(gov)
    (plan,) = report.data["plans"]
    assert (plan["due"], plan["overdue"], plan["due_by"]) == (3, 3, "2026-12-23")
    assert [task.section for task in report.verdict.tasks] == ["plans", "open-fields"]
