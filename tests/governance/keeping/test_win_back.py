"""Marketing that rests on no consent does not reach lapsed people, unless they consent to being won back."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from governance.consent.events import Subject
from policies.errors import AccessRefusedError

RULES = """
stages:
  crm.customers:
    lapsed: {since: created_at, after: P2Y}
    customer: {}
win_back:
  offers: {stages: lapsed, unless_consent: marketing.email}
"""


@pytest.fixture
def offers(shop, gov):
    """Customers 1 to 3 came in 2011 and have lapsed; `offers` rests on legitimate interests."""
    shop.rules(RULES)
    shop.add("purposes.yaml", "  offers: {basis: {gdpr: legitimate_interests}}\n  offers.post: {parent: offers}\n")
    shop.add("access.csv", "p, support, offers, read, crm.customers, clear, allow,\n")
    gov.consent_conditions.create_projection("crm")
    return gov


def reached(gov, purpose="offers", where=""):
    engine = gov.engine("crm", principal="alice", purpose=purpose)
    with engine.connect() as connection:
        return set(connection.execute(sa.text(f"SELECT id FROM customers {where}")).scalars())


def test_lapsed_people_are_not_reached(offers):
    assert reached(offers) == set(range(4, 41))


def test_a_purpose_below_is_bound_too_and_others_are_not(offers):
    assert reached(offers, "offers.post") == set(range(4, 41))
    assert reached(offers, "support") == {number for number in range(1, 41) if number % 3}


def test_live_consent_lets_them_be_reached_and_its_withdrawal_ends_that_at_once(offers):
    person = Subject("2", {"crm": "2"})
    offers.consent.given(person, "marketing.email", "email")
    assert reached(offers) == {2, *range(4, 41)}
    offers.consent.withdrawn(person, "marketing.email", "email")
    assert reached(offers) == set(range(4, 41))


def test_who_lapses_with_the_day_is_not_reached_from_that_day_on(offers, shop):
    shop.sql("UPDATE customers SET created_at = '2024-11-22' WHERE id = 7")
    assert 7 in reached(offers)
    shop.clock.now += dt.timedelta(days=1)
    assert 7 not in reached(offers)


def test_a_person_whose_stage_cannot_be_told_is_not_reached(offers, shop):
    shop.sql("UPDATE customers SET created_at = NULL WHERE id = 8")
    assert 8 not in reached(offers)


def test_a_condition_of_the_statement_opens_nothing(offers):
    assert reached(offers, where="WHERE id = 1 OR 1 = 1") == set(range(4, 41))


def test_plain_records_are_filtered_the_same_way(offers):
    records = [{"id": 1, "created_at": "2011-01-01"}, {"id": 5, "created_at": "2026-01-01"}]
    shown = offers.filter(records, dataset="crm.customers", principal="alice", purpose="offers")
    assert [each["id"] for each in shown] == [5]


def test_a_record_without_the_field_that_decides_is_refused(offers):
    with pytest.raises(AccessRefusedError, match="created_at"):
        offers.filter([{"id": 5}], dataset="crm.customers", principal="alice", purpose="offers")


def test_a_dataset_of_persons_without_stages_is_closed_for_the_purpose(offers, shop):
    shop.rules(RULES.replace("crm.customers", "crm.others"))
    with pytest.raises(AccessRefusedError, match="has no stages"):
        reached(offers)


def test_a_purpose_that_is_misspelt_closes_instead_of_opening(offers, shop):
    shop.rules(RULES.replace("  offers:", "  ofers:"))
    with pytest.raises(AccessRefusedError, match="does not have"):
        reached(offers)


def test_a_basis_that_is_no_consent_opens_nothing(offers, shop):
    shop.rules(RULES.replace("unless_consent: marketing.email", "unless_consent: support"))
    with pytest.raises(AccessRefusedError, match="no consent"):
        reached(offers)
