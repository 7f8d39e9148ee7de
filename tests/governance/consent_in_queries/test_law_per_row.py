"""A row needs consent by its own law and in that law's form; a row of no known law by the strictest."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from policies.errors import AccessRefusedError


def agree(shop, form, numbers=range(1, 9)):
    for number in numbers:
        shop.gov.consent.given(shop.person(number), "marketing.email", "email", form=form)


def test_only_rows_whose_law_rests_on_something_else_pass_without_consent(shop):
    assert shop.ids("marketing.email") == [3, 8]


def test_a_weak_form_is_enough_where_the_law_of_the_row_asks_for_no_more(shop):
    agree(shop, "given")
    assert shop.ids("marketing.email") == [1, 3, 6, 8]


def test_the_strictest_form_opens_every_row(shop):
    agree(shop, "separate")
    assert shop.ids("marketing.email") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shop.ids("marketing.email", "SELECT count(*) FROM people") == [8]


def test_a_dataset_without_jurisdiction_asks_the_strictest_form_of_all(shop):
    agree(shop, "given")
    assert shop.ids("marketing.email", "SELECT person_id FROM orders ORDER BY 1") == []
    agree(shop, "separate", [1, 3])
    assert shop.ids("marketing.email", "SELECT person_id FROM orders ORDER BY 1") == [1, 3]


def test_plain_records_are_judged_by_the_same_law(shop):
    agree(shop, "given")
    records = [{"id": number, "country": land} for number, land in ((1, "DE"), (2, "CN"), (3, "US"), (4, None))]
    kept = shop.gov.filter(records, dataset="crm.people", principal="ann", purpose="marketing.email")
    assert [each["id"] for each in kept] == [1, 3]


def test_the_law_of_a_row_cannot_be_changed_by_a_use_that_it_decides_on(shop):
    agree(shop, "separate")
    with pytest.raises(AccessRefusedError, match="decides who sees what"):
        shop.run("marketing.email", "UPDATE people SET country = 'US' WHERE id = 1")


def test_a_consent_that_ended_admits_nobody_at_the_next_statement(shop):
    agree(shop, "separate", [1, 2])
    assert shop.ids("marketing.email") == [1, 2, 3, 8]
    with shop.raw.begin() as connection:
        for number, ends in ((1, "2020-01-01T00:00:00.000000Z"), (2, "2999-01-01T00:00:00.000000Z")):
            update = sa.text("UPDATE gov_consent SET ends = :ends WHERE subject_key = :number")
            connection.execute(update, {"ends": ends, "number": number})
            if shop.raw.dialect.name == "sqlite":
                packed = sa.text("UPDATE gov_consent_packed SET until = :ends WHERE subject_key = :number")
                connection.execute(packed, {"ends": ends, "number": number})
    assert shop.ids("marketing.email") == [2, 3, 8]
    records = [{"id": number, "country": "CN"} for number in (1, 2)]
    kept = shop.gov.filter(records, dataset="crm.people", principal="ann", purpose="marketing.email")
    assert [each["id"] for each in kept] == [2]


def test_a_jurisdiction_that_is_no_text_is_refused(shop):
    catalog = shop.folder / "policies" / "catalog.yaml"
    catalog.write_text(catalog.read_text().replace("{field: country, map: {", "{field: id, map: {'1': ccpa, "))
    with pytest.raises(AccessRefusedError, match="jurisdiction"):
        shop.ids("marketing.email")
