"""An explanation names the deciding line, the losing ones and why, in three languages."""

from __future__ import annotations

import json

import pytest

from governance.access.explain import explain
from governance.access.explanation import Loss, Reason
from governance.access.resolution import Hidden
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, FieldRef
from policies.vocabulary import LANGUAGES, Words

CUSTOMERS = DatasetRef("crm", "customers")
TEXT = """p, support, support, read, crm.customers, clear, allow, region == 'EU'
p, support, support, read, category:user.contact, mask:redact, allow,
p, support, support, read, crm.customers.email, mask:email, allow,
p, support, support, read, crm.customers.email, clear, allow,
p, support, marketing, read, crm.customers.email, null, allow,
p, support, support, export, crm.customers.email, null, allow,
p, contractor, *, *, sensitivity:restricted, , deny,
g, alice, support
g, bob, support
g, bob, contractor
"""


def field(name):
    return FieldRef("crm", "customers", name)


def test_the_deciding_line_and_why_the_others_lose(make):
    found = explain(make(TEXT), "alice", Action.READ, field("email"), "support")
    assert found.allowed
    assert found.treatments == ("mask:email",)
    assert [rule.line for rule in found.deciding] == [3]
    assert {rule.line: rule.loss for rule in found.losing} == {
        1: "less_specific",
        2: "less_specific",
        4: "less_protective",
        5: "other_purpose",
        6: "other_action",
    }
    assert (found.category, found.status) == ("user.contact.email", "confirmed")


@pytest.mark.parametrize(
    ("user", "ref", "purpose", "reason"),
    [
        ("alice", field("clinic"), "support", "special"),
        ("alice", field("draft"), "support", "unreviewed"),
        ("bob", field("note"), "support", "denied"),
        ("alice", field("nosuch"), "support", "unknown_field"),
        ("alice", DatasetRef("crm", "nosuch"), "support", "unknown_dataset"),
        ("alice", CUSTOMERS, "fraud", "unknown_purpose"),
        ("alice", CUSTOMERS, "care", "purpose_not_granted"),
        ("carol", CUSTOMERS, "support", "purpose_not_granted"),
        ("alice", CUSTOMERS, "marketing", "no_rows"),
        ("alice", DatasetRef("crm", "orders"), "support", "no_rows"),
    ],
)
def test_a_refusal_has_its_reason(make, user, ref, purpose, reason):
    found = explain(make(TEXT), user, Action.READ, ref, purpose)
    assert (found.allowed, found.reason) == (False, reason)


def test_a_deny_names_its_line(make):
    found = explain(make(TEXT), "bob", Action.READ, field("note"), "support")
    assert [rule.line for rule in found.deciding] == [7]
    assert {rule.line: rule.loss for rule in found.losing} == {1: "denied"}


def test_a_denied_dataset_names_its_line(make):
    found = explain(make(TEXT + "p, *, *, *, crm, , deny, "), "alice", Action.READ, CUSTOMERS, "support")
    assert found.reason == "dataset_denied"
    assert [rule.line for rule in found.deciding] == [11]


def test_a_special_dataset_names_the_category(make):
    policy = make(TEXT + "p, support, support, read, crm.patients, clear, allow, ")
    found = explain(policy, "alice", Action.READ, DatasetRef("crm", "patients"), "support")
    assert (found.reason, found.special) == ("dataset_special", ("user.health_and_medical",))


def test_a_dataset_lists_each_field(make):
    found = explain(make(TEXT), "bob", Action.READ, CUSTOMERS, "support")
    assert found.fields["email"] == "mask:email"
    assert found.fields["note"] == "denied"
    assert found.fields["draft"] == "unreviewed"
    assert [rule.line for rule in found.deciding] == [1]


def test_an_unknown_user_is_refused(make):
    with pytest.raises(AccessRefusedError):
        explain(make(TEXT), "mallory", Action.READ, CUSTOMERS, "support")


def test_the_json_is_plain_data_with_its_schema(make):
    found = explain(make(TEXT), "alice", Action.READ, field("email"), "support").to_json()
    assert found["schema"] == "governance.explanation/1"
    assert json.loads(json.dumps(found))["deciding"][0]["line"] == 3


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("ref", [CUSTOMERS, field("email"), field("clinic")])
def test_the_words_name_the_lines(make, lang, ref):
    text = explain(make(TEXT), "alice", Action.READ, ref, "support").say(lang)
    assert str(ref) in text
    assert "{" not in text
    if ref == field("email"):
        assert "access:" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_outcome_has_words(lang):
    words = Words(lang)
    keys = [f"reason_{each}" for each in Reason] + [f"loss_{each}" for each in Loss]
    keys += [f"hidden_{each}" for each in Hidden]
    assert all(words.has(f"access.{key}") for key in keys)
