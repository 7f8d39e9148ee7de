# ruff: noqa: E501 one case a line
"""Encrypted fields written through the guard: tokens are made at the cursor, a field of all rows at a time."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Date, Integer, String, delete, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, mapped_column

from governance.protect.encrypted_type import Encrypted, Plain, Token
from governance.protect.keyring.file import FileKeyring
from governance.protect.protector import Protector
from governance.protect.search import IndexCell
from governance.protect.unit_of_work import install
from policies.catalog import BlindIndex, Catalog, CatalogDataset, CatalogField, CatalogStore
from policies.errors import AccessRefusedError, BadInputError, KeyringError, StatementRefusedError, StoreError
from policies.nouns import Action, LabelStatus

from .hands import EU, WRITER, WritePermits
from .worlds import FIXTURES, KINDS, guard


class Base(DeclarativeBase):
    pass


class Patient(Base):
    __tablename__ = "patients"
    code = mapped_column(String(80), primary_key=True)
    visit = mapped_column(Integer, primary_key=True)
    name = mapped_column(String(80))
    region = mapped_column(String(80))
    diagnosis = mapped_column(Encrypted(String))
    seen = mapped_column(Encrypted(Date))


NAMES = ("code", "visit", "name", "region", "diagnosis", "seen")
CATALOG = CatalogStore(
    id="s1",
    datasets={
        "patients": CatalogDataset(
            id="d1",
            record_key=("code", "visit"),
            fields={
                name: CatalogField(
                    id=f"f{place}", category="none", status=LabelStatus.CONFIRMED, encrypted=place > 4,
                    type={5: "string", 6: "date"}.get(place),
                )
                for place, name in enumerate(NAMES, 1)
            },
        )
    },
)  # fmt: skip


class Counting:
    """The real protector, with the columns that it was asked for."""

    def __init__(self, protector):
        self.protector = protector
        self.calls = []

    def seal_columns(self, dataset, columns, record_keys, inners=None):
        self.calls += [(field, len(values), inners[field]) for field, values in columns.items()]
        return self.protector.seal_columns(dataset, columns, record_keys, inners)


@pytest.fixture(scope="module")
def protector(tmp_path_factory):
    made = FileKeyring.create(tmp_path_factory.mktemp("keys") / "keys", "correct horse", scrypt_n=2**14)
    return Protector(made, Catalog(stores={"crm": CATALOG}))


@pytest.fixture(params=KINDS)
def ward(request, tmp_path, protector):
    url = f"sqlite:///{tmp_path}/ward.db"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{FIXTURES[request.param]}_module_url")
    engine = sa.create_engine(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    engine.dispose()
    permits = WritePermits()
    for action in (Action.READ, Action.WRITE, Action.DELETE):
        permits.set("patients", action, dict.fromkeys(NAMES, "clear"), EU)
    world = guard(url, CATALOG, permits=permits, decryptor=protector, encryptor=Counting(protector))
    yield world
    world.store.close()


def cells(world):
    engine = sa.create_engine(world.url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT diagnosis, seen FROM patients ORDER BY code, visit")).all()
    engine.dispose()
    return [tuple(None if cell is None else bytes(cell) for cell in row) for row in found]


def read(world):
    with world.store.session(WRITER) as session:
        return session.execute(
            select(Patient.code, Patient.visit, Patient.diagnosis, Patient.seen).order_by(Patient.code, Patient.visit)
        ).all()


def calls(world):
    return world.store._shared.encryptor.calls


def test_core_insert_encrypts_by_column(ward):
    day = dt.date(2026, 1, 2)
    rows = [
        {"code": f"c{number:03}", "visit": 1, "region": "EU", "diagnosis": f"flu-{number}", "seen": day}
        for number in range(300)
    ]
    rows[5]["diagnosis"] = None
    with ward.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Patient), rows)
    assert calls(ward) == [("diagnosis", 300, "string"), ("seen", 300, "date")]
    assert read(ward)[:2] == [("c000", 1, "flu-0", day), ("c001", 1, "flu-1", day)]
    assert read(ward)[5][2] is None
    assert not any(b"flu" in cell for row in cells(ward) for cell in row if cell is not None)


def test_orm_unit_of_work_encrypts_adds_and_changes(ward):
    with ward.store.session(WRITER) as session:
        session.add_all(Patient(code="a", visit=number, region="EU", diagnosis="gout") for number in (1, 2))
        session.flush()
        one = session.get(Patient, ("a", 1))
        one.diagnosis, one.name = "flu", "Ann"
        session.commit()
        session.get(Patient, ("a", 2)).diagnosis = None
        session.commit()
    assert [row[2] for row in read(ward)] == ["flu", None]


def test_core_update_names_the_record(ward):
    with ward.store.engine(WRITER).begin() as connection:
        connection.execute(
            insert(Patient), [{"code": "a", "visit": number, "region": "EU", "diagnosis": "x"} for number in (1, 2)]
        )
        connection.execute(update(Patient).where(Patient.code == "a", Patient.visit == 2).values(diagnosis="y"))
        connection.execute(
            update(Patient)
            .where(Patient.code == sa.bindparam("c"), Patient.visit == sa.bindparam("v"))
            .values(seen=sa.bindparam("s")),
            [{"c": "a", "v": number, "s": dt.date(2026, 1, number)} for number in (1, 2)],
        )
    assert [tuple(row[2:]) for row in read(ward)] == [("x", dt.date(2026, 1, 1)), ("y", dt.date(2026, 1, 2))]


def test_text_insert_takes_clear_values(ward):
    with ward.store.engine(WRITER).begin() as connection:
        connection.execute(
            text("INSERT INTO patients (code, visit, region, diagnosis) VALUES (:c, :v, 'EU', :d)"),
            {"c": "t", "v": 7, "d": "cold"},
        )
        connection.execute(
            text("INSERT INTO patients (code, visit, region, diagnosis) VALUES (:c, :v, 'EU', NULL)"),
            {"c": "t", "v": 8},
        )
    assert [row[2] for row in read(ward)] == ["cold", None]


def test_deletion_needs_no_key(ward):
    with ward.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Patient), [{"code": "a", "visit": 1, "region": "EU", "diagnosis": "x"}])
        assert connection.execute(delete(Patient).where(Patient.code == "a")).rowcount == 1
    assert calls(ward) == [("diagnosis", 1, "string")]


REFUSED = {
    "select": "INSERT INTO patients (code, visit, region, diagnosis) SELECT 'z', visit, region, 'x' FROM patients",
    "source": "INSERT INTO patients (code, visit, region, name) SELECT 'z', visit, region, diagnosis FROM patients",
    "literal": "INSERT INTO patients (code, visit, region, diagnosis) VALUES (:c, :v, 'EU', 'planted')",
    "no-key": "INSERT INTO patients (code, region, diagnosis) VALUES (:c, 'EU', :d)",
    "literal-key": "INSERT INTO patients (code, visit, region, diagnosis) VALUES ('z', :v, 'EU', :d)",
    "computed": "INSERT INTO patients (code, visit, region, diagnosis) VALUES (:c, :v, 'EU', lower(:d))",
    "update-many": "UPDATE patients SET diagnosis = :d WHERE code = :c",
    "update-all": "UPDATE patients SET diagnosis = :d",
    "update-or": "UPDATE patients SET diagnosis = :d WHERE (code = :c AND visit = :v) OR name = 'x'",
    "update-range": "UPDATE patients SET diagnosis = :d WHERE code >= :c AND visit = :v",
    "update-swap": "UPDATE patients SET diagnosis = seen WHERE code = :c AND visit = :v",
    "update-moved": "UPDATE patients SET diagnosis = (SELECT p.diagnosis FROM patients p WHERE p.visit = 9) WHERE code = :c AND visit = :v",
    "to-clear": "UPDATE patients SET name = diagnosis",
    "condition": "DELETE FROM patients WHERE diagnosis = :d",
    "returning": "UPDATE patients SET name = 'x' RETURNING diagnosis",
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused(ward, name):
    used = {
        key: value for key, value in {"c": "a", "v": 1, "d": "planted-marker"}.items() if f":{key}" in REFUSED[name]
    }
    with ward.store.engine(WRITER).connect() as connection, pytest.raises(StatementRefusedError) as refusal:
        connection.execute(text(REFUSED[name]), used)
    assert "planted" not in str(refusal.value)
    assert calls(ward) == []


@pytest.mark.parametrize(
    "last", ["diagnosis, name) VALUES (:c, :v, 'EU', :d, :d)", "diagnosis) VALUES (:c, :v, 'EU', :c)"]
)
def test_parameter_of_an_encrypted_field_stands_once(ward, last):
    sql = "INSERT INTO patients (code, visit, region, " + last
    if ward.store._kind == "postgresql":
        sql = sql.replace(":c", "%(c)s").replace(":v", "%(v)s").replace(":d", "%(d)s")
    connection = ward.store.connect(WRITER)
    with pytest.raises(StatementRefusedError):
        connection.cursor().execute(sql, {"c": "a", "v": 1, "d": "x"})
    connection.close()


def test_changed_record_key_is_refused(ward):
    with ward.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Patient), [{"code": "a", "visit": 1, "region": "EU", "diagnosis": "x"}])
    with ward.store.session(WRITER) as session, pytest.raises(StatementRefusedError):
        session.execute(text("UPDATE patients SET visit = 5"))


def test_masked_encrypted_field_is_not_overwritten(ward):
    ward.permits.set("patients", Action.READ, {**dict.fromkeys(NAMES, "clear"), "diagnosis": "mask:redact"}, EU)
    with ward.store.engine(WRITER).begin() as connection, pytest.raises(AccessRefusedError):
        connection.execute(
            text("UPDATE patients SET diagnosis = :d WHERE code = :c AND visit = :v"), {"d": "x", "c": "a", "v": 1}
        )
    with ward.store.engine(WRITER).begin() as connection:  # a new record may be written by who cannot read it
        connection.execute(insert(Patient), [{"code": "n", "visit": 1, "region": "EU", "diagnosis": "x"}])


def test_values_of_a_wrong_type_and_missing_keys_write_nothing(ward):
    row = {"c": "a", "v": 1, "d": 5}
    sql = text("INSERT INTO patients (code, visit, region, diagnosis) VALUES (:c, :v, 'EU', :d)")
    for values, error in (
        ({**row, "d": 5}, BadInputError),
        ({**row, "v": None, "d": "x"}, BadInputError),
        ({**row, "v": 1.5, "d": "x"}, BadInputError),
    ):
        with ward.store.engine(WRITER).begin() as connection, pytest.raises(error):
            connection.execute(sql, values)
    keyless = guard(ward.url, CATALOG, permits=ward.permits)
    with keyless.store.engine(WRITER).begin() as connection, pytest.raises(KeyringError):
        connection.execute(sql, {**row, "d": "planted-marker"})
    keyless.store.close()
    assert cells(ward) == []


def test_clear_value_never_reaches_a_plain_driver(ward):
    engine = sa.create_engine(ward.url, hide_parameters=True)
    with engine.begin() as connection, pytest.raises((StatementRefusedError, sa.exc.SQLAlchemyError)):
        connection.execute(insert(Patient), [{"code": "a", "visit": 1, "region": "EU", "diagnosis": "planted-marker"}])
    told = ""
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO patients (code, visit, diagnosis) VALUES ('a', 1, "
                + ("?)" if engine.dialect.name == "sqlite" else "%s)"),
                (Plain("planted-marker"),),
            )
    except sa.exc.SQLAlchemyError as error:
        told = str(error)
    assert "planted" not in told
    assert b"planted" not in repr(cells(ward)).encode()
    engine.dispose()


def test_comparison_with_an_encrypted_field_is_refused(ward):
    with ward.store.session(WRITER) as session, pytest.raises((StatementRefusedError, StoreError)):
        session.execute(select(Patient.code).where(Patient.diagnosis == "flu"))


def test_ready_made_token_is_kept_as_it_is(ward, protector):
    from policies.nouns import FieldRef

    (token,) = protector.encrypt_column(FieldRef("crm", "patients", "diagnosis"), ["flu"], [("a", 1)], "string")
    with ward.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Patient), [{"code": "a", "visit": 1, "region": "EU", "diagnosis": Token(token)}])
    assert calls(ward) == []
    assert read(ward)[0][2] == "flu"


# --- blind indexes


class Member(Base):
    __tablename__ = "members"
    id = mapped_column(Integer, primary_key=True, autoincrement=False)
    region = mapped_column(String(80))
    email = mapped_column(Encrypted(String, index="email_bidx"))
    email_bidx = mapped_column(IndexCell, deferred=True)


MEMBERS = CatalogStore(
    id="s1",
    datasets={
        "members": CatalogDataset(
            id="d2",
            record_key=("id",),
            fields={
                "id": CatalogField(id="f1", category="none", status=LabelStatus.CONFIRMED),
                "region": CatalogField(id="f2", category="none", status=LabelStatus.CONFIRMED),
                "email": CatalogField(
                    id="f3", category="user.contact.email", status=LabelStatus.CONFIRMED, encrypted=True, type="string",
                    blind_index=BlindIndex(field="email_bidx", normalise="email"),
                ),
                "email_bidx": CatalogField(id="f4", category="user.contact.email", status=LabelStatus.CONFIRMED),
            },
        )
    },
)  # fmt: skip


@pytest.fixture(params=KINDS)
def club(request, tmp_path, tmp_path_factory):
    url = f"sqlite:///{tmp_path}/club.db"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{FIXTURES[request.param]}_module_url")
    engine = sa.create_engine(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    engine.dispose()
    keyring = FileKeyring.create(tmp_path_factory.mktemp("keys") / "keys", "correct horse", scrypt_n=2**14)
    protector = Protector(keyring, Catalog(stores={"crm": MEMBERS}))
    permits = WritePermits()
    for action in (Action.READ, Action.WRITE, Action.DELETE):
        permits.set("members", action, dict.fromkeys(("id", "region", "email", "email_bidx"), "clear"), EU)
    world = guard(url, MEMBERS, permits=permits, decryptor=protector, encryptor=protector)

    def open_session():
        session = world.store.session(WRITER)
        install(session, protector, "crm")
        return session

    yield world, open_session
    world.store.close()


def found(open_session, email):
    with open_session() as session:
        return session.scalars(select(Member.id).where(Member.email.search(email)).order_by(Member.id)).all()


def test_cells_are_written_beside_the_tokens(club):
    world, open_session = club
    rows = [{"id": number, "region": "EU", "email": f"n{number}@x.io"} for number in range(1, 70)]
    with world.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Member), rows)
        connection.execute(
            text("INSERT INTO members (id, region, email) VALUES (:i, 'EU', :e), (:j, 'EU', :f)"),
            {"i": 100, "e": "a@x.io", "j": 101, "f": None},
        )
        connection.execute(update(Member).where(Member.id == 5).values(email="five@x.io"))
        connection.execute(update(Member).where(Member.id == 6).values(email=None))
        connection.execute(update(Member).where(Member.id == 7).values(region="EU"))
    with open_session() as session:
        session.add(Member(id=200, region="EU", email="orm@x.io"))
        session.get(Member, 8).email = "eight@x.io"
        session.commit()
        session.execute(insert(Member), [{"id": 201, "region": "EU", "email": "bulk@x.io"}])
        session.commit()
    assert [found(open_session, each) for each in ("n1@x.io", "N69@X.IO", "five@x.io", "n5@x.io", "n6@x.io", "a@x.io", "n7@x.io")] == [
        [1], [69], [5], [], [], [100], [7]
    ]  # fmt: skip
    assert [found(open_session, each) for each in ("orm@x.io", "eight@x.io", "n8@x.io", "bulk@x.io")] == [
        [200],
        [8],
        [],
        [201],
    ]
    engine = sa.create_engine(world.url)
    with engine.connect() as connection:
        assert connection.execute(
            text("SELECT id FROM members WHERE email IS NULL OR email_bidx IS NULL ORDER BY id")
        ).scalars().all() == [6, 101]
    engine.dispose()


def test_who_cannot_write_the_index_field_writes_it_with_its_field(club):
    world, open_session = club
    for action in (Action.READ, Action.WRITE):
        world.permits.set("members", action, dict.fromkeys(("id", "region", "email"), "clear"), EU)
    with world.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Member), [{"id": 1, "region": "EU", "email": "a@x.io"}])
    world.permits.set("members", Action.READ, dict.fromkeys(("id", "region", "email", "email_bidx"), "clear"), EU)
    assert found(open_session, "a@x.io") == [1]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO members (id, region, email_bidx) VALUES (:i, 'EU', :c)",
        "INSERT INTO members (id, region, email, email_bidx) VALUES (:i, 'EU', :e, :c)",
        "UPDATE members SET email_bidx = :c WHERE id = :i",
        "UPDATE members SET email = :e, email_bidx = :c WHERE id = :i",
        "UPDATE members SET email = :e, email_bidx = (SELECT max(m.email_bidx) FROM members m) WHERE id = :i",
        "UPDATE members SET email_bidx = email_bidx",
    ],
)
def test_index_cells_are_not_forged(club, sql):
    world, open_session = club
    with world.store.engine(WRITER).begin() as connection:
        connection.execute(insert(Member), [{"id": 1, "region": "EU", "email": "a@x.io"}])
    used = {key: value for key, value in {"i": 1, "e": "b@x.io", "c": b"forged"}.items() if f":{key}" in sql}
    with world.store.engine(WRITER).connect() as connection, pytest.raises((StatementRefusedError, BadInputError)):
        connection.execute(text(sql), used)
    assert found(open_session, "a@x.io") == [1]
