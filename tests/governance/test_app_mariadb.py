"""The front door over a MariaDB store: sessions, engines, plain records, the command, holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from governance import AccessRefusedError, Governance
from policies.nouns import DatasetRef

from .conftest import Run


@pytest.fixture
def moved(project: Path, mysql_url: str) -> Path:
    """The project with its store moved to MariaDB."""
    with sqlite3.connect(project / "crm.db") as old:
        frame = pd.read_sql("SELECT * FROM customers", old)
    engine = sa.create_engine(mysql_url)
    types = [
        "id INTEGER PRIMARY KEY",
        *(f"{name} VARCHAR(200)" for name in frame.columns if name not in ("id", "profile")),
    ]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE customers ({', '.join(types)}, profile JSON) COLLATE utf8mb4_general_ci"
        )
        frame.to_sql("customers", connection, if_exists="append", index=False)
    engine.dispose()
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("sqlite:///crm.db", mysql_url))
    return project


def test_a_store_in_mariadb_is_guarded_by_every_way_in(moved: Path) -> None:
    with Governance.open(moved / "governance.yaml", actor="shop") as gov:
        with gov.session("crm", principal="alice", purpose="support") as db:
            emails = list(db.scalars(sa.text("SELECT email FROM customers WHERE id > :n"), {"n": 0}))
        frame = pd.read_sql("SELECT id, email FROM customers", gov.engine("crm", principal="alice", purpose="support"))
        record = {"id": 1, "name": "x", "email": "ann@x.io", "region": "EU"}
        shown = gov.filter([record], dataset="crm.customers", principal="alice", purpose="support")
        assert len(emails) == len(frame) == 27
        assert {each.partition("@")[0] for each in (*emails, *frame["email"])} == {"p***"}
        assert shown[0]["email"] == "a***@x.io"
        decisions = [each for each in gov.ledger.events(("decision",)) if each.purpose == "support"]
        assert {each.outcome for each in decisions} == {"allowed"}


def test_the_command_asks_a_store_in_mariadb(moved: Path, run: Run) -> None:
    asked = "SELECT count(*) AS n, min(email) AS e FROM customers WHERE email LIKE 'p%'"
    told = run("query", "crm", asked, "--as", "alice", "--purpose", "support")
    assert told.code == 0
    assert "27" in told.out
    assert "p***@" in told.out


def test_a_hold_binds_a_guarded_deletion(moved: Path) -> None:
    policies = moved / "policies" / "access.csv"
    policies.write_text(
        policies.read_text() + "p, support, support, delete, crm.customers, clear, allow, region == 'EU'\n"
    )
    with Governance.open(moved / "governance.yaml", actor="shop") as gov:
        hold = gov.holds.place(DatasetRef("crm", "customers"), "record", ["1"], by="p:dpo")
        with gov.session("crm", principal="alice", purpose="support", writes=True) as db:
            with pytest.raises(AccessRefusedError, match="hold"):
                db.execute(sa.text("DELETE FROM customers WHERE id < 3"))
            assert db.execute(sa.text("DELETE FROM customers WHERE id = 2")).rowcount == 1
            gov.holds.release(hold.id, by="p:dpo")
            assert db.execute(sa.text("DELETE FROM customers WHERE id = 1")).rowcount == 1
            db.commit()
