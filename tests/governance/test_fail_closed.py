"""What cannot be decided or recorded is refused, by every way in, with a clear error and without a row."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from governance.app import Governance
from policies.errors import GovernanceError

from .conftest import MARKERS

SQL = "SELECT name, email FROM customers"
RECORDS = [{"id": 1, "name": MARKERS["name"], "email": MARKERS["email"], "region": "EU"}]
LINES = "p, support, marketing, read, crm.customers, clear, allow,\n"
Way = Callable[[Governance, str], Any]


def _session(gov: Governance, purpose: str) -> Any:
    with gov.session("crm", principal="alice", purpose=purpose) as db:
        return db.execute(sa.text(SQL)).all()


def _engine(gov: Governance, purpose: str) -> Any:
    with gov.engine("crm", principal="alice", purpose=purpose).connect() as connection:
        return connection.execute(sa.text(SQL)).all()


def _connection(gov: Governance, purpose: str) -> Any:
    with gov.connect("crm", principal="alice", purpose=purpose) as connection:
        return connection.cursor().execute(SQL).fetchall()


def _async_session(gov: Governance, purpose: str) -> Any:
    async def read() -> Any:
        async with gov.async_session("crm", principal="alice", purpose=purpose) as db:
            return (await db.execute(sa.text(SQL))).all()

    return asyncio.run(read())


def _filter(gov: Governance, purpose: str) -> Any:
    return gov.filter(RECORDS, dataset="crm.customers", principal="alice", purpose=purpose)


def _query(gov: Governance, purpose: str) -> Any:
    return list(gov.query("crm", SQL, principal="alice", purpose=purpose).rows)


WAYS: list[Way] = [_session, _engine, _connection, _async_session, _filter, _query]


@contextmanager
def half_written(project: Path, name: str) -> Iterator[None]:
    path = project / "policies" / name
    whole = path.read_text()
    path.write_text(whole[: int(len(whole) * 0.7)].rstrip() + ' p, "')
    try:
        yield
    finally:
        path.write_text(whole)


@contextmanager
def renamed(url: str, table: str) -> Iterator[None]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO elsewhere")
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE elsewhere RENAME TO {table}")
        engine.dispose()


@contextmanager
def moved(path: Path) -> Iterator[None]:
    path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        path.with_suffix(".away").rename(path)


@contextmanager
def retyped(project: Path) -> Iterator[None]:
    engine = sa.create_engine(f"sqlite:///{project}/crm.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE customers RENAME COLUMN email TO contact")
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE customers RENAME COLUMN contact TO email")
        engine.dispose()


@pytest.fixture(scope="module")
def ready(shared_project: Path) -> Path:
    with (shared_project / "policies/access.csv").open("a") as lines:
        lines.write(LINES)
    with Governance.open(shared_project / "governance.yaml") as gov:
        gov.consent_conditions.create_projection("crm")
    return shared_project


@pytest.fixture(scope="module")
def gov(ready: Path) -> Iterator[Governance]:
    """Opened before anything fails, with plans and statements in its memory."""
    with Governance.open(ready / "governance.yaml", actor="alice") as opened:
        for way in WAYS:
            assert way(opened, "support")
            assert way(opened, "marketing") == []
        yield opened


def records_url(project: Path) -> str:
    return f"sqlite:///{project}/.governance/gov.db"


def faults(project: Path) -> dict[str, Any]:
    consent = next(
        name
        for name in sa.inspect(sa.create_engine(f"sqlite:///{project}/crm.db")).get_table_names()
        if name.startswith("gov_consent")
    )
    return {
        "ledger down": lambda: renamed(records_url(project), "gov_ledger_event"),
        **{
            f"{name} half-written": lambda name=name: half_written(project, name)
            for name in ("access.csv", "catalog.yaml", "principals.yaml", "purposes.yaml")
        },
        "store departed from the catalog": lambda: retyped(project),
        "consent unreadable in the store": lambda: renamed(f"sqlite:///{project}/crm.db", consent),
        "consent unreadable in the records": lambda: renamed(records_url(project), "gov_consent_head"),
    }


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__[1:])
def test_every_fault_refuses_without_a_row_and_its_end_serves_again(gov, ready, way):
    for name, fault in faults(ready).items():
        purpose = "marketing" if name.startswith("consent") else "support"
        with fault(), pytest.raises(GovernanceError, match="Next:") as refused:
            way(gov, purpose)
        said = f"{refused.value} {refused.value.__context__}"
        assert not [each for each in MARKERS.values() if each in said], name
        if name == "store departed from the catalog":
            gov.guards.clear()  # a dataset that departed stays closed until the store is opened again
        assert bool(way(gov, purpose)) == (purpose == "support"), name


@pytest.mark.parametrize("name", ["records", "keys", "passphrase", "store"])
def test_a_project_that_lost_a_part_hands_out_nothing(ready, name):
    parts = {"records": "gov.db", "keys": "keyring.json", "passphrase": "passphrase", "store": "../crm.db"}
    path = (ready / ".governance" / parts[name]).resolve()
    with moved(path):
        for way in WAYS:
            gov = Governance.open(ready / "governance.yaml", actor="alice")
            with pytest.raises(GovernanceError, match="Next:"):
                way(gov, "support")
        assert not path.exists()


def test_a_revoked_line_holds_from_the_next_statement_in_another_process(ready):
    code = (
        "import sys, sqlalchemy as sa; from governance.app import Governance\n"
        "with Governance.open('governance.yaml') as gov:\n"
        "    db = gov.session('crm', principal='alice', purpose='support')\n"
        "    for line in sys.stdin:\n"
        "        try: print('rows', len(db.execute(sa.text('SELECT name FROM customers')).all()), flush=True)\n"
        "        except Exception as error: print(type(error).__name__, flush=True)\n"
    )
    lines = ready / "policies/access.csv"
    whole = lines.read_text()
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ready, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def there() -> str:
            other.stdin.write("ask\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        assert there() == "rows 27"
        lines.write_text(
            whole.replace(
                "p, support, support, read, crm.customers, clear", "p, support, support, read, crm.nothing, clear"
            )
        )
        assert there() == "PolicyFileError"
        lines.write_text("\n".join(each for each in whole.splitlines() if not each.startswith("p, support, support")))
        assert there() == "AccessRefusedError"
        lines.write_text(whole)
        assert there() == "rows 27"
        other.stdin.close()
