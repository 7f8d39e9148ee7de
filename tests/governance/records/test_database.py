import importlib
import multiprocessing
import pkgutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import governance
from governance.records import database, transactions
from governance.records.database import create_records, open_records
from governance.records.metadata import metadata
from governance.records.transactions import plain as plain_of
from governance.records.transactions import reading, writing, writing_plainly
from policies.errors import RecordsError

MARKER = "marker-ann@example.org"


@pytest.fixture(autouse=True)
def _every_migration(quick_records, monkeypatch):
    """These tests are of the migrations."""
    monkeypatch.setattr(command, "upgrade", quick_records.upgrade)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path / 'a folder' / 'gov #1?.db'}".replace("?", "")


@pytest.fixture
def engine(url):
    engine = create_records(url)
    yield engine
    engine.dispose()


def load_every_table():
    """Import each module named `tables`, wherever a room keeps it."""
    for module in pkgutil.walk_packages(governance.__path__, "governance."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)


def test_migrations_build_what_the_tables_say(engine):
    load_every_table()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.fixture
def another_url(url, tmp_path, request):
    if url.startswith("postgresql"):
        return request.getfixturevalue("another_postgres_url")
    return f"sqlite:///{tmp_path / 'another.db'}"


def test_the_records_of_other_tests_are_those_that_migrations_make(quick_records, url, another_url, monkeypatch):
    monkeypatch.setattr(command, "upgrade", type(quick_records)(quick_records.upgrade))
    made = []
    for each in (url, another_url):  # by the migrations, and as they did it
        engine = create_records(each)
        made.append(described(engine))
        engine.dispose()
    assert made[0] == made[1]
    assert len(made[0]) > 100


def described(engine):
    """All that a database has: columns, keys, constraints, indexes, rows of the migrations."""
    inspector = sa.inspect(engine)
    asked = ("columns", "pk_constraint", "foreign_keys", "unique_constraints", "check_constraints", "indexes")
    found = {
        (table, each): str(getattr(inspector, f"get_{each}")(table))
        for table in inspector.get_table_names()
        for each in asked
    }
    with engine.connect() as connection:
        rows = {table: connection.execute(sa.text(f"SELECT * FROM {table}")).all() for table, _ in found}
    return found | rows


def test_migrations_are_one_chain():
    script = ScriptDirectory(str(database._MIGRATIONS))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert all(not isinstance(step.down_revision, tuple) for step in script.walk_revisions())


def test_creating_twice_keeps_what_is_there(engine, url):
    with writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO gov_ledger_name VALUES ('n:1', 'note', 'd', 'kept')"))
    again = create_records(url)
    with reading(again) as connection:
        assert connection.execute(sa.text("SELECT text FROM gov_ledger_name")).scalar_one() == "kept"
    again.dispose()


def test_a_missing_sqlite_file_is_refused_and_not_created(tmp_path):
    path = tmp_path / "gov.db"
    with pytest.raises(RecordsError, match="governance init"):
        open_records(f"sqlite:///{path}")
    assert list(tmp_path.iterdir()) == []


def test_a_file_removed_while_open_is_not_made_again(tmp_path):
    path = tmp_path / "gov.db"
    engine = create_records(f"sqlite:///{path}")
    engine.dispose()
    path.unlink()
    with pytest.raises(sa.exc.OperationalError), engine.connect():
        pass
    assert not path.exists()


def test_a_database_without_our_tables_is_refused(tmp_path, postgres_url):
    empty = tmp_path / "empty.db"
    empty.touch()
    for url in (f"sqlite:///{empty}", postgres_url):
        with pytest.raises(RecordsError, match="without our tables"):
            open_records(url)
    assert empty.stat().st_size == 0


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "gov.db"
    path.write_text(MARKER * 100)
    for call in (open_records, create_records):
        with pytest.raises(RecordsError) as caught:
            call(f"sqlite:///{path}")
        assert MARKER not in str(caught.value)


@pytest.mark.parametrize("version", ["0000", "9999"])
def test_records_of_another_version_are_refused(engine, url, version):
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    with pytest.raises(RecordsError, match="governance doctor"):
        open_records(url)
    with pytest.raises(RecordsError):
        create_records(url)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql+pymysql://h/d"])
def test_a_url_that_cannot_hold_records_is_refused(url):
    for call in (open_records, create_records):
        with pytest.raises(RecordsError, match=r"records\.url"):
            call(url)


def test_a_server_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(RecordsError) as caught:
        open_records("postgresql://user:marker-secret@127.0.0.1:1/none")
    assert "127.0.0.1" in str(caught.value)
    assert "marker-secret" not in str(caught.value)


def test_sqlite_commits_are_durable_and_keys_are_enforced(tmp_path):
    engine = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "secure_delete": 1,
    }
    engine.dispose()


def test_postgresql_commits_are_durable_where_the_database_switched_that_off(postgres_url):
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        name = sa.make_url(postgres_url).database
        connection.execute(sa.text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    admin.dispose()
    engine = create_records(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SHOW synchronous_commit")).scalar_one() == "on"
    engine.dispose()


def test_a_block_that_raises_writes_nothing(engine):
    def write_and_fail():
        with writing(engine) as connection:
            connection.execute(sa.text("INSERT INTO gov_ledger_name VALUES ('n:1', 'note', 'd', 't')"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with reading(engine) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM gov_ledger_name")).scalar_one() == 0


_NAME = "INSERT INTO gov_ledger_name (ref, kind, digest, text) VALUES (?, ?, ?, ?)"


def _names(engine):
    with reading(engine) as connection:
        return connection.execute(sa.text("SELECT count(*) FROM gov_ledger_name")).scalar_one()


def test_plain_statements_are_committed_together_or_not_at_all(engine):
    def write_and_fail():
        with writing_plainly(engine) as plain:
            plain.execute(_NAME, ("n:1", "note", "a", "t"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert _names(engine) == 0
    with writing_plainly(engine) as plain:
        plain.executemany(_NAME, [("n:1", "note", "a", "t"), ("n:2", "note", "b", "t")])
        assert plain.execute("SELECT text FROM gov_ledger_name WHERE ref = ?", ("n:1",)).fetchone() == ("t",)
    assert _names(engine) == 2
    with writing(engine) as connection:  # the same statements inside a transaction of another kind
        plain_of(connection).execute(_NAME, ("n:3", "note", "c", "t"))
    assert _names(engine) == 3


def test_plain_writers_take_turns_with_others(engine):
    def plainly(number):
        with writing_plainly(engine) as plain:
            plain.execute(_NAME, (f"n:{number}", "note", f"d{number}", "t"))

    def otherwise(number):
        with writing(engine) as connection:
            connection.execute(sa.text(f"INSERT INTO gov_ledger_name VALUES ('n:{number}', 'note', 'd{number}', 't')"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: (plainly if number % 2 else otherwise)(number), range(40)))
    assert _names(engine) == 40


def test_a_disposed_engine_keeps_no_connection_and_can_write_again(engine):
    with writing_plainly(engine) as plain:
        run = plain.execute
    engine.dispose()
    if engine.dialect.name == "sqlite":
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            run("SELECT 1", ())
    with writing_plainly(engine) as plain:
        plain.execute(_NAME, ("n:1", "note", "a", "t"))
    assert _names(engine) == 1


def test_a_forked_process_writes_by_a_connection_of_its_own(tmp_path, monkeypatch):
    engine = create_records(f"sqlite:///{tmp_path / 'gov.db'}")
    used = []
    for process in (1, 1, 2, 2):
        monkeypatch.setattr(transactions.os, "getpid", lambda process=process: process)
        with writing_plainly(engine) as plain:
            used.append(plain.execute.__self__)
    assert used[0] is used[1]
    assert used[1] is not used[2]
    assert used[2] is used[3]
    assert used[0].execute("SELECT 1").fetchone() == (1,)  # the other process's is not closed here
    engine.dispose()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        used[2].execute("SELECT 1")


def test_errors_hide_parameters(engine):
    statement = sa.text("INSERT INTO gov_ledger_name VALUES (:ref, 'note', 'd', :text)")
    rows = [{"ref": ref, "text": MARKER} for ref in ("n:1", "n:2")]
    with pytest.raises(sa.exc.IntegrityError) as caught, writing(engine) as connection:
        connection.execute(statement, rows)
    assert MARKER not in str(caught.value)


def test_a_reading_block_sees_one_moment(engine):
    count = sa.text("SELECT count(*) FROM gov_ledger_name")
    with reading(engine) as reader:
        assert reader.execute(count).scalar_one() == 0
        with writing(engine) as writer:
            writer.execute(sa.text("INSERT INTO gov_ledger_name VALUES ('n:1', 'note', 'd', 't')"))
        assert reader.execute(count).scalar_one() == 0


def _create(url):
    create_records(url).dispose()


def test_two_processes_that_create_at_once_both_succeed(url):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_create, args=(url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    open_records(url).dispose()
