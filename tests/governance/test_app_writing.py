"""Writing by the front door: one session reads and writes, and each statement is decided by its own action."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from governance import AccessRefusedError, Governance, GovernanceError
from governance.consent.events import Subject
from policies.nouns import Action


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    region: Mapped[str]


WRITES = """p, support, support, write, crm.customers, clear, allow, region == principal.region
p, support, support, delete, crm.customers, clear, allow, region == principal.region and id > 30
"""


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text() + WRITES)
    with Governance.open(project / "governance.yaml", actor="shop") as opened:
        yield opened


def stored(project: Path, sql: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(f"sqlite:///{project / 'crm.db'}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(sql)]
    engine.dispose()
    return found


def test_one_session_reads_and_writes(gov: Governance, project: Path) -> None:
    with gov.session("crm", principal="alice", purpose="support", writes=True) as db:
        one = db.get(Customer, 1)
        assert one is not None
        one.name = "Changed"
        db.add(Customer(id=100, name="New", email="new@example.org", region="EU"))
        for each in db.scalars(sa.select(Customer).where(Customer.id.in_([39, 40]))):
            db.delete(each)
        db.commit()
        assert db.scalars(sa.select(Customer.email).where(Customer.id == 100)).one() == "n***@example.org"
    assert stored(project, "SELECT name, email FROM customers WHERE id IN (1, 100) ORDER BY id")[0][0] == "Changed"
    assert stored(project, "SELECT id FROM customers WHERE id > 37") == [(38,), (39,), (100,)]
    decided = [(each.action, each.outcome) for each in gov.ledger.events("decision")]
    assert {action for action, _ in decided} == {"read", "write", "delete"}
    assert {outcome for _, outcome in decided} == {"allowed"}


def test_a_mask_never_flows_back(gov: Governance, project: Path) -> None:
    before = stored(project, "SELECT email FROM customers ORDER BY id")
    with gov.session("crm", principal="alice", purpose="support", writes=True) as db:
        one = db.get(Customer, 1)
        assert one is not None
        one.email = one.email.upper()
        with pytest.raises(AccessRefusedError, match=r"crm\.customers\.email"):
            db.commit()
    assert stored(project, "SELECT email FROM customers ORDER BY id") == before
    refused = list(gov.ledger.events("decision"))[-1]
    assert (refused.action, refused.outcome, refused.rules) == ("write", "refused", ("guard.write.masked",))


def test_writing_is_never_given_by_another_grant(gov: Governance, project: Path) -> None:
    access = project / "policies" / "access.csv"
    lines, sql = access.read_text(), "UPDATE customers SET name = 'x'"
    before = stored(project, "SELECT name FROM customers")

    def attempt(*, writes: bool = True, action: Action = Action.READ) -> None:
        engine = gov.engine("crm", principal="alice", purpose="support", action=action, writes=writes)
        with engine.begin() as connection:
            connection.execute(sa.text(sql))

    with pytest.raises(GovernanceError, match="writes=True"):
        attempt(writes=False)
    with pytest.raises(AccessRefusedError, match="export"):
        attempt(action=Action.EXPORT)
    with (
        Governance.open(project / "governance.yaml", actor="alice") as own,
        pytest.raises(GovernanceError, match="writes=True"),
    ):
        own.query("crm", sql, principal="alice", purpose="support")
    for deny in ("p, alice, *, write, crm.customers, , deny,", "p, alice, *, write, category:user.name, , deny,"):
        access.write_text(f"{lines}{deny}\n")
        with pytest.raises(AccessRefusedError):
            attempt()
    assert stored(project, "SELECT name FROM customers") == before


def test_revoked_writing_ends_with_the_next_statement(gov: Governance, project: Path) -> None:
    access = project / "policies" / "access.csv"
    with gov.session("crm", principal="alice", purpose="support", writes=True) as db:
        db.execute(sa.text("UPDATE customers SET name = 'x' WHERE id = 1"))
        access.write_text(access.read_text().replace(WRITES.splitlines()[0], ""))
        with pytest.raises(AccessRefusedError):
            db.execute(sa.text("UPDATE customers SET name = 'x' WHERE id = 1"))


def test_special_fields_stay_closed_to_writing(gov: Governance) -> None:
    with gov.session("crm", principal="alice", purpose="support", writes=True) as db:
        for sql in ("UPDATE customers SET notes = 'x'",
                    "INSERT INTO customers (id, region, notes) VALUES (200, 'EU', 'x')",
                    "UPDATE customers SET national_id = 'x'"):  # fmt: skip
            with pytest.raises(AccessRefusedError):
                db.execute(sa.text(sql))


def test_writing_for_a_purpose_with_consent_reaches_those_who_gave_it(gov: Governance, project: Path) -> None:
    access = project / "policies" / "access.csv"
    lines = "".join(f"p, support, marketing, {each}, crm.customers, clear, allow,\n" for each in ("read", "write"))
    access.write_text(access.read_text() + lines)
    assert gov.consent_conditions.create_projection("crm")
    gov.consent.given(Subject("p-5", {"crm": 5}), "marketing.email", "email")
    with gov.session("crm", principal="alice", purpose="marketing.email", writes=True) as db:
        assert db.execute(sa.text("UPDATE customers SET name = 'x'")).rowcount == 1  # type: ignore[attr-defined]
        db.commit()
        gov.consent.withdrawn(Subject("p-5"), "marketing.email", "email")
        assert db.execute(sa.text("UPDATE customers SET name = 'y'")).rowcount == 0  # type: ignore[attr-defined]
        db.commit()
    assert stored(project, "SELECT id FROM customers WHERE name IN ('x', 'y')") == [(5,)]


def test_pandas_appends_through_the_guard(gov: Governance, project: Path) -> None:
    engine = gov.engine("crm", principal="alice", purpose="support", writes=True)
    frame = pd.DataFrame({"id": [300, 301], "name": ["a", "b"], "region": ["EU", "EU"]})
    frame.to_sql("customers", engine, if_exists="append", index=False)
    assert stored(project, "SELECT name FROM customers WHERE id >= 300") == [("a",), ("b",)]
    with pytest.raises(AccessRefusedError):
        frame.assign(id=[400, 401], region=["EU", "CN"]).to_sql("customers", engine, if_exists="append", index=False)
    with pytest.raises(GovernanceError):
        frame.to_sql("customers", engine, if_exists="replace", index=False)
    assert stored(project, "SELECT count(*) FROM customers") == [(42,)]


def test_access_report_tells_of_writes(gov: Governance) -> None:
    with gov.session("crm", principal="alice", purpose="support", writes=True) as db:
        db.execute(sa.text("UPDATE customers SET name = 'planted-marker' WHERE id = 1"))
        db.commit()
        with pytest.raises(GovernanceError):
            db.execute(sa.text("INSERT INTO customers (id, name, region) VALUES (3, 'planted-marker', 'EU')"))
    shown = str(gov.audit_access())
    assert "audit.rows_changed" in shown
    assert "audit.conflicts" in shown
    assert "planted" not in shown
