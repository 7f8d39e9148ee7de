"""`.search()`: a condition on the index column, resolved where a protector is, refused elsewhere; and Alembic."""

import datetime as dt
import pickle

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, sessionmaker

from governance.protect.encrypted_type import Encrypted, Token
from governance.protect.keyring.base import KeyUse
from governance.protect.keyring.file import FileKeyring
from governance.protect.migrations import render_item
from governance.protect.protector import Protector
from governance.protect.search import IndexCell, serve_searches
from governance.protect.unit_of_work import install
from policies.catalog import parse_catalog
from policies.errors import BadInputError, StatementRefusedError

MARKER = "planted.marker@zebra-quagga.example"
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed, encrypted: true,
                  blind_index: {field: email_bidx, normalise: email}}
          email_bidx: {id: f3, category: user.contact.email, status: confirmed}
          born: {id: f4, category: user.demographic.date_of_birth, status: confirmed, encrypted: true,
                 blind_index: {field: born_bidx, bits: 12}}
          born_bidx: {id: f5, category: user.demographic.date_of_birth, status: confirmed}
          extra: {id: f6, category: user.content, status: confirmed, encrypted: true,
                  blind_index: {field: extra_bidx, normalise: phone, region: CN, path: contact.phone}}
          extra_bidx: {id: f7, category: user.content, status: confirmed}
"""


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str | None] = mapped_column("email", Encrypted(sa.String(200), index="email_bidx"))
    email_bidx: Mapped[bytes | None] = mapped_column(IndexCell, deferred=True, index=True)
    born: Mapped[dt.date | None] = mapped_column(Encrypted(sa.Date, index="born_bidx"))
    born_bidx: Mapped[bytes | None] = mapped_column(IndexCell, deferred=True)
    extra: Mapped[dict | None] = mapped_column(Encrypted(sa.JSON, index="extra_bidx"))
    extra_cells: Mapped[bytes | None] = mapped_column("extra_bidx", IndexCell, deferred=True)
    bare: Mapped[str | None] = mapped_column(Encrypted(sa.String))


PEOPLE = Person.__table__


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request, sqlite_url):
    fixture = {"postgresql": "postgres_url", "mariadb": "mysql_url"}.get(request.param)
    engine = sa.create_engine(request.getfixturevalue(fixture) if fixture else sqlite_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def ring(tmp_path):
    return FileKeyring.create(tmp_path / "keyring.json", "one", scrypt_n=2**14)


@pytest.fixture
def protector(ring):
    return Protector(ring, parse_catalog(CATALOG))


@pytest.fixture
def sessions(engine, protector):
    factory = sessionmaker(engine, expire_on_commit=False)
    install(factory, protector, "crm")
    with factory() as session:
        session.add_all(
            [
                Person(id=1, mail="Ann@X.io", born=dt.date(1980, 1, 2), extra={"contact": {"phone": "138 1234 5678"}}),
                Person(id=2, mail="bob@x.io", born=dt.date(1981, 1, 2), extra={"contact": {}}),
                Person(id=3, mail="", born=None, extra=None),
                Person(id=4, mail=None),
            ]
        )
        session.commit()
    return factory


def hits(session, *conditions):
    return session.scalars(sa.select(Person.id).where(*conditions).order_by(Person.id)).all()


def test_a_value_is_found_by_the_declared_rule(sessions):
    with sessions() as session:
        assert hits(session, Person.mail.search(" ann@x.IO ")) == [1]
        assert hits(session, Person.mail.search("ann@x.i")) == []
        assert hits(session, Person.born.search(dt.date(1981, 1, 2))) == [2]
        assert hits(session, Person.extra.search({"contact": {"phone": "+86 13812345678"}})) == [1]
        assert hits(session, sa.or_(Person.mail.search("bob@x.io"), Person.mail.search("ann@x.io"))) == [1, 2]
        assert hits(session, ~Person.mail.search("ann@x.io")) == [2, 3]


def test_null_and_empty_are_searched_apart(sessions):
    with sessions() as session:
        assert hits(session, Person.mail.search("")) == [3]
        assert hits(session, Person.email_bidx.is_(None)) == [4]
        with pytest.raises(BadInputError, match="no value"):
            Person.mail.search(None)


def test_the_cell_follows_every_change_of_the_value(sessions):
    with sessions() as session:
        ann = session.get(Person, 1, options=[sa.orm.defer(Person.mail), sa.orm.defer(Person.born),
                                              sa.orm.defer(Person.extra), sa.orm.defer(Person.bare)])  # fmt: skip
        ann.mail = "carla@x.io"
        session.commit()
        assert hits(session, Person.mail.search("ann@x.io")) == []
        assert hits(session, Person.mail.search("carla@x.io")) == [1]
        ann.mail = None
        session.commit()
        assert hits(session, Person.mail.search("carla@x.io")) == []
        assert hits(session, Person.email_bidx.is_(None)) == [1, 4]


def test_aliases_joins_and_sub_queries_are_searched_too(sessions):
    other = aliased(Person)
    with sessions() as session:
        joined = sa.select(Person.id, other.id).join(other, other.id > Person.id).where(other.mail.search("BOB@x.io"))
        assert session.execute(joined).all() == [(1, 2)]
        inner = sa.select(Person.id).where(Person.mail.search("bob@x.io"))
        assert hits(session, Person.id.in_(inner)) == [2]
        assert session.query(Person.id).filter(Person.mail.search("bob@x.io")).all() == [(2,)]
        counted = sa.select(sa.func.count()).select_from(Person).where(Person.mail.search("bob@x.io"))
        assert [session.scalar(counted) for _ in range(2)] == [1, 1]


def test_one_condition_serves_again_and_finds_what_was_written_meanwhile(sessions):
    sought = sa.select(Person.id).where(Person.mail.search("new@x.io"))
    with sessions() as session:
        assert session.scalars(sought).all() == []
        session.add(Person(id=9, mail="new@x.io"))
        session.commit()
        assert session.scalars(sought).all() == [9]


def test_search_goes_across_a_rotation(sessions, ring):
    old, _ = ring.rotate("s1/d1", KeyUse.BLIND_INDEX)
    with sessions() as session:
        session.add(Person(id=9, mail="ann@x.io"))
        session.commit()
        assert hits(session, Person.mail.search("ann@x.io")) == [1, 9]
        ring.destroy(old.id)
        assert hits(session, Person.mail.search("ann@x.io")) == [9]


def test_core_searches_through_an_engine_that_has_a_protector(sessions, engine, protector):
    statement = sa.select(PEOPLE.c.id).where(PEOPLE.c.email.type.comparator_factory(PEOPLE.c.email).search("ann@x.io"))
    served = sa.create_engine(engine.url)
    serve_searches(served, protector, "crm")
    with served.connect() as connection:
        assert connection.execute(statement).all() == [(1,)]
        assert connection.execute(sa.select(PEOPLE.c.id).where(PEOPLE.c.email.search("bob@x.io"))).all() == [(2,)]
    served.dispose()


def test_a_search_that_nobody_resolves_is_refused_and_says_nothing_of_the_value(sessions, engine):
    sought = Person.mail.search(MARKER)
    with Session(engine) as plain, pytest.raises(StatementRefusedError) as caught:
        hits(plain, sought)
    assert "zebra" not in str(caught.value)
    assert "zebra" not in repr(sought.right.value)
    for literal in (False, True):
        try:
            text = str(sa.select(Person.id).where(sought).compile(engine, compile_kwargs={"literal_binds": literal}))
        except (sa.exc.CompileError, StatementRefusedError) as refusal:
            text = str(refusal)
        assert "zebra" not in text


def test_an_index_column_takes_cells_only(sessions):
    with sessions() as session:
        for condition in (Person.email_bidx == MARKER.encode(), Person.email_bidx.in_([MARKER.encode()])):
            with pytest.raises(StatementRefusedError) as caught:
                hits(session, condition)
            assert "zebra" not in str(caught.value)
        session.add(Person(id=9, email_bidx=MARKER.encode()))
        with pytest.raises(StatementRefusedError):
            session.flush()


def test_a_field_without_an_index_has_no_search():
    with pytest.raises(BadInputError, match="without a blind-index column"):
        Person.bare.search(MARKER)


def test_a_class_that_lacks_the_index_column_cannot_write(engine, protector):
    class Other(DeclarativeBase):
        pass

    class Lacking(Other):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str | None] = mapped_column(Encrypted(sa.String))

    with Session(engine) as session:
        install(session, protector, "crm")
        session.add(Lacking(id=9, email=MARKER))
        with pytest.raises(StatementRefusedError, match="email_bidx") as caught:
            session.flush()
        assert "zebra" not in str(caught.value)


def test_cells_in_the_store_are_cells(sessions, engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT email_bidx, born_bidx, extra_bidx FROM people ORDER BY id")).all()
    assert [[None if each is None else len(each) for each in row] for row in rows] == [
        [9, 7, 9],
        [9, 7, None],
        [9, None, None],
        [None, None, None],
    ]


def test_a_condition_is_not_pickled():
    with pytest.raises(BadInputError) as caught:
        pickle.dumps(Person.mail.search(MARKER))
    assert "zebra" not in str(caught.value)


ENVIRONMENT = """
from alembic import context
from governance.protect.migrations import render_item
connection, metadata = context.config.attributes["told"]
context.configure(connection=connection, target_metadata=metadata, render_item=render_item)
with context.begin_transaction():
    context.run_migrations()
"""


def test_autogenerate_writes_what_runs_and_then_finds_no_difference(engine, tmp_path):
    config = Config(str(tmp_path / "alembic.ini"))
    config.set_main_option("script_location", str(tmp_path / "env"))
    command.init(config, str(tmp_path / "env"))
    (tmp_path / "env" / "env.py").write_text(ENVIRONMENT)
    with engine.connect() as connection:
        Base.metadata.drop_all(connection)
        connection.commit()
        config.attributes["told"] = (connection, Base.metadata)
        command.revision(config, "people", autogenerate=True)
        [written] = (tmp_path / "env" / "versions").glob("*.py")
        text = written.read_text()
        assert "Encrypted(sa.String(length=200), index='email_bidx')" in text
        assert "sa.Column('email_bidx', IndexCell(), nullable=True)" in text
        assert "from governance import Encrypted\nfrom governance import IndexCell\n" in text
        command.upgrade(config, "head")
        connection.commit()
        command.check(config)
        assert "people" in sa.inspect(connection).get_table_names()


def test_types_of_dialects_and_of_others_are_rendered_with_their_imports():
    from sqlalchemy.dialects.postgresql import JSONB

    context = AutogenContext(MigrationContext.configure(dialect_name="sqlite"))
    assert render_item("type", Encrypted(JSONB()), context).startswith("Encrypted(postgresql.JSONB(")
    assert "from sqlalchemy.dialects import postgresql" in context.imports
    assert render_item("type", sa.String(), context) is False
    assert render_item("column", sa.Column("x", sa.String()), context) is False
    assert repr(Encrypted(sa.Date, index="i")) == "Encrypted(Date(), index='i')"
    assert repr(Token(b"x")) == "Token(1 bytes)"
