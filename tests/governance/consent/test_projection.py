"""The projection on SQLite, PostgreSQL and MariaDB: made on demand, moved in one step, never from a wrong epoch."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from governance.consent.events import Subject
from governance.consent.projection import ConsentProjection, SubjectRows, key_kind_of
from governance.consent.projection_tables import KeyKind, target_code
from governance.consent.tables import SUBJECTS
from policies.errors import AccessRefusedError, StoreError
from policies.nouns import DatasetRef

ROW = ("marketing.email", "email", "given", "given")
ENDLESS = (*ROW, "")
EMAIL_CODE = 3474252305282237585
"""As every store has it; a new one would need every projection to be made anew."""


def person(number):
    return Subject(f"internal-{number}", {"crm": number})


def test_it_is_not_made_by_being_read(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StoreError, match="governance init"):
        ConsentProjection("crm", engine).head()
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_making_it_twice_keeps_what_it_holds(each_world):
    each_world.book.given(person(1), "marketing.email", "email")
    each_world.open_upkeep().bring_up_to_date(each_world.projection)
    each_world.projection.create(KeyKind.INTEGER)
    assert each_world.rows() == [(1, *ROW)]


def make_former(world):
    """The projection as the release before made it, with consent for person 2, who never gave any."""
    with world.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent")
        connection.exec_driver_sql(
            "CREATE TABLE gov_consent (purpose VARCHAR(100) NOT NULL, channel VARCHAR(32) NOT NULL, subject_key BIGINT"
            " NOT NULL, form VARCHAR(32) NOT NULL, state VARCHAR(32) NOT NULL, ends VARCHAR(27) NOT NULL, epoch BIGINT"
            " NOT NULL, PRIMARY KEY (purpose, channel, subject_key))"
        )
        connection.exec_driver_sql("CREATE INDEX ix_gov_consent_subject_key ON gov_consent (subject_key)")
        connection.exec_driver_sql(
            "INSERT INTO gov_consent VALUES ('marketing.email', 'email', 2, 'given', 'given', '', 1)"
        )
        connection.exec_driver_sql("UPDATE gov_consent_epoch SET tree = 'of the release before'")


def test_a_projection_of_the_release_before_is_refused_until_it_is_made_anew(each_world, make_sql):
    each_world.book.given(person(1), "marketing.email", "email")
    each_world.conditions.prepare("crm", "marketing.email")
    assert each_world.projection.is_made_now()
    make_former(each_world)
    assert not each_world.projection.is_made_now()
    with pytest.raises(AccessRefusedError, match="the columns of an earlier release"):
        each_world.conditions.prepare("crm", "marketing.email")
    each_world.projection.create(KeyKind.INTEGER)
    assert each_world.projection.head().epoch == 0
    each_world.conditions.prepare("crm", "marketing.email")
    assert each_world.rows() == [(1, *ROW)]
    asked = each_world.conditions.conditions(DatasetRef("crm", "customers"), "marketing.email")
    with each_world.store.connect() as connection:
        assert [row.id for row in connection.exec_driver_sql(make_sql(asked))] == [1]


def test_views_over_the_former_projection_must_go_first(tmp_path, postgres_url, build_world):
    world = build_world(f"sqlite:///{tmp_path / 'gov.db'}", postgres_url)
    make_former(world)
    with world.store.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW seen AS SELECT state FROM gov_consent")
    with pytest.raises(StoreError, match="drop the views"):
        world.projection.create(KeyKind.INTEGER)
    with world.store.begin() as connection:
        connection.exec_driver_sql("DROP VIEW seen")
    world.projection.create(KeyKind.INTEGER)
    assert world.projection.is_made_now()
    world.records.dispose()
    world.store.dispose()


def test_the_release_before_is_told_even_where_nobody_ever_agreed(each_world):
    make_former(each_world)
    with pytest.raises(AccessRefusedError, match="earlier release"):
        each_world.conditions.prepare("crm", "marketing.email")


def test_each_purpose_and_channel_has_its_own_number():
    pairs = [("marketing", "*"), ("marketing.email", "email"), ("marketing.emai", "lemail"), ("", ""), ("*", "*")]
    codes = {target_code(*pair) for pair in pairs}
    assert len(codes) == len(pairs)
    assert all(0 <= code < 2**63 for code in codes)
    assert target_code("marketing.email", "email") == EMAIL_CODE


@pytest.mark.parametrize("query", ["SELECT id FROM customers WHERE id = 7", "SELECT id FROM customers"])
def test_sqlite_finds_a_person_by_key_and_number(world, query):
    with world.store.connect() as connection:
        exists = f"EXISTS (SELECT 1 FROM gov_consent g WHERE g.subject_key = id AND g.target IN ({EMAIL_CODE}))"
        joined = f"{query} {'AND' if 'WHERE' in query else 'WHERE'} {exists}"
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {joined}")]
    assert any("USING PRIMARY KEY (subject_key=? AND target=?)" in step for step in plan)


def test_making_it_for_another_kind_of_key_is_refused(each_world):
    with pytest.raises(StoreError, match="integer"):
        each_world.projection.create(KeyKind.STRING)


def test_it_follows_given_and_withdrawn(each_world):
    upkeep = each_world.open_upkeep()
    each_world.book.given(person(1), "marketing.email", "email")
    each_world.book.given(person(2), "marketing.calls", "sms", form="explicit")
    upkeep.bring_up_to_date(each_world.projection)
    assert each_world.rows() == [(1, *ROW), (2, "marketing.calls", "sms", "explicit", "given")]
    each_world.book.withdrawn(person(1), "marketing.email", "email")
    upkeep.bring_up_to_date(each_world.projection)
    assert each_world.rows()[0] == (1, *ROW[:3], "withdrawn")
    assert each_world.projection.head().epoch == 3


def test_one_consent_to_a_parent_is_a_row_for_each_child_and_channel(each_world):
    each_world.book.given(person(1), "marketing")
    each_world.open_upkeep().bring_up_to_date(each_world.projection)
    assert [(row[1], row[2]) for row in each_world.rows()] == [
        ("marketing", "*"),
        ("marketing.calls", "phone"),
        ("marketing.calls", "sms"),
        ("marketing.clinic", "*"),
        ("marketing.email", "email"),
    ]


def test_a_rebuild_gives_what_the_steps_gave(each_world):
    upkeep = each_world.open_upkeep()
    for number in range(1, 5):
        each_world.book.given(person(number), "marketing")
        upkeep.bring_up_to_date(each_world.projection)
    each_world.book.withdrawn(person(2), "marketing.calls", "sms")
    upkeep.bring_up_to_date(each_world.projection)
    before = each_world.rows()
    upkeep.rebuild(each_world.projection)
    assert each_world.rows() == before
    with each_world.store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM gov_consent WHERE subject_key < 3")
    upkeep.rebuild(each_world.projection)
    assert each_world.rows() == before


def test_a_step_from_another_epoch_changes_nothing(each_world):
    head = each_world.projection.head()
    new = dataclasses.replace(head, epoch=7, origin="o")
    change = [SubjectRows(1, (ENDLESS,))]
    assert each_world.projection.move(head, new, change, wipe=False)
    assert not each_world.projection.move(head, new, [SubjectRows(2, (ENDLESS,))], wipe=True)
    assert each_world.rows() == [(1, *ROW)]


def test_a_step_that_fails_half_way_changes_nothing(each_world):
    head = each_world.projection.head()

    def changes():
        yield from (SubjectRows(number, (ENDLESS,)) for number in range(1500))
        raise StoreError("here", found="a stop", expected="none", next_step="none")

    with pytest.raises(StoreError):
        each_world.projection.move(head, dataclasses.replace(head, epoch=1), changes(), wipe=True)
    assert each_world.rows() == []
    assert each_world.projection.head() == head


def test_a_change_of_the_purposes_is_applied_to_everybody(each_world, make_purposes):
    each_world.book.given(person(1), "marketing")
    each_world.open_upkeep().bring_up_to_date(each_world.projection)
    changed = make_purposes(
        {"marketing": {"basis": {"gdpr": "consent"}}, "marketing.email": {"basis": {"gdpr": "consent"}}}
    )
    each_world.open_upkeep(changed).bring_up_to_date(each_world.projection)
    assert each_world.rows() == [(1, "marketing", "*", "given", "given")]


def test_forgetting_a_person_drops_rows_and_sealed_key(each_world):
    upkeep = each_world.open_upkeep()
    each_world.book.given(person(1), "marketing.email", "email")
    each_world.book.given(person(2), "marketing.email", "email")
    upkeep.bring_up_to_date(each_world.projection)
    assert each_world.book.forget(person(1).key) == 1
    upkeep.bring_up_to_date(each_world.projection)
    assert each_world.rows() == [(2, *ROW)]
    with each_world.records.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(SUBJECTS)).scalar_one() == 1
    upkeep.rebuild(each_world.projection)
    assert each_world.rows() == [(2, *ROW)]


def test_pages_of_many_people_all_arrive(world):
    for number in range(1, 1203):
        world.book.given(person(number), "marketing.email", "email")
    world.open_upkeep().bring_up_to_date(world.projection)
    assert len(world.rows()) == 1202


@pytest.mark.parametrize(
    ("declared", "kind"), [("INTEGER", KeyKind.INTEGER), ("BIGINT", KeyKind.INTEGER), ("VARCHAR(40)", KeyKind.STRING)]
)
def test_the_kind_of_a_key_is_read_off_the_store(each_store_url, declared, kind):
    engine = sa.create_engine(each_store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE t (k {declared})")
    assert key_kind_of(engine, "t", "k") is kind
    with pytest.raises(StoreError, match="no such field"):
        key_kind_of(engine, "t", "gone")
    engine.dispose()


def test_a_uuid_key_is_joined_as_uuid(postgres_url):
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE u (k UUID)")
    assert key_kind_of(engine, "u", "k") is KeyKind.UUID
    projection = ConsentProjection("crm", engine)
    projection.create(KeyKind.UUID)
    head = projection.head()
    key = "0b8cf3a4-9e1f-4f0a-9d11-0c7c2d3e4f50"
    assert projection.move(head, dataclasses.replace(head, epoch=1), [SubjectRows(key, (ENDLESS,))], wipe=False)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT count(*) FROM gov_consent WHERE subject_key = '{key}'::uuid")
        assert found.scalar_one() == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("key", "typed"), [(12, 12), ("12", 12), ("-3", -3), ("007", None), ("1abc", None), ("", None)]
)
def test_a_key_that_is_no_number_is_nobody_among_numbers(key, typed):
    assert KeyKind.INTEGER.typed(key) == typed
