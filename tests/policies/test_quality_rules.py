"""`quality.yaml`: what it may say, and how a wrong line is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.errors import ConfigError
from policies.nouns import FieldRef
from policies.quality_rules import DIMENSIONS, RULES, QualityFile, check_names, read_quality

FIELDS = frozenset(FieldRef("crm", "customers", name) for name in ("id", "email", "phone", "region", "seen"))


def _read(folder: Path, text: str) -> QualityFile:
    path = folder / "quality.yaml"
    path.write_text(text, encoding="utf-8")
    rules = read_quality(path)
    check_names(
        rules,
        path,
        fields=FIELDS,
        purposes=frozenset({"support"}),
        categories=frozenset({"user.contact", "user.name"}),
    )
    return rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2", "quality.yaml:1"),
        ("requierd: {}", "quality.yaml:1"),
        ("version: 1\nrequired:\n  crm.customers.emial: [support]", "quality.yaml:3"),
        ("version: 1\nrequired:\n  crm.customers.email: [suport]", "quality.yaml:3"),
        ("people: [crm.clients]", "quality.yaml:1"),
        ("limits:\n  user.contact: two years", "quality.yaml:2"),
        ("limits:\n  user.kontakt: P2Y", "quality.yaml:2"),
        ("values:\n  crm.customers.region: regions", "quality.yaml"),
        ("at_least: {validity: 98}", "quality.yaml:1"),
        ("at_least: {beauty: 0.5}", "quality.yaml:1"),
        ("accepted:\n  - {rule: validity.form, place: crm.customers}", "quality.yaml:2"),
        ("accepted:\n  - {rule: validity.looks, place: crm.customers, why: so}", "quality.yaml:2"),
        ("accepted:\n  - {rule: validity, place: shop, why: so}", "quality.yaml:2"),
        ("verified: {crm.customers: seen_at}", "quality.yaml:1"),
        ("mend_within: soon", "quality.yaml:1"),
        ("owners: {shop: me}", "quality.yaml:1"),
    ],
)
def test_wrong_rules_are_refused_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _read(tmp_path, text)
    message = str(refused.value)
    assert said in message
    assert "expected" in message
    assert "Next:" in message


def test_no_file_and_an_empty_file_say_nothing(tmp_path: Path) -> None:
    assert read_quality(tmp_path / "none.yaml") == QualityFile() == _read(tmp_path, "")


def test_a_single_name_may_stand_without_brackets(tmp_path: Path) -> None:
    rules = _read(tmp_path, "required: {crm.customers.email: support}\nverified: {crm.customers: seen}")
    assert rules.required == {"crm.customers.email": ("support",)}
    assert rules.verified == {"crm.customers": ("seen",)}


def test_the_nearest_owner_mends_a_place() -> None:
    rules = QualityFile(owners={"crm": "IT", "crm.customers": "Service"})
    assert [rules.owner(each) for each in ("crm.customers.email", "crm.orders", "crmx.customers")] == [
        "Service",
        "IT",
        None,
    ]


def test_accepting_a_dimension_or_place_covers_what_lies_in_it() -> None:
    rules = QualityFile.model_validate({"accepted": [{"rule": "validity", "place": "crm.customers", "why": "so"}]})
    assert rules.accepts("validity.form", "crm.customers.email")
    assert not rules.accepts("freshness.stale", "crm.customers")
    assert not rules.accepts("validity.form", "crm.customers2.email")


def test_every_rule_belongs_to_a_dimension() -> None:
    assert {rule.partition(".")[0] for rule in RULES} == set(DIMENSIONS)
