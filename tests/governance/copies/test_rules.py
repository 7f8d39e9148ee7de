"""Rules that cannot be kept are refused with place, found, expected and next step, and nothing is changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from policies.errors import BadInputError, ConfigError, PredicateError

WRONG = {
    "unknown_field": (("label: clear", "label: clear, more: clear"), "does not"),
    "no_treatment": ((", label: clear", ""), "no treatment for: label"),
    "bad_treatment": (("label: clear", "label: shown"), "treatment"),
    "bad_mask": (("phone: mask:phone", "phone: mask:nothing"), "mask that does not exist"),
    "mask_of_other_type": (("born: mask:year", "born: mask:email"), "field of type date"),
    "shift_of_text": (("phone: mask:phone", "phone: shift:3"), "field of type string"),
    "clear_without_reason": (("phone: mask:phone", "phone: clear"), "category `user.contact.phone_number`"),
    "unknown_domain": (("name: pseudonym:person", "name: pseudonym:nobody"), "domain"),
    "unknown_kind": (("{kind: person, locale: en}", "{kind: hero}"), "kind that does not exist"),
    "unknown_locale": (("locale: en", "locale: tlh"), "locale"),
    "text_for_numbers": (("{kind: long_integer}", "{kind: uuid}"), "kind `uuid` on type integer"),
    "too_few_for_unique": (("{kind: email}", "{kind: person, locale: en}"), "may share a pseudonym"),
    "key_dropped": (("fields: {code: clear", "fields: {code: drop"), "key field"),
    "sides_differ": (("product: clear", "product: mask:last4"), "that it refers to has `clear`"),
    "parent_not_copied": (("  products:\n    fields: {code: clear, label: clear}\n", ""), "which is not copied"),
    "no_table": (("  products:", "  produkte:"), "no table of that name"),
    "bad_predicate": (("  products:\n", "  products:\n    rows: code ==\n"), "predicate|rows"),
    "predicate_of_no_field": (("  products:\n", "  products:\n    rows: colour == 'red'\n"), "colour"),
    "follows_nothing": (("  products:\n", "  products:\n    follow: label\n"), "no foreign key"),
    "unknown_subject": (("  orders:\n", "  orders:\n    subject: who\n"), "does not have"),
    "unknown_key": (("version: 1", "version: 1\nextra: 2"), "extra"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_refused(office, shop, fresh, name):
    (old, new), told = WRONG[name]
    assert old in shop.rules
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder)
    shop.fill(places.source_engine)
    with pytest.raises((BadInputError, ConfigError, PredicateError), match=told):
        shop.plan(office, places, shop.parse(shop.rules.replace(old, new)))
    assert sa.inspect(places.target_engine).get_table_names() == []
    assert not list(office.ledger.events("job.planned"))


def test_fields_that_the_catalog_does_not_know_are_refused_with_their_names(office, shop, fresh):
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder)
    shop.fill(places.source_engine)
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE products ADD COLUMN owner_mail TEXT")
        connection.exec_driver_sql("ALTER TABLE products ADD COLUMN owner_phone TEXT")
    with pytest.raises(ConfigError, match="owner_mail, owner_phone"):
        shop.plan(office, places, shop.parse(shop.rules))
    rules = shop.rules.replace("label: clear", "label: clear, owner_mail: drop, owner_phone: drop")
    shop.copied(office, places, rules)
    assert set(shop.table(places.target_engine, "products")[0]) == {"code", "label"}


def test_a_proposed_label_opens_nothing(office, shop, fresh):
    catalog = shop.catalog.replace(
        "label: {id: f2, category: none, status: confirmed}", "label: {id: f2, category: none, status: proposed}"
    )
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder, catalog=catalog)
    shop.fill(places.source_engine)
    with pytest.raises(ConfigError, match="label"):
        shop.plan(office, places, shop.parse(shop.rules))


def test_a_source_is_not_its_own_target(office, shop, fresh):
    url = fresh("sqlite")
    places = shop.places(url, url, shop.folder)
    shop.fill(places.source_engine)
    with pytest.raises(ConfigError, match="itself"):
        shop.plan(office, places, shop.parse(shop.rules))


def test_yaml_null_means_the_treatment(shop):
    assert (
        shop.parse(shop.rules.replace("phone: mask:phone", "phone: null")).datasets["customers"].fields["phone"].kind
        == "null"
    )


def test_a_value_that_the_driver_would_tell_is_not_told(office, shop, fresh):
    places = shop.places(fresh("sqlite"), fresh("postgresql"), shop.folder)
    shop.fill(places.source_engine)
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET born = 'born-marker-77' WHERE id = 9")
    with pytest.raises(Exception, match=r"shop\.customers") as caught:
        shop.copied(office, places)
    assert "born-marker" not in str(caught.value)
    assert caught.value.__cause__ is None
    with places.source_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET born = '1990-01-01' WHERE id = 9")
        connection.exec_driver_sql("UPDATE orders SET total = 'total-marker-88' WHERE id = 9")
    with pytest.raises(Exception, match=r"shop\.orders") as caught:
        shop.copied(office, places)
    assert "total-marker" not in str(caught.value)
