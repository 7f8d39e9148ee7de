from __future__ import annotations

from pathlib import Path

import pytest

from policies.errors import ConfigError
from policies.purposes import PurposesFile, read_purposes

GOOD = """
version: 1
purposes:
  support: {basis: {gdpr: contract}}
  care:
    basis: {gdpr: contract}
    special: {user.health_and_medical: {gdpr: "9(2)(h)"}}
  marketing:
    basis: {gdpr: legitimate_interests, pipl: consent}
    consent: {pipl: separate, tw-pdpa: written}
  marketing.email: {parent: marketing, channels: [email]}
"""


@pytest.fixture
def purposes(tmp_path: Path) -> PurposesFile:
    path = tmp_path / "purposes.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return read_purposes(path)


def test_a_child_inherits_from_its_parents(purposes: PurposesFile) -> None:
    assert purposes.ancestry("marketing.email") == ("marketing.email", "marketing")
    assert purposes.needs_consent("marketing.email")
    assert purposes.consent_form("marketing.email") == "written"
    assert purposes.channels("marketing.email") == ("email",)


def test_a_parent_inherits_nothing(purposes: PurposesFile) -> None:
    assert purposes.channels("marketing") == ()


def test_the_strictest_law_asks_for_consent(purposes: PurposesFile) -> None:
    assert purposes.needs_consent("marketing")
    assert not purposes.needs_consent("support")


def test_special_kinds_are_admitted_where_they_are_listed(purposes: PurposesFile) -> None:
    assert purposes.admits_special("care", "user.health_and_medical.record_id")
    assert not purposes.admits_special("care", "user.biometric")
    assert not purposes.admits_special("support", "user.health_and_medical")


def test_an_unknown_purpose_has_no_ancestry(purposes: PurposesFile) -> None:
    assert purposes.ancestry("fraud") == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("parent: marketing", "parent: sales", "parent `sales`"),
        ("basis: {gdpr: contract}}", "basis: {gdpr: contract}, parent: support}", "its own ancestor"),
        ("gdpr: legitimate_interests", "gdpr: because", "no lawful basis"),
        ("tw-pdpa: written", "tw-pdpa: spoken", "no form of consent"),
    ],
)
def test_a_wrong_purpose_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "purposes.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_purposes(path)
    assert said in str(caught.value)
