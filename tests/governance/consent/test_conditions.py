"""The condition that a query carries: who has agreed sees use, who took it back sees none from the next statement."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import structlog

from governance.consent.conditions import ConsentConditions
from governance.consent.events import Subject
from governance.consent.projection_tables import KeyKind
from policies.errors import AccessRefusedError, RecordsError
from policies.nouns import DatasetRef

CUSTOMERS = DatasetRef("crm", "customers")


def person(number):
    return Subject(f"internal-{number}", {"crm": number})


def contacted(world, purpose, make_sql, run=None):
    """What a guarded statement would give: prepare, then the condition inside the query."""
    world.conditions.prepare("crm", purpose, run)
    with world.store.connect() as connection:
        return [row.id for row in connection.exec_driver_sql(make_sql(world.conditions.conditions(CUSTOMERS, purpose)))]


def test_only_those_who_agreed_are_found(each_world, make_sql):
    for number in (1, 3, 4):
        each_world.book.given(person(number), "marketing.email", "email")
    each_world.book.given(person(2), "marketing.calls", "sms")
    assert contacted(each_world, "marketing.email", make_sql) == [1, 3, 4]


def test_a_withdrawal_holds_at_the_next_statement(each_world, make_sql):
    each_world.book.given(person(1), "marketing.email", "email")
    assert contacted(each_world, "marketing.email", make_sql) == [1]
    each_world.book.withdrawn(Subject(person(1).key), "marketing.email", "email")
    assert contacted(each_world, "marketing.email", make_sql) == []
    each_world.book.given(person(1), "marketing.email", "email")
    assert contacted(each_world, "marketing.email", make_sql) == [1]


def test_a_withdrawal_of_the_parent_ends_the_child(each_world, make_sql):
    each_world.book.given(person(1), "marketing.email", "email")
    each_world.book.withdrawn(person(1), "marketing")
    assert contacted(each_world, "marketing.email", make_sql) == []


def test_a_withdrawal_of_the_child_holds_against_the_parent(each_world, make_sql):
    each_world.book.given(person(1), "marketing")
    each_world.book.withdrawn(person(1), "marketing.email", "email")
    assert contacted(each_world, "marketing.email", make_sql) == []
    assert contacted(each_world, "marketing.calls", make_sql) == [1]


def test_each_channel_of_a_purpose_must_be_agreed_to(each_world, make_sql):
    each_world.book.given(person(1), "marketing.calls", "sms")
    assert contacted(each_world, "marketing.calls", make_sql) == []
    each_world.book.given(person(1), "marketing.calls", "phone")
    assert contacted(each_world, "marketing.calls", make_sql) == [1]


def test_a_weaker_form_than_the_strictest_law_asks_for_is_none(each_world, make_sql):
    for number, form in enumerate(("given", "explicit", "separate", "written"), start=1):
        each_world.book.given(person(number), "marketing.clinic", form=form)
    assert contacted(each_world, "marketing.clinic", make_sql) == [4]


def test_text_keys_are_compared_as_text(each_store_url, tmp_path, build_world, make_sql):
    world = build_world(f"sqlite:///{tmp_path / 'gov.db'}", each_store_url, KeyKind.STRING)
    world.book.given(Subject("internal-1", {"crm": "1"}), "marketing.email", "email")
    assert contacted(world, "marketing.email", make_sql) == ["1"]
    world.records.dispose()
    world.store.dispose()


def test_a_purpose_without_consent_asks_nothing_of_the_store(world):
    with world.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent_epoch")
    world.conditions.prepare("crm", "support")
    assert world.conditions.conditions(CUSTOMERS, "support") == ()


def test_a_store_that_was_down_while_people_withdrew_catches_up(world, make_sql):
    world.book.given(person(1), "marketing.email", "email")
    world.book.given(person(2), "marketing.email", "email")
    assert contacted(world, "marketing.email", make_sql) == [1, 2]
    with world.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_consent_epoch RENAME TO away")
    world.book.withdrawn(person(1), "marketing.email", "email")
    with pytest.raises(AccessRefusedError):
        contacted(world, "marketing.email", make_sql)
    with world.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO gov_consent_epoch")
    assert contacted(world, "marketing.email", make_sql) == [2]


def test_a_store_that_cannot_be_written_is_refused_not_read(world):
    world.book.given(person(1), "marketing.email", "email")
    with world.store.connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        locked = sa.create_engine(world.store.url, connect_args={"timeout": 0.05})
        world.projection.engine = locked
        with pytest.raises(AccessRefusedError) as refused:
            world.conditions.prepare("crm", "marketing.email")
        locked.dispose()
    assert refused.value.rule_ids == ("consent:marketing.email",)


def test_records_that_do_not_answer_stop_the_statement(world):
    with world.records.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent_head")
    with pytest.raises(RecordsError):
        world.conditions.prepare("crm", "marketing.email")


def test_a_store_ahead_of_its_records_is_refused(world):
    """The records were restored from a backup: a withdrawal may be lost."""
    world.book.given(person(1), "marketing.email", "email")
    world.conditions.prepare("crm", "marketing.email")
    with world.records.begin() as connection:
        connection.exec_driver_sql("UPDATE gov_consent_head SET epoch = 0")
    with pytest.raises(AccessRefusedError, match="ahead of the records"):
        world.conditions.prepare("crm", "marketing.email")


def test_a_projection_made_from_other_records_is_refused_until_it_is_rebuilt(world, make_sql):
    world.book.given(person(1), "marketing.email", "email")
    world.conditions.prepare("crm", "marketing.email")
    with world.records.begin() as connection:
        connection.exec_driver_sql("UPDATE gov_consent_head SET origin = 'elsewhere'")
    with pytest.raises(AccessRefusedError, match="made from others"):
        world.conditions.prepare("crm", "marketing.email")
    world.open_upkeep().rebuild(world.projection)
    assert contacted(world, "marketing.email", make_sql) == [1]


def test_a_snapshot_older_than_a_withdrawal_is_refused(tmp_path, postgres_url, build_world, make_sql):
    world = build_world(f"sqlite:///{tmp_path / 'gov.db'}", postgres_url)
    world.book.given(person(1), "marketing.email", "email")
    assert contacted(world, "marketing.email", make_sql) == [1]
    with world.store.connect().execution_options(isolation_level="REPEATABLE READ") as session:

        def run(sql):
            return session.exec_driver_sql(sql).first()

        world.conditions.prepare("crm", "marketing.email", run)
        world.book.withdrawn(person(1), "marketing.email", "email")
        with pytest.raises(AccessRefusedError, match="began before"):
            world.conditions.prepare("crm", "marketing.email", run)
        session.rollback()
        world.conditions.prepare("crm", "marketing.email", run)
    world.records.dispose()
    world.store.dispose()


@pytest.mark.parametrize("dataset", ["products", "visits", "unknown"])
def test_a_dataset_that_names_no_one_person_is_refused(world, dataset):
    with pytest.raises(AccessRefusedError, match="subject_key"):
        world.conditions.conditions(DatasetRef("crm", dataset), "marketing.email")


def test_a_subject_key_of_another_type_is_refused(world):
    with pytest.raises(AccessRefusedError, match="kind string"):
        world.conditions.conditions(DatasetRef("crm", "letters"), "marketing.email")


def test_a_store_without_a_projection_is_refused(world):
    bare = ConsentConditions(world.purposes, world.catalog, world.open_upkeep(), {})
    with pytest.raises(AccessRefusedError, match="without a projection"):
        bare.prepare("crm", "marketing.email")


def test_a_projection_that_was_never_made_is_refused(world):
    with world.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent_epoch")
        connection.exec_driver_sql("DROP TABLE gov_consent")
    with pytest.raises(AccessRefusedError, match="governance init"):
        world.conditions.prepare("crm", "marketing.email")


def test_the_conditions_name_their_rules(world):
    rules = [each.rule_id for each in world.conditions.conditions(CUSTOMERS, "marketing.calls")]
    assert rules == ["consent:marketing.calls:phone", "consent:marketing.calls:sms"]


def test_keys_of_people_are_in_no_log_and_no_error(tmp_path, sqlite_url, build_world):
    world = build_world(f"sqlite:///{tmp_path / 'gov.db'}", sqlite_url, KeyKind.STRING)
    marked = Subject("ann@planted.example", {"crm": "0912-345-678"})
    with structlog.testing.capture_logs() as logs:
        world.book.given(marked, "marketing.email", "email")
        world.conditions.prepare("crm", "marketing.email")
        world.book.withdrawn(marked, "marketing.email", "email")
        with world.store.begin() as connection:
            connection.exec_driver_sql("DROP TABLE gov_consent")
        with pytest.raises(AccessRefusedError) as refused:
            world.conditions.prepare("crm", "marketing.email")
    told = repr(logs) + repr(refused.value) + str(refused.value.__cause__)
    assert len(logs) > 2
    assert "planted" not in told
    assert "0912" not in told
    world.records.dispose()
    world.store.dispose()
