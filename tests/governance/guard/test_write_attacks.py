# ruff: noqa: E501 one case a line
"""Writes that try to learn or to harm what is hidden: equal answers and equal visible rows in worlds that differ there."""

from __future__ import annotations

import pytest

from .harm import write_outcome, write_outcomes

BOTH = {
    "plain": "UPDATE customers SET tier = 'x' WHERE id = 1",
    "plain-delete": "DELETE FROM orders WHERE id = 1",
    "plain-insert": "INSERT INTO customers (id, name, region) VALUES (100, 'New', 'EU')",
    "all-rows": "UPDATE customers SET tier = 'x'",
    "delete-all": "DELETE FROM orders",
    "hidden-row": "UPDATE customers SET tier = 'x' WHERE id = 4",
    "hidden-row-delete": "DELETE FROM customers WHERE id = 4",
    "count-oracle": "UPDATE customers SET tier = tier WHERE region = 'US'",
    "count-oracle-delete": "DELETE FROM customers WHERE email LIKE '%@x.io' AND id > 3 AND id < 6",
    "mask-in-where": "UPDATE customers SET tier = 'hit' WHERE email = 'ann@x.io'",
    "mask-prefix": "UPDATE customers SET tier = 'hit' WHERE email LIKE 'a%' AND national_id > 'B'",
    "mask-set": "UPDATE customers SET email = 'new@x.io' WHERE id = 1",
    "mask-to-clear": "UPDATE customers SET name = email",
    "mask-to-clear-case": "UPDATE customers SET name = CASE WHEN email = 'ann@x.io' THEN 'hit' ELSE name END",
    "mask-concat": "UPDATE customers SET name = name || coalesce(notes, '')",
    "null-field": "UPDATE customers SET name = national_id WHERE id = 1",
    "sub-query": "UPDATE customers SET name = (SELECT max(email) FROM customers c)",
    "sub-query-hidden-rows": "UPDATE customers SET name = (SELECT max(c.name) FROM customers c)",
    "sub-query-count": "UPDATE customers SET tier = (SELECT CAST(count(*) AS TEXT) FROM customers c WHERE c.region = 'US')",
    "sub-query-where": "UPDATE customers SET tier = (SELECT max(c.name) FROM customers c WHERE c.email LIKE 'a%')",
    "sub-query-star": "INSERT INTO orders (id, customer_id, amount, address) SELECT * FROM orders",
    "sub-query-alias-hides": "UPDATE customers AS x SET name = (SELECT customers.address FROM orders AS customers WHERE customers.customer_id = x.id)",
    "correlated": "UPDATE customers SET tier = (SELECT CAST(count(*) AS TEXT) FROM orders o WHERE o.customer_id = customers.id)",
    "correlated-alias": "UPDATE customers AS c SET tier = (SELECT CAST(count(*) AS TEXT) FROM orders o WHERE o.customer_id = c.id)",
    "correlated-same": "UPDATE customers AS x SET tier = (SELECT CAST(count(*) AS TEXT) FROM customers WHERE customers.id < x.id)",
    "correlated-masked": "UPDATE customers SET name = (SELECT max(s.name) FROM customers s WHERE customers.name < customers.national_id)",
    "correlated-masked-exists": "UPDATE customers SET name = CASE WHEN EXISTS (SELECT 1 FROM orders o WHERE customers.notes = 'likes tea') THEN 'hit' ELSE name END",
    "correlated-masked-order": "UPDATE customers SET name = (SELECT o.address FROM orders o ORDER BY customers.national_id, o.id LIMIT 1)",
    "correlated-masked-join": "UPDATE customers SET tier = (SELECT CAST(count(*) AS TEXT) FROM orders o JOIN orders p ON p.id = o.id AND customers.email = 'ann@x.io')",
    "correlated-masked-where": "UPDATE customers SET tier = 'x' WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = customers.id AND customers.national_id > 'B')",
    "move-out": "UPDATE customers SET region = 'US' WHERE id = 1",
    "move-out-all": "UPDATE customers SET region = 'US'",
    "move-in": "UPDATE customers SET region = 'EU' WHERE id = 4",
    "move-in-all": "UPDATE customers SET region = 'EU'",
    "move-null": "UPDATE customers SET region = NULL WHERE id = 2",
    "insert-outside": "INSERT INTO customers (id, name, region) VALUES (100, 'New', 'US')",
    "insert-no-region": "INSERT INTO customers (id, name) VALUES (100, 'New')",
    "insert-half-outside": "INSERT INTO customers (id, name, region) VALUES (100, 'New', 'EU'), (101, 'New', 'US')",
    "insert-select": "INSERT INTO customers (id, name, region) SELECT id + 100, name, region FROM customers",
    "insert-select-mask": "INSERT INTO customers (id, name, region) SELECT id + 100, email, region FROM customers",
    "insert-select-mask-where": "INSERT INTO customers (id, name, region) SELECT id + 100, name, region FROM customers WHERE email LIKE 'a%'",
    "insert-select-derived": "INSERT INTO customers (id, name, region) SELECT i, e, 'EU' FROM (SELECT id + 100 AS i, email AS e FROM customers) AS d",
    "insert-select-cte": "INSERT INTO customers (id, name, region) WITH d AS (SELECT id + 100 AS i, notes AS e FROM customers) SELECT i, e, 'EU' FROM d",
    "insert-select-union": "INSERT INTO customers (id, name, region) SELECT id + 100, name, 'EU' FROM customers UNION SELECT id + 200, address, 'EU' FROM orders",
    "insert-select-star": "INSERT INTO customers (id, name, email, phone, national_id, tier, region, notes) SELECT * FROM customers",
    "insert-value-query": "INSERT INTO customers (id, name, region) VALUES (100, (SELECT max(email) FROM customers), 'EU')",
    "insert-value-query-clear": "INSERT INTO customers (id, name, region) VALUES (100, (SELECT max(name) FROM customers), 'EU')",
    "insert-value-region": "INSERT INTO customers (id, name, region) VALUES (100, 'x', (SELECT max(region) FROM customers))",
    "insert-into-hidden-fields": "INSERT INTO customers (id, email, national_id, region) VALUES (100, 'n@x.io', 'N1', 'EU')",
    "insert-returning": "INSERT INTO customers (id, email, national_id, region) VALUES (100, 'n@x.io', 'N1', 'EU') RETURNING *",
    "insert-by-mask": "INSERT INTO orders (id, customer_id, amount) SELECT 100 + c.id, c.id, 1 FROM customers c WHERE c.national_id IS NULL",
    "returning": "UPDATE customers SET tier = 'x' RETURNING id, email, phone, national_id, notes",
    "returning-star": "DELETE FROM orders RETURNING *",
    "returning-expression": "UPDATE customers SET tier = 'x' RETURNING length(email)",
    "returning-sub-query": "UPDATE customers SET tier = 'x' RETURNING (SELECT max(national_id) FROM customers)",
    "returning-hidden": "DELETE FROM customers WHERE id = 4 RETURNING id, name",
    "raise-where": "UPDATE customers SET tier = 'x' WHERE 1 / (id - 4) > -5",
    "raise-where-text": "UPDATE customers SET tier = 'x' WHERE CAST(notes AS INTEGER) > 0",
    "raise-where-region": "DELETE FROM orders WHERE (SELECT 1 / (c.id - 4) FROM customers c WHERE c.id = orders.customer_id) > -5",
    "raise-set": "UPDATE customers SET tier = CAST(1 / (id - 4) AS TEXT)",
    "raise-set-hidden": "UPDATE orders SET amount = 1 / (SELECT count(*) FROM customers c WHERE c.region = 'US')",
    "raise-insert": "INSERT INTO customers (id, name, region) SELECT 100 + 1 / (id - 4), name, region FROM customers WHERE id < 5",
    "exists": "UPDATE orders SET amount = 0 WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = orders.customer_id)",
    "not-exists": "DELETE FROM orders WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = orders.customer_id)",
    "in-hidden": "UPDATE orders SET amount = 0 WHERE customer_id IN (SELECT id FROM customers WHERE region = 'US')",
    "in-masked": "UPDATE customers SET tier = 'x' WHERE email IN ('ann@x.io', 'a***@x.io')",
    "primary-key": "UPDATE customers SET id = 100 WHERE id = 1",
    "primary-key-swap": "UPDATE customers SET id = id + 1",
    "twice": "UPDATE customers SET tier = 'a', tier = 'b'",
    "qualified-set": "UPDATE customers SET customers.tier = 'a'",
    "tuple-set": "UPDATE customers SET (tier, name) = ('a', 'b')",
    "aggregate-set": "UPDATE customers SET tier = max(name)",
    "unknown-field": "UPDATE customers SET nosuch = 1",
    "our-key": "UPDATE customers SET tier = 'x' WHERE gov_key_0 = 4",
    "our-row": "UPDATE customers SET tier = gov_row.email",
    "our-check": "UPDATE customers SET tier = 'x' RETURNING gov_ok",
    "our-table": "UPDATE gov_consent SET state = 'given'",
    "insert-our-table": "INSERT INTO gov_consent (state) VALUES ('given')",
    "view": "UPDATE v_c SET region = 'EU'",
    "view-delete": "DELETE FROM v_c",
    "view-insert": "INSERT INTO v_c (id, contact, region) VALUES (100, 'x', 'EU')",
    "no-fields": "INSERT INTO customers VALUES (100, 'a', 'b', 'c', 'd', 'e', 'EU', 'f')",
    "defaults": "INSERT INTO customers DEFAULT VALUES",
    "orders-moved": "UPDATE orders SET customer_id = 2 WHERE id = 1",
    "orders-by-name": "UPDATE orders SET amount = amount + 1 WHERE (SELECT name FROM customers c WHERE c.id = customer_id) = 'Dee'",
    "orders-masked": "UPDATE orders SET address = address",
    "orders-masked-where": "DELETE FROM orders WHERE address = 'Main St 1'",
    "conflict-nothing": "INSERT INTO customers (id, region) VALUES (4, 'EU') ON CONFLICT DO NOTHING",
    "conflict-update": "INSERT INTO customers (id, region) VALUES (4, 'EU') ON CONFLICT (id) DO UPDATE SET region = 'EU'",
    "update-from": "UPDATE customers SET tier = o.address FROM orders o WHERE o.customer_id = customers.id",
    "delete-using": "DELETE FROM orders USING customers c WHERE c.id = customer_id",
    "with-update": "WITH x AS (SELECT 1 AS a) UPDATE customers SET tier = 'x'",
    "with-delete": "WITH x AS (DELETE FROM customers RETURNING email) SELECT * FROM x",
    "with-insert": "WITH x AS (INSERT INTO customers (id, region) VALUES (100, 'US') RETURNING id) SELECT * FROM x",
    "nested-write": "INSERT INTO orders (id) SELECT id FROM (DELETE FROM customers RETURNING id) AS d",
    "truncate": "TRUNCATE customers",
    "merge": "MERGE INTO customers c USING orders o ON c.id = o.customer_id WHEN MATCHED THEN DELETE",
    "replace": "REPLACE INTO customers (id, region) VALUES (4, 'EU')",
    "insert-or-replace": "INSERT OR REPLACE INTO customers (id, region) VALUES (4, 'EU')",
    "insert-or-ignore": "INSERT OR IGNORE INTO customers (id, region) VALUES (4, 'EU')",
    "update-or-ignore": "UPDATE OR IGNORE customers SET tier = 'x'",
    "copy": "COPY customers FROM STDIN",
    "copy-out": "COPY customers TO STDOUT",
    "two-statements": "DELETE FROM orders; DELETE FROM customers",
    "comment-first": "/* x */ UPDATE customers SET tier = 'x' WHERE id = 4",
    "cursor": "DELETE FROM customers WHERE CURRENT OF c",
    "only": "DELETE FROM ONLY orders",
    "update-limit": "UPDATE customers SET tier = 'x' ORDER BY email LIMIT 1",
    "overriding": "INSERT INTO customers (id, region) OVERRIDING SYSTEM VALUE VALUES (100, 'EU')",
    "indexed-by": "UPDATE customers INDEXED BY ix_email SET tier = 'x'",
    "ddl": "DROP TABLE orders",
    "create-as": "CREATE TABLE copied AS SELECT * FROM customers",
    "alter": "ALTER TABLE customers ADD COLUMN x TEXT",
    "rowid": "UPDATE customers SET tier = 'x' WHERE rowid = 4",
    "ctid": "UPDATE customers SET tier = 'x' WHERE ctid IS NOT NULL",
    "catalog": "UPDATE sqlite_master SET sql = ''",
    "pg-catalog": "DELETE FROM pg_catalog.pg_class",
    "window-set": "UPDATE customers SET tier = CAST(row_number() OVER (ORDER BY email) AS TEXT)",
    "window-select": "INSERT INTO customers (id, name, region) SELECT 100 + row_number() OVER (ORDER BY id), name, region FROM customers",
    "window-masked": "INSERT INTO customers (id, name, region) SELECT 100 + row_number() OVER (ORDER BY email, id), name, region FROM customers",
    "insert-order": "INSERT INTO customers (id, name, region) SELECT 100, max(name), 'EU' FROM customers WHERE region = 'EU' GROUP BY tier LIMIT 1",
    "insert-limit": "INSERT INTO customers (id, name, region) SELECT 100, name, region FROM customers ORDER BY email LIMIT 1",
}

CHAINS = {
    "then-read": ["UPDATE customers SET tier = 'hit' WHERE email = 'ann@x.io'", "SELECT id, tier FROM customers"],
    "insert-then-change": ["INSERT INTO customers (id, name, region) VALUES (100, 'New', 'EU')", "UPDATE customers SET name = 'Newer' WHERE id = 100", "DELETE FROM customers WHERE id = 100"],
    "insert-then-move": ["INSERT INTO customers (id, name, region) VALUES (100, 'New', 'EU')", "UPDATE customers SET region = 'US' WHERE id = 100", "SELECT id FROM customers"],
    "after-refusal": ["UPDATE customers SET region = 'US' WHERE id = 1", "UPDATE customers SET tier = 'x' WHERE id = 1"],
    "after-error": ["UPDATE customers SET tier = CAST(1 / (id - id) AS TEXT)", "UPDATE customers SET tier = 'x' WHERE id = 1"],
    "delete-orders-then-customers": ["DELETE FROM orders WHERE customer_id IN (SELECT id FROM customers)", "DELETE FROM customers"],
    "savepoint": ["SAVEPOINT a", "UPDATE customers SET tier = 'x'", "ROLLBACK TO SAVEPOINT a", "SELECT id, tier FROM customers"],
    "savepoint-of-ours": ["SAVEPOINT gov_write", "UPDATE customers SET tier = 'x'", "ROLLBACK TO SAVEPOINT gov_write", "SELECT id, tier FROM customers"],
}  # fmt: skip


WRITTEN = [
    "plain", "plain-delete", "plain-insert", "all-rows", "correlated", "correlated-alias", "insert-select",
    "insert-value-query-clear", "insert-into-hidden-fields", "insert-returning", "returning", "exists", "orders-moved",
    "insert-select-mask-where", "sub-query-hidden-rows", "raise-where",
]  # fmt: skip
REFUSED = [
    "correlated-masked", "correlated-masked-exists", "correlated-masked-order", "correlated-masked-join",
    "mask-set", "mask-to-clear", "mask-to-clear-case", "mask-concat", "null-field", "sub-query", "sub-query-alias-hides", "correlated-same",
    "sub-query-star", "move-out", "move-out-all", "move-null", "insert-outside", "insert-no-region",
    "insert-half-outside", "insert-select-mask", "insert-select-derived", "insert-select-cte", "insert-select-union",
    "insert-select-star", "insert-value-query", "returning-expression", "returning-sub-query", "primary-key",
    "primary-key-swap", "twice", "qualified-set", "tuple-set", "aggregate-set", "our-key", "our-row", "our-check",
    "our-table", "insert-our-table", "view", "view-delete", "view-insert", "no-fields", "orders-masked",
    "conflict-nothing", "conflict-update", "update-from", "delete-using", "with-update", "with-delete", "with-insert",
    "nested-write", "truncate", "merge", "replace", "insert-or-replace", "insert-or-ignore", "update-or-ignore", "copy",
    "copy-out", "two-statements", "cursor", "only", "update-limit", "overriding", "indexed-by", "ddl", "create-as",
    "alter", "rowid", "ctid", "catalog", "pg-catalog",
]  # fmt: skip


READ_OTHERWISE = {"mask-concat", "move-out-all"}
"""In MariaDB `||` is OR."""
SECRETS = ("A123", "D012", "likes tea", "secret", "bob@x.io", "+4915112345678", "Dee")


@pytest.fixture(scope="module")
def untouched(sqlite_writers, postgres_writers, mysql_writers):
    return {
        kind: write_outcome(each["base"]).seen
        for kind, each in (("sqlite", sqlite_writers), ("postgresql", postgres_writers), ("mysql", mysql_writers))
    }


@pytest.mark.parametrize("name", BOTH)
def test_write_learns_and_harms_nothing(writers, untouched, name):
    own = writers["base"].store._kind == "mysql"
    base, leaks = write_outcomes(writers, BOTH[name])
    assert leaks == []
    assert not [each for each in SECRETS if each in str(base.told) and each not in BOTH[name]]
    if name in REFUSED and not (own and name in READ_OTHERWISE):
        assert base.told[0][0] in ("StatementRefusedError", "AccessRefusedError"), base.told
    if not isinstance(base.told[0][0], int):
        assert base.seen == untouched[writers["base"].store._kind]


@pytest.mark.parametrize("name", CHAINS)
def test_writes_in_a_row_learn_and_harm_nothing(writers, name):
    assert write_outcomes(writers, *CHAINS[name])[1] == []


@pytest.mark.parametrize("name", WRITTEN)
def test_ordinary_form_is_written(writers, untouched, name):
    if name == "returning" and writers["base"].store._kind == "mysql":
        return  # MariaDB's UPDATE returns nothing
    outcome = write_outcome(writers["base"], BOTH[name])
    assert outcome.told[0][0] > 0
    assert outcome.seen != untouched[writers["base"].store._kind]
