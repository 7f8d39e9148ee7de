"""Fields that are `encrypted: subject`: every way to write takes the person's key, and destroying it reaches all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Integer, String, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from governance.protect.encrypted_type import Encrypted
from governance.protect.keyring.file import FileKeyring
from governance.protect.protector import Protector
from governance.protect.reading import Reading
from governance.protect.unit_of_work import install
from policies.catalog import Catalog, CatalogDataset, CatalogField, CatalogStore, parse_catalog
from policies.errors import CatalogError, DecryptionError, KeyringError, StatementRefusedError
from policies.nouns import Action, FieldRef, LabelStatus

from .hands import EU, WRITER, WritePermits
from .worlds import guard


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visits"
    id = mapped_column(Integer, primary_key=True, autoincrement=False)
    person = mapped_column(String)
    region = mapped_column(String)
    diagnosis = mapped_column(Encrypted(String))
    room = mapped_column(Encrypted(String))


DECLARED = {"diagnosis": "subject", "room": True}
NAMES = ("id", "person", "region", "diagnosis", "room")
STORE = CatalogStore(
    id="s1",
    datasets={
        "visits": CatalogDataset(
            id="d1",
            record_key=("id",),
            subject_key=("person",),
            fields={
                name: CatalogField(
                    id=f"f{place}",
                    category="none",
                    status=LabelStatus.CONFIRMED,
                    encrypted=DECLARED.get(name, False),
                    type="string" if name in DECLARED else None,
                )
                for place, name in enumerate(NAMES, 1)
            },
        )
    },
)
DIAGNOSIS = FieldRef("crm", "visits", "diagnosis")
INSERT = "INSERT INTO visits (id, person, region, diagnosis) VALUES (:i, :p, 'EU', :d)"


@pytest.fixture
def protector(tmp_path):
    made = FileKeyring.create(tmp_path / "keyring.json", "correct horse", scrypt_n=2**14)
    yield Protector(made, Catalog(stores={"crm": STORE}))
    made.close()


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
        permits.set("visits", action, dict.fromkeys(NAMES, "clear"), EU)
    world = guard(url, STORE, permits=permits, decryptor=Reading(protector), encryptor=protector)
    yield world
    world.store.close()


def read(world):
    with world.store.session(WRITER) as session:
        return {row[0]: tuple(row[1:]) for row in session.execute(select(Visit.id, Visit.diagnosis, Visit.room))}


def keys_of(world, protector):
    """By row, whether the diagnosis stands under the key of its person."""
    subjects = protector._keyring.subjects
    engine = sa.create_engine(world.url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, person, diagnosis FROM visits ORDER BY id")).all()
    engine.dispose()
    known = subjects.known([subjects.ref("s1", row[1]) for row in rows])
    return {row[0]: known.get(subjects.ref("s1", row[1])) == bytes(row[2])[2:10].hex() for row in rows if row[2]}


def destroy(protector, person):
    protector._keyring.subjects.destroy([protector._keyring.subjects.ref("s1", person)])


def by_orm(world, _):
    with world.store.session(WRITER) as session:
        install(session, world.store._shared.encryptor, "crm")
        session.add_all([_visit(1, "ann"), _visit(2, "bo"), _visit(3, "ann")])
        session.commit()
        session.get(Visit, 1).diagnosis = "gout"
        session.commit()


def by_core(world, _):
    row = {"region": "EU", "room": "7"}
    with world.store.engine(WRITER).begin() as connection:
        people = zip((1, 2, 3), ("ann", "bo", "ann"), strict=True)
        connection.execute(insert(Visit), [{"id": i, "person": p, "diagnosis": "flu", **row} for i, p in people])
        change = update(Visit).where(Visit.id == 1, Visit.person == "ann").values(diagnosis="gout")
        connection.execute(change)


def by_text(world, _):
    with world.store.engine(WRITER).begin() as connection:
        for number, person in ((1, "ann"), (2, "bo"), (3, "ann")):
            connection.execute(text(INSERT), {"i": number, "p": person, "d": "gout" if number == 1 else "flu"})
            change = text("UPDATE visits SET room = :r WHERE id = :i")  # its key is the dataset's
            connection.execute(change, {"r": "7", "i": number})


def by_plain_session(world, protector):
    engine = sa.create_engine(world.url)
    with Session(engine) as session:
        install(session, protector, "crm")
        session.add_all([_visit(1, "ann", "gout"), _visit(2, "bo"), _visit(3, "ann")])
        session.commit()
    engine.dispose()


def _visit(number, person, diagnosis="flu"):
    return Visit(id=number, person=person, region="EU", diagnosis=diagnosis, room="7")


@pytest.mark.parametrize("write", [by_orm, by_core, by_text, by_plain_session])
def test_each_way_to_write_takes_the_persons_key_and_destroying_it_reaches_all(ward, protector, write):
    write(ward, protector)
    assert read(ward) == {1: ("gout", "7"), 2: ("flu", "7"), 3: ("flu", "7")}
    assert keys_of(ward, protector) == {1: True, 2: True, 3: True}
    destroy(protector, "ann")
    assert read(ward) == {1: (None, "7"), 2: ("flu", "7"), 3: (None, "7")}
    with pytest.raises(KeyringError, match="destroyed"):
        by_plain_session(ward, protector)


def test_a_destroyed_person_hides_no_cell_that_was_tampered_with(ward, protector):
    by_core(ward, None)
    destroy(protector, "ann")
    engine = sa.create_engine(ward.url)
    with engine.begin() as connection:
        moved = connection.execute(text("SELECT diagnosis FROM visits WHERE id = 2")).scalar_one()
        connection.execute(text("UPDATE visits SET room = :token WHERE id = 2"), {"token": moved})
    engine.dispose()
    with pytest.raises(DecryptionError):
        read(ward)


REFUSED = {
    "no person": ("INSERT INTO visits (id, region, diagnosis) VALUES (:i, 'EU', :d)", "its subject key"),
    "literal person": ("INSERT INTO visits (id, person, region, diagnosis) VALUES (:i, 'x', 'EU', :d)", "subject key"),
    "update of whom": ("UPDATE visits SET diagnosis = :d WHERE id = :i", "its subject key"),
    "another person": ("UPDATE visits SET person = :p WHERE id = :i", "a change of a key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_write_that_does_not_name_the_person_is_refused(ward, protector, name):
    by_core(ward, None)
    sql, found = REFUSED[name]
    given = {key: value for key, value in {"i": 1, "p": "zoe", "d": "planted-marker"}.items() if f":{key}" in sql}
    with ward.store.engine(WRITER).begin() as connection, pytest.raises(StatementRefusedError, match=found) as caught:
        connection.execute(text(sql), given)
    assert "planted" not in str(caught.value)
    assert keys_of(ward, protector) == {1: True, 2: True, 3: True}


def test_another_person_or_none_is_refused_before_a_flush(ward, protector):
    by_plain_session(ward, protector)
    with ward.store.session(WRITER) as session:
        install(session, protector, "crm")
        session.get(Visit, 2).person = "zoe"
        with pytest.raises(StatementRefusedError, match="subject key"):
            session.commit()
        session.rollback()
        session.add(Visit(id=9, region="EU", diagnosis="planted-marker"))
        with pytest.raises(StatementRefusedError, match="key `person`") as caught:
            session.commit()
    assert "planted" not in str(caught.value)


def test_values_without_their_persons_are_refused(protector):
    with pytest.raises(CatalogError, match="without their persons"):
        protector.encrypt_column(DIAGNOSIS, ["flu"], [(1,)], "string")
    with pytest.raises(CatalogError, match="without their persons"):
        protector.seal_columns(DIAGNOSIS.of, {"diagnosis": ["flu"]}, [(1,)])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            "{id: d1, record_key: id, fields: {id: %s, note: {id: f2, %s, encrypted: subject}}}",
            "without a `subject_key`",
        ),
        (
            "{id: d1, subject_key: id, fields: {id: %s, note: {id: f2, %s, encrypted: subject, cipher: siv}}}",
            "with `cipher: siv`",
        ),
        ("{id: d1, subject_key: id, fields: {id: {id: f1, %s, encrypted: subject}}}", "on a subject key"),
    ],
)
def test_a_catalog_that_cannot_be_kept_is_refused(said, found):
    label = "category: none, status: confirmed"
    text_ = said.replace("%s", f"{{id: f1, {label}}}", 1) if "id: %s" in said else said
    with pytest.raises(CatalogError, match=found):
        parse_catalog(f"version: 1\nstores: {{crm: {{id: s1, datasets: {{visits: {text_.replace('%s', label)}}}}}}}")
