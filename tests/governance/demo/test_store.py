from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from stdnum import luhn
from stdnum.cn import ric

from governance.demo import identifiers, phones, rows_customers, schema
from governance.demo.store import DEFAULT_AS_OF, build_store
from policies.errors import BadInputError, StoreError

_COUNT = {
    "customers.birth_date impossible": "SELECT count(*) FROM customers "
    "WHERE birth_date > '2026-11-01' OR birth_date = '1900-01-01'",
    "customers.updated_at before created_at": "SELECT count(*) FROM customers WHERE updated_at < created_at",
    "households.spouse_birthday impossible": "SELECT count(*) FROM households WHERE spouse_birthday LIKE '%-02-30' "
    "OR spouse_birthday LIKE '%-13-01' OR spouse_birthday = '0000-00-00'",
    "orders.amount negative": "SELECT count(*) FROM orders WHERE amount < 0",
    "orders.ordered_at in the future": "SELECT count(*) FROM orders WHERE ordered_at > '2026-11-02'",
}


def _all_rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(table.c.id))]
            for name, table in schema.metadata.tables.items()
        }
    engine.dispose()
    return rows


def test_row_counts_are_those_reported(demo, built):
    for name, count in built.rows.items():
        assert demo.scalar(sa.select(sa.func.count()).select_from(schema.metadata.tables[name])) == count
    assert built.rows["customers"] == built.rows["tickets"] == 20_000


def test_same_seed_gives_the_same_store_and_another_seed_another(tmp_path):
    first, second, third = (
        build_store(f"sqlite:///{tmp_path}/{name}.db", customers=300, seed=seed)
        for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    assert first == second
    assert first.digest != third.digest
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


def test_foreign_keys_hold(demo):
    assert demo.execute(sa.text("PRAGMA foreign_key_check")).all() == []
    assert demo.scalar(sa.text("SELECT count(*) FROM orders")) > 0
    references = [key for table in schema.metadata.tables.values() for key in table.foreign_keys]
    assert len(references) == 8


def test_exactly_one_note_hides_a_resident_id(demo, built):
    texts = demo.execute(sa.text("SELECT id, subject || ' ' || body FROM tickets")).all()
    hits = [
        number
        for number, text in texts
        for found in re.findall(r"(?<!\d)\d{17}[\dXx](?!\d)", text)
        if ric.is_valid(found)
    ]
    assert hits == [built.needle[2]]
    assert built.hidden["tickets", "body"]["CN_RESIDENT_ID"] == 1


@pytest.mark.parametrize("kind", sorted(_COUNT))
def test_planted_faults_can_be_counted_in_the_store(demo, built, kind):
    assert demo.scalar(sa.text(_COUNT[kind])) == built.faults[kind] > 0


def test_unknown_tiers_and_placeholders_are_those_reported(demo, built):
    customers = schema.customers
    tally = built.faults
    count = sa.select(sa.func.count()).select_from(customers)
    assert (
        demo.scalar(count.where(customers.c.tier.not_in(rows_customers.TIERS))) == tally["customers.tier unknown word"]
    )
    assert demo.scalar(count.where(customers.c.phone.in_(phones.PLACEHOLDERS))) == tally["customers.phone placeholder"]
    placeholders = rows_customers.EMAIL_PLACEHOLDERS
    assert demo.scalar(count.where(customers.c.email.in_(placeholders))) == tally["customers.email placeholder"]


def test_national_ids_are_valid_but_for_the_planted_ones(demo, built):
    wrong = 0
    for country, number in demo.execute(
        sa.text("SELECT country, national_id FROM customers WHERE national_id IS NOT NULL")
    ):
        wrong += not _id_is_valid(country, number)
    assert wrong == built.faults["customers.national_id wrong check digit"] > 0


def _id_is_valid(country: str, number: str) -> bool:
    if country == "CN":
        return bool(ric.is_valid(number))
    if country == "TW":
        return identifiers.tw_check_digit(number[:-1]) == number[-1]
    if country == "HK":
        body, digit = number.rstrip(")").split("(")
        return identifiers.hk_check_digit(body) == digit
    return True


def test_cards_are_valid_but_for_the_planted_ones(demo, built):
    cards = demo.scalars(sa.text("SELECT payment_card FROM orders WHERE payment_card IS NOT NULL")).all()
    wrong = [card for card in cards if not luhn.is_valid(re.sub(r"[ -]", "", card))]
    assert len(wrong) == built.faults["orders.payment_card wrong check digit"] > 0


def test_duplicates_repeat_the_papers_or_birth_of_an_earlier_customer(demo, built):
    rows = demo.execute(sa.text("SELECT id, birth_date, national_id, address FROM customers ORDER BY id")).all()
    repeats = rows[len(rows) - built.faults["customers duplicate person"] :]
    earlier = {value for row in rows[: -len(repeats)] for value in row[1:] if value}
    strangers = [row.id for row in repeats if not earlier & set(row[1:])]
    assert len(strangers) < len(repeats) * 0.02  # a planted fault can hide the last thing in common
    assert rows[-1].id == 20_000


def test_hidden_counts_are_those_of_the_cells(demo, built):
    hidden = built.hidden
    assert (
        demo.scalar(sa.text("SELECT count(utm_url) FROM marketing_contacts"))
        == hidden["marketing_contacts", "utm_url"]["URL"]
    )
    assert demo.scalar(sa.text("SELECT count(national_id) FROM customers")) == sum(
        hidden["customers", "national_id"].values()
    )
    assert (
        demo.scalar(sa.text("SELECT count(*) FROM customers WHERE profile LIKE '%\"allergies\"%'"))
        == hidden["customers", "profile"]["HEALTH"]
    )
    assert (
        demo.scalar(sa.text("SELECT count(*) FROM orders WHERE extra LIKE '%@%'"))
        == hidden["orders", "extra"]["EMAIL_ADDRESS"]
    )
    emails = demo.scalar(sa.text("SELECT count(*) FROM tickets WHERE body LIKE '%@%.%'"))
    assert emails >= hidden["tickets", "body"]["EMAIL_ADDRESS"] > 0
    secrets = demo.scalar(sa.text("SELECT count(*) FROM tickets WHERE body LIKE '%sk!_live!_%' ESCAPE '!'"))
    assert 0 < secrets <= hidden["tickets", "body"]["SECRET"]


def test_optional_fields_are_sometimes_null(demo):
    for column in schema.customers.columns:
        nulls = demo.scalar(sa.select(sa.func.count()).select_from(schema.customers).where(column.is_(None)))
        assert (nulls > 0) == (column.name not in _ALWAYS_FILLED), column.name


_ALWAYS_FILLED = {
    "id",
    "customer_no",
    "name",
    "country",
    "region",
    "city",
    "tier",
    "clinic",
    "status",
    "created_at",
    "created_by",
    "updated_at",
}


def test_patients_of_the_clinic_live_in_every_country(demo):
    rows = demo.execute(sa.text("SELECT country, count(*) FROM customers WHERE clinic GROUP BY country")).all()
    assert len(rows) == 6
    assert (
        demo.scalar(
            sa.text("SELECT count(*) FROM clinic_visits v JOIN customers c ON c.id = v.customer_id WHERE NOT c.clinic")
        )
        == 0
    )


def test_nothing_but_planted_faults_lies_after_the_last_day(demo):
    limit = DEFAULT_AS_OF + dt.timedelta(days=1)
    for name, column in (
        ("customers", "last_seen_at"),
        ("customers", "verified_at"),
        ("tickets", "closed_at"),
        ("devices", "last_seen"),
    ):
        assert demo.scalar(sa.select(sa.func.max(schema.metadata.tables[name].c[column]))) < dt.datetime.combine(
            limit, dt.time()
        )


def test_a_database_that_holds_the_tables_is_refused_and_left_as_it_was(tmp_path):
    url = f"sqlite:///{tmp_path}/crm.db"
    build_store(url, customers=200)
    before = (tmp_path / "crm.db").read_bytes()
    with pytest.raises(StoreError, match="empty database"):
        build_store(url, customers=200)
    assert (tmp_path / "crm.db").read_bytes() == before


def test_too_few_customers_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(BadInputError, match="at least 100"):
        build_store(f"sqlite:///{tmp_path}/crm.db", customers=99)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/crm.db", "nosuchkind://host/db", "not a url"])
def test_a_database_that_cannot_be_reached_is_one_clear_error(url):
    with pytest.raises(StoreError, match="empty database"):
        build_store(url, customers=100)


@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_servers_hold_the_same_rows_as_sqlite(server, request, tmp_path):
    url = request.getfixturevalue(server)
    local = f"sqlite:///{tmp_path}/crm.db"
    assert build_store(url, customers=400) == build_store(local, customers=400)
    assert _all_rows(url) == _all_rows(local)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text(f"SELECT count(*) FROM {schema.VIEW}")) == 400
    engine.dispose()
