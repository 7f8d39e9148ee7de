from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from governance.access.policy import AccessPolicy
from governance.flows.access.trying_policy import Trials, try_tests
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.access_tests import read_access_tests
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
          phone: {id: f2, category: user.contact.phone_number, status: confirmed, type: string}
          region: {id: f3, category: none, status: confirmed, type: string}
          tier: {id: f4, category: none, status: confirmed, type: string}
          clinic: {id: f5, category: none, status: confirmed, type: boolean}
          joined: {id: f6, category: none, status: confirmed, type: date}
          draft: {id: f7, category: user.contact.email, status: proposed, type: string}
"""
LINES = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, support, read, crm.customers.email, mask:email, allow,
p, support, support, read, crm.customers.email, clear, allow, tier == "gold"
p, support, support, read, crm.customers.phone, mask:phone, allow, "joined >= '2026-01-01'"
p, support, support, read, crm.customers.phone, , deny, tier == "vip"
p, temp, support, read, crm.customers, clear, allow,
p, temp, *, *, category:user.contact, , deny,
g, alice, support
g, tom, temp
"""
EU = "{region: EU, tier: plain, clinic: false, joined: 2026-05-01}"
PATIENT = EU.replace("clinic: false", "clinic: true")
MAIL = "who: alice, purpose: support, object: crm.customers.email"
PHONE = "who: alice, purpose: support, object: crm.customers.phone"
ALL = "who: alice, purpose: support, object: crm.customers"
TESTS = f"""version: 1
tests:
  address: {{{MAIL}, expect: mask:email, rows: region == principal.region}}
  dataset: {{{ALL}, expect: visible, rows: region == principal.region}}
  own row: {{{ALL}, row: {EU}, expect: visible}}
  joined: {{{PHONE}, row: {EU}, expect: mask:phone}}
  other region: {{{ALL}, row: {EU.replace("EU", "US")}, expect: absent}}
  patient: {{{MAIL}, row: {PATIENT}, expect: absent}}
  vip: {{{PHONE}, row: {EU.replace("plain", "vip")}, expect: "null"}}
  draft: {{who: alice, purpose: support, object: crm.customers.draft, expect: hidden}}
  temp: {{who: tom, purpose: support, object: crm.customers.email, expect: hidden}}
  temp exports: {{who: tom, purpose: support, action: export, object: crm.customers, expect: refused}}
"""


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(
        PurposesFile.model_validate({"purposes": {"support": {}}}),
        PrincipalsFile.model_validate({"principals": {"alice": {"region": "EU"}, "tom": {}}}),
        parse_catalog(CATALOG),
        load_taxonomy(dt.date(2026, 11, 22)),
    )


@pytest.fixture
def attempt(tmp_path: Path, names: Names):
    def run(tests: str = TESTS, lines: str = LINES) -> Trials:
        path = tmp_path / "access_tests.yaml"
        path.write_text(tests, encoding="utf-8")
        policy = AccessPolicy(
            parse_access(lines, "access.csv", names),
            names.purposes,
            names.principals,
            names.catalog,
            names.taxonomy,
            ("gdpr",),
        )
        return try_tests(policy, read_access_tests(path, names))

    return run


def test_a_policy_that_says_what_the_tests_expect_passes(attempt):
    trials = attempt()
    assert [each.test.name for each in trials.failed] == []


@pytest.mark.parametrize(
    ("old", "new", "failing"),
    [
        ("crm.customers.email, mask:email", "crm.customers.email, mask:redact", {"address"}),
        (", allow, region == principal.region", ", allow,", {"address", "dataset", "other region"}),
        ('p, support, support, read, crm.customers.phone, , deny, tier == "vip"\n', "", {"vip"}),
        ("p, temp, *, *, category:user.contact, , deny,\n", "", {"temp"}),
        ("p, temp, support, read,", "p, temp, support, export,", {"temp", "temp exports"}),
        ("'2026-01-01'", "'2026-06-01'", {"joined"}),
    ],
)
def test_each_change_of_the_policy_fails_just_the_tests_that_it_breaks(attempt, old, new, failing):
    assert old in LINES
    assert {each.test.name for each in attempt(lines=LINES.replace(old, new)).failed} == failing


def test_lines_that_decide_in_no_test_are_named(attempt):
    trials = attempt()
    assert [", ".join(("p", *rule.values)) for rule in trials.uncovered] == [
        "p, support, support, read, crm.customers.email, clear, allow, tier == 'gold'",  # mask:email always wins
        "p, temp, support, read, crm.customers, clear, allow, ",
    ]
    assert trials.coverage == pytest.approx(5 / 7)


def test_a_row_that_cannot_be_decided_on_fails_and_says_why_without_its_values(attempt):
    tests = TESTS.replace(f"row: {EU}, expect: visible", "row: {tier: zorblatt}, expect: visible")
    trials = attempt(tests)
    (failed,) = trials.failed
    assert failed.test.name == "own row"
    assert "zorblatt" not in "\n".join(trials.say("en"))


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
def test_it_is_said_in_every_language(attempt, lang):
    said = list(attempt(lines=LINES.replace("mask:email", "mask:redact")).say(lang))
    assert len(said) == 10 + 2 + 1  # a line each, two lines uncovered, the sum
    assert any("mask:redact" in line for line in said)
