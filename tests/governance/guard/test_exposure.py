"""The exposure of a change of policy: what is shown more, to whom, in which rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from governance.access.policy import AccessPolicy
from governance.guard.exposure import ABSENT, UNDECIDED, Exposure, exposures
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.catalog import parse_catalog
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        special_rows: {user.health_and_medical: "clinic == True"}
        fields:
          email: {id: f1, category: user.contact.email, status: confirmed, type: string}
          region: {id: f2, category: none, status: confirmed, type: string}
          tier: {id: f3, category: none, status: confirmed, type: string}
          age: {id: f4, category: none, status: confirmed, type: integer}
          clinic: {id: f5, category: none, status: confirmed, type: boolean}
          ssn: {id: f6, category: user.government_id, status: proposed, type: string}
          blob: {id: f7, category: none, status: confirmed, type: json}
"""
PURPOSES = """{"purposes": {
  "support": {"basis": {"gdpr": "contract"}},
  "marketing": {"basis": {"gdpr": "consent"}, "consent": {"gdpr": "written"}},
  "care": {"special": {"user.health_and_medical": {"gdpr": "9(2)(h)"}}}
}}"""
LINES = """
p, support, support, read, crm.customers, null, allow, region == principal.region
p, support, support, read, crm.customers.email, mask:email, allow,
p, sales, marketing, read, crm.customers, mask:redact, allow,
g, alice, support
g, bob, support
g, carol, sales
"""
EXPORT = "p, sales, marketing, export, crm.customers, mask:redact, allow,\n"
PEOPLE = {"alice": {"region": "EU"}, "bob": {"region": "US"}, "carol": {}}


def policy(lines: str = LINES, *, catalog: str = CATALOG, purposes: str = PURPOSES, people=PEOPLE) -> AccessPolicy:
    names = Names(
        PurposesFile.model_validate_json(purposes),
        PrincipalsFile.model_validate({"principals": people}),
        parse_catalog(catalog),
        load_taxonomy(dt.date(2026, 11, 22)),
    )
    parsed = parse_access(lines, "access.csv", names)
    return AccessPolicy(parsed, names.purposes, names.principals, names.catalog, names.taxonomy, ("gdpr",))


def told(found: list[Exposure]) -> set[tuple[tuple[str, ...], str, str, str, str]]:
    return {(each.users, each.purpose, each.field.field, each.before, each.after) for each in found}


def test_the_same_policy_exposes_nothing_however_it_is_written():
    shuffled = "\n".join(reversed(LINES.strip().splitlines()))
    assert exposures(policy(), policy(shuffled)) == []


@pytest.mark.parametrize(
    "written",
    [
        "principal.region == region",
        "not (region != principal.region)",
        "region == principal.region or (region == principal.region and tier == 'vip')",
        "region <= principal.region and region >= principal.region",
    ],
)
def test_another_spelling_of_the_same_rows_exposes_nothing(written):
    line = LINES.replace("region == principal.region", written)
    assert exposures(policy(), policy(line)) == []
    assert exposures(policy(line), policy()) == []


def test_a_looser_mask_is_told_with_the_row_that_it_shows():
    (found,) = exposures(policy(), policy(LINES.replace("mask:email", "clear")))
    assert (
        told([found]) == {(("alice", "bob"), "support", "email", "mask:email", "clear")} or found.row["region"] == "EU"
    )


def test_a_tighter_mask_is_told_only_the_other_way_round():
    tight = LINES.replace("mask:email", "mask:redact")
    assert exposures(policy(), policy(tight)) == []
    assert {each.after for each in exposures(policy(tight), policy())} == {"mask:email"}


def test_wider_rows_are_told_with_an_example_of_a_new_row():
    found = exposures(policy(), policy(LINES.replace("region == principal.region", 'region == "EU" or region == "US"')))
    assert {each.users for each in found} == {("alice",), ("bob",)}
    email = {each.users: each for each in found if each.field.field == "email"}
    assert dict(email["alice",].row) == {"clinic": "False", "region": "US"}
    assert (email["alice",].before, email["alice",].after) == (ABSENT, "mask:email")
    assert dict(email["bob",].row) == {"clinic": "False", "region": "EU"}


def test_narrower_rows_expose_nothing():
    narrow = LINES.replace("region == principal.region", 'region == principal.region and tier != "vip"')
    assert exposures(policy(), policy(narrow)) == []


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("a deny removed", lambda lines: (lines + "p, support, support, read, crm.customers.email, , deny,\n", lines),
         {(("alice", "bob"), "support", "email", ABSENT, "mask:email")}),
        ("a role given", lambda lines: (lines, lines + "g, carol, support\n"), set()),
        ("a role given to somebody with a region", lambda lines: (lines.replace("g, bob, support\n", ""), lines),
         {(("bob",), "support", field, ABSENT, shown) for field, shown in (
             ("email", "mask:email"), ("region", "null"), ("tier", "null"), ("age", "null"), ("clinic", "null"),
             ("blob", "null"))}),
        ("another action", lambda lines: (lines, lines + EXPORT),
         {(("carol",), "marketing", field, ABSENT, "mask:redact") for field in
          ("email", "region", "tier", "age", "clinic", "blob")}),
        ("an unreachable row set", lambda lines: (lines, lines +
         'p, support, support, read, crm.customers.email, clear, allow, "age > 5 and age < 6"\n'), set()),
    ],
)  # fmt: skip
def test_a_change_exposes_just_what_it_opens(name, change: Callable[[str], tuple[str, str]], expected):
    old, new = change(LINES)
    assert told(exposures(policy(old), policy(new))) == expected


def test_a_confirmed_field_and_a_purpose_that_lists_special_rows_are_seen():
    opened = CATALOG.replace("user.government_id, status: proposed", "user.government_id, status: confirmed")
    assert told(exposures(policy(), policy(catalog=opened))) == {
        (("alice", "bob"), "support", "ssn", ABSENT, "null"),
        (("carol",), "marketing", "ssn", ABSENT, "mask:redact"),
    }
    listed = PURPOSES.replace('"basis": {"gdpr": "contract"}', '"special": {"user.health_and_medical": {"gdpr": "x"}}')
    found = exposures(policy(), policy(purposes=listed))
    assert {(each.field.field, each.before) for each in found} >= {("email", ABSENT)}
    assert all(dict(each.row)["clinic"] in ("True", "NULL") for each in found)


@pytest.mark.parametrize("form", ['"basis": {"gdpr": "consent"}', '"basis": {"gdpr": "contract"}'])
def test_consent_that_is_asked_for_no_more_or_in_a_weaker_form_is_exposure(form):
    weaker = PURPOSES.replace('"basis": {"gdpr": "consent"}, "consent": {"gdpr": "written"}', form)
    found = exposures(policy(), policy(purposes=weaker))
    assert {(each.users, each.purpose) for each in found} == {(("carol",), "marketing")}
    assert {each.consent_before for each in found} == {"written"}
    assert exposures(policy(purposes=weaker), policy()) == []


def test_another_attribute_of_a_user_is_seen():
    moved = {**PEOPLE, "alice": {"region": "CN"}}
    found = exposures(policy(), policy(people=moved))
    assert {(each.users, dict(each.row)["region"]) for each in found} == {(("alice",), "principal.region")}


def test_what_cannot_be_decided_counts_as_exposure_and_says_so():
    odd = CATALOG.replace("status: confirmed, type: integer", "status: confirmed")
    lines = LINES.replace("region == principal.region", "age > 18")
    older = LINES.replace("region == principal.region", "age > 21")
    found = exposures(policy(older, catalog=odd), policy(lines, catalog=odd))
    assert {each.after for each in found} == {UNDECIDED}
