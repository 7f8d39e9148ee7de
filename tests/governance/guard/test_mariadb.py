# ruff: noqa: ARG002 hand-made parts keep the form of the protocols
"""MariaDB's own ways: what the session pins, what a LIMIT keeps apart, parameters, rows that would leave a scope."""

from __future__ import annotations

import decimal
import enum
import secrets
import threading
import time
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy import text

from governance.guard import mysql_driver
from governance.guard.fences import MOST_ROWS
from policies.errors import AccessRefusedError, ConfigError, GovernanceError, StatementRefusedError, StoreError
from policies.nouns import Action, DatasetRef
from policies.row_conditions import ExistsIn

from .hands import CONTEXT, CUSTOMER_FIELDS, EU, WRITER, catalog_store, write_permits
from .worlds import CUSTOMERS, ORDERS, fill, guard, small
from .writing import made_world, plain, run

CLEAR = dict.fromkeys(CUSTOMER_FIELDS, "clear")


@pytest.fixture
def world(request, tmp_path):
    yield from made_world(request, tmp_path, "mysql")


def raw_row(world, sql):
    checkout = world.store._raw.raw_connection()
    try:
        return mysql_driver.NumberedCursor(checkout.driver_connection).execute(sql).fetchone()
    finally:
        checkout.close()


# --- the session


def test_session_is_pinned_and_stays_so(world):
    connection = world.store.connect(WRITER)
    for setting in (
        "SET sql_mode = ''",
        "SET NAMES latin1",
        "SET SESSION TRANSACTION READ WRITE",
        "SET autocommit = 1",
    ):
        with pytest.raises(StatementRefusedError):
            connection.cursor().execute(setting)
    connection.close()
    mode, read_only, charset = raw_row(world, "SELECT @@sql_mode, @@tx_read_only, @@character_set_connection")
    assert set(mysql_driver.SQL_MODE.split(",")) <= set(mode.split(","))
    assert not {"NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT"} & set(mode.split(","))
    assert (read_only, charset) == (1, "utf8mb4")


def test_connection_that_reads_is_read_only_to_the_server_too(world):
    run(world, "UPDATE customers SET tier = 'x' WHERE id = 1")
    checkout = world.store._raw.raw_connection()
    with pytest.raises(world.store._errors):
        checkout.driver_connection.cursor().execute("UPDATE customers SET tier = 'y'")
    checkout.close()


def test_address_may_say_mariadb(world):
    other = guard(world.url.replace("mysql+pymysql", "mariadb+pymysql"))
    assert other.rows("SELECT id FROM customers ORDER BY id")[1] == [(1,), (2,), (3,), (6,), (8,)]
    other.store.close()


@pytest.mark.parametrize(
    ("is_mariadb", "version"), [(False, (8, 0, 36)), (False, (9, 1)), (True, (10, 5, 20)), (True, ())]
)
def test_other_servers_are_refused(is_mariadb, version):
    with pytest.raises(ConfigError, match=r"10\.6"):
        mysql_driver.check_server("crm", SimpleNamespace(is_mariadb=is_mariadb, server_version_info=version))


# --- the fence


@pytest.mark.parametrize(
    "switch", ["default", "derived_merge=on,condition_pushdown_for_derived=on,split_materialized=on"]
)
def test_conditions_do_not_pass_a_limit(world, switch):
    inner = f"SELECT id, name FROM customers WHERE region = 'EU' ORDER BY id LIMIT {MOST_ROWS}"
    sql = f"SELECT id FROM ({inner}) d WHERE exp(id) > 0 AND name = 'Ann'"
    engine = sa.create_engine(world.url)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET SESSION optimizer_switch = {switch!r}" if "=" in switch else "DO 0")
        plan = connection.exec_driver_sql("EXPLAIN EXTENDED " + sql).all()
        note = connection.exec_driver_sql("SHOW WARNINGS").all()[0][2]
    engine.dispose()
    assert plan[0][2] == "<derived2>"
    inside, _, outside = note.partition(str(MOST_ROWS))
    assert "exp(" not in inside
    assert "'Ann'" not in inside
    assert "order by" in inside
    assert "exp(" in outside


def test_point_query_keeps_its_index(world):
    connection = world.store.connect(CONTEXT)
    plan = connection._GuardedConnection__planned("SELECT name FROM customers WHERE id = %s AND exp(id) > 0", (1,))[0]
    cursor = mysql_driver.NumberedCursor(connection._GuardedConnection__raw())
    found = cursor.execute("EXPLAIN " + plan.rewritten.sql, plan.bound([1], CONTEXT)).fetchall()
    connection.close()
    assert plan.rewritten.fenced
    assert "PRIMARY" in [row[5] for row in found]


# --- parameters


class Lying(str):
    """A text that says something else of itself."""

    __slots__ = ()

    def translate(self, _):
        return "' OR 1 = 1 -- "

    def __str__(self):
        return "' OR 1 = 1 -- "


class Tier(enum.StrEnum):
    GOLD = "gold"


@pytest.mark.parametrize("value", [["a", "b"], ("a",), {"a": 1}, {"a"}, decimal.Decimal("NaN"), float("nan"), object()])
def test_parameter_that_is_no_single_value_is_refused(world, value):
    with pytest.raises(GovernanceError):
        world.rows("SELECT id FROM customers WHERE name = %s", (value,))


def test_parameter_is_one_constant_whatever_it_says_of_itself(world):
    sql = "SELECT id FROM customers WHERE name = %s ORDER BY id"
    assert world.rows(sql, (Lying("Ann"),))[1] == [(1,)]
    assert world.rows(sql, ("Ann' OR 1 = 1 -- ",))[1] == []
    assert world.rows(sql, ("\\' OR 1 = 1 -- ",))[1] == []
    assert world.rows("SELECT id FROM customers WHERE tier = %s ORDER BY id", (Tier.GOLD,))[1] == [(1,), (6,), (8,)]
    assert world.rows("SELECT %s AS a, %s AS b, %s AS c", ("%s", ":gov1", "`"))[1] == [("%s", ":gov1", "`")]


def test_percent_signs_stand_beside_placeholders(world):
    sql = "SELECT id FROM customers WHERE name LIKE '%%n' AND id < %s"
    assert world.rows(sql, (5,))[1] == [(1,)]
    assert world.rows("SELECT id FROM customers WHERE name LIKE '%n' AND id < 5")[1] == [(1,)]
    assert world.rows("SELECT id FROM customers WHERE id = %(i)s AND name <> %(n)s", {"i": 2, "n": "%"})[1] == [(2,)]


# --- writing


def test_row_that_would_leave_the_scope_takes_all_back(world):
    for value in ("'US'", "concat('U', 'S')", "NULL", "' EU'", "'eu'", "'EU '"):
        with pytest.raises(AccessRefusedError) as refusal:
            run(world, f"UPDATE customers SET region = {value} WHERE id = 1")
        assert refusal.value.rule_ids == ("guard.write.scope",)
    assert run(world, "UPDATE customers SET region = 'EU', tier = region WHERE id = 1") == 1
    assert plain(world, "SELECT region, tier FROM customers WHERE id = 1") == [("EU", "EU")]


def test_value_is_looked_at_as_the_column_will_hold_it(world):
    plain(world, "ALTER TABLE customers DROP INDEX ix_tempting, DROP INDEX ix_notes, MODIFY region VARCHAR(2)")
    world.permits.set("customers", Action.WRITE, CLEAR, 'region != "US"')
    world.permits.set("customers", Action.READ, CUSTOMER_FIELDS, None)
    with pytest.raises(AccessRefusedError):
        run(world, "UPDATE customers SET region = 'US   ' WHERE id = 1")
    with pytest.raises(GovernanceError):
        run(world, "UPDATE customers SET region = 'USA' WHERE id = 1")
    assert run(world, "UPDATE customers SET region = 'CH   ' WHERE id = 1") == 1
    assert plain(world, "SELECT region FROM customers WHERE id = 1") == [("CH",)]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "READ COMMITTED"])
def test_row_that_left_the_scope_meanwhile_is_not_written(world, level):
    told = []

    def late():
        connection = world.store.connect(WRITER)
        connection.cursor().execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
        cursor = connection.cursor().execute("UPDATE customers SET tier = 'late' WHERE id = 1")
        told.append(cursor.rowcount)
        connection.commit()
        connection.close()

    other = sa.create_engine(world.url)
    with other.connect() as connection:
        connection.execute(text("UPDATE customers SET region = 'US' WHERE id = 1"))
        work = threading.Thread(target=late)
        work.start()
        waiting = "SELECT count(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"
        while work.is_alive() and not plain(world, waiting)[0][0]:
            time.sleep(0.2)  # what the server says of transactions is renewed when nobody asked for 0.1 s
        connection.commit()
        work.join(10)
    other.dispose()
    assert told == [0]
    assert plain(world, "SELECT tier FROM customers WHERE id = 1") == [("gold",)]


def test_strict_mode_raises_nothing_for_a_hidden_row(world):
    plain(world, "UPDATE customers SET name = id WHERE region = 'EU'")
    assert run(world, "UPDATE customers SET tier = 'x' WHERE name > 0") == 5
    assert run(world, "DELETE FROM orders WHERE id IN (SELECT name + 0 FROM customers)") == 3
    with pytest.raises(StoreError):
        run(world, "UPDATE customers SET tier = 'x' WHERE tier > 0")


def test_generated_key_is_told(world):
    plain(world, "DROP TABLE orders")
    plain(world, "ALTER TABLE customers MODIFY id INTEGER AUTO_INCREMENT")
    plain(
        world,
        "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTO_INCREMENT, customer_id INTEGER, amount DOUBLE, address TEXT)",
    )
    fresh = guard(world.url, permits=write_permits())
    connection = fresh.store.connect(WRITER)
    first = connection.cursor().execute("INSERT INTO orders (amount) VALUES (1)").lastrowid
    second = connection.cursor().execute("INSERT INTO customers (name, region) VALUES ('New', 'EU')").lastrowid
    connection.commit()
    connection.close()
    assert plain(world, "SELECT max(id) FROM orders") == [(first,)]
    assert plain(world, "SELECT max(id) FROM customers") == [(second,)]
    fresh.store.close()


def test_who_may_not_see_triggers_does_not_write(world):
    name, word = f"gov_{secrets.token_hex(4)}", secrets.token_hex(12)
    database = sa.make_url(world.url).database
    who = f"'{name}'@'%'"
    plain(world, f"CREATE USER {who} IDENTIFIED BY '{word}'")
    try:
        plain(world, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {who}")
        url = sa.make_url(world.url).set(username=name, password=word).render_as_string(hide_password=False)
        blind = guard(url, permits=write_permits())
        with pytest.raises(StatementRefusedError) as refusal:
            run(blind, "UPDATE customers SET tier = 'x'")
        assert refusal.value.rule_ids == ("guard.write.trigger",)
        assert blind.rows("SELECT count(*) FROM customers", context=WRITER)[1] == [(5,)]
        blind.store.close()
        plain(world, f"GRANT TRIGGER ON {database}.* TO {who}")
        seeing = guard(url, permits=write_permits())
        assert run(seeing, "UPDATE customers SET tier = 'x'") == 5
        seeing.store.close()
    finally:
        plain(world, f"DROP USER {who}")


INSTEAD = {
    "INSERT INTO customers (id, region) VALUES (1, 'EU') ON DUPLICATE KEY UPDATE region = 'EU'": "UPDATE the row first",
    "INSERT IGNORE INTO customers (id, region) VALUES (1, 'EU')": "UPDATE the row first",
    "REPLACE INTO customers (id, region) VALUES (1, 'EU')": "UPDATE the row first",
    "UPDATE customers SET tier = 'x' ORDER BY id LIMIT 1": "name the rows by their keys",
    "DELETE FROM customers LIMIT 1": "name the rows by their keys",
    "UPDATE customers, orders SET customers.tier = orders.address": "",
    "DELETE customers FROM customers JOIN orders ON orders.customer_id = customers.id": "IN (SELECT",
    "UPDATE customers SET tier = 'x' RETURNING id": "read the rows after it",
    "TRUNCATE customers": "DELETE without WHERE",
}


@pytest.mark.parametrize("sql", INSTEAD)
def test_refused_form_says_what_to_write_instead(world, sql):
    with pytest.raises(StatementRefusedError) as refusal:
        run(world, sql)
    assert INSTEAD[sql] in str(refusal.value)


# --- schema, consent, records


@pytest.mark.parametrize(
    "change",
    [
        ["ALTER TABLE people RENAME COLUMN name TO other"],
        ["ALTER TABLE people MODIFY name INTEGER"],
        ["DROP TABLE people", "CREATE VIEW people AS SELECT 1 AS id, 'x' AS name, 'EU' AS region"],
    ],
)
def test_dataset_that_departed_is_closed(mysql_url, change):
    ddl = "CREATE TABLE people (id integer PRIMARY KEY, name varchar(20), region varchar(9))"
    small(mysql_url, [ddl], [(1, "1", "EU")], "people")
    permits = write_permits()
    permits.set("people", Action.READ, dict.fromkeys(("id", "name", "region"), "clear"), EU)
    catalog = catalog_store({"people": {"id": "integer", "name": "string", "region": "string"}})
    world = guard(mysql_url, catalog, permits=permits, schema_check_seconds=0)
    assert world.rows("SELECT name FROM people")[1] == [("1",)]
    small(mysql_url, change, (), "people")
    with pytest.raises(GovernanceError) as refusal:
        world.rows("SELECT name FROM people")
    assert type(refusal.value).__name__ == "SchemaDriftError"
    world.store.close()


class Consent:
    """Consent by a key that is a text."""

    def prepare(self, store, purpose, run=None):
        """Nothing."""

    def conditions(self, dataset, purpose):
        """One."""
        return (ExistsIn("gov_consent", {"subject": "name"}, {"state": ("given",)}, "consent.news"),)


def test_consent_of_one_spelling_is_not_that_of_another(world):
    plain(world, "UPDATE customers SET name = 'ANN' WHERE id = 2")
    plain(world, "CREATE TABLE gov_consent (subject VARCHAR(20), state VARCHAR(9))")
    plain(world, "INSERT INTO gov_consent VALUES ('Ann', 'given'), ('eve', 'given'), ('Cid ', 'given')")
    asking = guard(world.url, predicate=Consent())
    assert asking.rows("SELECT id FROM customers ORDER BY id")[1] == [(1,)]
    records = [dict.fromkeys(CUSTOMER_FIELDS) | {"name": name, "region": "EU"} for name in ("Ann", "Bob")]
    shown = asking.store.filter(records, DatasetRef("crm", "customers"), CONTEXT)
    assert [each["name"] for each in shown] == ["Ann"]
    asking.store.close()


def test_lost_connection_is_named_and_the_next_one_works(mysql_url):
    fill(mysql_url, CUSTOMERS, ORDERS)
    world = guard(mysql_url)
    connection = world.store.connect(CONTEXT)
    (number,) = (
        mysql_driver.NumberedCursor(connection._GuardedConnection__raw()).execute("SELECT connection_id()").fetchone()
    )
    plain(world, f"KILL {number}")
    with pytest.raises(StoreError, match="lost"):
        connection.cursor().execute("SELECT id FROM customers")
    connection.close()
    assert len(world.rows("SELECT id FROM customers")[1]) == 5
    world.store.close()


# --- forms that other databases have no trouble with

ASKED = {
    "one-row": ("SELECT (SELECT count(*) FROM customers) AS a, (SELECT max(id) FROM customers) AS b", (5, 8)),
    "one-row-case": ("SELECT CASE WHEN (SELECT max(name) FROM customers) > 'D' THEN 1 ELSE 0 END AS x", (1,)),
    "rollup": ("SELECT id, count(name) FROM customers WHERE id < 2 GROUP BY id WITH ROLLUP", (1, 1)),
    "json-objectagg": ("SELECT json_objectagg(id, name) AS x FROM customers WHERE id < 3", ('{"1":"Ann", "2":"Bob"}',)),
}


@pytest.mark.parametrize("form", ASKED)
def test_ordinary_form_is_answered(world, form):
    asked, first = ASKED[form]
    assert world.rows(asked)[1][0] == first


def test_pairs_in_no_order_are_refused_with_what_to_write(world):
    with pytest.raises(StatementRefusedError, match="json_arrayagg"):
        world.rows("SELECT tier, json_objectagg(id, name) FROM customers GROUP BY tier")
    assert world.rows("SELECT json_arrayagg(json_array(id, name)) AS x FROM customers WHERE id < 2 GROUP BY tier")[1]


def test_number_in_hexadecimal_digits_is_no_text(world):
    with pytest.raises(StatementRefusedError, match="decimal digits"):
        world.rows("SELECT 0x1F + 0 AS x")
    assert world.rows("SELECT id FROM customers WHERE name = x'416e6e'")[1] == [(1,)]
