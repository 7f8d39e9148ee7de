"""The compiled permits and Casbin decide alike, and Casbin cannot be reached around its border."""

from __future__ import annotations

import os

import casbin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.access import casbin_model
from governance.access.decision import decide
from policies.access_lines import TREATMENTS
from policies.errors import AccessRefusedError, PolicyFileError
from policies.nouns import Action, DatasetRef, FieldRef

SUBJECTS = ("*", "alice", "bob", "support", "lead", "contractor")
PURPOSES = ("service", "support", "marketing", "care")
OBJECTS = (
    "*",
    "crm",
    "files",
    "crm.customers",
    "crm.orders",
    "crm.patients",
    "crm.customers.email",
    "crm.customers.clinic",
    "crm.customers.draft",
    "files.a.b.csv.mail",
    "category:none",
    "category:user",
    "category:user.contact",
    "category:user.contact.email",
    "category:user.health_and_medical",
    "sensitivity:confidential",
    "sensitivity:restricted",
    "special",
)
ACTIONS = ("read", "read", "export", "write", "delete")
EXAMPLES = int(os.environ.get("GOVERNANCE_POLICY_EXAMPLES", "60"))
"""Generated policies for each property."""
ROWS = ("", "", "region == 'EU'", "tier is None")


@st.composite
def lines(draw: st.DrawFn) -> str:
    allow = draw(st.sampled_from((True, True, True, False)))
    rows = draw(st.sampled_from(ROWS))
    target = draw(st.sampled_from(("crm.customers", "crm.customers.email") if rows else OBJECTS))
    wide = draw(st.sampled_from(OBJECTS[:2] + OBJECTS[10:])) if rows and draw(st.booleans()) else target
    values = (
        draw(st.sampled_from(SUBJECTS)),
        draw(st.sampled_from(PURPOSES if allow else ("*", *PURPOSES))),
        draw(st.sampled_from(ACTIONS if allow else ("*", *ACTIONS))),
        wide,
        draw(st.sampled_from(TREATMENTS)) if allow else "",
        "allow" if allow else "deny",
        rows,
    )
    return ", ".join(("p", *values))


GRANTS = ("g, alice, lead", "g, lead, support", "g, bob, contractor", "g, carol, support")
POLICIES = st.tuples(st.lists(lines(), max_size=12), st.lists(st.sampled_from(GRANTS), unique=True)).map(
    lambda parts: [*parts[0], *parts[1]]
)
USERS = ("alice", "bob", "carol", "dave", "mallory")


def fields_shown(policy, user, purpose, action, dataset):
    try:
        return policy.permit(policy.principal(user), purpose, action, dataset).fields
    except AccessRefusedError:
        return {}


@settings(max_examples=EXAMPLES, deadline=None)
@given(text=POLICIES, user=st.sampled_from(USERS), purpose=st.sampled_from((*PURPOSES, "fraud")))
def test_permit_and_casbin_agree_on_every_action_and_field(make, text, user, purpose):
    policy = make("\n".join(text))
    for ref, facts in policy.datasets.items():
        for action in Action:
            shown = fields_shown(policy, user, purpose, action, ref)
            for name in (*facts.fields, "nosuch"):
                field = FieldRef(ref.store, ref.dataset, name)
                assert decide(policy, user, purpose, action, field).allowed == (name in shown)
                assert policy.allows(user, purpose, action, field) == (name in shown)


def test_strangers_names_do_not_pile_up(make):
    policy = make("p, alice, support, read, crm.orders, clear, allow, ")
    for number in range(50):
        for user, purpose, dataset in ((f"s{number}", "support", "orders"), ("alice", f"p{number}", "orders"),
                                       ("alice", "support", f"d{number}")):  # fmt: skip
            assert not policy.allows(user, purpose, Action.READ, FieldRef("crm", dataset, "amount"))
    assert policy.allows("alice", "support", Action.READ, FieldRef("crm", "orders", "amount"))
    assert len(policy._opened) == len(policy.principals.principals)
    assert {len(each) for each in policy._opened.values()} <= {0, 1}


def answer(policy, user, dataset):
    """All that a request is told, refusals too."""
    try:
        found = policy.permit(policy.principal(user), "support", Action.READ, dataset)
    except AccessRefusedError as refusal:
        return refusal.args, refusal.rule_ids
    return found.allow, found.deny, found.special, dict(found.fields), dict(found.hidden)


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), text=POLICIES)
def test_order_never_matters(make, data, text):
    one, other = make("\n".join(text)), make("\n".join(data.draw(st.permutations(text))))
    assert one.digest == other.digest
    for user in USERS[:4]:
        for ref in one.datasets:
            assert answer(one, user, ref) == answer(other, user, ref)


WORLD = [{"region": region, "tier": tier, "clinic": clinic} for region in ("EU", "US", None) for tier in ("a", None)
         for clinic in (True, False, None)]  # fmt: skip


def exposure(policy, user, purpose, dataset):
    """For each row of a small world and each field, how much is shown: its place in TREATMENTS, -1 for nothing."""
    try:
        permit = policy.permit(policy.principal(user), purpose, Action.READ, dataset)
    except AccessRefusedError:
        return {}
    found = {}
    for number, row in enumerate(WORLD):
        if not _visible(permit, row):
            continue
        found[(number, None)] = 0
        for name, field in permit.fields.items():
            found[(number, name)] = _level(field, row)
    return found


def _visible(permit, row):
    given_ = any(rule.rows is None or rule.rows.evaluate(row, {}) is True for rule in permit.allow)
    taken = any(rule.rows.evaluate(row, {}) is not False for rule in (*permit.deny, *permit.special))
    return given_ and not taken


def _level(field, row):
    if any(rule.rows.evaluate(row, {}) is not False for rule in field.denies):
        return 0
    first = next((rule for rule in field.rules if rule.rows is None or rule.rows.evaluate(row, {}) is True), None)
    return TREATMENTS.index(first.treatment) if first else 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), text=st.lists(lines(), min_size=1, max_size=10))
def test_removing_a_deny_or_loosening_a_treatment_never_shows_less(make, data, text):
    place = data.draw(st.integers(0, len(text) - 1))
    values = text[place].split(", ")
    if values[6] == "deny":
        looser = text[:place] + text[place + 1 :]
    else:
        values[5] = data.draw(st.sampled_from(TREATMENTS[TREATMENTS.index(values[5]) :]))
        looser = [*text[:place], ", ".join(values), *text[place + 1 :]]
    before, after = make("\n".join([*text, *GRANTS])), make("\n".join([*looser, *GRANTS]))
    for purpose in PURPOSES:
        for user in ("alice", "bob"):
            less = exposure(before, user, purpose, DatasetRef("crm", "customers"))
            more = exposure(after, user, purpose, DatasetRef("crm", "customers"))
            assert all(cell in more and more[cell] >= level for cell, level in less.items())


def test_a_chain_of_roles_longer_than_casbins_default_still_holds(make):
    chain = "".join(f"g, r{step}, r{step + 1}\n" for step in range(40))
    policy = make(chain + "g, alice, r0\np, r40, support, read, crm.orders, clear, allow, ")
    field = FieldRef("crm", "orders", "amount")
    assert decide(policy, "alice", "support", Action.READ, field).allowed
    assert "amount" in fields_shown(policy, "alice", "support", Action.READ, field.of)


def test_casbin_switched_off_refuses(make):
    policy = make("p, alice, support, read, crm.orders, clear, allow, ")
    policy.casbin._CasbinModel__enforcer.enable_enforce(False)
    with pytest.raises(AccessRefusedError, match="switched off"):
        policy.casbin.allows("dave", "support", "read", DatasetRef("crm", "orders"))


def test_nothing_public_leads_to_the_enforcer(make):
    policy = make("")
    public = [getattr(policy.casbin, name) for name in dir(policy.casbin) if not name.startswith("_")]
    assert not any(isinstance(each, casbin.Enforcer) for each in public)
    assert not any(hasattr(each, "enable_enforce") for each in (policy, policy.casbin))


def test_a_short_line_never_reaches_casbin():
    model = casbin.Model()
    with pytest.raises(PolicyFileError, match="another length"):
        casbin_model._enforcer(model, [("alice", "support", "read")], {})


def test_asking_about_strangers_does_not_grow_casbin(make):
    policy = make("p, alice, support, read, crm.orders, clear, allow, \ng, bob, support")
    for number in range(50):
        assert not policy.casbin.allows(f"stranger{number}", "support", "read", DatasetRef("crm", "orders"))
    enforcer = policy.casbin._CasbinModel__enforcer
    assert len(enforcer.get_named_role_manager("g").all_roles) < 10


def test_a_compile_asks_casbin_nothing(make, monkeypatch):
    policy = make("p, alice, support, read, crm.orders, clear, allow, ")
    monkeypatch.setattr(casbin_model.CasbinModel, "allows", lambda *_: pytest.fail("asked"))
    assert fields_shown(policy, "alice", "support", Action.READ, DatasetRef("crm", "orders"))
