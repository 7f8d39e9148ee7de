"""What was left of a person is found, counted and named by field; no value comes out with it."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from governance.copies.findings import has_residue
from governance.copies.residue import parts_of
from governance.jobs.tables import CERTIFICATES

MARKERS = ("Zebulon Quixworth", "zebulon@planted-marker.de", "+49170998877", "欧阳暗号")


def findings(office):
    with office.records.connect() as connection:
        text = connection.execute(sa.select(CERTIFICATES.c.text)).scalars().all()[-1]
    return json.loads(text)["findings"], text


def plant(engine, note):
    with engine.begin() as connection:
        values = {"name": MARKERS[0], "email": MARKERS[1], "phone": MARKERS[2], "note": note}
        connection.execute(
            sa.text("UPDATE customers SET name = :name, email = :email, phone = :phone, note = :note WHERE id = 7"),
            values,
        )
        connection.execute(sa.text("UPDATE customers SET name = :name WHERE id = 8"), {"name": MARKERS[3]})


@pytest.mark.parametrize(
    "note",
    [
        "spoke to Zebulon Quixworth on Monday",
        "mail went to ZEBULON@planted-marker.de.",
        "calls from +49170998877 only",
        "昨天欧阳暗号来电",
    ],
)
def test_a_protected_value_in_a_text_is_residue(office, shop, fresh, note):
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder)
    shop.fill(places.source_engine)
    plant(places.source_engine, note)
    shop.copied(office, places)
    found, text = findings(office)
    assert found["residue"] == [{"field": "customers.note", "kind": "value", "detail": "", "rows": 1}]
    assert has_residue(found)
    assert not any(marker.casefold() in text.casefold() for marker in MARKERS)


def test_a_scan_finds_what_the_catalog_called_harmless(office, shop, fresh):
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder, scanned=True)
    shop.fill(places.source_engine)
    with places.source_engine.begin() as connection:
        connection.execute(sa.text("UPDATE products SET label = 'someone' || code || '@private-mail.de'"))
    shop.copied(office, places)
    found, text = findings(office)
    assert [(each["field"], each["kind"], each["detail"]) for each in found["residue"]] == [
        ("products.label", "label", "user.contact.email")
    ]
    assert "private-mail" not in text


def test_a_copy_without_residue_says_how_far_it_singles_out(office, shop, fresh):
    places = shop.places(fresh("sqlite"), fresh("sqlite"), shop.folder, scanned=True)
    shop.fill(places.source_engine)
    plant(places.source_engine, "likes item 3")
    _, done = shop.copied(office, places)
    found, text = findings(office)
    assert not has_residue(found)
    assert found["accepted"] == [{"field": "customers.country", "category": "user.contact.address.country"}]
    (customers,) = [each for each in found["anonymity"] if each["dataset"] == "customers"]
    assert customers["quasi"] == ["country", "born"]
    groups = {}
    for row in shop.table(places.target_engine, "customers"):
        groups[row["country"], row["born"]] = groups.get((row["country"], row["born"]), 0) + 1
    assert (customers["k"], customers["rows_alone"]) == (min(groups.values()), sum(n == 1 for n in groups.values()))
    assert done.state == "done"
    everything = text + str(list(shop.table(places.target_engine, "customers")))
    assert not any(marker in everything for marker in MARKERS)


def test_distinct_sensitive_values_are_counted_in_each_group(office, shop, fresh):
    catalog = shop.catalog.replace(
        "note: {id: f8, category: none,", "note: {id: f8, category: user.health_and_medical, sensitivity: special,"
    )
    rules = shop.rules.replace("note: clear", "note: {treatment: clear, why: statistics}").replace(
        "born: mask:year", "born: drop"
    )
    places = shop.places(fresh("postgresql"), fresh("mariadb"), shop.folder, catalog=catalog)
    shop.fill(places.source_engine)
    shop.copied(office, places, rules)
    (customers,) = [each for each in findings(office)[0]["anonymity"] if each["dataset"] == "customers"]
    assert customers == {"dataset": "customers", "quasi": ["country"], "k": 10, "rows_alone": 0, "l": {"note": 4}}


def test_parts_of_a_text_are_its_words_and_its_runs_of_chinese():
    found = set(parts_of("Frau Anna-Lena Berg, (anna@example.org) 张小明先生"))
    assert {"anna-lena berg", "anna@example.org", "张小明", "小明"} <= found
    assert "berg" not in found  # too short to mean anybody
