# ruff: noqa: ARG002, ARG005 hand-made parts keep the form of the protocols
"""The life of a guarded connection: what is recorded, kept, closed off and never said."""

from __future__ import annotations

import logging
import threading

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy import text

from governance.access.permits import RowRule
from governance.guard.base import UseContext
from policies.errors import (
    AccessRefusedError,
    LedgerError,
    SchemaDriftError,
    StatementRefusedError,
    StoreError,
)
from policies.nouns import Action, Principal
from policies.predicate import parse_predicate
from policies.row_conditions import ExistsIn

from .hands import CONTEXT, CUSTOMER_FIELDS, EU, HandPermits, catalog_store, dataset_permit
from .worlds import CUSTOMERS, fill, guard


def test_decision_is_recorded_before_the_first_row(make_world):
    world = make_world()
    cursor = world.store.connect(CONTEXT).cursor()
    cursor.execute("SELECT id, email FROM customers")
    assert [(each.outcome, [(o.ref, o.treatment) for o in each.objects]) for each in world.recorder.drafts] == [
        ("allowed", [("crm.customers.id", "clear"), ("crm.customers.email", "mask:email")])
    ]
    assert world.recorder.closes == []
    cursor.fetchall()
    assert world.recorder.closes == [("e1", "done", {"rows": 5})]


def test_use_that_is_read_in_part_is_closed_as_partial(make_world):
    world = make_world()
    cursor = world.store.connect(CONTEXT).cursor().execute("SELECT id FROM customers ORDER BY id")
    cursor.fetchone()
    cursor.close()
    assert world.recorder.closes == [("e1", "partial", {"rows": 1})]


def test_use_that_is_forgotten_is_closed_as_partial(make_world):
    world = make_world()
    cursor = world.store.connect(CONTEXT).cursor().execute("SELECT id FROM customers")
    cursor.fetchmany(2)
    del cursor
    assert world.recorder.closes == [("e1", "partial", {"rows": 2})]


def test_use_that_fails_is_closed_as_failed(make_world):
    world = make_world()
    with pytest.raises(StoreError):
        world.rows("SELECT json_extract('{', '$') FROM customers")
    assert [each[1] for each in world.recorder.closes] == ["failed"]


def test_refusal_is_recorded_with_its_rule(make_world):
    world = make_world()
    with pytest.raises(StatementRefusedError):
        world.rows("DELETE FROM customers")
    with pytest.raises(AccessRefusedError):
        world.rows("SELECT id FROM customers", context=UseContext(CONTEXT.principal, "app", "other"))
    assert [(each.outcome, each.rules) for each in world.recorder.drafts] == [
        ("refused", ("guard.kind",)), ("refused", ("hand:1",)),
    ]  # fmt: skip


def test_no_use_without_record(make_world):
    world = make_world()
    world.recorder.down = True
    with pytest.raises(LedgerError):
        world.rows("SELECT id FROM customers")


def test_statement_without_tables_uses_nothing(make_world):
    world = make_world()
    assert world.rows("SELECT 1 AS one")[1] == [(1,)]
    assert world.recorder.drafts == []


@pytest.mark.parametrize("context", [None, "alice", object()])
def test_no_context_no_connection(make_world, context):
    with pytest.raises(AccessRefusedError):
        make_world().store.connect(context)
    with pytest.raises(AccessRefusedError):
        make_world().store.engine(context)


def test_action_that_is_not_permitted_is_refused(make_world):
    with pytest.raises(AccessRefusedError):
        make_world().rows(
            "SELECT id FROM customers", context=UseContext(CONTEXT.principal, "app", "support", Action.EXPORT)
        )


def test_principals_attributes_are_bound_and_never_cached(make_world):
    world = make_world()
    found = {}
    for region in ("EU", "US", None, 5, "x' OR '1'='1"):
        context = UseContext(Principal("p", frozenset(), {"region": region}), "app", "support")
        found[str(region)] = [row[0] for row in world.rows("SELECT id FROM customers ORDER BY id", context=context)[1]]
    assert found == {"EU": [1, 2, 3, 6, 8], "US": [4], "None": [], "5": [], "x' OR '1'='1": []}
    assert world.store.plans == 1


def test_changed_permit_holds_from_the_next_statement_on(make_world):
    world = make_world()
    with world.store.session(CONTEXT) as session:
        assert session.execute(text("SELECT email FROM customers WHERE id = 1")).scalar() == "a***@x.io"
        world.permits.permits["customers"] = dataset_permit(
            "customers", {"id": "clear"}, EU, hidden={"email": "denied"}
        )
        with pytest.raises(StatementRefusedError):
            session.execute(text("SELECT email FROM customers WHERE id = 1"))
        del world.permits.permits["customers"]
        with pytest.raises(AccessRefusedError):
            session.execute(text("SELECT id FROM customers WHERE id = 1"))


def test_two_sessions_share_no_object(make_world, models):
    world = make_world()
    other = UseContext(Principal("bob", frozenset(), {"region": "US"}), "app", "support")
    with world.store.session(CONTEXT) as one, world.store.session(other) as two:
        assert one.get(models.Customer, 1).name == "Ann"
        assert two.get(models.Customer, 1) is None
        assert one.get(models.Customer, 4) is None


def test_threads_keep_the_context_of_their_engine(make_world):
    world = make_world()
    engine = world.engine()
    found = []
    with engine.connect() as connection:
        work = threading.Thread(target=lambda: found.extend(connection.execute(text("SELECT count(*) FROM customers"))))
        work.start()
        work.join()
    assert [tuple(each) for each in found] == [(5,)]


def test_connection_given_back_is_of_no_use(make_world):
    connection = make_world().store.connect(CONTEXT)
    cursor = connection.cursor()
    connection.close()
    connection.close()
    for act in (connection.cursor, connection.commit, lambda: cursor.execute("SELECT 1")):
        with pytest.raises(StatementRefusedError):
            act()


def test_star_says_what_it_left_out(make_world):
    world = make_world()
    world.permits.permits["customers"] = dataset_permit("customers", {"id": "clear"}, EU, hidden={"email": "denied"})
    cursor = world.store.connect(CONTEXT).cursor().execute("SELECT * FROM customers WHERE id = 1")
    assert cursor.fetchall() == [(1,)]
    assert [str(each) for each in cursor.omitted] == ["crm.customers.email"]


def test_hidden_field_is_named_in_the_refusal(make_world):
    world = make_world()
    world.permits.permits["customers"] = dataset_permit("customers", {"id": "clear"}, EU, hidden={"email": "denied"})
    with pytest.raises(StatementRefusedError) as refusal:
        world.rows("SELECT EMAIL FROM customers")
    assert refusal.value.place == "crm.customers.email"
    assert refusal.value.rule_ids == ("guard.hidden.denied",)


def test_deny_and_special_rows_are_hidden_when_unknown(make_world):
    world = make_world()
    permit = dataset_permit(
        "customers", {"id": "clear"}, None, deny=(RowRule("d", parse_predicate("region == 'US'")),),
        special=(RowRule("s", parse_predicate("notes == 'likes tea'")),),
    )  # fmt: skip
    world.permits.permits["customers"] = permit
    assert [row[0] for row in world.rows("SELECT id FROM customers ORDER BY id")[1]] == [2, 6, 8]


def test_row_rule_decides_the_treatment(make_world):
    from governance.access.permits import FieldPermit, FieldRule

    world = make_world()
    mail = FieldPermit(
        "email",
        (
            FieldRule("a", "mask:redact", parse_predicate("tier == 'gold'")),
            FieldRule("b", "clear", parse_predicate("id < 3")),
        ),
        (RowRule("c", parse_predicate("name == 'Abe'")),),
    )
    world.permits.permits["customers"] = dataset_permit("customers", {"id": "clear"}, EU, permits={"email": mail})
    assert world.rows("SELECT id, email FROM customers ORDER BY id")[1] == [
        (1, "***"), (2, "bob@x.io"), (3, None), (6, "***"), (8, None),
    ]  # fmt: skip


ERRORS = {
    "mysql": ["SELECT exp(1000 + id) FROM customers", "SELECT name REGEXP '(' FROM customers",
              "SELECT (SELECT name FROM customers) AS x"],
    "sqlite": ["SELECT json_extract('{', '$') FROM customers", "SELECT id FROM customers WHERE name -> '$' IS NULL",
               "SELECT substr(name) FROM customers", "SELECT nosuch(id) FROM customers"],
    "postgresql": ["SELECT CAST(name AS INTEGER) FROM customers", "SELECT 1 / (id - id) FROM customers",
                   "SELECT CAST(name AS DATE) FROM customers", "SELECT substr(1, 'x') FROM customers"],
}  # fmt: skip


def test_errors_keep_nothing_of_the_driver(worlds):
    world = worlds["base"]
    for sql in ERRORS[world.store._kind]:
        with pytest.raises((StoreError, StatementRefusedError)) as failure:
            world.rows(sql)
        assert failure.value.__cause__ is None
        assert failure.value.__context__ is None
        assert "Ann" not in str(failure.value)


def attempt(connection, statement, parameters):
    try:
        connection.execute(statement, parameters)
    except (StoreError, AccessRefusedError) as error:
        return str(error), repr(error)
    return ""


def test_planted_values_reach_no_log_and_no_repr(make_world, caplog):
    world = make_world()
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
        engine = world.engine()
        for sql in (
            "SELECT id FROM customers WHERE notes = 'planted-marker'", "SELECT planted_marker FROM customers",
            "SELECT 1; SELECT 'planted-marker'", "EXPLAIN SELECT 'planted-marker'",
            "SELECT json_extract('{planted-marker', '$') FROM customers",
        ):  # fmt: skip
            with engine.connect() as connection:
                failures = [attempt(connection, text(sql + " -- :x"), {"x": "planted-marker"}),
                            attempt(connection, text(sql), {})]  # fmt: skip
                assert "planted" not in str(failures) + repr(failures)
        shown = repr(world.store) + repr(world.store.connect(CONTEXT)) + repr(CONTEXT) + repr(engine)
    assert "planted" not in caplog.text + repr(events) + shown


def test_engine_shows_no_address(worlds):
    url = worlds["base"].engine().url
    assert (url.host, url.database, url.username, url.password) == (None, None, None, None)


def test_added_column_is_invisible(make_world):
    world = make_world()
    assert len(world.rows("SELECT * FROM customers")[0]) == 8
    with sa.create_engine(world.url).begin() as connection:
        connection.execute(text("ALTER TABLE customers ADD COLUMN email_2 TEXT"))
    assert len(world.rows("SELECT * FROM customers")[0]) == 8
    with pytest.raises(StatementRefusedError):
        world.rows("SELECT email_2 FROM customers")


@pytest.mark.parametrize(
    "changes",
    [
        ["ALTER TABLE customers RENAME COLUMN notes TO remarks"],
        ["ALTER TABLE customers RENAME COLUMN notes TO x", "ALTER TABLE customers RENAME COLUMN tier TO notes",
         "ALTER TABLE customers RENAME COLUMN x TO tier"],
        ["DROP VIEW v_c", "ALTER TABLE customers RENAME TO customers_old", "CREATE TABLE customers (id INTEGER)"],
    ],
    ids=["renamed", "swapped", "replaced"],
)  # fmt: skip
def test_departed_dataset_is_closed(make_world, changes):
    world = make_world()
    world.rows("SELECT tier FROM customers")
    with sa.create_engine(world.url).begin() as connection:
        for change in changes:
            connection.execute(text(change))
    with pytest.raises(SchemaDriftError):
        world.rows("SELECT tier FROM customers")
    assert world.rows("SELECT count(*) FROM orders")[1] == [(5,)]


def test_retyped_field_closes_its_dataset(make_world):
    catalog = catalog_store({"customers": {"id": "integer", "name": "integer"}})
    with pytest.raises(SchemaDriftError):
        make_world(catalog=catalog).rows("SELECT id FROM customers")


@pytest.mark.parametrize(("wait", "noticed"), [(0, True), (3600, False)])
def test_drift_is_noticed_in_postgresql_after_the_stated_time(postgres_url, wait, noticed):
    fill(postgres_url, CUSTOMERS, ())
    world = guard(postgres_url, schema_check_seconds=wait)
    try:
        assert world.rows("SELECT count(*) FROM customers")[1] == [(5,)]
        engine = sa.create_engine(postgres_url)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE customers RENAME COLUMN notes TO x"))
        engine.dispose()
        if noticed:
            with pytest.raises(SchemaDriftError):
                world.rows("SELECT count(*) FROM customers")
        else:
            assert world.rows("SELECT count(*) FROM customers")[1] == [(5,)]
    finally:
        world.store.close()


class Consent:
    def __init__(self):
        self.prepared = []

    def prepare(self, store, purpose, run=None):
        self.prepared.append((store, purpose, run("SELECT epoch FROM gov_consent_epoch WHERE id = 1")))

    def conditions(self, dataset, purpose):
        if dataset.dataset != "customers":
            return ()
        return (ExistsIn("gov_consent", {"subject": "id"}, {"state": ("given", "renewed")}, "consent.news"),)


def with_consent(url):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE gov_consent (subject INTEGER, state TEXT)"))
        connection.execute(text("CREATE TABLE gov_consent_epoch (id INTEGER, epoch INTEGER)"))
        connection.execute(text("INSERT INTO gov_consent_epoch VALUES (1, 7)"))
        connection.execute(
            text("INSERT INTO gov_consent VALUES (1, 'given'), (2, 'withdrawn'), (4, 'given'), (6, 'renewed')")
        )
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_consent_filters_rows_inside_the_query(request, tmp_path, kind):
    url = f"sqlite:///{tmp_path}/c.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    fill(url, CUSTOMERS, ())
    with_consent(url)
    consent = Consent()
    world = guard(url, predicate=consent)
    try:
        assert world.rows("SELECT id FROM customers ORDER BY id")[1] == [(1,), (6,)]
        assert consent.prepared == [("crm", "support", (7,))]
        assert "consent.news" in world.recorder.drafts[0].rules
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE gov_consent SET state = 'withdrawn' WHERE subject = 1"))
        engine.dispose()
        assert world.rows("SELECT id FROM customers ORDER BY id")[1] == [(6,)]
        records = [{"id": number, "name": "n", "region": "EU", "email": "ann@x.io"} for number in (1, 2, 6)]
        from policies.nouns import DatasetRef

        shown = world.store.filter(records, DatasetRef("crm", "customers"), CONTEXT)
        assert shown == [{"id": 6, "name": "n", "email": "a***@x.io", "region": "EU"}]
    finally:
        world.store.close()


def test_consent_that_cannot_be_decided_refuses_and_is_recorded(make_world):
    class Down(Consent):
        def prepare(self, store, purpose, run=None):
            raise AccessRefusedError("consent", found="x", expected="y", next_step="z", rule_ids=("consent.stale",))

    world = make_world(predicate=Down())
    with pytest.raises(AccessRefusedError):
        world.rows("SELECT 1")
    assert world.recorder.drafts[0].rules == ("consent.stale",)


def test_functions_of_the_database_owner_are_never_called(postgres_url):
    fill(postgres_url, CUSTOMERS, ())
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE FUNCTION upper(integer) RETURNS text LANGUAGE sql AS 'SELECT ''stolen'''"))
        connection.execute(text("CREATE FUNCTION same(text, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true'"))
        connection.execute(text("CREATE OPERATOR = (LEFTARG = text, RIGHTARG = integer, FUNCTION = same)"))
    engine.dispose()
    world = guard(postgres_url)
    try:
        for sql in ("SELECT upper(id) FROM customers", "SELECT id FROM customers WHERE name = id"):
            with pytest.raises(StoreError):
                world.rows(sql)
    finally:
        world.store.close()


def test_nothing_can_be_written_even_if_a_statement_slipped_through(worlds):
    world = worlds["base"]
    raw = world.store._raw.raw_connection()
    try:
        cursor = raw.driver_connection.cursor()
        with pytest.raises(world.store._errors):
            cursor.execute("UPDATE customers SET name = 'x'")
    finally:
        raw.close()


def test_second_check_refuses_a_raw_read_in_sqlite(make_world):
    world = make_world()
    raw = world.store._raw.raw_connection()
    with pytest.raises(world.store._errors):
        raw.driver_connection.execute("SELECT national_id FROM customers")
    check = raw.info["gov_check"]
    with check.statement("a statement", {"customers": frozenset({"id"})}):
        raw.driver_connection.execute("SELECT id FROM customers")
        for sql in ("SELECT name FROM customers", "SELECT 1 FROM orders", "PRAGMA user_version", "SELECT random()",
                    "SELECT 1 IN v_c", "SELECT sql FROM sqlite_master"):  # fmt: skip
            with pytest.raises(world.store._errors):
                raw.driver_connection.execute(sql)
    raw.close()


def test_plans_are_bounded_and_kept_by_permit(make_world):
    from governance.guard import plans

    world = make_world()
    for number in range(plans.PLANS_KEPT + 50):
        world.rows(f"SELECT {number} AS n")
    assert world.store.plans == plans.PLANS_KEPT


def test_conditions_on_clear_fields_move_inside_the_fence(make_world):
    from governance.guard.rewrite import Rewriter

    world = make_world()
    world.rows("SELECT 1 FROM customers")
    schema = world.store._shared.watch._schema
    rewriter = Rewriter(schema, lambda ref: world.permits.permits[ref.dataset], lambda ref: ())
    made = rewriter.rewrite("SELECT abs(id) FROM customers WHERE id = 3 AND email = 'x' AND length(name) > 1", 0)
    inside, _, outside = made.sql.partition("LIMIT -1")
    assert '"gov_row"."id" = 3' in inside
    assert '"id" = 3' not in outside
    assert "\"email\" = 'x'" in outside


def test_unknown_purpose_in_any_dataset_closes_the_whole_statement(make_world):
    world = make_world(permits=HandPermits({"customers": dataset_permit("customers", CUSTOMER_FIELDS, EU)}))
    with pytest.raises(AccessRefusedError):
        world.rows("SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id")


def test_pseudonym_cannot_be_given_yet(make_world):
    world = make_world()
    world.permits.permits["customers"] = dataset_permit("customers", {"id": "pseudonym"}, EU)
    with pytest.raises(AccessRefusedError):
        world.rows("SELECT id FROM customers")


def test_answer_of_query_is_recorded_and_streams(make_world):
    from governance.guard.query import run_query

    world = make_world()
    answer = run_query(world.store, CONTEXT, "SELECT id, email FROM customers ORDER BY id")
    assert answer.columns == ("id", "email")
    assert next(answer.rows) == (1, "a***@x.io")
    answer.rows.close()
    assert world.recorder.closes[0][1] in ("done", "partial")


def test_lost_connection_is_named_and_the_next_one_works(postgres_url):
    fill(postgres_url, CUSTOMERS, ())
    world = guard(postgres_url)
    admin = sa.create_engine(postgres_url)
    try:
        connection = world.store.connect(CONTEXT)
        connection.cursor().execute("SELECT id FROM customers").fetchall()
        with admin.begin() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        with pytest.raises(StoreError):
            connection.cursor().execute("SELECT id FROM customers")
        connection.close()
        assert world.rows("SELECT count(*) FROM customers")[1] == [(5,)]
    finally:
        admin.dispose()
        world.store.close()


def test_connection_that_died_in_the_pool_is_replaced_unseen(postgres_url):
    fill(postgres_url, CUSTOMERS, ())
    world = guard(postgres_url)
    admin = sa.create_engine(postgres_url)
    try:
        for _ in range(2):
            assert world.rows("SELECT count(*) FROM customers")[1] == [(5,)]
            with admin.begin() as other:
                other.execute(
                    text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        assert world.rows("SELECT count(*) FROM customers")[1] == [(5,)]
    finally:
        admin.dispose()
        world.store.close()
