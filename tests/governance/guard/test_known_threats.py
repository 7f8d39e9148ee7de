"""Known ways around layers like this one, tried on both kinds of store; `tests/governance/threats.yaml` lists all."""

from __future__ import annotations

import copy
import pickle

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import defer

from governance.access.permits import FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from policies.errors import AccessRefusedError, GovernanceError
from policies.nouns import Principal
from policies.predicate import parse_predicate

from .hands import CONTEXT, CUSTOMER_FIELDS, EU, dataset_permit
from .worlds import CUSTOMERS, make_models

WIDE = UseContext(Principal("root", frozenset({"support"}), {"region": "US"}), "app", "support")
NARROW = UseContext(Principal("paula", frozenset({"support"}), {"region": "EU"}), "app", "support")
"""Nobody else's: attacks of other tests change the dialect of the one they run as."""
STATEMENTS = {
    "N33": [
        "SELECT /*!50000 email */ FROM v_c",
        "SELECT name FROM customers # WHERE region = 'EU'\n UNION SELECT contact FROM v_c",
        "SELECT E'\\'' || national_id || E'\\'' FROM customers",
        "SELECT contact /* /* */ FROM v_c -- */",
        "SELECT `contact` FROM `v_c`",
        "SELECT [contact] FROM [v_c]",
    ],
    "N34": [
        "SELECT 1; SELECT national_id FROM customers",
        "SELECT $$;$$; DELETE FROM customers",
        "SELECT name FROM customers\x00 WHERE 1=1",
        "\ufeffSELECT national_id FROM customers",
    ],
    "N35": [
        "SET ROLE postgres",
        "SET search_path TO public",
        "SET row_security = off",
        "RESET ALL",
        "PRAGMA writable_schema = 1",
        "ATTACH DATABASE 'copy.db' AS x",
        "SELECT set_config('search_path', 'public', false)",
        "DETACH DATABASE main",
    ],
    "N36": [
        "SELECT * FROM dblink('host=x', 'SELECT 1') AS t(a int)",
        "SELECT lo_export(1, '/tmp/x')",
        "COPY customers TO PROGRAM 'cat'",
        "SELECT load_extension('x')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('x', 'y')",
        "IMPORT FOREIGN SCHEMA public FROM SERVER s INTO public",
    ],
    "N37": [
        "SELECT contact FROM v_c",
        "SELECT * FROM v_c",
        "CREATE VIEW w AS SELECT * FROM customers",
        "SELECT owner_function()",
    ],
    "N38": [
        "SELECT * FROM pg_stats",
        "SELECT most_common_vals FROM pg_catalog.pg_stats",
        "SELECT * FROM sqlite_stat1",
        "ANALYZE customers",
        "EXPLAIN SELECT * FROM customers WHERE national_id = 'A123'",
        "EXPLAIN ANALYZE SELECT 1 FROM customers",
        "SHOW TABLES",
        "SELECT pg_column_size(national_id) FROM customers",
        "SELECT * FROM information_schema.columns",
        "SELECT sql FROM sqlite_master",
    ],
}


@pytest.mark.parametrize(("threat", "sql"), [(name, sql) for name, each in STATEMENTS.items() for sql in each])
def test_statement_of_a_known_threat_is_refused_and_recorded_without_a_value(worlds, threat, sql):
    world = worlds["base"]
    world.recorder.drafts.clear()
    with pytest.raises(AccessRefusedError) as refused:
        world.rows(sql)
    assert [each.outcome for each in world.recorder.drafts] == ["refused"], threat
    said = str(refused.value) + repr(world.recorder.drafts)
    assert not [each for row in CUSTOMERS for each in row[2:5] if each in said]


def test_statement_compiled_for_one_is_filtered_for_the_other(worlds):
    world, models = worlds["base"], make_models()
    customer = models.Customer
    regions = []
    for _ in range(2):
        for context in (WIDE, NARROW):
            with world.store.session(context) as session:
                baked = sa.lambda_stmt(lambda: sa.select(customer.region).order_by(customer.id))
                regions.append(set(session.scalars(baked)))
    assert regions == [{"US"}, {"EU"}] * 2


def test_field_loaded_later_is_treated_and_decided_then(make_world):
    world, models = make_world(), make_models()
    with world.store.session(CONTEXT) as session:
        query = sa.select(models.Customer).options(defer(models.Customer.email)).order_by(models.Customer.id)
        first, second = session.scalars(query).all()[:2]
        assert first.email == "a***@x.io"
        world.permits.permits["customers"] = dataset_permit("customers", {"id": "clear"}, EU)
        with pytest.raises(AccessRefusedError):
            _ = second.email


def test_revocation_ends_a_transaction_that_began_before(make_world):
    world = make_world()
    connection = world.store.connect(CONTEXT)
    cursor = connection.cursor()
    cursor.execute("SAVEPOINT before")
    assert len(cursor.execute("SELECT id FROM customers").fetchall()) == 5
    del world.permits.permits["customers"]
    with pytest.raises(AccessRefusedError):
        cursor.execute("SELECT id FROM customers")
    connection.rollback()
    with pytest.raises(AccessRefusedError):
        cursor.execute("SELECT id FROM customers")
    connection.close()


def test_objects_that_leave_hold_the_treated_values_only(make_world):
    world, models = make_world(), make_models()
    with world.store.session(CONTEXT) as session:
        people = session.scalars(sa.select(models.Customer)).all()
        rows = [tuple(row) for row in session.execute(sa.select(models.Customer.__table__))]
        left = repr([vars(each) for each in people]) + repr([vars(copy.copy(each)) for each in people])
        left += pickle.dumps(rows).decode("latin-1")
        for thing in (session, session.get_bind(), session.connection()):
            with pytest.raises((TypeError, AttributeError, sa.exc.SQLAlchemyError)):
                pickle.dumps(thing)
    for row in CUSTOMERS:
        assert row[2] not in left
        assert row[4] not in left


def test_copied_table_is_unknown(make_world):
    world = make_world()
    engine = sa.create_engine(world.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE customers_old AS SELECT * FROM customers")
    engine.dispose()
    with pytest.raises(GovernanceError):
        world.rows("SELECT email FROM customers_old")


def test_same_question_has_the_same_answer_so_nothing_is_averaged(worlds):
    world = worlds["base"]
    asked = [world.rows("SELECT email, count(*), avg(id) FROM customers GROUP BY email ORDER BY 1") for _ in range(5)]
    assert all(each == asked[0] for each in asked)
    for noise in ("SELECT random()", "SELECT avg(random() + id) FROM customers"):
        with pytest.raises(AccessRefusedError):
            world.rows(noise)


def test_one_row_has_one_mask_whoever_holds_both_roles(make_world):
    world = make_world()
    rules = (FieldRule("a", "mask:last4", None), FieldRule("b", "mask:redact", None))
    world.permits.permits["customers"] = dataset_permit(
        "customers", {"id": "clear"}, None, permits={"phone": FieldPermit("phone", rules)}
    )
    sql = "SELECT DISTINCT a.phone = b.phone FROM customers a JOIN customers b ON a.id = b.id"
    assert world.rows(sql)[1] == [(1,)]
    shown = {phone for (phone,) in world.rows("SELECT phone FROM customers")[1]}
    assert all(each.startswith("****") and len(each) == 8 for each in shown)


def test_hash_of_a_masked_field_is_the_hash_of_its_mask(worlds):
    world = worlds["base"]
    for name in ("md5", "sha256", "digest", "hashtext", "crypt"):
        try:
            rows = world.rows(f"SELECT {name}(notes) FROM customers WHERE notes IS NOT NULL")[1]
        except GovernanceError:
            continue
        assert len(set(rows)) == 1  # all notes are masked alike


def test_rule_that_denies_is_asked_where_another_allows(make_world):
    world = make_world()
    deny = (RowRule("d", parse_predicate("tier == 'gold'")),)
    world.permits.permits["customers"] = dataset_permit("customers", CUSTOMER_FIELDS, None, deny=deny)
    assert {tier for (tier,) in world.rows("SELECT tier FROM customers")[1]} == {"free"}
