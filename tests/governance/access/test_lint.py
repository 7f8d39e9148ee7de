"""Each lint rule finds its case, leaves the good case alone, has words and a page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from governance.access.lint import lint, lint_rules
from policies.separation import SeparationFile
from policies.vocabulary import LANGUAGES, Words
from policies.yaml_files import load_yaml

GOOD = """p, support, care, read, crm.orders, clear, allow,
p, support, care, read, crm.orders.amount, mask:redact, allow,
g, alice, support
"""

CASES = {
    (rule, name): case
    for rule, cases in load_yaml(Path(__file__).with_name("lint_cases.yaml"), error=ValueError).items()
    for name, case in cases.items()
}
BAD = {rule: case for (rule, name), case in CASES.items() if name.startswith("fail_")}
"""A failing case of each rule."""


def found(policy, rule_id):
    return [(each.line, dict(each.values)) for each in lint(policy) if each.rule_id == rule_id]


def with_case(make, case):
    policy = make(GOOD + "\n".join(case["lines"]))
    policy.separation = SeparationFile.model_validate(
        {"pairs": [{"roles": list(roles), "why": "two eyes"} for roles in case.get("separate", ())]}
    )
    return policy


def test_every_rule_has_four_cases_and_half_of_them_stay_quiet():
    assert sorted({rule for rule, _ in CASES}) == [rule.rule_id for rule in lint_rules()]
    for each in lint_rules():
        names = [name for rule, name in CASES if rule == each.rule_id]
        assert len(names) >= 4, each.rule_id
        assert sum(name.startswith("pass_") for name in names) * 2 >= len(names), each.rule_id


@pytest.mark.parametrize(("rule_id", "name"), CASES)
def test_a_rule_finds_just_what_its_case_says(make, rule_id, name):
    case = CASES[rule_id, name]
    before = found(make(GOOD), rule_id)
    new = [each for each in found(with_case(make, case), rule_id) if each not in before]
    assert sorted({line for line, _ in new}) == sorted(case.get("found", []))
    assert name.startswith("fail_" if new else "pass_")


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
    findings = [each for case in BAD.values() for each in lint(with_case(make, case))]
    assert {each.rule_id for each in findings} == set(BAD)
    for each in findings:
        assert "{" not in Words(lang).say(each.key, **each.values)


def test_every_rule_has_a_page():
    page = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
    for rule in lint_rules():
        assert rule.find.__doc__
        assert f"`{rule.rule_id}`" in page


def test_a_finding_is_plain_data(make):
    findings = [each for case in BAD.values() for each in lint(with_case(make, case))]
    assert json.loads(json.dumps([asdict(each) for each in findings]))[0]["line"] == findings[0].line
