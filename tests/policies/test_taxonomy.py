from __future__ import annotations

import datetime as dt

import pytest

from policies.errors import CatalogError, PackError
from policies.nouns import Sensitivity
from policies.pack_loader import load_pack
from policies.taxonomy import HARMLESS, Taxonomy, load_taxonomy

TODAY = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(TODAY)


def test_every_category_but_the_roots_has_its_parent(taxonomy: Taxonomy) -> None:
    for key in taxonomy.categories:
        parent = key.rpartition(".")[0]
        assert not parent or parent in taxonomy.categories


def test_a_leaf_inherits_sensitivity_and_special_kinds(taxonomy: Taxonomy) -> None:
    leaf = taxonomy.category("user.health_and_medical.record_id")
    assert leaf.sensitivity is Sensitivity.SPECIAL
    assert leaf.special["pipl"] == "28"


def test_a_bank_account_is_special_in_china_only(taxonomy: Taxonomy) -> None:
    account = taxonomy.category("user.financial.bank_account")
    assert account.is_special({"pipl"})
    assert not account.is_special({"gdpr"})


def test_health_is_special_whatever_laws_are_named(taxonomy: Taxonomy) -> None:
    assert taxonomy.category("user.health_and_medical").is_special(())


def test_harmless_is_public(taxonomy: Taxonomy) -> None:
    assert taxonomy.category(HARMLESS).sensitivity is Sensitivity.PUBLIC


def test_every_entity_stands_for_a_category(taxonomy: Taxonomy) -> None:
    assert all(taxonomy.of_entity(entity) for entity in taxonomy.entities)
    assert taxonomy.of_entity("SOMETHING_OF_A_USER").key == "user"


def test_an_unknown_category_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(CatalogError, match="taxonomy does not have"):
        taxonomy.category("user.contact.emial")


def test_under_means_whole_steps_of_the_key() -> None:
    assert Taxonomy.is_under("user.contact.email", "user.contact")
    assert not Taxonomy.is_under("user.contacts", "user.contact")
    assert not Taxonomy.is_under("user.contact", "user.contact.email")


def test_no_pack_is_in_force_before_its_first_day() -> None:
    with pytest.raises(PackError, match="none in force"):
        load_pack("taxonomy", dt.date(2020, 1, 1))


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(PackError, match="0 edition"):
        load_pack("atlantis", TODAY)
