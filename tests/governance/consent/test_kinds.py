"""Events of every kind, with categories, duration and guardian, as the book records them."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from governance.consent.events import Circumstances, ConsentEvent, ConsentKind, Subject
from policies.errors import ConfigError
from policies.nouns import DatasetRef

ANN = Subject("internal-1", {"crm": 1})
CUSTOMERS = DatasetRef("crm", "customers")
MARKER = "marker ann@example.org"


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
    old = {
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
    assert ConsentEvent(**old).digest == "2e0c365524bbf8e0c38b753910054e7ef88e00d316085c6ac9d2970b69efcc74"
    assert ConsentEvent(**old, duration="P1Y").digest != ConsentEvent(**old).digest


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


def test_a_slow_clock_does_not_bring_back_what_a_quick_one_saw_end(world, make_sql):
    world.book.given(ANN, "marketing", how=Circumstances(duration="P1M"))
    begun = world.clock.now
    world.clock.now += dt.timedelta(days=40)
    world.open_upkeep().records_head()
    world.clock.now = begun
    assert reached(world, make_sql) == []


def test_an_objection_is_a_row_for_a_purpose_on_another_basis(world):
    world.book.record("objected", ANN, "support")
    world.open_upkeep().bring_up_to_date(world.projection)
    assert world.rows() == [(1, "support", "*", "given", "objected")]
    world.book.given(ANN, "support")
    world.open_upkeep().bring_up_to_date(world.projection)
    assert world.rows() == []


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


def test_no_key_or_reference_shows_in_a_repr(world):
    marked = Subject("marker-key-77", {"crm": 1})
    event = world.book.record("objected", marked, "marketing")
    assert "marker-key-77" not in repr(event) + repr(marked) + json.dumps(world.rows(), default=str)
    with world.records.connect() as connection:
        for table in ("gov_consent_event", "gov_consent_subject", "gov_consent_end", "test_ledger"):
            for row in connection.execute(sa.text(f"SELECT * FROM {table}")):
                assert "marker-key-77" not in repr(tuple(row))
