from __future__ import annotations

import itertools

import pytest

from governance.access.decision import decide
from governance.access.grants import grants_on, grants_to
from policies.access_objects import resolve_object
from policies.errors import AccessRefusedError
from policies.nouns import Action, FieldRef

LINES = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, support, read, category:user.contact, mask:redact, allow,
p, support, support, read, crm.customers.email, mask:email, allow,
p, support, support, export, crm.orders, clear, allow,
p, carol, marketing, read, crm.customers, clear, allow,
p, carol, marketing, read, crm.customers.phone, , deny,
p, carol, care, read, crm.patients, clear, allow,
p, *, *, *, crm.customers, , deny, tier == "vip"
g, alice, support
g, bob, support
"""


@pytest.fixture
def policy(make):
    return make(LINES)


def target(policy, text):
    return resolve_object(text, "OBJECT", policy.catalog, policy.taxonomy)


def test_a_grant_spells_out_treatment_rows_and_lines(policy):
    found = next(each for each in grants_to(policy, "alice") if each.field.field == "email")
    assert found.treatments == ("mask:email",)
    assert found.rows == ("region == principal.region",)
    assert set(found.without) == {"tier == 'vip'", "clinic == True"}
    assert found.consent is None
    assert found.lines == (2, 4, 9)


def test_a_purpose_that_needs_consent_says_so(policy):
    purposes = {each.purpose: each.consent for each in grants_to(policy, "carol")}
    assert purposes == {"care": None, "marketing": "given"}


def test_grants_on_an_object_are_those_of_everybody_and_of_nothing_else(policy):
    found = list(grants_on(policy, target(policy, "crm.customers.email")))
    assert [(each.user, each.purpose) for each in found] == [
        ("alice", "support"),
        ("bob", "support"),
        ("carol", "marketing"),
    ]
    assert {str(each.field) for each in found} == {"crm.customers.email"}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("crm.orders", {"crm.orders.amount", "crm.orders.customer", "crm.orders.id", "crm.orders.placed"}),
        ("category:user.contact", {"crm.customers.email", "crm.customers.phone", "crm.patients.email"}),
        ("special", set()),  # care lists health, but nobody may use crm.customers for care
        ("files", set()),
    ],
)
def test_an_object_reaches_the_fields_that_a_line_on_it_would(policy, text, fields):
    assert {str(each.field) for each in grants_on(policy, target(policy, text))} == fields


def test_a_denied_and_an_unreviewed_field_are_in_no_grant(policy):
    fields = {each.field.field for each in grants_to(policy, "carol") if each.purpose == "marketing"}
    assert "phone" not in fields
    assert "draft" not in fields


def test_somebody_without_a_line_has_no_grant_and_an_unknown_user_is_refused(policy):
    assert list(grants_to(policy, "dave")) == []
    with pytest.raises(AccessRefusedError):
        list(grants_to(policy, "mallory"))


def test_every_grant_and_no_other_is_what_casbin_decides(policy):
    said = {
        (each.user, each.purpose, each.action, each.field)
        for user in policy.principals.principals
        for each in grants_to(policy, user)
    }
    places = [FieldRef(ref.store, ref.dataset, name) for ref, facts in policy.datasets.items() for name in facts.fields]
    asked = itertools.product(policy.principals.principals, policy.purposes.purposes, Action, places)
    decided = {each for each in asked if decide(policy, *each).allowed}
    assert said == decided
