"""Each lint rule finds its case, leaves the good case alone, has words and a page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from governance.access.lint import lint, lint_rules
from policies.vocabulary import LANGUAGES, Words

GOOD = """p, support, care, read, crm.orders, clear, allow,
p, support, care, read, crm.orders.amount, mask:redact, allow,
g, alice, support
"""

CASES = {
    "POL001": ("g, mallory, support", "g, carol, support"),
    "POL002": ("g, alice, idle", "g, alice, support"),
    "POL003": ("p, nobody, care, read, crm.orders, clear, allow, ", "p, dave, care, read, crm.orders, null, allow, "),
    "POL004": (GOOD.splitlines()[0], "p, support, care, export, crm.orders, clear, allow, "),
    "POL005": (
        "p, support, care, read, crm.orders.amount, mask:redact, allow, id == 1",
        "p, support, care, read, crm.orders.amount, null, allow, id == 1",
    ),
    "POL006": ("p, *, *, *, category:user.financial, , deny, ", "p, *, *, export, category:user.financial, , deny, "),
    "POL007": ("p, support, care, read, crm, clear, allow, ", "p, support, care, read, crm, mask:redact, allow, "),
    "POL008": (
        "p, support, marketing, read, crm.orders, clear, allow, ",
        "p, support, care, export, crm.orders, clear, allow, ",
    ),
    "POL009": (
        "p, support, marketing, read, special, clear, allow, ",
        "p, support, care, read, special, clear, allow, ",
    ),
    "POL010": (
        "p, support, care, read, crm.customers.born, mask:email, allow, ",
        "p, support, care, read, crm.customers.born, mask:redact, allow, ",
    ),
    "POL011": (
        "p, support, care, export, crm.orders.amount, clear, allow, ",
        "p, support, care, read, crm.orders.id, clear, allow, ",
    ),
    "POL012": (
        "p, support, care, export, crm.orders, clear, allow, id == principal.nosuch",
        "p, support, care, export, crm.customers, clear, allow, region == principal.region",
    ),
    "POL013": (
        "p, support, care, export, crm, clear, allow, region == 'EU'",
        "p, support, care, export, crm.customers, clear, allow, region == 'EU'",
    ),
    "POL014": (
        "p, support, care, read, crm.customers.draft, clear, allow, ",
        "p, support, care, read, crm.customers.email, clear, allow, ",
    ),
    "POL015": (
        "p, *, care, export, crm.orders, clear, allow, ",
        "p, support, care, export, crm.orders, clear, allow, ",
    ),
    "POL016": (
        "p, support, care, write, crm.orders, null, allow, ",
        "p, support, care, write, crm.orders, clear, allow, ",
    ),
}


def found(policy, rule_id):
    return [(each.line, dict(each.values)) for each in lint(policy) if each.rule_id == rule_id]


def test_every_rule_has_a_case():
    assert sorted(CASES) == [rule.rule_id for rule in lint_rules()]


@pytest.mark.parametrize("rule_id", sorted(CASES))
def test_a_rule_finds_its_case_and_leaves_the_good_one(make, rule_id):
    bad, good = CASES[rule_id]
    before = found(make(GOOD), rule_id)
    assert len(found(make(GOOD + bad), rule_id)) > len(before)
    assert found(make(GOOD + good), rule_id) == before


def test_a_good_policy_has_no_errors(make):
    assert [each for each in lint(make(GOOD)) if each.severity == "error"] == []


def test_a_finding_names_file_and_line(make):
    finding = next(each for each in lint(make(GOOD + "g, mallory, support")) if each.rule_id == "POL001")
    assert (finding.place, finding.line) == ("access.csv:4", 4)


def test_a_denied_line_names_the_deny(make):
    policy = make(GOOD + "p, *, *, *, category:user.financial, , deny, ")
    assert found(policy, "POL006") == [(2, {"other": "4"})]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_can_be_said(make, lang):
    policy = make(GOOD + "\n".join(bad for bad, _ in CASES.values()))
    findings = lint(policy)
    assert {each.rule_id for each in findings} == set(CASES)
    for each in findings:
        assert "{" not in Words(lang).say(each.key, **each.values)


def test_every_rule_has_a_page():
    page = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
    for rule in lint_rules():
        assert rule.find.__doc__
        assert f"`{rule.rule_id}`" in page


def test_a_finding_is_plain_data(make):
    findings = lint(make(GOOD + "\n".join(bad for bad, _ in CASES.values())))
    assert json.loads(json.dumps([asdict(each) for each in findings]))[0]["line"] == findings[0].line
