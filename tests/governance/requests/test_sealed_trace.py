"""Encrypted identifiers are found by their blind index and opened to go on; without an index the trace says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from governance import Encrypted, Governance, IndexCell
from governance.flows.subjects.exporting_subjects import Wanted, export_subject
from governance.flows.subjects.tracing_subjects import map_subjects, trace_subject
from governance.requests.traced import Identifier, Unreached

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
          email: {id: f2, category: user.contact.email, status: confirmed, encrypted: true,
                  blind_index: {field: email_bidx, normalise: email, bits: 8}}
          email_bidx: {id: f3, category: user.contact.email, status: confirmed}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed, encrypted: true,
                  blind_index: {field: phone_bidx, normalise: phone, region: DE}}
          phone_bidx: {id: f5, category: user.contact.phone_number, status: confirmed}
          passport: {id: f6, category: user.government_id.passport_number, status: confirmed, encrypted: true}
          card: {id: f7, category: user.unique_id, status: confirmed, encrypted: true, cipher: siv}
        identifiers: {email: email, phone: phone, passport: government_id, card: loyalty}
      notes:
        id: d10
        subject_key: member
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          member: {id: f2, category: user.unique_id, status: confirmed, encrypted: true}
"""
ACCESS = "p, officer, answers, export, crm.members, clear, allow,\ng, olga, officer\n"
PURPOSES = "version: 1\npurposes: {answers: {basis: {gdpr: legal_obligation}}}\n"


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(Encrypted(sa.String, index="email_bidx"))
    email_bidx: Mapped[bytes | None] = mapped_column(IndexCell, deferred=True)
    phone: Mapped[str | None] = mapped_column(Encrypted(sa.String, index="phone_bidx"))
    phone_bidx: Mapped[bytes | None] = mapped_column(IndexCell, deferred=True)
    passport: Mapped[str | None] = mapped_column(Encrypted(sa.String))
    card: Mapped[str | None] = mapped_column(Encrypted(sa.String))


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[str | None] = mapped_column(Encrypted(sa.String))


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def gov(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    from governance.cli.main import main

    folder: Path = tmp_path_factory.mktemp("sealed")
    names = {"postgresql": "postgres_module_url", "mysql": "mysql_module_url"}
    url = request.getfixturevalue(names[request.param]) if request.param in names else "sqlite:///crm.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "policies").mkdir()
        config = (
            f'version: 1\nstores: {{crm: {{url: "{url}"}}}}\nkeyring: {{passphrase_file: .governance/passphrase}}\n'
        )
        (folder / "governance.yaml").write_text(config)
        (folder / "policies" / "catalog.yaml").write_text(CATALOG)
        (folder / "policies" / "access.csv").write_text(ACCESS)
        (folder / "policies" / "principals.yaml").write_text("version: 1\nprincipals: {olga: {}}\n")
        (folder / "policies" / "purposes.yaml").write_text(PURPOSES)
        assert main(["init"]) == 0
        with Governance.open(folder / "governance.yaml", actor="olga") as opened:
            engine = sa.create_engine(opened.project.store_target("crm"))
            Base.metadata.create_all(engine)
            with Session(engine) as session:
                opened.encrypt_writes(session, "crm")
                session.add_all(
                    [
                        Member(id=1, email="Ann@x.io", phone="0151 27654321", passport="C01X00T47", card="L-77-12"),
                        Member(id=2, email=None, phone="+49 151 27654321", passport=None, card=None),
                        *(
                            Member(id=n, email=f"m{n}@x.io", phone=None, passport=None, card=None)
                            for n in range(10, 400)
                        ),
                    ]
                )
                session.commit()
            engine.dispose()
            yield opened


def test_an_encrypted_email_is_found_and_its_phone_leads_on(gov: Governance) -> None:
    trace = trace_subject(gov, ["ＡＮＮ@x.io"])
    assert {each.key for each in trace.own()} == {(1,), (2,)}  # of the cells that 8 bits share, only hers
    assert trace.subject_keys == {"crm": frozenset({(1,), (2,)})}


def test_an_encrypted_phone_is_found_in_any_format(gov: Governance) -> None:
    trace = trace_subject(gov, [Identifier("phone", "0049-151-27654321")])
    assert {each.key for each in trace.own()} == {(1,), (2,)}


def test_an_encrypted_field_without_an_index_is_said(gov: Governance) -> None:
    trace = trace_subject(gov, [Identifier("id", "C01X00T47")])
    assert trace.records == ()
    assert Unreached("crm.members.passport", "encrypted_without_index") in trace.unreached


def test_a_deterministic_field_is_found_by_its_own_token(gov: Governance) -> None:
    trace = trace_subject(gov, [Identifier("loyalty", "L-77-12")], follow=False)
    assert {each.key for each in trace.own()} == {(1,)}
    assert Unreached("crm.members.card", "exact_index") in trace.unreached
    assert trace_subject(gov, [Identifier("loyalty", "l7712")]).records == ()


def test_keys_that_are_encrypted_are_said(gov: Governance) -> None:
    assert Unreached("crm.notes.member", "encrypted_key") in map_subjects(gov).unreached


def test_the_package_has_clear_values_and_no_cells(gov: Governance, tmp_path: Path) -> None:
    asked = [Identifier("email", "ann@x.io")]
    wanted = Wanted(tmp_path / "p", "olga", "answers", models="off")
    done = export_subject(gov, trace_subject(gov, asked, follow=False), asked, wanted)
    document = json.loads((tmp_path / "p" / "data.json").read_text(encoding="utf-8"))
    (row,) = document["datasets"][0]["rows"]
    assert row == {"id": 1, "email": "Ann@x.io", "phone": "0151 27654321", "passport": "C01X00T47", "card": "L-77-12"}
    assert done.records == {"crm.members": 1}
