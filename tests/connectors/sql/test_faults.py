"""No credential and no value leaves in an error."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.base import FULL
from connectors.sql.address import normalised, remote_without_tls
from connectors.sql.store import SqlStore
from policies.errors import ConfigError, InstallationError, StoreError

SECRET = "Hunter2-geheim"
MARKER = "13800138000"


def _text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://someone:{SECRET}@127.0.0.1:1/db",
        f"mysql://someone:{SECRET}@127.0.0.1:1/db",
        f"mariadb://someone:{SECRET}@127.0.0.1:3306/db",
    ],
)
def test_store_that_is_down_or_refuses_gives_no_credential(url: str) -> None:
    store = SqlStore("crm", url)
    with pytest.raises(StoreError) as caught:
        store.datasets()
    assert SECRET not in _text(caught.value)
    assert "someone" not in str(caught.value)
    assert "store crm" in str(caught.value)
    assert SECRET not in repr(store)


@pytest.mark.parametrize(
    "url", [f"oracle://u:{SECRET}@h/db", f"http://u:{SECRET}@h/db", f"://u:{SECRET}@", f"x+y+z://{SECRET}"]
)
def test_address_that_is_not_supported_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SqlStore("crm", url)
    assert SECRET not in _text(caught.value)


def test_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InstallationError, match=r"customer-data-governance\[postgres\]"):
        SqlStore("crm", "postgresql://h/db")


def test_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text(MARKER * 1000)
    with pytest.raises(StoreError, match="no SQLite database") as caught:
        SqlStore("crm", f"sqlite:///{path}").datasets()
    assert MARKER not in _text(caught.value)


def test_sqlite_file_that_is_missing_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(StoreError, match="no file"):
        SqlStore("crm", f"sqlite:///{path}").datasets()
    assert not path.exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_sqlite_in_memory_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="without the path"):
        SqlStore("crm", url)


def test_value_in_a_server_error_does_not_come_through(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (word text)")
        connection.exec_driver_sql(f"INSERT INTO t VALUES ('{MARKER}x')")
        connection.exec_driver_sql("CREATE VIEW v AS SELECT word::int AS n FROM t")
    store = SqlStore("crm", postgres_url)
    with pytest.raises(StoreError) as caught, store.read("v", ["n"], FULL) as reading:
        list(reading)
    assert MARKER not in _text(caught.value)
    assert "22003" in str(caught.value)
    assert caught.value.__cause__ is None


def test_table_that_is_gone_since_the_inventory_is_a_store_error(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (word text)")
    store = SqlStore("crm", postgres_url)
    store.datasets()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE t")
    with pytest.raises(StoreError, match="no longer there"), store.read("t", ["word"], FULL) as reading:
        list(reading)


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("postgresql://db.example.com/x", True),
        ("postgresql://db.example.com/x?sslmode=prefer", True),
        ("postgresql://db.example.com/x?sslmode=require", False),
        ("postgresql://127.0.0.1/x", False),
        ("postgresql://localhost/x", False),
        ("postgresql:///x?host=/var/run/postgresql", False),
        ("postgresql:///x?host=db.example.com", True),
        ("mysql://10.0.0.5/x", True),
        ("mysql://10.0.0.5/x?ssl_ca=ca.pem", False),
        ("mysql://[::1]/x", False),
        ("sqlite:///x.db", False),
    ],
)
def test_remote_address_without_tls_is_told(url: str, *, remote: bool) -> None:
    assert remote_without_tls(normalised("store s", url)) is remote


def test_short_addresses_get_our_drivers() -> None:
    assert normalised("s", "postgres://h/x").drivername == "postgresql+psycopg"
    assert normalised("s", "mysql://h/x").drivername == "mysql+pymysql"
    assert normalised("s", "mariadb://h/x").query["charset"] == "utf8mb4"
