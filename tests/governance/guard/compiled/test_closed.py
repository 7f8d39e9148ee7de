"""What the compiled policy closes: nobody who connects to the database gets past the views."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from governance.flows.access.compiling_policy import compile_policy
from governance.guard.compile_check import departures_of
from governance.guard.compile_script import removal_of, script_of

LINES = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, support, read, crm.customers.email, mask:email, allow,
p, nurse, care, read, crm, clear, allow,
g, alice, support
g, mei, nurse
"""
PEOPLE = {"alice": {"region": "EU"}, "mei": {}}


@pytest.fixture(scope="module")
def compiled(shop):
    shop.logins(*PEOPLE, "eve")
    shop.write(LINES, PEOPLE)
    with shop.open() as gov:
        return shop.compile(gov)


def schema_of(compiled, purpose: str) -> str:
    return next(each.schema for each in compiled.uses if each.purpose == purpose)


def asked(shop, name: str, statement: str) -> list[tuple]:
    with shop.connected(name) as connection:
        found = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
        return [tuple(row) for row in found] if found.returns_rows else []


INSUFFICIENT_PRIVILEGE = "42501"
REFUSED = (
    "SELECT * FROM public.customers",
    "SELECT id FROM public.customers",
    "SELECT count(*) FROM public.customers",
    "SELECT * FROM sales.orders",
    "SELECT ctid FROM public.customers",
    "TABLE public.customers",
    "COPY public.customers TO STDOUT",
    "COPY (SELECT 1) TO '/tmp/gov_never_written'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "INSERT INTO public.customers (id) VALUES (99)",
    "UPDATE public.customers SET region = 'EU'",
    "DELETE FROM public.customers",
    "TRUNCATE public.customers",
    "INSERT INTO {support}.customers (id) VALUES (99)",
    "UPDATE {support}.customers SET region = 'EU'",
    "DELETE FROM {support}.customers",
    "SELECT * FROM {own}.attributes",
    "UPDATE {own}.attributes SET value = 'US'",
    "SELECT * FROM {care}.customers",
    "CREATE VIEW {support}.mine AS SELECT 1",
    "CREATE OR REPLACE VIEW {support}.customers AS SELECT * FROM public.customers",
    "ALTER VIEW {support}.customers SET (security_barrier = false)",
    "ALTER VIEW {support}.customers RESET (security_barrier)",
    "DROP VIEW {support}.customers",
    "CREATE TABLE public.copied AS SELECT * FROM public.customers",
    "SET ROLE {owner}",
    "SET ROLE {care_role}",
    "SET SESSION AUTHORIZATION {mei}",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_ls_dir('.')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "CREATE ROLE gov_never_made SUPERUSER",
    "GRANT {care_role} TO CURRENT_USER",
    "CREATE FUNCTION {support}.leak(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE TRIGGER t BEFORE UPDATE ON public.customers EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TABLE public.customers DISABLE ROW LEVEL SECURITY",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_what_leads_past_the_views_is_refused(shop, compiled, statement: str) -> None:
    names = {
        "support": schema_of(compiled, "support"),
        "care": schema_of(compiled, "care"),
        "care_role": next(each.role for each in compiled.uses if each.purpose == "care"),
        "own": compiled.own_schema,
        "owner": compiled.owner,
        "mei": shop.user("mei"),
    }
    with pytest.raises(sa.exc.DBAPIError) as caught:
        asked(shop, "alice", statement.format(**{name: f'"{each}"' for name, each in names.items()}))
    assert caught.value.orig.sqlstate == INSUFFICIENT_PRIVILEGE
    assert "ann@x.example" not in str(caught.value)


def test_nobody_becomes_another_by_a_setting(shop, compiled) -> None:
    """Settings of the session are any client's to set; who is connected is not."""
    place = f'"{schema_of(compiled, "support")}".customers'
    for setting in ("SET gov.region TO 'US'", "SET search_path TO public", "SET row_security TO off", "SET ROLE none"):
        with shop.connected("alice") as connection:
            connection.exec_driver_sql(setting)
            assert connection.exec_driver_sql(f"SELECT DISTINCT region FROM {place}").scalars().all() == ["EU"]


def test_a_role_that_is_a_member_of_another_persons_keeps_its_own_attributes(shop, compiled) -> None:
    shop.run(f'GRANT "{shop.user("alice")}" TO "{shop.user("eve")}"')
    try:
        place = f'"{schema_of(compiled, "support")}".customers'
        assert asked(shop, "eve", f"SELECT * FROM {place}") == []  # eve has no region, whoever she acts as
        with shop.open() as gov:
            assert (
                "member",
                next(each.role for each in compiled.uses if each.purpose == "support"),
                shop.user("eve"),
            ) in (shop.departures(gov))
    finally:
        shop.run(f'REVOKE "{shop.user("alice")}" FROM "{shop.user("eve")}"')


@pytest.mark.parametrize(
    "probe",
    [
        "SELECT 1 FROM {view} WHERE 1 / (CASE WHEN email = 'ann@x.example' THEN 0 ELSE 1 END) = 1",
        "SELECT 1 FROM {view} WHERE CAST(region AS integer) = 1 AND region = 'US'",
        "SELECT 1 FROM {view} WHERE email LIKE 'ann@%'",
        "SELECT 1 FROM {view} WHERE pg_temp.seen(region, id)",
    ],
)
def test_a_condition_that_fails_or_talks_meets_no_hidden_row_and_no_clear_value(shop, compiled, probe: str) -> None:
    notices: list[str] = []
    with shop.connected("alice") as connection:
        raw = connection.connection.driver_connection
        raw.add_notice_handler(lambda told: notices.append(told.message_primary))
        raw.execute(
            "CREATE FUNCTION pg_temp.seen(text, integer) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS"
            " $$ BEGIN RAISE NOTICE '% %', $1, $2; RETURN true; END $$"
        )
        try:
            raw.execute(probe.format(view=f'"{schema_of(compiled, "support")}".customers'))
        except psycopg.Error as error:
            notices.append(str(error))
    assert not [each for each in notices if "US" in each or "zero" in each or "ann@x" in each]


def test_a_script_that_would_leave_something_open_changes_nothing(shop, compiled) -> None:
    shop.run(f'CREATE ROLE "reader_{shop.suffix}"; GRANT SELECT ON public.customers TO "reader_{shop.suffix}"')
    shop.run(f'GRANT "reader_{shop.suffix}" TO "{shop.user("alice")}"')
    try:
        shop.write(LINES.replace("mask:email", "mask:redact"), PEOPLE)
        with shop.open() as gov:
            again = compile_policy(gov, "crm")
            with pytest.raises(sa.exc.ProgrammingError, match="these pass the views"):
                shop.run(script_of(again))
            kinds = {kind for kind, _, _ in shop.departures(gov)}
            assert kinds == {"outdated", "table"}
        shop.write(LINES, PEOPLE)
        with shop.open() as gov:
            assert {kind for kind, _, _ in shop.departures(gov)} == {"table"}
    finally:
        shop.run(f'REVOKE "reader_{shop.suffix}" FROM "{shop.user("alice")}"')


TAMPERED = (
    ("changed", "CREATE OR REPLACE VIEW {view} WITH (security_barrier = true) AS {opened}"),
    ("changed", "ALTER VIEW {view} RESET (security_barrier)"),
    ("changed", "ALTER VIEW {view} OWNER TO CURRENT_USER"),
    ("missing", "DROP VIEW {view}"),
    ("extra", "CREATE VIEW {schema}.more AS SELECT 1 AS one"),
    ("attributes", "UPDATE {own}.attributes SET value = 'US'"),
    ("grant", "GRANT SELECT ON {view} TO PUBLIC"),
    ("grant", "GRANT USAGE ON SCHEMA {schema} TO PUBLIC"),
    ("table", "GRANT SELECT (email) ON public.customers TO PUBLIC"),
    ("table", "GRANT SELECT ON sales.orders TO {alice}"),
    ("power", "GRANT pg_read_all_data TO {alice}"),
    ("power", "ALTER ROLE {alice} BYPASSRLS"),
    ("power", "GRANT {owner} TO {alice}"),
    ("member", "GRANT {role} TO {eve}"),
    ("without", "REVOKE {role} FROM {alice}"),
    ("function", "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {alice}"),
    ("function", "CREATE FUNCTION public.peek() RETURNS text LANGUAGE sql SECURITY DEFINER AS {body}"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), TAMPERED)
def test_a_check_finds_what_somebody_changed(shop, compiled, kind: str, change: str) -> None:
    use = next(each for each in compiled.uses if each.purpose == "support")
    names = {"alice": shop.user("alice"), "eve": shop.user("eve"), "owner": compiled.owner, "role": use.role}
    said = {name: f'"{each}"' for name, each in (names | {"schema": use.schema, "own": compiled.own_schema}).items()}
    said["opened"] = "SELECT id, name, email::text AS email, phone, region, tier, born, points FROM public.customers"
    said["body"] = "'SELECT email FROM public.customers LIMIT 1'"
    shop.run(script_of(compiled))
    assert departures(shop, compiled) == set()
    shop.run(change.format(**said, view=f'"{use.schema}".customers'))
    try:
        assert kind in departures(shop, compiled)
    finally:
        shop.run(UNDO.format(**said))


def departures(shop, compiled) -> set[str]:
    with shop.admin.execution_options(isolation_level="READ COMMITTED").connect() as connection:
        return {each.kind for each in departures_of(compiled, connection)}


UNDO = """
REVOKE ALL ON ALL TABLES IN SCHEMA public, sales FROM PUBLIC, {alice};
REVOKE SELECT (email) ON public.customers FROM PUBLIC;
REVOKE pg_read_all_data FROM {alice};
ALTER ROLE {alice} NOBYPASSRLS;
REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM {alice};
DROP FUNCTION IF EXISTS public.peek();
"""


def test_a_removed_policy_leaves_no_role_and_no_schema(shop, compiled) -> None:
    shop.run(removal_of(compiled))
    assert departures(shop, compiled) == {"missing", "without"}
    shop.run(script_of(compiled))
    assert departures(shop, compiled) == set()


def test_a_script_refuses_another_database(shop, compiled) -> None:
    script = script_of(compiled).replace(f"<> '{compiled.database}'", "<> 'elsewhere'")
    with pytest.raises(sa.exc.ProgrammingError, match="another database"):
        shop.run(script)


def test_the_owner_of_the_views_reads_no_column_that_no_view_needs(shop, compiled) -> None:
    with shop.admin.connect() as connection:
        columns = connection.exec_driver_sql(
            "SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'public.customers'::regclass AND a.attnum > 0"
            " AND has_column_privilege(%s, a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum",
            (compiled.owner,),
        ).scalars()
        assert list(columns) == ["id", "name", "email", "phone", "region", "tier", "born", "clinic", "points"]


def test_names_and_values_with_quotes_stay_names_and_values(shop, compiled) -> None:
    lines = LINES + 'p, alice, support, read, crm.customers.tier, clear, allow, tier == "$gov0$; \'"\n'
    shop.write(lines, PEOPLE | {"alice": {"region": "'; DROP TABLE public.customers; --"}})
    with shop.open() as gov:
        found = shop.compile(gov)
        assert shop.departures(gov) == []
        assert asked(shop, "alice", f'SELECT * FROM "{schema_of(found, "support")}".customers') == []
    assert asked_as_admin(shop, "SELECT count(*) FROM public.customers") == 5


def asked_as_admin(shop, statement: str) -> int:
    with shop.admin.connect() as connection:
        return connection.exec_driver_sql(statement).scalar_one()
