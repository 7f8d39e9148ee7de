# ruff: noqa: ARG002, E501 hand-made parts keep the form of the protocols; one case a line
"""The life of a write: what is recorded, taken back, counted and refused."""

from __future__ import annotations

import logging
import threading

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy import text

from governance.access.permits import FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from governance.guard.neutral import CONFLICT
from policies.errors import AccessRefusedError, LedgerError, StatementRefusedError, StoreError
from policies.nouns import Action, Principal
from policies.predicate import parse_predicate
from policies.row_conditions import ExistsIn

from .conftest import (  # type: ignore[import-not-found]
    ALICE,
    CONTEXT,
    CUSTOMER_FIELDS,
    CUSTOMERS,
    EU,
    ORDERS,
    WRITER,
    WritePermits,
    catalog_store,
    fill,
    guard,
    write_permits,
)

CLEAR = dict.fromkeys(CUSTOMER_FIELDS, "clear")


def emptied(request):
    """The file's database without anything in it."""
    url = request.getfixturevalue("postgres_module_url")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def postgres_world(request):
    fill(url := emptied(request), CUSTOMERS, ORDERS)
    made = guard(url, permits=write_permits())
    yield made
    made.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path):
    url = f"sqlite:///{tmp_path}/w.db" if request.param == "sqlite" else emptied(request)
    fill(url, CUSTOMERS, ORDERS)
    made = guard(url, permits=write_permits())
    yield made
    made.store.close()


def plain(world, sql):
    engine = sa.create_engine(world.url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(sql))
            return [tuple(row) for row in result] if result.returns_rows else None
    finally:
        engine.dispose()


def run(world, sql, parameters=None, context=WRITER, *, many=False):
    connection = world.store.connect(context)
    try:
        cursor = connection.cursor()
        cursor.executemany(sql, parameters) if many else cursor.execute(sql, parameters)
        connection.commit()
        return cursor.rowcount
    finally:
        connection.close()


def mark(world, names):
    if world.store._kind == "sqlite":
        return ", ".join(f":{each}" for each in names)
    return ", ".join(f"%({each})s" for each in names)


def test_decision_comes_before_the_write_and_the_count_after(world):
    run(world, "UPDATE customers SET tier = 'x' WHERE tier = 'free'")
    draft = world.recorder.drafts[0]
    assert (draft.outcome, draft.action) == ("allowed", "write")
    assert [(each.ref, each.treatment) for each in draft.objects] == [("crm.customers.tier", "clear")]
    assert world.recorder.closes == [("e1", "done", {"rows": 2})]
    run(world, "DELETE FROM orders WHERE amount < 10")
    assert (world.recorder.drafts[1].action, world.recorder.closes[1][2]) == ("delete", {"rows": 2})


@pytest.mark.parametrize("sql", ["UPDATE customers SET tier = 'x'", "DELETE FROM orders",
                                 "INSERT INTO customers (id, region) VALUES (100, 'EU')"])  # fmt: skip
def test_nothing_is_written_when_the_ledger_is_down(world, sql):
    before = plain(world, "SELECT * FROM customers ORDER BY id"), plain(world, "SELECT * FROM orders ORDER BY id")
    world.recorder.down = True
    connection = world.store.connect(WRITER)
    with pytest.raises(LedgerError):
        connection.cursor().execute(sql)
    connection.commit()
    connection.close()
    assert (
        plain(world, "SELECT * FROM customers ORDER BY id"),
        plain(world, "SELECT * FROM orders ORDER BY id"),
    ) == before


def test_nothing_is_written_when_the_end_cannot_be_recorded(world):
    def down(*_, **__):
        raise LedgerError("ledger", found="down", expected="up", next_step="wait")

    world.recorder.close = down
    connection = world.store.connect(WRITER)
    with pytest.raises(LedgerError):
        connection.cursor().execute("UPDATE customers SET tier = 'x'")
    connection.commit()
    connection.close()
    assert plain(world, "SELECT count(*) FROM customers WHERE tier = 'x'") == [(0,)]


@pytest.mark.parametrize("sql", ["UPDATE customers SET tier = 'x'", "DELETE FROM customers",
                                 "INSERT INTO customers (id, region) VALUES (9, 'EU')"])  # fmt: skip
def test_connection_that_reads_does_not_write(world, sql):
    with pytest.raises(StatementRefusedError) as refusal:
        run(world, sql, context=CONTEXT)
    assert refusal.value.rule_ids == ("guard.kind",)
    assert world.store.connect(CONTEXT).read_only
    assert not world.store.connect(WRITER).read_only


def test_connection_that_wrote_goes_back_as_one_that_reads(postgres_world):
    run(postgres_world, "UPDATE customers SET tier = 'x' WHERE id = 1")
    raw = postgres_world.store._raw.raw_connection()
    with pytest.raises(postgres_world.store._errors):
        raw.driver_connection.cursor().execute("UPDATE customers SET name = 'x'")
    raw.close()


@pytest.mark.parametrize(("action", "writes"), [(Action.WRITE, False), (Action.DELETE, True), (Action.EXPORT, True)])
def test_context_states_reading_and_writing_apart(action, writes):
    with pytest.raises(AccessRefusedError):
        UseContext(ALICE, "app", "support", action, writes)


def test_each_statement_needs_its_own_action(world):
    for action, sql in ((Action.WRITE, "UPDATE customers SET tier = 'x'"), (Action.DELETE, "DELETE FROM customers"),
                        (Action.READ, "UPDATE customers SET tier = 'x'"),
                        (Action.READ, "INSERT INTO customers (id, region) VALUES (100, 'EU') RETURNING id")):  # fmt: skip
        held = world.permits.permits.pop(("customers", action))
        with pytest.raises(AccessRefusedError):
            run(world, sql)
        world.permits.permits["customers", action] = held
    del world.permits.permits["customers", Action.READ]
    assert run(world, "INSERT INTO customers (id, region) VALUES (100, 'EU')") == 1
    assert [each.action for each in world.recorder.drafts] == ["write", "delete", "write", "write", "write"]


def test_rows_of_the_write_permit_hold_before_and_after(world):
    world.permits.set("customers", Action.WRITE, CLEAR, "tier == 'free'")
    assert run(world, "UPDATE customers SET name = 'x'") == 2
    with pytest.raises(AccessRefusedError):
        run(world, "UPDATE customers SET tier = 'gold'")
    assert plain(world, "SELECT count(*) FROM customers WHERE name = 'x' AND tier = 'free' AND region = 'EU'") == [(2,)]


def test_special_and_denied_rows_are_not_written(world):
    special = (RowRule("s", parse_predicate("notes == 'likes tea'")),)
    denied = (RowRule("d", parse_predicate("tier == 'gold'")),)
    world.permits.set("customers", Action.WRITE, CLEAR, EU, special=special)
    assert run(world, "UPDATE customers SET name = 'x'") == 3  # a note that is unknown may reveal as well
    world.permits.set("customers", Action.DELETE, CLEAR, EU, deny=denied)
    plain(world, "DELETE FROM orders")
    assert run(world, "DELETE FROM customers") == 2


def test_field_that_decides_a_treatment_cannot_be_changed(world):
    mail = FieldPermit(
        "email", (FieldRule("a", "clear", parse_predicate("tier == 'free'")), FieldRule("b", "mask:email", None))
    )
    world.permits.set("customers", Action.READ, {**CUSTOMER_FIELDS, "email": "null"}, EU, permits={"email": mail})
    with pytest.raises(AccessRefusedError) as refusal:
        run(world, "UPDATE customers SET tier = 'free'")
    assert refusal.value.rule_ids == ("guard.write.deciding",)


def test_field_that_decides_with_a_hidden_one_cannot_be_changed(world):
    world.permits.set("customers", Action.READ, CUSTOMER_FIELDS, "tier == 'gold' or national_id == 'B456'")
    with pytest.raises(AccessRefusedError):
        run(world, "UPDATE customers SET tier = 'x' WHERE id = 1")


def test_write_permit_opens_the_fields_it_gives_in_clear_only(world):
    world.permits.set(
        "customers", Action.WRITE, {"id": "clear", "name": "clear", "region": "clear", "tier": "mask:redact"}, EU
    )
    assert run(world, "UPDATE customers SET name = 'x' WHERE id = 1") == 1
    for sql in ("UPDATE customers SET tier = 'x'", "INSERT INTO customers (id, region, phone) VALUES (100, 'EU', '1')",
                "INSERT INTO customers (id, region, tier) VALUES (100, 'EU', '1')"):  # fmt: skip
        with pytest.raises(AccessRefusedError):
            run(world, sql)


def test_key_of_a_hidden_row_gives_a_neutral_error_that_is_counted(world):
    with pytest.raises(StoreError) as failure:
        run(world, "INSERT INTO customers (id, name, region) VALUES (4, 'planted-marker', 'EU')")
    assert failure.value.found == CONFLICT
    assert failure.value.__cause__ is failure.value.__context__ is None
    assert "planted" not in str(failure.value)
    assert world.recorder.closes == [("e1", "failed", {"rows": 0, "conflicts": 1})]


def test_many_sets_are_written_together_or_not_at_all(world):
    names = ("id", "name", "region")
    sql = f"INSERT INTO customers (id, name, region) VALUES ({mark(world, names)})"
    sets = [{"id": number, "name": f"n{number}", "region": "EU"} for number in range(1000, 1700)]
    assert run(world, sql, sets, many=True) == 700
    assert world.recorder.closes[-1][1:] == ("done", {"rows": 700})
    assert plain(world, "SELECT count(*), min(name), max(id) FROM customers WHERE id >= 1000") == [(700, "n1000", 1699)]
    sets = [{"id": number, "name": "m", "region": "US" if number == 2600 else "EU"} for number in range(2000, 2700)]
    with pytest.raises(AccessRefusedError):
        run(world, sql, sets, many=True)
    assert plain(world, "SELECT count(*) FROM customers WHERE id >= 2000") == [(0,)]
    assert len(world.recorder.drafts) == 2
    assert run(world, sql, [], many=True) == 0
    assert world.store.plans < 10


def test_many_changes_and_deletions_count_visible_rows(world):
    sql = "UPDATE customers SET tier = {} WHERE id = {}".format(*mark(world, ("tier", "id")).split(", "))
    assert run(world, sql, [{"tier": f"t{number}", "id": number} for number in range(1, 9)], many=True) == 5
    assert plain(world, "SELECT tier FROM customers WHERE id IN (3, 4) ORDER BY id") == [("t3",), ("gold",)]
    sql = f"DELETE FROM orders WHERE id = {mark(world, ('id',))}"
    assert run(world, sql, [{"id": number} for number in (1, 2, 99)], many=True) == 2


@pytest.mark.parametrize("parameters", ["ab", {"id": 1}, 5, ["ab"], [5], None])
def test_odd_sets_of_parameters_are_refused(world, parameters):
    with pytest.raises(StatementRefusedError):
        run(world, f"DELETE FROM orders WHERE id = {mark(world, ('id',))}", parameters, many=True)


def test_many_sets_are_for_writing(world):
    with pytest.raises(StatementRefusedError):
        run(world, f"SELECT id FROM orders WHERE id = {mark(world, ('id',))}", [{"id": 1}], many=True)


def test_rollback_and_savepoints_take_writes_back(world):
    with world.store.session(WRITER) as session:
        session.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))
        nested = session.begin_nested()
        session.execute(text("UPDATE customers SET tier = 'y' WHERE id = 2"))
        nested.rollback()
        with pytest.raises(AccessRefusedError):
            session.execute(text("UPDATE customers SET region = 'US' WHERE id = 3"))
        assert session.execute(text("SELECT tier FROM customers WHERE id < 4 ORDER BY id")).scalars().all() == [
            "x",
            "free",
            "free",
        ]
        session.rollback()
    assert plain(world, "SELECT count(*) FROM customers WHERE tier IN ('x', 'y')") == [(0,)]


def test_autocommit_writes_each_statement_whole(world):
    engine = world.store.engine(WRITER).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))
        with pytest.raises(AccessRefusedError):
            connection.execute(text("UPDATE customers SET region = 'US'"))
        assert plain(world, "SELECT id FROM customers WHERE tier = 'x'") == [(1,)]
    assert plain(world, "SELECT count(*) FROM customers WHERE region = 'EU'") == [(5,)]


def test_revoked_write_stops_at_the_next_statement(world):
    with world.store.session(WRITER) as session:
        session.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))
        del world.permits.permits["customers", Action.WRITE]
        with pytest.raises(AccessRefusedError):
            session.execute(text("UPDATE customers SET tier = 'x' WHERE id = 1"))


def test_each_principal_writes_his_own_rows_by_one_plan(world):
    found = {}
    for region in ("EU", "US", None, "x' OR '1'='1"):
        context = UseContext(Principal("p", frozenset(), {"region": region}), "app", "support", writes=True)
        found[str(region)] = run(world, "UPDATE customers SET tier = 'x'", context=context)
    assert found == {"EU": 5, "US": 1, "None": 0, "x' OR '1'='1": 0}
    assert world.store.plans == 1


def test_planted_values_reach_no_log_and_no_error(world, caplog):
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
        told = ""
        for sql in ("INSERT INTO customers (id, name, region) VALUES (4, 'planted-marker', 'EU')",
                    "INSERT INTO customers (id, name, region) VALUES (100, 'planted-marker', 'US')",
                    "UPDATE customers SET name = 'planted-marker', email = 'x'",
                    "UPDATE customers SET planted_marker = 'planted-marker'",
                    "UPDATE customers SET name = 'planted-marker' WHERE CAST(name AS INTEGER) / (id - id) = 1 RETURNING id, length(name)",
                    "INSERT INTO orders (id, customer_id, address) VALUES (100, 77, 'planted-marker')"):  # fmt: skip
            with world.store.session(WRITER) as session:
                try:
                    session.execute(text(sql + " -- :x"), {"x": "planted-marker"})
                except (StoreError, AccessRefusedError) as error:
                    told += str(error) + repr(error) + str(error.__context__)
    assert told.count("Next:") >= 6
    assert "planted" not in told + caplog.text + repr(events) + repr(world.recorder.drafts) + repr(
        world.recorder.closes
    )


# --- what the database does by itself


ACTING = {
    "trigger": {
        "sqlite": ["CREATE TRIGGER t AFTER UPDATE ON customers BEGIN UPDATE orders SET address = new.email; END"],
        "postgresql": [
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := OLD.email; RETURN NEW; END'",
            "CREATE TRIGGER t BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION f()",
        ],
    },
    "rule": {
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
        emptied(request),
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
    with check.ours():
        raw.driver_connection.execute("BEGIN")
    reads = {"customers": frozenset({"id"}), "orders": frozenset({"customer_id"})}
    with check.statement(reads, {"customers": frozenset({"update tier"})}):
        raw.driver_connection.execute("UPDATE customers SET tier = 'x' WHERE id = 1")
        for sql in ("UPDATE customers SET name = 'x'", "DELETE FROM customers", "INSERT INTO customers (id) VALUES (100)",
                    "UPDATE customers SET tier = name", "DELETE FROM orders", "DROP TABLE orders",
                    "REPLACE INTO customers (id, tier) VALUES (1, 'x')", "PRAGMA foreign_keys = OFF"):  # fmt: skip
            with pytest.raises(world.store._errors):
                raw.driver_connection.execute(sql)
    with check.statement(reads), pytest.raises(world.store._errors):
        raw.driver_connection.execute("UPDATE customers SET tier = 'y' WHERE id = 1")
    raw.close()
    world.store.close()


# --- consent


class Consent:
    """Consent as rows of a table of ours; what is not there has not been given."""

    def prepare(self, store, purpose, run=None):
        run("SELECT epoch FROM gov_consent_epoch WHERE id = 1")

    def conditions(self, dataset, purpose):
        key = "id" if dataset.dataset == "customers" else "customer_id"
        return (ExistsIn("gov_consent", {"subject": key}, {"state": ("given",)}, "consent.news"),)


def test_consent_holds_for_writing(world):
    for sql in ("CREATE TABLE gov_consent (subject INTEGER, state TEXT)",
                "CREATE TABLE gov_consent_epoch (id INTEGER, epoch INTEGER)",
                "INSERT INTO gov_consent_epoch VALUES (1, 7)",
                "INSERT INTO gov_consent VALUES (1, 'given'), (2, 'withdrawn'), (4, 'given')"):  # fmt: skip
        plain(world, sql)
    fresh = guard(world.url, permits=write_permits(), predicate=Consent())
    try:
        assert run(fresh, "UPDATE customers SET tier = 'x'") == 1
        assert run(fresh, "INSERT INTO orders (id, customer_id) VALUES (100, 1)") == 1
        for sql in (
            "INSERT INTO orders (id, customer_id) VALUES (101, 2)",
            "UPDATE orders SET customer_id = 4 WHERE id = 1",
        ):
            with pytest.raises(AccessRefusedError):
                run(fresh, sql)
        assert "consent.news" in fresh.recorder.drafts[0].rules
        plain(world, "UPDATE gov_consent SET state = 'withdrawn'")
        assert run(fresh, "DELETE FROM orders") == 0
        assert run(fresh, "UPDATE customers SET tier = 'y'") == 0
    finally:
        fresh.store.close()


# --- two at once


def wait_for_lock(world, work):
    while not plain(world, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0]:
        assert work.is_alive()


def test_row_that_left_the_scope_meanwhile_is_not_written(postgres_world):
    world, told = postgres_world, []

    def late():
        try:
            told.append(run(world, "UPDATE customers SET tier = 'late' WHERE id = 1"))
        except AccessRefusedError as error:
            told.append(error.rule_ids)

    other = sa.create_engine(world.url)
    with other.connect() as connection:
        connection.execute(text("UPDATE customers SET region = 'US' WHERE id = 1"))
        work = threading.Thread(target=late)
        work.start()
        wait_for_lock(world, work)
        connection.commit()
        work.join(10)
    other.dispose()
    assert told == [("guard.write.scope",)]
    assert plain(world, "SELECT tier FROM customers WHERE id = 1") == [("gold",)]


def test_counter_is_raised_by_each_of_two_writers(postgres_world):
    raise_it = "UPDATE orders SET amount = amount + 1 WHERE id = 1"
    one = postgres_world.store.connect(WRITER)
    one.cursor().execute(raise_it)
    work = threading.Thread(target=lambda: run(postgres_world, raise_it))
    work.start()
    wait_for_lock(postgres_world, work)
    one.commit()
    work.join(10)
    one.close()
    assert plain(postgres_world, "SELECT amount FROM orders WHERE id = 1") == [(12.0,)]
