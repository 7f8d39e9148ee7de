"""Every rule's cases: `test_fail_*` must find what they state, `test_pass_*` must stay quiet."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import governance.gate
from governance.gate.check import check
from governance.gate.known import read_known
from governance.gate.policy_state import PolicyState
from governance.gate.project import CheckProject, open_project
from governance.gate.rules.all import RULES
from governance.gate.rules.base import PARTS, page, registry
from policies.catalog import parse_catalog
from policies.config import GovernanceConfig, read_config
from policies.errors import ConfigError
from policies.vocabulary import Words

CASES = {
    (path.stem.upper(), name): case
    for path in sorted(Path(__file__).with_name("cases").glob("*.yaml"))
    for name, case in YAML(typ="safe").load(path).items()
}
DAY = dt.date(2026, 11, 22)
COMPARED = {"before", "before_config", "edit", "before_edit"}
"""What a case has that is compared with a base."""


CONTEXTS = Path(__file__).with_name("contexts")


def project(case, folder):
    """The project of a case: its context, what it changes of it, its migration, and the policies before."""
    files = {case.get("file", "migrations/V1.sql" if "text" in case else "migrations/none.txt"): case.get("text", "")}
    context = {path.name: path.read_text(encoding="utf-8") for path in (CONTEXTS / case.get("on", "none")).glob("*")}
    if "catalog" in case:
        context["catalog.yaml"] = case["catalog"]
    after = context | case.get("policies", {}) | edited(context, case.get("edit", {}))
    files |= {f"policies/{name}": text for name, text in after.items() if text is not None}
    for name, text in (files | case.get("files", {})).items():
        path = folder / (name if "/" in name else f"migrations/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    path = folder / "governance.yaml"
    config = write_config(path, case, case.get("config", {}))
    if not {"policies", "config"} & case.keys() and not COMPARED & case.keys():
        known = known_of(case.get("on", "none"), config.laws)
        if "catalog" in case:
            known = replace(known, catalog=parse_catalog(case["catalog"]))
        return CheckProject(folder, config, DAY, known)
    opened = open_project(path, DAY)
    before = before_of(case, context, folder / "before")
    return replace(opened, before=before) if COMPARED & case.keys() else opened


def edited(context, edits):
    """The catalog of a context with some texts in it replaced, each of which must stand there once."""
    text = context.get("catalog.yaml", "")
    for found, put in edits.items():
        assert text.count(found) == 1, found
        text = text.replace(found, put)
    return {"catalog.yaml": text} if edits else {}


@cache
def known_of(context, laws):
    """What a context says; read once, because most cases change nothing of it."""
    config = GovernanceConfig.model_validate({"version": 1, "laws": laws})
    return read_known((CONTEXTS / context).joinpath, config, DAY)


def before_of(case, context, folder):
    folder.mkdir()
    for name, text in (context | (case.get("before") or {}) | edited(context, case.get("before_edit", {}))).items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    config = write_config(folder / "governance.yaml", case, case.get("before_config", case.get("config", {})))
    return PolicyState(folder, "policies", read_known(folder.joinpath, config, DAY), config)


def write_config(path, case, more):
    url = case.get("dialect", "postgresql") + "://host/db"
    store = {"url": url, "migrations": ["migrations/"]} | case.get("store", {})
    document = {"version": 1, "laws": case.get("laws", ["gdpr", "pipl"]), "stores": {"crm": store}, **more}
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_config(path)


def run(case, folder):
    return check([], project(case, folder))


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_case(rule, name, tmp_path):
    case = CASES[rule, name]
    found = [each for each in run(case, tmp_path).findings if each.rule == rule]
    told = {told_of(each) for each in found}
    assert told == set(case.get("expect", []))
    assert len(found) == case.get("findings", len(told))
    assert name.startswith("test_fail_" if found else "test_pass_")


def told_of(finding):
    """What a case calls a finding: store, dataset and field; the line where it is about neither."""
    if not finding.dataset:
        return finding.line
    of_field = finding.field or (finding.rule in ("GOV007", "GOV008"))
    return ".".join((finding.store, finding.dataset, *((finding.field,) if of_field else ())))


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
        said = re.findall(r'(?:Unread\([^")]*?|unread\(|_say\(call, )"(\w+)"', path.read_text(encoding="utf-8"))
        codes.update(said)
    assert len(codes) > 12
    assert all(Words("en").has(f"gate.unread_{code}") for code in codes)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_in_the_documentation(rule):
    text = (Path(__file__).parents[3] / "docs" / "check.md").read_text(encoding="utf-8")
    assert f"| [{rule}](rules/{rule}.md) |" in text
