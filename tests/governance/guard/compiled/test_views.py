"""Who connects to the database gets from the compiled views what the library gives to the same person."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest

from governance.consent.events import Subject
from governance.flows.access.compiling_policy import compile_policy
from governance.guard.compile_script import removal_of, script_of
from policies.access_lines import TREATMENTS
from policies.nouns import Action

EXAMPLES = int(os.environ.get("GOVERNANCE_COMPILED_POLICIES", "2"))
"""Generated policies; each is compiled into the database and compared person by person."""
LINES = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, support, read, category:user.contact, mask:redact, allow,
p, support, support, read, crm.customers.email, mask:email, allow,
p, support, support, read, crm.sales.orders, clear, allow, "amount > principal.limit or placed is None"
p, support, newsletter, read, crm.customers, mask:email, allow,
p, support, analytics, export, crm.sales.orders, clear, allow,
p, nurse, care, read, crm, clear, allow,
p, nurse, care, read, crm.customers.email, , deny, tier == 'vip'
p, *, *, *, crm.customers.name, , deny,
g, alice, support
g, bob, support
g, mei, nurse
"""
PEOPLE = {"alice": {"region": "EU", "limit": 5}, "bob": {"region": "US"}, "mei": {}, "zoe": {}}


@pytest.fixture(scope="module", autouse=True)
def logins(shop) -> None:
    shop.logins(*PEOPLE)


@pytest.mark.parametrize("action", [Action.READ, Action.EXPORT])
def test_views_give_what_the_library_gives(shop, action: Action) -> None:
    shop.write(LINES, PEOPLE)
    with shop.open() as gov:
        compiled = [shop.compile(gov, each) for each in dict.fromkeys((Action.READ, action))][
            -1
        ]  # one beside the other
        assert [each.purpose for each in compiled.uses] == (["care", "support"] if action == "read" else ["analytics"])
        assert list(shop.differences(gov, compiled, PEOPLE)) == []
        assert [shop.departures(gov, each) for each in (Action.READ, action)] == [[], []]
    if action is Action.EXPORT:
        shop.run(removal_of(compiled))


def _line(random: Random) -> str:
    allow = random.random() < 0.8
    rows = random.choice(("", "", *ROWS))
    wide = ("crm.customers", "crm.customers.email", "crm.customers.points", "category:user.contact")
    target = random.choice(wide if rows else OBJECTS)
    treatments = [each for each in TREATMENTS if each != "pseudonym"]
    values = (
        random.choice(("*", "alice", "bob", "support", "lead", "nurse")),
        random.choice(PURPOSES if allow else ("*", *PURPOSES)),
        "read" if allow else random.choice(("*", "read")),
        target,
        random.choice(("clear", "clear", *treatments)) if allow else "",
        "allow" if allow else "deny",
        f'"{rows}"' if rows else "",
    )
    return ", ".join(("p", *values))


PURPOSES = ("support", "analytics", "care")
OBJECTS = (
    "*", "crm", "crm.customers", "crm.customers", "crm.sales.orders", "crm.patients", "crm.customers.email",
    "crm.customers.born", "crm.customers.clinic", "crm.customers.draft", "category:user", "category:user.contact",
    "category:user.health_and_medical", "sensitivity:confidential", "special",
)  # fmt: skip
ROWS = (
    "region == principal.region", "tier is None", "points < principal.limit", "not clinic", "born >= '1980-01-01'",
    "tier in ('gold', 'vip') and region != 'EU'", "name > 'B'", "principal.trusted", "points == 7 or email is None",
    "born < principal.since",
)  # fmt: skip
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {}, {"region": "EU", "limit": 5, "trusted": True}, {"region": "O'Neil", "limit": "much", "trusted": False},
    {"region": 3, "limit": 7.5, "since": "1999-01-01", "trusted": "yes"}, {"since": "never", "limit": -3.0},
)  # fmt: skip
GRANTS = ("g, alice, lead", "g, lead, support", "g, bob, support", "g, mei, nurse", "g, zoe, nurse")


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_generated_policies_give_the_same_by_views_and_by_library(shop, seed: int) -> None:
    random = Random(f"compiled {seed}")
    lines = [_line(random) for _ in range(random.randint(4, 16))] + random.sample(GRANTS, random.randint(2, 5))
    people = {name: random.choice(ATTRIBUTES) for name in PEOPLE}
    shop.write("\n".join(lines), people)
    with shop.open() as gov:
        compiled = shop.compile(gov)
        assert shop.departures(gov) == []
        assert list(shop.differences(gov, compiled, PEOPLE)) == []


def test_an_attribute_of_another_type_admits_nothing(shop) -> None:
    shop.write(LINES, PEOPLE | {"alice": {"region": 3, "limit": "much"}})
    with shop.open() as gov:
        compiled = shop.compile(gov)
        assert list(shop.differences(gov, compiled, ["alice"])) == []
        assert {each.attribute for each in compiled.attributes} == {"region"}  # of bob


@pytest.mark.parametrize("since", ["never", "2020-13-01", 7, ""])
def test_an_attribute_that_is_no_day_admits_nothing(shop, since: object) -> None:
    lines = LINES + "p, support, support, read, crm.customers.points, null, allow, born < principal.since\n"
    shop.write(lines, PEOPLE | {"alice": {"region": "EU", "limit": 5, "since": since}})
    with shop.open() as gov:
        assert shop.rows(gov, "alice", "support", "customers", Action.READ)
        assert list(shop.differences(gov, shop.compile(gov), ["alice"])) == []


def test_encrypted_fields_and_pseudonyms_are_left_out_by_name(shop) -> None:
    catalog_before = (shop.folder / "policies" / "catalog.yaml").read_text()
    sealed = "secret: {id: f10, category: user.name, status: confirmed, encrypted: true}\n          draft:"
    lines = LINES.replace("p, *, *, *, crm.customers.name, , deny,\n", "")
    lines += "p, support, support, read, crm.customers.phone, pseudonym, allow,\n"
    shop.write(lines, PEOPLE, catalog_before.replace("draft:", sealed))
    with shop.open() as gov:
        compiled = shop.compile(gov)
    left_out = {(each.purpose, each.place) for each in compiled.left_out}
    assert {
        ("support", "crm.customers.secret"),
        ("care", "crm.customers.secret"),
        ("support", "crm.customers.phone"),
    } < (left_out)
    (view,) = [
        each for use in compiled.uses if use.purpose == "support" for each in use.views if each.name == "customers"
    ]
    assert '"secret"' not in view.select
    assert '"phone"' not in view.select


def test_a_purpose_that_needs_consent_is_left_out_without_its_projection_and_joined_with_it(shop) -> None:
    shop.write(LINES, PEOPLE)
    with shop.open() as gov:
        without = shop.compile(gov)
        assert [(each.purpose, each.place) for each in without.left_out] == [("newsletter", "crm.customers")]
        assert gov.consent_conditions.create_projection("crm")
        try:
            gov.consent.given(Subject("1", {"crm": 1}), "newsletter", "email")
            compiled = shop.compile(gov)
            assert list(shop.differences(gov, compiled, ["alice"])) == []
            (use,) = [each for each in compiled.uses if each.purpose == "newsletter"]
            with shop.connected("alice") as connection:
                place = f'"{use.schema}".customers'
                assert connection.exec_driver_sql(f"SELECT email FROM {place}").scalars().all() == ["a***@x.example"]
        finally:
            shop.run("DROP TABLE IF EXISTS gov_consent CASCADE; DROP TABLE IF EXISTS gov_consent_epoch CASCADE")


def test_whom_marketing_may_not_win_back_the_views_show_nobody_without_a_live_basis(shop) -> None:
    """The library spares who has not lapsed; the day on which somebody lapses a view would not notice."""
    shop.write(LINES + "p, support, analytics, read, crm.customers, clear, allow,\n", PEOPLE)
    rules = shop.folder / "policies" / "retention.yaml"
    stages = "stages:\n  crm.customers: {lapsed: {where: \"tier == 'vip'\"}, customer: {}}\n"
    rules.write_text(f"version: 1\n{stages}win_back:\n  analytics: {{stages: lapsed, unless_consent: newsletter}}\n")
    try:
        with shop.open() as gov:
            assert gov.consent_conditions.create_projection("crm")
            gov.consent.given(Subject("1", {"crm": 1}), "newsletter", "email")
            assert len(shop.rows(gov, "alice", "analytics", "customers", Action.READ) or ()) > 2
            (use,) = [each for each in shop.compile(gov).uses if each.purpose == "analytics"]
            with shop.connected("alice") as connection:
                seen = connection.exec_driver_sql(f'SELECT id FROM "{use.schema}".customers').scalars().all()
            assert seen == [1]
    finally:
        rules.unlink()
        shop.run("DROP TABLE IF EXISTS gov_consent CASCADE; DROP TABLE IF EXISTS gov_consent_epoch CASCADE")


def test_a_dataset_that_drifted_is_left_out(shop) -> None:
    shop.write(LINES, PEOPLE)
    shop.run("ALTER TABLE sales.orders RENAME COLUMN amount TO sum")
    try:
        with shop.open() as gov:
            compiled = shop.compile(gov)
        assert ("support", "crm.sales.orders") in {(each.purpose, each.place) for each in compiled.left_out}
        assert all(view.name != "sales.orders" for use in compiled.uses for view in use.views)
    finally:
        shop.run("ALTER TABLE sales.orders RENAME COLUMN sum TO amount")


def test_compiling_is_the_same_each_time_and_names_nothing_twice(shop) -> None:
    shop.write(LINES, PEOPLE)
    with shop.open() as gov:
        one, other = (compile_policy(gov, "crm") for _ in range(2))
    assert script_of(one) == script_of(other)
    names = [name for use in one.uses for name in (use.schema, use.role)]
    assert len(set(names)) == len(names)
    assert all(len(name.encode()) <= 63 for name in names)
