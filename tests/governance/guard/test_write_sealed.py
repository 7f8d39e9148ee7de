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
from policies.catalog import Catalog, CatalogDataset, CatalogField, CatalogStore
from policies.errors import AccessRefusedError, BadInputError, KeyringError, StatementRefusedError, StoreError
from policies.nouns import Action, LabelStatus

from .conftest import EU, WRITER, WritePermits, guard  # type: ignore[import-not-found]


class Base(DeclarativeBase):
    pass


class Patient(Base):
    __tablename__ = "patients"
    code = mapped_column(String, primary_key=True)
    visit = mapped_column(Integer, primary_key=True)
    name = mapped_column(String)
    region = mapped_column(String)
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

    def encrypt_column(self, field, values, record_keys, inner):
        self.calls.append((field.field, len(values), inner))
        return self.protector.encrypt_column(field, values, record_keys, inner)


@pytest.fixture(scope="module")
def protector(tmp_path_factory):
    made = FileKeyring.create(tmp_path_factory.mktemp("keys") / "keys", "correct horse", scrypt_n=2**14)
    return Protector(made, Catalog(stores={"crm": CATALOG}))


@pytest.fixture(params=["sqlite", "postgresql"])
def ward(request, tmp_path, protector):
    url = (
        f"sqlite:///{tmp_path}/ward.db" if request.param == "sqlite" else request.getfixturevalue("postgres_module_url")
    )
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
    assert calls(ward) == [("diagnosis", 299, "string"), ("seen", 300, "date")]
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
    with engine.begin() as connection, pytest.raises(sa.exc.SQLAlchemyError) as failure:
        connection.exec_driver_sql(
            "INSERT INTO patients (code, visit, diagnosis) VALUES ('a', 1, "
            + ("?)" if engine.dialect.name == "sqlite" else "%s)"),
            (Plain("planted-marker"),),
        )
    assert "planted" not in str(failure.value)
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
