"""A plan counts what is due and changes nothing; one that was changed is refused."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from governance.jobs.plan_file import plan_text
from governance.protect.keyed_hash import HmacKeyedHash
from governance.retention.plan import plan, read_plan
from policies.errors import ConfigError, PredicateError, StoreError, TamperedError

ALL = set(range(40))


def test_a_plan_counts_by_month_and_changes_nothing(office, rule, store, shop):
    found = plan(office, rule, store)
    assert found.due == len(shop.due)
    assert found.by_month == _months(shop)
    assert found.cutoff == dt.date(2023, 11, 22)
    assert shop.left(store) == ALL


def _months(shop):
    months = {}
    for number in sorted(shop.due, reverse=True):
        month = f"{shop.now - dt.timedelta(days=60 * number):%Y-%m}"
        months[month] = months.get(month, 0) + 1
    return months


def test_what_is_referred_to_is_reported_and_not_due(office, rule, store):
    expired = {number for number in range(19, 39) if number % 5}
    assert plan(office, rule, store).blocked == {"items(order_id)": len({n for n in expired if n % 7 == 0})}


def test_records_without_a_start_are_counted_and_never_due(office, rule, store):
    assert plan(office, rule, store).undated == 1


def test_the_plan_is_in_the_ledger_with_its_numbers(office, rule, store, shop):
    found = plan(office, rule, store)
    (event,) = office.ledger.events("job.planned")
    assert (event.refs["plan"], event.counts["rows"], event.rules) == (found.id, len(shop.due), ("retention:orders",))


def test_a_plan_file_reads_back_the_same(office, rule, store):
    found = plan(office, rule, store)
    assert read_plan(found.to_text(), office.keyed_hash) == found
    assert json.loads(found.to_text())["schema"] == "governance.plan/1"


@pytest.mark.parametrize(
    "change", ["cutoff", "rows", "by_month", "place", "rule", "id", "seal", "kind", "extra", "zone"]
)
def test_a_changed_plan_is_refused(office, rule, store, change):
    document = json.loads(plan(office, rule, store).to_text())
    home = document["facts"] if change in document["facts"] else document["lines"][0] if change == "rows" else document
    home[change] = {"2020-01": 1} if change == "by_month" else 9 if change == "rows" else "2099-01-01"
    with pytest.raises(TamperedError):
        read_plan(plan_text(document), office.keyed_hash)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"seal": 3}', '{"seal": "x", "a": NaN}', "[" * 100_000])
def test_a_text_that_is_no_plan_is_refused(office, text):
    with pytest.raises(TamperedError):
        read_plan(text, office.keyed_hash)


def test_a_plan_sealed_with_another_key_is_refused(office, rule, store):
    with pytest.raises(TamperedError):
        read_plan(plan(office, rule, store).to_text(), HmacKeyedHash(b"o" * 32))


def test_the_day_begins_in_the_configured_zone(shop, store_url):
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER PRIMARY KEY, placed TIMESTAMP)"))
        for number, time in enumerate(("2023-11-21 15:59:59", "2023-11-21 16:00:00")):
            connection.execute(
                sa.text("INSERT INTO orders VALUES (:n, :t)"), {"n": number, "t": dt.datetime.fromisoformat(time)}
            )
    rules = shop.rules.replace('    where: status == "closed"\n', "    start_zone: UTC\n")
    rule = shop.rule(rules)
    assert plan(shop.office(zone="UTC"), rule, engine).due == 2
    assert plan(shop.office(zone="Asia/Shanghai"), rule, engine).due == 1
    engine.dispose()


def test_times_with_a_zone_are_compared_as_instants(shop, postgres_url):
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER PRIMARY KEY, placed TIMESTAMPTZ)"))
        connection.execute(
            sa.text("INSERT INTO orders VALUES (1, '2023-11-21 15:59:59+00'), (2, '2023-11-21 16:00:00+00')")
        )
    rule = shop.rule(shop.rules.replace('    where: status == "closed"\n', ""))
    found = plan(shop.office(zone="Asia/Shanghai"), rule, engine)
    assert (found.due, found.by_month) == (1, {"2023-11": 1})
    engine.dispose()


def test_texts_that_are_no_dates_are_never_due(shop, tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER PRIMARY KEY, placed TEXT)"))
        connection.execute(
            sa.text("INSERT INTO orders VALUES (1, 'long ago'), (2, '2001-01-01'), (3, '2001-01-01T10:00:00')")
        )
    rule = shop.rule(shop.rules.replace('    where: status == "closed"\n', ""))
    found = plan(shop.office(), rule, engine)
    assert (found.due, found.undated) == (2, 1)
    engine.dispose()


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("crm.orders", "crm.nosuch", StoreError),
        ("start: placed", "start: nosuch", ConfigError),
        ("start: placed", "start: id", ConfigError),
        ('status == "closed"', "nosuch is None", PredicateError),
        ('status == "closed"', 'placed < "soon"', PredicateError),
    ],
)
def test_a_rule_that_does_not_fit_the_store_is_refused(office, shop, store, old, new, error):
    with pytest.raises(error):
        plan(office, shop.rule(shop.rules.replace(old, new)), store)


def test_a_table_without_a_key_is_refused(office, shop, store):
    with store.begin() as connection:
        connection.execute(sa.text("CREATE TABLE bare (placed TIMESTAMP)"))
    with pytest.raises(StoreError, match="primary key"):
        plan(office, shop.rule(shop.rules.replace("crm.orders", "crm.bare")), store)


def test_a_missing_subject_key_is_refused_since_holds_would_be_blind(office, rule, store):
    with pytest.raises(StoreError, match="subject key"):
        plan(office, rule, store, subject_key=("nosuch",))


def test_a_store_that_is_down_is_a_store_error(office, rule):
    engine = sa.create_engine("postgresql+psycopg://root@127.0.0.1:1/x")
    with pytest.raises(StoreError, match="doctor"):
        plan(office, rule, engine)
