from __future__ import annotations

from pathlib import Path

import pytest

from policies.catalog import parse_catalog, read_catalog
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef, LabelStatus

GOOD = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      客户:
        id: d1
        subject_key: id
        special_rows: {user.health_and_medical: "clinic == True"}
        fields:
          id: {id: f1, category: none, status: confirmed}
          邮箱: {id: f2, category: user.contact.email, status: proposed}
"""


def test_fields_are_found_by_reference() -> None:
    catalog = parse_catalog(GOOD)
    entry = catalog.field(FieldRef("crm", "客户", "邮箱"))
    assert entry is not None
    assert entry.status is LabelStatus.PROPOSED
    assert catalog.field(FieldRef("crm", "客户", "电话")) is None
    assert catalog.dataset(DatasetRef("erp", "客户")) is None


def test_one_key_field_may_stand_without_a_list() -> None:
    dataset = parse_catalog(GOOD).dataset(DatasetRef("crm", "客户"))
    assert dataset is not None
    assert dataset.subject_key == ("id",)


def test_a_missing_catalog_knows_nothing(tmp_path: Path) -> None:
    assert list(read_catalog(tmp_path / "none.yaml").walk()) == []


def test_the_digest_follows_decisions_and_not_comments() -> None:
    assert parse_catalog(GOOD).digest == parse_catalog("# a comment\n" + GOOD).digest
    assert parse_catalog(GOOD).digest != parse_catalog(GOOD.replace("proposed", "confirmed")).digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: f2", "id: f1", "field id given twice"),
        ("id: f2", "id: email", "`stores.crm.datasets.客户.fields.邮箱.id`"),
        ("subject_key: id", "subject_key: number", "`number`"),
        ("status: proposed", "status: certain", "status"),
        ("status: proposed", "status: proposed, sensitivity: secret", "sensitivity"),
        ("version: 1", "version: 2", "version"),
        ("persons: 客户", "persons: [客户, people]", "`persons`"),
        ("        subject_key: id\n", "", "`persons`"),
    ],
)
def test_a_wrong_catalog_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        parse_catalog(GOOD.replace("id: s1", "id: s1\n    persons: 客户").replace(old, new))
    assert said in str(caught.value)


def test_the_persons_whom_consent_names_are_one_dataset_or_several_of_the_store() -> None:
    plain = parse_catalog(GOOD)
    assert (plain.stores["crm"].persons, plain.stores["crm"].person_key) == ((), ("客户", "id"))
    assert "persons" not in plain.model_dump_json()  # the digest of a catalog that says nothing stays as it was
    other = "      staff: {id: d2, subject_key: no, fields: {no: {id: f1, category: none, status: confirmed}}}\n"
    named = parse_catalog(GOOD.replace("id: s1", "id: s1\n    persons: staff") + other)
    assert (named.stores["crm"].persons, named.stores["crm"].person_key) == (("staff",), ("staff", "no"))
    assert named.digest != parse_catalog(GOOD + other).digest


MAPPED = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        subject_key: id
        {more}
        fields:
          id: {{id: f1, category: none, status: confirmed}}
          email: {{id: f2, category: user.contact.email, status: confirmed}}
"""


def test_the_digest_of_a_catalog_without_a_subject_map_is_that_of_earlier_releases() -> None:
    path = Path(__file__).parents[1] / "governance" / "gate" / "contexts" / "crm" / "catalog.yaml"
    assert read_catalog(path).digest == "0100e873e908f527"
    plain = parse_catalog(MAPPED.format(more="special: []"))
    said = parse_catalog(MAPPED.format(more="identifiers: {}"))
    assert plain.digest != said.digest
    assert "joins" not in plain.model_dump_json()


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("identifiers: {phone: phone}", "the dataset does not have"),
        ("identifiers: {email: E-Mail}", "expected"),
        ("third_persons: [spouse]", "the dataset does not have"),
        ("third_persons: id", "about somebody else"),
        ("joins: [{fields: email, to: crm.nosuch, referred: id}]", "the catalog does not have"),
        ("joins: [{fields: [id, email], to: crm.people, referred: id}]", "unequal length"),
        ("joins: [{fields: id, to: crm.people, referred: nosuch}]", "its dataset does not have"),
        ("joins: [{fields: id, to: crm.people, referred: id, direction: sideways}]", "direction"),
    ],
)
def test_a_subject_map_that_does_not_fit_is_refused(more: str, found: str) -> None:
    with pytest.raises(CatalogError, match=found):
        parse_catalog(MAPPED.format(more=more))
