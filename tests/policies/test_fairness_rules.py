"""`fairness.yaml`: what it may say, and how a wrong line is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.catalog import Catalog
from policies.errors import ConfigError
from policies.fairness_rules import Fairness, read_fairness

CATALOG = Catalog.model_validate(
    {
        "stores": {
            "crm": {
                "id": "s1",
                "datasets": {
                    "people": {
                        "id": "d1",
                        "fields": {
                            name: {"id": f"f{number}", "category": category, "status": "confirmed"} | more
                            for number, (name, category, more) in enumerate(
                                [
                                    ("gender", "user.demographic.gender", {}),
                                    ("home", "user.contact.address.country", {}),
                                    ("work", "user.contact.address.country", {}),
                                    ("tier", "none", {}),
                                    ("born", "user.demographic.date_of_birth", {}),
                                    ("profile", "user.demographic.profile", {}),
                                    ("iban", "user.financial.bank_account", {"encrypted": True}),
                                ],
                                1,
                            )
                        },
                    }
                },
            }
        }
    }
)
HEAD = "version: 1\noutcomes:\n  up:\n    dataset: crm.people\n    outcome: tier == 'gold'\n    by:\n"


def read(folder: Path, text: str) -> Fairness:
    path = folder / "fairness.yaml"
    path.write_text(text, encoding="utf-8")
    return read_fairness(path, CATALOG)


def test_no_file_declares_nothing_and_an_empty_one_declares_that_there_is_nothing(tmp_path: Path) -> None:
    assert not read_fairness(tmp_path / "none.yaml", CATALOG).declared
    empty = read(tmp_path, "version: 1\noutcomes: {}\n")
    assert (empty.declared, empty.outcomes, empty.smallest_group) == (True, (), 20)


def test_a_list_of_values_is_a_group_each_and_a_category_finds_its_field(tmp_path: Path) -> None:
    text = HEAD + (
        "      gender: {category: user.demographic.gender, groups: {women: [F, 女], men: M}}\n"
        "      tier: {field: tier, groups: [gold, basic], explained: they pay for it}\n"
        '      language: {field: "profile:$.lang.spoken", groups: [en]}\n'
        "      age: {field: born, bands: [18, 60]}\n"
    )
    (outcome,) = read(tmp_path, text).outcomes
    gender, tier, language, age = outcome.by
    assert (gender.field, dict(gender.groups)) == ("gender", {"women": ("F", "女"), "men": ("M",)})
    assert dict(tier.groups) == {"gold": ("gold",), "basic": ("basic",)}
    assert (tier.explained, age.bands, language.field) == ("they pay for it", (18, 60), "profile:$.lang.spoken")
    assert outcome.fields == ("born", "gender", "profile:$.lang.spoken", "tier")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("gender: {field: gender}", 7),
        ("gender: {groups: [F]}", 7),
        ("gender: {field: gender, category: user.name, groups: [F]}", 7),
        ("gender: {field: sex, groups: [F]}", 7),
        ("gender: {category: user.contact.address.country, groups: [F]}", 7),
        ("gender: {field: gender, groups: {a: [F], b: [F]}}", 7),
        ("gender: {field: gender, groups: {a: []}}", 7),
        ("gender: {field: gender, groups: [F], bands: [18]}", 7),
        ("age: {field: born, bands: [30, 18]}", 7),
        ("age: {field: born, bands: [0]}", 7),
        ("account: {field: iban, groups: [x]}", 7),
        ("language: {field: 'profile:lang', groups: [en]}", 7),
        ("'by a blank': {field: gender, groups: [F]}", 7),
        ("gender: {field: gender, groups: [F], explaned: so}", 7),
    ],
)
def test_a_wrong_dimension_is_refused_with_its_line(tmp_path: Path, line: str, at: int) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, f"{HEAD}      {line}\n")
    message = str(refused.value)
    assert f"fairness.yaml:{at}" in message
    assert "expected" in message
    assert "Next:" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2", "fairness.yaml:1"),
        ("smallest_group: 4", "fairness.yaml:1"),
        (HEAD.replace("crm.people", "crm.persons") + "      tier: {field: tier, groups: [a]}", "fairness.yaml:4"),
        (HEAD.replace("tier == 'gold'", "level == 1") + "      tier: {field: tier, groups: [a]}", "fairness.yaml:5"),
        (HEAD.replace("tier == 'gold'", "tier ==") + "      tier: {field: tier, groups: [a]}", "fairness.yaml:5"),
        (HEAD.replace("tier ==", "principal.x ==") + "      tier: {field: tier, groups: [a]}", "fairness.yaml:5"),
        (
            HEAD.replace("    by:", "    rows: f(1)\n    by:") + "      tier: {field: tier, groups: [a]}",
            "fairness.yaml:6",
        ),
        (HEAD.replace("    by:\n", "    by: {}\n"), "fairness.yaml:6"),
    ],
)
def test_a_wrong_outcome_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "gold" not in str(refused.value)
