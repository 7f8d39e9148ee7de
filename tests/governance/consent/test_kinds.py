"""Events of every kind, with categories, duration and guardian, as the book records them."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa
from alembic import command

from governance.consent import event_log
from governance.consent.changes import ChangeRule
from governance.consent.events import Circumstances, ConsentEvent, ConsentKind, Subject
from governance.consent.upkeep import ProjectionUpkeep
from governance.records import database
from governance.records.database import create_records
from policies.consent_laws import load_consent_laws
from policies.errors import ConfigError
from policies.nouns import DatasetRef

ANN = Subject("internal-1", {"crm": 1})
CUSTOMERS = DatasetRef("crm", "customers")
MARKER = "marker ann@example.org"


FIRST_RELEASE = {
    "epoch": 1,
    "id": "e1",
    "subject_ref": "0" * 64,
    "purpose": "m",
    "channel": "*",
    "kind": "given",
    "form": "given",
    "jurisdiction": "",
    "notice_version": "",
    "language": "",
    "method": "",
    "proof_ref": "",
    "collected_by": "system",
    "valid_time": "2026-01-01T00:00:00.000000Z",
    "recorded_time": "2026-01-01T00:00:00.000000Z",
}
FIRST_DIGEST = "2e0c365524bbf8e0c38b753910054e7ef88e00d316085c6ac9d2970b69efcc74"
"""What the first release wrote of that event into the ledger."""


def reached(world, make_sql, purpose="marketing.email"):
    world.conditions.prepare("crm", purpose)
    with world.store.connect() as connection:
        sql = make_sql(world.conditions.conditions(CUSTOMERS, purpose))
        return [row.id for row in connection.exec_driver_sql(sql)]


@pytest.mark.parametrize("kind", list(ConsentKind))
def test_every_kind_is_recorded_and_read_back_as_it_was(world, kind):
    how = Circumstances(
        categories=("user.name", "user.contact.email"), duration="P12M", guardian_ref="g:7", jurisdiction="gdpr"
    )
    event = world.book.record(kind, ANN, "marketing.email", "email", form="separate", how=how)
    assert world.book.history(ANN.key) == (event,)
    assert event.categories == ("user.contact.email", "user.name")
    assert len(event.snapshot) == 64
    assert world.ledger.kinds() == [f"consent.{kind}"]


def test_the_same_event_again_changes_nothing(world):
    how = Circumstances(categories=("user.name",), duration="P1Y")
    first = world.book.record("renewed", ANN, "marketing", how=how, event_id="e1")
    assert world.book.record("renewed", ANN, "marketing", how=how, event_id="e1") == first
    with pytest.raises(ConfigError, match="event_id"):
        world.book.record("given", ANN, "marketing", how=how, event_id="e1")


def test_the_digest_of_an_event_of_the_first_release_is_the_one_that_the_ledger_has():
    assert ConsentEvent(**FIRST_RELEASE).digest == FIRST_DIGEST
    assert ConsentEvent(**FIRST_RELEASE, duration="P1Y").digest != FIRST_DIGEST


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"categories": (MARKER,)}, "categories"),
        ({"duration": MARKER}, "duration"),
        ({"duration": "PT5M"}, "duration"),
        ({"guardian_ref": MARKER}, "guardian_ref"),
    ],
)
def test_a_text_that_is_no_code_is_refused_and_not_repeated(told, place):
    with pytest.raises(ConfigError, match=place) as caught:
        Circumstances(**told)
    assert MARKER not in str(caught.value)


@pytest.mark.parametrize("kind", ["suspended", MARKER, ""])
def test_a_word_that_is_no_kind_is_refused(world, kind):
    with pytest.raises(ConfigError, match="consent kind") as caught:
        world.book.record(kind, ANN, "marketing")
    assert MARKER not in str(caught.value)
    assert world.book.history(ANN.key) == ()


def test_a_guardians_consent_needs_its_proof(world):
    with pytest.raises(ConfigError, match="guardian_ref"):
        world.book.given(ANN, "marketing", form="guardian")
    assert world.book.given(ANN, "marketing", form="guardian", how=Circumstances(guardian_ref="g:1")).form == "guardian"


@pytest.mark.parametrize("kind", ["given", "renewed", "requested", "expired"])
def test_what_is_dated_ahead_is_refused(world, kind):
    ahead = Circumstances(valid_time=world.clock.now + dt.timedelta(days=2))
    with pytest.raises(ConfigError, match="valid_time"):
        world.book.record(kind, ANN, "marketing", how=ahead)


@pytest.mark.parametrize("kind", ["withdrawn", "refused", "objected", "invalidated"])
def test_a_stop_dated_ahead_holds_from_now(world, make_sql, kind):
    world.book.given(ANN, "marketing")
    ahead = Circumstances(valid_time=world.clock.now + dt.timedelta(days=2))
    world.book.record(kind, ANN, "marketing", how=ahead)
    assert reached(world, make_sql) == []


def test_consent_with_a_duration_ends_by_itself_in_the_next_statement(world, make_sql):
    world.book.given(ANN, "marketing", how=Circumstances(duration="P1M"))
    assert reached(world, make_sql) == [1]
    world.clock.now += dt.timedelta(days=29)
    assert reached(world, make_sql) == [1]
    world.clock.now += dt.timedelta(days=2)
    assert reached(world, make_sql) == []
    assert ("expired",) in {row[4:] for row in world.rows()}


def test_a_renewal_prolongs_it(world, make_sql):
    world.book.given(ANN, "marketing", how=Circumstances(duration="P1M"))
    world.clock.now += dt.timedelta(days=20)
    world.book.record("renewed", ANN, "marketing", how=Circumstances(duration="P1M"))
    world.clock.now += dt.timedelta(days=20)
    assert reached(world, make_sql) == [1]
    world.clock.now += dt.timedelta(days=20)
    assert reached(world, make_sql) == []


def test_many_that_end_at_one_moment_all_end(world, make_sql):
    for number in range(1, 6):
        subject = Subject(f"internal-{number}", {"crm": number})
        how = Circumstances(duration="P30D", valid_time=dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
        world.book.given(subject, "marketing", how=how)
    assert reached(world, make_sql) == [1, 2, 3, 4, 5]
    world.clock.now += dt.timedelta(days=31)
    assert reached(world, make_sql) == []


def test_ends_and_objections_reach_every_kind_of_store(each_world, make_sql):
    world = each_world
    world.book.given(ANN, "marketing", how=Circumstances(duration="P1M"))
    world.book.given(Subject("internal-2", {"crm": 2}), "marketing")
    world.book.given(Subject("internal-3", {"crm": 3}), "marketing")
    assert reached(world, make_sql) == [1, 2, 3]
    world.book.record("objected", Subject("internal-2"), "marketing")
    world.clock.now += dt.timedelta(days=32)
    assert reached(world, make_sql) == [3]
    assert {(row[0], row[4]) for row in world.rows() if row[1] == "marketing.email"} == {
        (1, "expired"),
        (2, "objected"),
        (3, "given"),
    }


@pytest.mark.parametrize("records", ["sqlite", "postgresql"])
def test_ends_are_swept_once_in_either_kind_of_records(request, tmp_path, build_world, make_sql, records):
    url = request.getfixturevalue("postgres_url") if records == "postgresql" else f"sqlite:///{tmp_path / 'g.db'}"
    world = build_world(url, f"sqlite:///{tmp_path / 'crm.db'}")
    for number in (1, 2, 3):
        how = Circumstances(duration=f"P{number}M", categories=("user.name",) if number == 3 else ())
        world.book.given(Subject(f"internal-{number}", {"crm": number}), "marketing", how=how)
    assert reached(world, make_sql) == [1, 2]
    world.clock.now += dt.timedelta(days=32)
    head = world.open_upkeep().records_head()
    assert world.open_upkeep().records_head() == head
    assert reached(world, make_sql) == [2]
    world.clock.now += dt.timedelta(days=62)
    assert world.open_upkeep().records_head().next_end == ""
    assert reached(world, make_sql) == []
    world.records.dispose()
    world.store.dispose()


def test_a_slow_clock_does_not_bring_back_what_a_quick_one_saw_end(world, make_sql):
    world.book.given(ANN, "marketing", how=Circumstances(duration="P1M"))
    begun = world.clock.now
    world.clock.now += dt.timedelta(days=40)
    world.open_upkeep().records_head()
    world.clock.now = begun
    assert reached(world, make_sql) == []


@pytest.mark.parametrize(
    ("entry", "rows"),
    [
        ({"basis": {"gdpr": "legitimate_interests"}}, [(1, "news", "*", "given", "objected")]),
        ({"basis": {"gdpr": "contract"}, "direct_marketing": True}, [(1, "news", "*", "given", "objected")]),
        ({"basis": {"gdpr": "contract"}}, []),
    ],
)
def test_an_objection_is_a_row_for_a_purpose_that_it_stops_on_another_basis(world, make_purposes, entry, rows):
    world.purposes = make_purposes({"news": entry})
    book, upkeep = world.open_book(), world.open_upkeep()
    book.record("objected", ANN, "news")
    upkeep.bring_up_to_date(world.projection)
    assert world.rows() == rows
    book.given(ANN, "news")
    upkeep.bring_up_to_date(world.projection)
    assert world.rows() == []


def changed_purposes(make_purposes):
    return make_purposes({"marketing.email": {"basis": {"gdpr": "consent"}, "channels": ["email"], "text": "Anew"}})


@pytest.mark.parametrize(
    ("law", "in_force", "state"),
    [
        ("pipl", ("gdpr",), "invalidated"),
        ("gdpr", ("gdpr", "pipl"), "given"),
        ("", ("gdpr", "pipl"), "invalidated"),
        ("", ("gdpr",), "given"),
    ],
)
def test_consent_dies_in_the_store_when_its_purpose_changes_under_a_law_that_says_so(
    world, make_purposes, law, in_force, state
):
    """PIPL Art. 14; of an event that names no law the strictest in force decides."""
    rules = load_consent_laws(world.clock.now.date())
    old = make_purposes({"marketing.email": {"basis": {"gdpr": "consent"}, "channels": ["email"], "text": "Once"}})
    for purposes, expected in ((old, "given"), (changed_purposes(make_purposes), state)):
        world.purposes = purposes
        changes = ChangeRule(purposes, rules, in_force)
        if expected == "given" and purposes is old:
            world.open_book().given(ANN, "marketing.email", "email", how=Circumstances(jurisdiction=law))
        upkeep = ProjectionUpkeep(world.records, purposes, world.sealer, clock=world.clock, changes=changes)
        upkeep.bring_up_to_date(world.projection)
        assert [row[4] for row in world.rows()] == [expected]


def test_consent_to_fewer_categories_than_a_purpose_needs_is_not_consent_to_it(world, make_sql, make_purposes):
    needs = {"marketing.email": {"basis": {"gdpr": "consent"}, "channels": ["email"],
                                 "categories": ["user.contact.email", "user.name.first"]}}  # fmt: skip
    world.purposes = make_purposes(needs)
    world.book, world.conditions = world.open_book(), world.open_conditions()
    world.book.given(ANN, "marketing.email", "email", how=Circumstances(categories=("user.contact.email",)))
    assert reached(world, make_sql) == []
    world.book.given(ANN, "marketing.email", "email", how=Circumstances(categories=("user.contact", "user.name")))
    assert reached(world, make_sql) == [1]
    world.book.withdrawn(ANN, "marketing.email", "email", how=Circumstances(categories=("user.name.first",)))
    assert reached(world, make_sql) == []


@pytest.mark.parametrize("records", ["sqlite", "postgresql"])
def test_events_of_the_first_release_are_kept_by_the_upgrade_and_fit_their_ledger_entries(request, tmp_path, records):
    url = request.getfixturevalue("postgres_url") if records == "postgresql" else f"sqlite:///{tmp_path / 'g.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        command.upgrade(database._config(connection), "0009")
        names = ", ".join(FIRST_RELEASE)
        connection.execute(
            sa.text(f"INSERT INTO gov_consent_event ({names}) VALUES (:{', :'.join(FIRST_RELEASE)})"), FIRST_RELEASE
        )
        connection.exec_driver_sql("UPDATE gov_consent_head SET epoch = 1, origin = 'e1'")
    engine.dispose()
    upgraded = create_records(url)
    with upgraded.connect() as connection:
        (event,) = event_log.events_of(connection, ["0" * 64])["0" * 64]
        assert event_log.read_head(connection) == event_log.Head(1, "e1", "", "")
    assert event == ConsentEvent(**FIRST_RELEASE)
    assert event.digest == FIRST_DIGEST
    upgraded.dispose()


def test_no_key_or_reference_shows_in_a_repr(world):
    marked = Subject("marker-key-77", {"crm": 1})
    event = world.book.record("objected", marked, "marketing")
    assert "marker-key-77" not in repr(event) + repr(marked) + json.dumps(world.rows(), default=str)
    with world.records.connect() as connection:
        for table in ("gov_consent_event", "gov_consent_subject", "gov_consent_end", "test_ledger"):
            for row in connection.execute(sa.text(f"SELECT * FROM {table}")):
                assert "marker-key-77" not in repr(tuple(row))
