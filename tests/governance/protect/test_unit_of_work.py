"""The ORM writes tokens, keeps clear values in its objects, and reads only what a guard has decrypted."""

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from governance.protect.encrypted_type import Encrypted, Plain, Token
from governance.protect.unit_of_work import install
from policies.errors import BadInputError, CatalogError, DecryptionError, StatementRefusedError
from policies.nouns import FieldRef

MARKER = "marker-ann@example.org"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str | None] = mapped_column("email", Encrypted(sa.String))
    born: Mapped[dt.date | None] = mapped_column(Encrypted(sa.Date))
    extra: Mapped[dict | None] = mapped_column(Encrypted(sa.JSON))
    region: Mapped[str | None]


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    gov_row_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    text: Mapped[str | None] = mapped_column(Encrypted(sa.String))


class Loose(Base):
    __tablename__ = "loose"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(Encrypted(sa.String))


class Unknown(Base):
    __tablename__ = "unknown"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(Encrypted(sa.String))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, sqlite_url):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else sqlite_url
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine, protector):
    factory = sessionmaker(engine, expire_on_commit=False)
    install(factory, protector, "crm")
    return factory


def cells(engine, columns="id, email, born, extra", table="customers"):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(f"SELECT {columns} FROM {table} ORDER BY id"))]


def opened(protector, field, token, key):
    return protector.decrypt_column(FieldRef("crm", *field.split(".")), [token], [key])[0]


def test_new_records_are_written_as_tokens_and_keep_their_clear_values(engine, sessions, protector):
    with sessions() as session:
        ann = Customer(id=7, mail=MARKER, born=dt.date(1980, 1, 2), extra={"vip": True})
        session.add(ann)
        session.commit()
        assert (ann.mail, ann.born, ann.extra) == (MARKER, dt.date(1980, 1, 2), {"vip": True})
        assert type(ann.mail) is str
        assert not session.dirty
    [(key, email, born, extra)] = cells(engine)
    assert MARKER.encode() not in bytes(email)
    assert opened(protector, "customers.email", email, (key,)) == MARKER
    assert opened(protector, "customers.born", born, (key,)) == dt.date(1980, 1, 2)
    assert opened(protector, "customers.extra", extra, (key,)) == {"vip": True}


def test_no_encrypted_field_is_written_in_clear_into_the_files_of_the_store(tmp_path, protector):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        install(session, protector, "crm")
        session.add(Customer(id=7, mail=MARKER))
        session.commit()
    engine.dispose()
    assert all(MARKER.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_none_and_empty_text_stay_distinct(engine, sessions, protector):
    with sessions() as session:
        session.add_all([Customer(id=1, mail=None), Customer(id=2, mail="")])
        session.commit()
    rows = cells(engine)
    assert rows[0][1] is None
    assert opened(protector, "customers.email", rows[1][1], (2,)) == ""


def test_a_change_writes_a_new_token_and_leaves_the_others_alone(engine, sessions, protector):
    with sessions() as session:
        ann = Customer(id=7, mail="old", born=dt.date(1980, 1, 2))
        session.add(ann)
        session.commit()
        before = cells(engine)[0]
        ann.mail = MARKER
        session.commit()
        assert ann.mail == MARKER
        ann.region = "EU"
        session.commit()
        ann.mail = None
        session.flush()
        session.rollback()
    after = cells(engine)[0]
    assert after[1] != before[1]
    assert after[2] == before[2]
    assert opened(protector, "customers.email", after[1], (7,)) == MARKER


def test_a_row_id_is_given_where_the_store_generates_the_key(engine, sessions, protector):
    with sessions() as session:
        note = Note(text=MARKER)
        session.add(note)
        session.commit()
        assert isinstance(note.gov_row_id, uuid.UUID)
    [(row_id, token)] = cells(engine, "gov_row_id, text", "notes")
    assert opened(protector, "notes.text", token, (row_id,)) == MARKER  # the key as the driver gives it


def test_a_key_that_the_store_generates_is_refused(sessions, engine):
    with sessions() as session:
        ann = Customer(mail=MARKER)
        session.add(ann)
        with pytest.raises(StatementRefusedError, match="gov_row_id") as caught:
            session.commit()
        assert MARKER not in str(caught.value)
        assert ann.mail == MARKER
    assert cells(engine) == []


def test_a_changed_key_is_refused(sessions):
    with sessions() as session:
        ann = Customer(id=7, mail="a")
        session.add(ann)
        session.commit()
        ann.id, ann.mail = 8, "b"
        with pytest.raises(StatementRefusedError, match="bound to the old one"):
            session.commit()


@pytest.mark.parametrize("record", [Loose(id=1, text="a"), Unknown(id=1, text="a")], ids=["no key", "not in catalog"])
def test_what_the_catalog_does_not_describe_is_refused(sessions, record):
    with sessions() as session:
        session.add(record)
        with pytest.raises(CatalogError):
            session.flush()
        session.rollback()
        session.expunge_all()


def test_a_value_of_a_wrong_type_is_refused_without_being_repeated(sessions):
    with sessions() as session:
        session.add(Customer(id=1, born=MARKER))
        with pytest.raises(BadInputError) as caught:
            session.flush()
        assert MARKER not in str(caught.value)


def test_clear_values_come_back_after_a_flush_that_failed_and_can_be_written_then(sessions, engine, protector):
    with sessions() as session:
        session.add(Customer(id=1, mail="first"))
        session.commit()
    with sessions() as session:
        twin = Customer(id=1, mail=MARKER)
        session.add(twin)
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()
        assert twin.mail == MARKER
        twin.id = 2
        session.add(twin)
        session.commit()
    assert opened(protector, "customers.email", cells(engine)[1][1], (2,)) == MARKER


def test_clear_values_come_back_after_a_savepoint_that_failed(sessions, engine, protector):
    with sessions() as session:
        session.add(Customer(id=1, mail="first"))
        session.commit()
    with sessions() as session:
        other = Customer(id=3, mail="third")
        session.add(other)
        session.flush()
        twin = Customer(id=1, mail=MARKER)
        savepoint = session.begin_nested()
        session.add(twin)
        with pytest.raises(sa.exc.IntegrityError):
            savepoint.commit()
        savepoint.rollback()
        assert (other.mail, twin.mail) == ("third", MARKER)
        session.commit()
    assert opened(protector, "customers.email", cells(engine)[1][1], (3,)) == "third"


def refused_writes():
    yield sa.insert(Customer), [{"id": 9, "mail": MARKER}]
    yield sa.insert(Customer.__table__), [{"id": 9, "email": MARKER}]
    yield sa.update(Customer).where(Customer.id == 1).values(mail=MARKER), None
    yield sa.select(Customer.id).where(Customer.mail == MARKER), None
    yield sa.select(Customer.id).where(Customer.mail.in_([MARKER])), None
    yield sa.insert(Customer), [{"id": 9, "mail": MARKER.encode()}]


@pytest.mark.parametrize(("statement", "rows"), list(refused_writes()))
def test_clear_values_past_the_unit_of_work_are_refused(sessions, engine, statement, rows):
    with sessions() as session, pytest.raises(StatementRefusedError) as caught:
        session.execute(statement, rows) if rows else session.execute(statement)
    assert MARKER not in str(caught.value)
    assert cells(engine) == []


def test_bulk_insert_of_objects_is_refused(sessions, engine):
    with sessions() as session, pytest.raises(StatementRefusedError):
        session.bulk_save_objects([Customer(id=9, mail=MARKER)])
    assert cells(engine) == []


def test_a_clear_value_is_not_rendered_into_a_statement(engine):
    query = sa.select(Customer.id).where(Customer.mail == MARKER)
    text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    assert MARKER not in text
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(sa.text(text))


def test_a_raw_token_never_leaves_through_the_type(sessions):
    with sessions() as session:
        session.add(Customer(id=7, mail=MARKER))
        session.commit()
    with sessions() as session, pytest.raises(DecryptionError):
        session.scalars(sa.select(Customer.mail)).all()


def test_clear_text_in_the_cell_never_leaves_through_the_type(sqlite_url):
    engine = sa.create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO customers (id, email) VALUES (1, :m)"), {"m": MARKER})
    with Session(engine) as session, pytest.raises(DecryptionError) as caught:
        session.get(Customer, 1)
    assert MARKER not in str(caught.value)
    engine.dispose()


def test_what_the_guard_decrypted_and_null_are_handed_out():
    kind = Encrypted(sa.String)
    assert kind.process_result_value(Plain(MARKER), None) == MARKER
    assert kind.process_result_value(None, None) is None
    for raw in (MARKER, MARKER.encode(), Token(b"x"), 5):
        with pytest.raises(DecryptionError):
            kind.process_result_value(raw, None)


def test_markers_hide_their_content():
    assert MARKER not in repr(Plain(MARKER))
    assert MARKER not in repr(Token(MARKER.encode()))


@pytest.mark.parametrize("kind", [sa.Enum("a", "b"), sa.Interval, sa.ARRAY(sa.Integer), sa.types.NullType])
def test_types_that_cannot_be_encrypted_are_refused_when_declared(kind):
    with pytest.raises(BadInputError):
        Encrypted(kind)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (sa.Text, "string"),
        (sa.BigInteger, "integer"),
        (sa.Numeric(10, 2), "decimal"),
        (sa.Float, "float"),
        (sa.Boolean, "boolean"),
        (sa.DateTime, "datetime"),
        (sa.Time, "time"),
        (sa.LargeBinary, "binary"),
    ],
)
def test_types_are_named_in_the_words_of_stores(kind, word):
    assert Encrypted(kind).inner == word
