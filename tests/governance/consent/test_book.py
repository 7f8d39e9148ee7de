"""What ConsentBook takes down, and what it refuses."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from governance.consent.events import Circumstances, Subject
from governance.consent.tables import EVENTS, SUBJECTS
from policies.errors import ConfigError, LedgerError, RecordsError

ANN = Subject("internal-4711", {"crm": 1})
MARKERS = ("internal-4711", "ann@planted.example", "0912-345-678")


def count(world, table):
    with world.records.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_what_was_given_stands_and_what_was_withdrawn_does_not(world):
    world.book.given(ANN, "marketing.email", "email")
    assert world.book.state(ANN.key, "marketing.email", "email").state == "given"
    world.book.withdrawn(Subject(ANN.key), "marketing.email", "email")
    assert world.book.state(ANN.key, "marketing.email", "email").state == "withdrawn"


def test_every_event_is_in_the_ledger_with_a_digest_of_its_row(world):
    given = world.book.given(ANN, "marketing")
    world.book.withdrawn(ANN, "marketing")
    assert world.ledger.kinds() == ["consent.given", "consent.withdrawn"]
    with world.records.connect() as connection:
        records = [row.record for row in connection.exec_driver_sql("SELECT record FROM test_ledger")]
    assert records == [each.digest for each in world.book.history(ANN.key)]
    assert records[0] == given.digest


def test_withdrawing_needs_no_consent_before_and_no_store_key(world):
    assert world.book.withdrawn(Subject("stranger"), "marketing").kind == "withdrawn"
    assert world.book.state("stranger", "marketing").state == "withdrawn"


def test_epochs_count_on_by_one(world):
    epochs = [world.book.given(ANN, "marketing").epoch, world.book.withdrawn(ANN, "marketing").epoch]
    assert epochs == [1, 2]


def test_history_is_in_order_of_when_it_was_said(world):
    early = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    world.book.withdrawn(ANN, "marketing")
    world.book.given(ANN, "marketing", how=Circumstances(valid_time=early, method="paper"))
    assert [each.kind for each in world.book.history(ANN.key)] == ["given", "withdrawn"]
    assert world.book.state(ANN.key, "marketing").state == "withdrawn"


def test_a_withdrawal_dated_ahead_holds_from_now(world):
    world.book.given(ANN, "marketing")
    ahead = Circumstances(valid_time=world.clock.now + dt.timedelta(days=30))
    event = world.book.withdrawn(ANN, "marketing", how=ahead)
    assert event.valid_time == event.recorded_time


def test_consent_dated_ahead_is_refused(world):
    ahead = Circumstances(valid_time=world.clock.now + dt.timedelta(days=30))
    with pytest.raises(ConfigError, match="lies ahead"):
        world.book.given(ANN, "marketing", how=ahead)
    assert count(world, EVENTS) == 0


def test_the_same_event_twice_changes_nothing(world):
    first = world.book.given(ANN, "marketing", event_id="import-1")
    again = world.book.given(ANN, "marketing", event_id="import-1")
    assert again == first
    assert count(world, EVENTS) == 1
    assert world.ledger.kinds() == ["consent.given"]


def test_the_id_of_another_event_is_refused(world):
    world.book.given(ANN, "marketing", event_id="import-1")
    with pytest.raises(ConfigError, match="another event"):
        world.book.withdrawn(ANN, "marketing", event_id="import-1")
    assert count(world, EVENTS) == 1


@pytest.mark.parametrize(
    ("purpose", "channel"), [("marketting", "*"), ("marketing.email", "sms"), ("marketing.email", "Email"), ("", "*")]
)
def test_an_unknown_purpose_or_channel_is_refused(world, purpose, channel):
    for act in (world.book.given, world.book.withdrawn):
        with pytest.raises(ConfigError):
            act(ANN, purpose, channel)
    with pytest.raises(ConfigError):
        world.book.state(ANN.key, purpose, channel)
    assert count(world, EVENTS) == 0


def test_a_parent_takes_the_channels_of_its_children(world):
    assert world.book.withdrawn(ANN, "marketing", "sms").channel == "sms"


def test_an_unknown_form_is_refused(world):
    with pytest.raises(ConfigError, match="form"):
        world.book.given(ANN, "marketing", form="implied")


@pytest.mark.parametrize("part", ["jurisdiction", "notice_version", "language", "method", "proof_ref", "collected_by"])
@pytest.mark.parametrize("marker", ["ann@planted.example", "Ann Planted", "王小明"])
def test_a_value_of_a_person_fits_no_part_of_an_event(part, marker):
    with pytest.raises(ConfigError) as refused:
        Circumstances(**{part: marker})
    assert marker not in str(refused.value)
    assert marker not in repr(refused.value)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ConfigError, match="zone"):
        Circumstances(valid_time=dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the case


@pytest.mark.parametrize("key", ["", "x" * 192, "a\0b", True, 1.5, None])
def test_a_store_key_that_cannot_be_one_is_refused(key):
    with pytest.raises(ConfigError):
        Subject("s", {"crm": key})


def test_one_store_key_cannot_be_claimed_by_two_people(world):
    world.book.given(ANN, "marketing")
    with pytest.raises(ConfigError, match="another person"):
        world.book.given(Subject("someone-else", {"crm": 1}), "marketing")
    assert count(world, EVENTS) == 1


def test_a_store_key_does_not_change_in_silence(world):
    world.book.given(ANN, "marketing")
    with pytest.raises(ConfigError, match="another key"):
        world.book.given(Subject(ANN.key, {"crm": 2}), "marketing")


def test_nothing_is_recorded_when_the_ledger_cannot_be_written(world):
    world.ledger.broken = True
    with pytest.raises(LedgerError):
        world.book.given(ANN, "marketing")
    assert (count(world, EVENTS), count(world, SUBJECTS)) == (0, 0)
    world.ledger.broken = False
    assert world.book.given(ANN, "marketing").epoch == 1


def test_records_that_fail_are_named_without_foreign_text(world):
    with world.records.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent_event")
    with pytest.raises(RecordsError, match="doctor") as failed:
        world.book.withdrawn(Subject("ann@planted.example", {"crm": "0912-345-678"}), "marketing")
    assert not any(marker in repr(failed.value) for marker in MARKERS)
    assert failed.value.__cause__ is None


def test_planted_markers_are_nowhere_in_the_records(world):
    world.book.given(Subject("ann@planted.example", {"crm": "0912-345-678"}), "marketing")
    world.book.withdrawn(ANN, "marketing")
    with world.records.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())
    for marker in MARKERS:
        assert marker not in dump
        assert marker.encode().hex() not in dump.lower()


def test_a_subject_does_not_show_itself():
    shown = repr(Subject("ann@planted.example", {"crm": "0912-345-678"}))
    assert not any(marker in shown for marker in MARKERS)
