"""A lent database is as a new one, whatever the test before did to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from .lent_databases import LentDatabases

TAKEN_AWAY = {
    "nothing": "SELECT 1",
    "table": "CREATE TABLE t (a int PRIMARY KEY, b text UNIQUE)",
    "schema": "CREATE SCHEMA x; CREATE TABLE x.t (a int); CREATE VIEW v AS SELECT a FROM x.t",
    "function": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "type": "CREATE TYPE mood AS ENUM ('a')",
    "temporary table": "CREATE TEMP TABLE t (a int)",
    "event trigger": "CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    " CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION public.e()",
    "no public schema": "DROP SCHEMA public",
    "rights on the schema": "REVOKE ALL ON SCHEMA public FROM PUBLIC",
}
"""What is taken away, so that the database is lent again."""
NOTICED = {
    "setting": "ALTER DATABASE {name} SET work_mem = '1MB'",
    "rights on the database": "GRANT CREATE ON DATABASE {name} TO PUBLIC",
    "limit": "ALTER DATABASE {name} CONNECTION LIMIT 7",
    "default rights": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "large object": "SELECT lo_create(0)",
    "rights on a function": "REVOKE EXECUTE ON FUNCTION pg_sleep FROM PUBLIC",
    "rights on a catalog": "GRANT SELECT ON pg_authid TO PUBLIC",
    "publication": "CREATE PUBLICATION p",
    "cast": "CREATE CAST (int AS bytea) WITH INOUT",
}
"""What makes it be dropped."""


@pytest.fixture
def databases(postgres_server: str) -> Iterator[LentDatabases]:
    made = LentDatabases(postgres_server)
    yield made
    made.close()


def use(databases: LentDatabases, statement: str) -> str:
    """Borrow a database for one statement; gives the name that it had."""
    lent = databases.lend()
    url = sa.make_url(next(lent))
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement.replace("{name}", f'"{url.database}"'))
    engine.dispose()
    assert list(lent) == []
    return str(url.database)


@pytest.mark.parametrize("statement", TAKEN_AWAY.values(), ids=TAKEN_AWAY)
def test_what_a_test_made_is_taken_away_and_the_database_lent_again(databases: LentDatabases, statement: str) -> None:
    name = use(databases, statement)
    (free,) = databases._free
    assert free != name
    assert databases._described(free) == databases._new
    assert use(databases, "CREATE TABLE t (a int)") == free


@pytest.mark.parametrize("statement", NOTICED.values(), ids=NOTICED)
def test_what_stays_is_noticed_and_the_database_dropped(databases: LentDatabases, statement: str) -> None:
    use(databases, statement)
    assert databases._free == []


def test_whoever_is_still_connected_is_cut_off_and_cannot_come_back(databases: LentDatabases) -> None:
    lent = databases.lend()
    engine = sa.create_engine(next(lent))
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a int)")
        assert list(lent) == []
        with pytest.raises(sa.exc.OperationalError):
            connection.exec_driver_sql("SELECT 1")
    with pytest.raises(sa.exc.OperationalError, match="does not exist"), engine.connect():
        pass
    engine.dispose()
    assert len(databases._free) == 1


def test_two_are_lent_at_once_and_dropped_at_the_end(postgres_server: str) -> None:
    databases = LentDatabases(postgres_server)
    lent = [databases.lend(), databases.lend()]
    assert len({next(each) for each in lent}) == 2
    assert [list(each) for each in lent] == [[], []]
    kept = list(databases._free)
    assert len(kept) == 2
    databases.close()
    admin = sa.create_engine(postgres_server)
    with admin.connect() as connection:
        found = connection.execute(
            sa.text("SELECT datname FROM pg_database WHERE datname = ANY(:kept)"), {"kept": kept}
        )
        assert found.all() == []
    admin.dispose()
