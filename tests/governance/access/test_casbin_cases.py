"""Cases of Casbin's own models, said in our policy lines, are decided alike by the compiled policy and by Casbin."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest

from governance.access.decision import decide
from governance.access.policy import AccessPolicy
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.catalog import parse_catalog
from policies.nouns import Action, FieldRef
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy
from policies.yaml_files import load_yaml

CASES: dict[str, Any] = load_yaml(Path(__file__).parent / "casbin_cases.yaml", error=ValueError)
SHARED = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[4] / "shared" / "data")) / "authz"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no measuring set at {SHARED}")


def policy_of(lines: list[str], people: list[str], store: str, datasets: list[str]) -> AccessPolicy:
    field = "fields: {x: {id: f1, category: none, status: confirmed, type: string}}"
    entries = ", ".join(f"{name}: {{id: d{n}, {field}}}" for n, name in enumerate(datasets, 1))
    names = Names(
        PurposesFile.model_validate({"purposes": {"support": {"basis": {"gdpr": "contract"}}}}),
        PrincipalsFile.model_validate({"principals": {name: {} for name in people}}),
        parse_catalog(f"version: 1\nstores: {{{store}: {{id: s1, datasets: {{{entries}}}}}}}"),
        load_taxonomy(dt.date(2026, 11, 22)),
    )
    parsed = parse_access("\n".join(lines), "access.csv", names)
    return AccessPolicy(parsed, names.purposes, names.principals, names.catalog, names.taxonomy, ("gdpr",))


def allowed(policy: AccessPolicy, user: str, action: str, field: FieldRef) -> bool:
    """The answer of the compiled policy, which must be Casbin's too."""
    found = policy.allows(user, "support", Action(action), field)
    assert decide(policy, user, "support", Action(action), field).allowed == found
    return found


@pytest.mark.parametrize("name", sorted(CASES["own"]))
def test_a_case_of_our_own_is_decided_as_it_says(name: str) -> None:
    case = CASES["own"][name]
    policy = policy_of(list(case["lines"]), ["nora", "omar"], "shop", ["bills", "boxes"])
    for expected, questions in ((True, case.get("yes", ())), (False, case.get("no", ()))):
        for question in questions:
            user, action, dataset = question.split()
            assert allowed(policy, user, action, FieldRef("shop", dataset, "x")) is expected, question


def measured() -> list[dict[str, Any]]:
    if not SHARED.is_dir():
        return []
    return [json.loads(line) for line in (SHARED / "casbin_decisions.jsonl").read_text().splitlines()]


def translation(case: dict[str, Any]) -> list[str] | None:
    """What the values of a line and of a request are; None for a case that cannot be said."""
    for each in CASES["translated"]:
        if case["model"] in each["models"] and case["policy"] in each["policies"]:
            return list(each["says"])
    return None


def _said(row: list[str], says: list[str]) -> str:
    values = dict(zip(says, row[1:], strict=False))
    target = values.get("object", "*")
    place = {"*": "*", "data_group": "data_group"}.get(target, f"data_group.{target}")
    effect = values.get("effect", "allow")
    shown = "clear" if effect == "allow" else ""
    return f"p, {values.get('subject', '*')}, support, {values['action']}, {place}, {shown}, {effect},"


def translated(case: dict[str, Any], says: list[str]) -> AccessPolicy:
    rows = list(csv.reader((SHARED / "examples" / case["policy"]).read_text().splitlines(), skipinitialspace=True))
    lines = [_said(row, says) for row in rows if row and row[0] == "p"]
    lines += [", ".join(row) for row in rows if row and row[0] == "g"]
    return policy_of(lines, ["alice", "bob"], "data_group", ["data1", "data2"])


@needs_shared
@pytest.mark.parametrize("number", range(len(measured())))
def test_a_case_of_the_measuring_set_is_decided_as_casbin_says_or_listed(number: int) -> None:
    case = measured()[number]
    says = translation(case)
    if says is None:
        assert CASES["not_translated"][case["model"]]
        return
    asked = dict(zip([each for each in says if each != "effect"], case["request"], strict=True))
    datasets = [asked["object"]] if "object" in asked else ["data1", "data2"]
    for dataset in datasets:
        for user in [asked["subject"]] if "subject" in asked else ["alice", "bob"]:
            field = FieldRef("data_group", dataset, "x")
            assert allowed(translated(case, says), user, asked["action"], field) is case["expected"]


@needs_shared
def test_most_of_what_can_be_said_is_and_every_other_kind_has_its_reason() -> None:
    cases = measured()
    said = [each for each in cases if translation(each) is not None]
    assert len(said) >= 40
    assert {each["model"] for each in cases if translation(each) is None} == set(CASES["not_translated"])
