# ruff: noqa: E501 one case a line
"""What tables do by themselves when they are written: triggers, rules over fields, references; and odd forms of tables."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.access.permits import RowRule
from governance.guard.neutral import CONFLICT
from policies.errors import AccessRefusedError, StatementRefusedError, StoreError
from policies.nouns import Action
from policies.predicate import parse_predicate

from .hands import WRITER, WritePermits, catalog_store, write_permits
from .worlds import CUSTOMERS, KINDS, ORDERS, fill, guard
from .writing import emptied, made_world, plain, run


@pytest.fixture(params=KINDS)
def world(request, tmp_path):
    yield from made_world(request, tmp_path, request.param)


ACTING = {
    "trigger": {
        "mysql": ["CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW SET NEW.name = OLD.email"],
        "sqlite": ["CREATE TRIGGER t AFTER UPDATE ON customers BEGIN UPDATE orders SET address = new.email; END"],
        "postgresql": [
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := OLD.email; RETURN NEW; END'",
            "CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION f()",
        ],
    },
    "rule": {
        "mysql": ["DROP VIEW v_c", "DROP TABLE orders", "DROP INDEX ix_tempting ON customers", "DROP INDEX ix_notes ON customers",
                  "ALTER TABLE customers ENGINE = MyISAM"],
        "sqlite": ["DROP VIEW v_c", "DROP TABLE orders", "DROP TABLE customers",
                   ("CREATE TABLE customers (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, name TEXT, email TEXT, phone TEXT,"
                   " national_id TEXT, tier TEXT, region TEXT, notes TEXT)")],
        "postgresql": ["CREATE RULE r AS ON UPDATE TO customers DO ALSO UPDATE orders SET address = new.email"],
    },
}  # fmt: skip


@pytest.mark.parametrize("form", ACTING)
def test_table_that_acts_by_itself_is_not_written(world, form):
    for sql in ACTING[form][world.store._kind]:
        plain(world, sql)
    fresh = guard(world.url, permits=write_permits())
    try:
        for sql in ("UPDATE customers SET tier = 'x'", "INSERT INTO customers (id, region) VALUES (4, 'EU')"):
            with pytest.raises(StatementRefusedError) as refusal:
                run(fresh, sql)
            assert refusal.value.rule_ids == ("guard.write.trigger",)
    finally:
        fresh.store.close()


def test_trigger_made_meanwhile_is_noticed(tmp_path):
    fill(f"sqlite:///{tmp_path}/t.db", CUSTOMERS, ORDERS)
    world = guard(f"sqlite:///{tmp_path}/t.db", permits=write_permits())
    run(world, "UPDATE customers SET tier = 'x'")
    for sql in ACTING["trigger"]["sqlite"]:
        plain(world, sql)
    with pytest.raises(StatementRefusedError):
        run(world, "UPDATE customers SET tier = 'x'")
    world.store.close()


LINKED = {
    "check": ["ALTER TABLE customers ADD COLUMN x INTEGER CHECK (length(national_id) > length(tier))"],
    "index": ["CREATE INDEX ix_sum ON customers (CAST(national_id AS INTEGER), length(tier))"],
    "partial": ["CREATE UNIQUE INDEX ix_part ON customers (tier) WHERE national_id IS NULL"],
    "generated": ["ALTER TABLE customers ADD COLUMN x TEXT GENERATED ALWAYS AS (national_id || tier) VIRTUAL"],
}


@pytest.mark.parametrize("form", LINKED)
def test_field_that_is_computed_with_a_hidden_one_is_not_changed(world, form):
    if world.store._kind == "mysql" and form in ("index", "partial"):
        return  # MariaDB has no such indexes
    if world.store._kind == "postgresql":
        changes = {
            "check": "ALTER TABLE customers ADD CHECK (length(national_id) > 0 OR tier IS NULL)",
            "index": "CREATE INDEX ix_sum ON customers ((national_id || tier))",
            "partial": LINKED["partial"][0],
            "generated": "ALTER TABLE customers ADD COLUMN x TEXT GENERATED ALWAYS AS (national_id || tier) STORED",
        }
        plain(world, changes[form])
    else:
        plain(world, "UPDATE customers SET national_id = '123456'" if form == "check" else "SELECT 1")
        plain(world, LINKED[form][0])
    fresh = guard(world.url, permits=write_permits())
    try:
        with pytest.raises(StatementRefusedError) as refusal:
            run(fresh, "UPDATE customers SET tier = 'x'")
        assert refusal.value.rule_ids == ("guard.write.linked",)
        if form != "generated" or world.store._kind == "sqlite":
            assert run(fresh, "UPDATE customers SET name = 'x'") == 5
    finally:
        fresh.store.close()


def cascading(world, action):
    plain(world, "DROP TABLE orders")
    plain(
        world,
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id) "
        f"ON DELETE {action}, amount DOUBLE PRECISION, address TEXT)",
    )
    plain(world, "INSERT INTO orders (id, customer_id) VALUES (1, 1), (2, 4)")
    return guard(world.url, permits=write_permits())


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL"])
def test_deletion_that_takes_rows_along_needs_a_permit_for_all_of_them(world, action):
    fresh = cascading(world, action)
    try:
        held = Action.DELETE if action == "CASCADE" else Action.WRITE
        fields = dict.fromkeys(("id", "customer_id", "amount", "address"), "clear")
        for rows, more in (("id > 5", {}), (None, {"deny": (RowRule("d", parse_predicate("id == 2")),)})):
            fresh.permits.set("orders", held, fields, rows, **more)
            with pytest.raises(AccessRefusedError) as refusal:
                run(fresh, "DELETE FROM customers WHERE id = 1")
            assert refusal.value.rule_ids == ("guard.write.reach",)
        del fresh.permits.permits["orders", held]
        with pytest.raises(AccessRefusedError):
            run(fresh, "DELETE FROM customers WHERE id = 1")
        fresh.permits.set("orders", held, fields, None)
        assert run(fresh, "DELETE FROM customers WHERE id = 1") == 1
        left = [(2, 4)] if action == "CASCADE" else [(1, None), (2, 4)]
        assert plain(world, "SELECT id, customer_id FROM orders ORDER BY id") == left
    finally:
        fresh.store.close()


def test_foreign_keys_hold_in_both_kinds_of_store(world):
    with pytest.raises(StoreError) as failure:
        run(world, "INSERT INTO orders (id, customer_id) VALUES (100, 77)")
    assert failure.value.found == CONFLICT
    with pytest.raises(StoreError):
        run(world, "DELETE FROM customers WHERE id = 1")


def test_table_without_a_primary_key_takes_new_rows_only(world):
    plain(world, "ALTER TABLE orders RENAME TO orders_old")
    plain(world, "CREATE TABLE orders (id INTEGER, customer_id INTEGER, amount DOUBLE PRECISION, address TEXT)")
    fresh = guard(world.url, permits=write_permits())
    try:
        assert run(fresh, "INSERT INTO orders (id) VALUES (1)") == 1
        with pytest.raises(StatementRefusedError):
            run(fresh, "DELETE FROM orders")
    finally:
        fresh.store.close()


def forms(url, ddl, table, fields):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for each in ddl:
            connection.exec_driver_sql(each)
    engine.dispose()
    permits = WritePermits()
    for action in (Action.READ, Action.WRITE, Action.DELETE):
        permits.set(table, action, dict.fromkeys(fields, "clear"), None)
    return guard(url, catalog_store({table: dict.fromkeys(fields)}), permits=permits)


def rows_of(world, sql):
    connection = world.store.connect(WRITER)
    cursor = connection.cursor().execute(sql)
    found = cursor.fetchall() if cursor.description else cursor.rowcount
    connection.commit()
    connection.close()
    return found


FORMS = {
    "computed": (
        [("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT CHECK (length(name) < 9),"
         " low TEXT GENERATED ALWAYS AS (lower(name)) STORED)"), "CREATE INDEX i ON t(lower(name))",
         "CREATE UNIQUE INDEX j ON t(name) WHERE id > 5"],
        ("id", "name", "low"),
        [("INSERT INTO t (name) VALUES ('Ann') RETURNING *", [(1, "Ann", "ann")]),
         ("UPDATE t SET name = 'Bob' RETURNING low", [("bob",)]), ("DELETE FROM t", 1)],
    ),
    "without-rowid": (
        ["CREATE TABLE t (k TEXT, j INTEGER, v TEXT, PRIMARY KEY (k, j)) WITHOUT ROWID"], ("k", "j", "v"),
        [("INSERT INTO t (k, j, v) VALUES ('a', 1, 'x'), ('a', 2, 'y')", 2),
         ("UPDATE t SET v = v || '!' WHERE j = 2 RETURNING *", [("a", 2, "y!")]), ("DELETE FROM t WHERE k = 'a'", 2)],
    ),
    "tree": (
        ["CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t(id) ON DELETE CASCADE)"], ("id", "up"),
        [("INSERT INTO t (id, up) VALUES (1, NULL), (2, 1), (3, 2), (4, NULL)", 4), ("DELETE FROM t WHERE id = 1", 1),
         ("SELECT id FROM t", [(4,)])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_tables_of_every_form_are_written_in_sqlite(tmp_path, form):
    ddl, fields, steps = FORMS[form]
    world = forms(f"sqlite:///{tmp_path}/f.db", ddl, "t", fields)
    assert [rows_of(world, sql) for sql, _ in steps] == [wanted for _, wanted in steps]
    world.store.close()


def test_tables_of_every_form_are_written_in_postgresql(request):
    world = forms(
        emptied(request, "postgresql"),
        ["CREATE TYPE mood AS ENUM ('ok', 'bad')",
         ("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, day date, mood mood, tags text[], doc jsonb,"
         " low text GENERATED ALWAYS AS (lower(note)) STORED, note varchar(9), n numeric(6,2), PRIMARY KEY (id, day))"
         " PARTITION BY RANGE (day)"), "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"],
        "t", ("id", "day", "mood", "tags", "doc", "low", "note", "n"),
    )  # fmt: skip
    insert = "INSERT INTO t (day, mood, tags, doc, note, n) VALUES ('2026-02-01', 'ok', '{a,b}', '{\"a\": 1}', 'X', 2.5) RETURNING id, tags, low"
    assert rows_of(world, insert) == [(1, ["a", "b"], "x")]
    assert (
        str(rows_of(world, "UPDATE t SET mood = 'bad', n = n * 2, note = 'Y' RETURNING mood, low, n"))
        == "[('bad', 'y', Decimal('5.00'))]"
    )
    assert rows_of(world, "DELETE FROM t WHERE doc ->> 'a' = '1'") == 1
    world.store.close()


def test_second_check_of_sqlite_knows_what_may_be_written(tmp_path):
    fill(f"sqlite:///{tmp_path}/s.db", CUSTOMERS, ORDERS)
    world = guard(f"sqlite:///{tmp_path}/s.db", permits=write_permits())
    raw = world.store._raw.raw_connection()
    check = raw.info["gov_check"]
    with check.ours:
        raw.driver_connection.execute("BEGIN")
    reads = {"customers": frozenset({"id"}), "orders": frozenset({"customer_id"})}
    with check.statement("a statement", reads, {"customers": frozenset({"update tier"})}):
        raw.driver_connection.execute("UPDATE customers SET tier = 'x' WHERE id = 1")
        for sql in ("UPDATE customers SET name = 'x'", "DELETE FROM customers", "INSERT INTO customers (id) VALUES (100)",
                    "UPDATE customers SET tier = name", "DELETE FROM orders", "DROP TABLE orders",
                    "REPLACE INTO customers (id, tier) VALUES (1, 'x')", "PRAGMA foreign_keys = OFF"):  # fmt: skip
            with pytest.raises(world.store._errors):
                raw.driver_connection.execute(sql)
    with check.statement("a statement", reads), pytest.raises(world.store._errors):
        raw.driver_connection.execute("UPDATE customers SET tier = 'y' WHERE id = 1")
    raw.close()
    world.store.close()
