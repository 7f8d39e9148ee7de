"""Every rule's cases: `test_fail_*` must find what they state, `test_pass_*` must stay quiet."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import governance.gate
from governance.gate.check import check
from governance.gate.rules.all import RULES
from governance.gate.rules.base import PARTS, page, registry
from policies.catalog import parse_catalog
from policies.config import GovernanceConfig
from policies.errors import ConfigError
from policies.vocabulary import Words

CASES = {
    (path.stem.upper(), name): case
    for path in sorted(Path(__file__).with_name("cases").glob("*.yaml"))
    for name, case in YAML(typ="safe").load(path).items()
}
DAY = dt.date(2026, 11, 22)


def run(case, folder):
    migrations = folder / "migrations"
    migrations.mkdir()
    (migrations / case.get("file", "V1.sql")).write_text(case["text"], encoding="utf-8")
    url = case.get("dialect", "postgresql") + "://host/db"
    config = GovernanceConfig.model_validate(
        {
            "version": 1,
            "laws": tuple(case.get("laws", ["gdpr", "pipl"])),
            "stores": {"crm": {"url": url, "migrations": ("migrations/",)}},
        }
    )
    return check([], parse_catalog(case.get("catalog", "")), config, root=folder, on=DAY)


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_case(rule, name, tmp_path):
    case = CASES[rule, name]
    found = [each for each in run(case, tmp_path).findings if each.rule == rule]
    told = {
        ".".join(part for part in (each.store, each.dataset, each.field) if part) if each.dataset else each.line
        for each in found
    }
    assert told == set(case.get("expect", []))
    assert len(found) == len(told)
    assert name.startswith("test_fail_" if found else "test_pass_")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_eight_cases_and_half_of_them_quiet(rule):
    names = [name for of, name in CASES if of == rule]
    quiet = [name for name in names if name.startswith("test_pass_")]
    assert len(names) >= 8
    assert len(quiet) >= 4
    assert len(names) - len(quiet) >= 4


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_page_with_every_part(rule):
    parts = page(RULES[rule])
    assert list(parts) == ["Title", *PARTS]
    assert all(parts.values())


def test_two_rules_with_one_id_are_refused():
    with pytest.raises(ConfigError, match="two rules"):
        registry([*RULES.values(), RULES["GOV001"]])


def test_everything_that_can_be_unread_has_words():
    codes = set()
    for path in (Path(governance.gate.__file__).parent / "reads").glob("*.py"):
        said = re.findall(r'(?:Unread\([^"]*?|_say\(call, )"(\w+)"', path.read_text(encoding="utf-8"))
        codes.update(said)
    assert len(codes) > 12
    assert all(Words("en").has(f"gate.unread_{code}") for code in codes)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_in_the_documentation(rule):
    text = (Path(__file__).parents[3] / "docs" / "check.md").read_text(encoding="utf-8")
    assert f"| {rule} |" in text
