from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from governance.flows.scan.catalog_editing import EMPTY, About, Decision, decide
from policies.catalog import parse_catalog
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef, LabelStatus

DAY = dt.date(2026, 11, 22)
EMAIL = Decision(
    FieldRef("crm", "客户", "邮箱"), "user.contact.email", LabelStatus.CONFIRMED, "dpo", DAY, type="string"
)
WRITTEN_BY_HAND = """# our data map
version: 1
stores:
  crm:  # the shop
    id: s1
    datasets:
      客户:
        id: d1
        fields:
          # asked by legal
          邮箱: {id: f7, category: user.contact, sensitivity: restricted, status: rejected, by: ann, encrypted: true}
"""


def test_a_decision_on_an_empty_catalog_gets_first_ids() -> None:
    catalog = parse_catalog(decide(EMPTY, [EMAIL]))
    assert (catalog.stores["crm"].id, catalog.stores["crm"].datasets["客户"].id) == ("s1", "d1")
    field = catalog.field(EMAIL.ref)
    assert field is not None
    assert (field.id, field.by, field.at, field.type) == ("f1", "dpo", DAY, "string")


def test_comments_ids_and_protection_survive_a_new_decision() -> None:
    text = decide(WRITTEN_BY_HAND, [EMAIL])
    assert "# our data map" in text
    assert "# the shop" in text
    assert "# asked by legal" in text
    field = parse_catalog(text).field(EMAIL.ref)
    assert field is not None
    assert (field.id, field.sensitivity, field.encrypted) == ("f7", "restricted", True)
    assert field.status is LabelStatus.CONFIRMED


def test_a_new_field_gets_an_id_above_every_id_in_use() -> None:
    phone = replace(EMAIL, ref=FieldRef("crm", "客户", "电话"), category="user.contact.phone_number")
    field = parse_catalog(decide(WRITTEN_BY_HAND, [phone])).field(phone.ref)
    assert field is not None
    assert field.id == "f8"


def test_one_decision_changes_one_line() -> None:
    before = decide(EMPTY, [EMAIL, replace(EMAIL, ref=FieldRef("crm", "客户", "备注"), category="none")])
    after = decide(before, [replace(EMAIL, category="user.contact")])
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(changed) == 1


def test_the_order_of_decisions_has_no_effect() -> None:
    others = [EMAIL, replace(EMAIL, ref=FieldRef("crm", "a", "b")), replace(EMAIL, ref=FieldRef("crm", "客户", "乙"))]
    assert decide(EMPTY, others) == decide(EMPTY, others[::-1])


def test_the_primary_key_becomes_the_record_key_once_it_is_a_known_field() -> None:
    number = replace(EMAIL, ref=FieldRef("crm", "客户", "id"), category="none")
    keys = {DatasetRef("crm", "客户"): About(("id",))}
    assert parse_catalog(decide(EMPTY, [EMAIL], keys)).stores["crm"].datasets["客户"].record_key == ()
    assert parse_catalog(decide(EMPTY, [EMAIL, number], keys)).stores["crm"].datasets["客户"].record_key == ("id",)


def test_a_text_that_is_no_catalog_is_refused() -> None:
    with pytest.raises(CatalogError):
        decide("version: 1\nstores: {crm: {id: 1}}\n", [EMAIL])


def test_what_a_dataset_reveals_is_added_and_nothing_is_taken_away() -> None:
    ref = DatasetRef("crm", "客户")
    once = decide(EMPTY, [EMAIL], {ref: About(special=("user.health_and_medical",))})
    twice = decide(once, [], {ref: About(special=("user.health_and_medical", "user.childrens"))})
    assert parse_catalog(twice).stores["crm"].datasets["客户"].special == ("user.health_and_medical", "user.childrens")
