"""An encrypted field is searched through the front door: written with its cell, found by policy, read in clear."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from governance import AccessRefusedError, Encrypted, Governance, IndexCell, StatementRefusedError

MARKER = "planted.marker@heron-ibis.example"
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      members:
        id: d9
        subject_key: id
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          email: {id: f2, category: user.contact.email, sensitivity: confidential, status: confirmed, encrypted: true,
                  blind_index: {field: email_bidx, normalise: email}}
          email_bidx: {id: f3, category: user.contact.email, sensitivity: confidential, status: confirmed}
"""
ACCESS = """
p, support, support, read, crm.members, clear, allow,
p, support, support, read, crm.members.email_bidx, clear, allow,
p, support, support, read, crm.members.email, clear, allow,
p, teller, support, read, crm.members, null, allow,
p, teller, support, read, crm.members.id, clear, allow,
g, alice, support
g, mallory, teller
"""


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(Encrypted(sa.String, index="email_bidx"))
    email_bidx: Mapped[bytes | None] = mapped_column(IndexCell, deferred=True)


@pytest.fixture(scope="module")
def gov(shared_project: Path):
    project = shared_project
    (project / "policies" / "catalog.yaml").write_text(CATALOG)
    (project / "policies" / "access.csv").write_text(ACCESS)
    with Governance.open(project / "governance.yaml") as opened:
        engine = sa.create_engine(opened.project.store_target("crm"))
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            opened.encrypt_writes(session, "crm")
            session.add_all([Member(id=1, email="Ann@x.io"), Member(id=2, email=MARKER), Member(id=3, email=None)])
            session.commit()
        engine.dispose()
        yield opened


def test_a_session_finds_and_reads_the_record(gov: Governance) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db:
        found = db.scalars(sa.select(Member).where(Member.email.search("ann@X.IO"))).one()
        assert (found.id, found.email) == (1, "Ann@x.io")
        assert db.scalars(sa.select(Member.id).where(Member.email.search("nobody@x.io"))).all() == []


def test_an_engine_finds_it_too(gov: Governance) -> None:
    engine = gov.engine("crm", principal="alice", purpose="support")
    with engine.connect() as connection:
        assert connection.execute(sa.select(Member.id).where(Member.email.search(MARKER))).all() == [(2,)]


def test_who_may_not_read_the_index_in_clear_finds_nobody_and_learns_nothing(gov: Governance) -> None:
    with gov.session("crm", principal="mallory", purpose="support") as db:
        assert db.scalars(sa.select(Member.id)).all() == [1, 2, 3]
        assert db.scalars(sa.select(Member.id).where(Member.email.search(MARKER))).all() == []


def test_the_token_column_itself_is_compared_with_nothing(gov: Governance) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db, pytest.raises(StatementRefusedError):
        db.scalars(sa.select(Member.id).where(Member.email == MARKER)).all()


def test_neither_store_nor_ledger_nor_error_holds_what_was_sought(gov: Governance, shared_project: Path) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db:
        assert db.scalars(sa.select(Member.id).where(Member.email.search(MARKER))).all() == [2]
    with gov.session("crm", principal="alice", purpose="marketing") as db, pytest.raises(AccessRefusedError) as no:
        db.scalars(sa.select(Member.id).where(Member.email.search(MARKER))).all()
    assert "heron" not in str(no.value)
    gov.close()
    for path in [each for each in shared_project.rglob("*") if each.is_file()]:
        assert b"heron" not in path.read_bytes(), path.name
    rows = sqlite3.connect(shared_project / "crm.db").execute("SELECT email_bidx FROM members ORDER BY id").fetchall()
    assert [None if each is None else len(each) for (each,) in rows] == [9, 9, None]
