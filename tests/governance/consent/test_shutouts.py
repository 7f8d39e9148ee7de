"""Who is shut out is read again when the epoch moved, and an older reading never replaces a newer one."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from governance.consent.events import Subject
from governance.consent.restriction_log import has_gap
from governance.consent.restrictions import Restrictions
from governance.consent.shutouts import ShutoutWatch


def open_restrictions(world):
    book = world.book
    return Restrictions(
        world.records,
        keyed_hash=book._links._keyed_hash,
        sealer=world.sealer,
        recorder=world.ledger,
        clock=world.clock,
        new_id=lambda: f"r{world.ids()}",
    )


def test_nothing_is_read_while_the_epoch_stands(world):
    watch, head = ShutoutWatch(world.records), world.open_upkeep().records_head()
    first = watch.at(head)
    with world.records.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_restriction_event")
    assert watch.at(head) is first
    assert (first.restricted, first.said_no) == (frozenset(), frozenset())


def test_an_older_reading_does_not_undo_a_newer_one(world):
    watch, upkeep = ShutoutWatch(world.records), world.open_upkeep()
    open_restrictions(world).restrict(Subject("internal-1", {"crm": 1}), reason="legal_claims")
    head = upkeep.records_head()
    assert watch.at(head).restricted == {"crm"}
    late = watch.at(replace(head, epoch=head.epoch - 1))
    assert late.restricted == {"crm"}
    assert watch.last(upkeep.records_head).head == head


def test_lifting_opens_the_store_again(world):
    watch, upkeep, log = ShutoutWatch(world.records), world.open_upkeep(), open_restrictions(world)
    log.restrict(Subject("internal-1", {"crm": 1}), reason="legal_claims")
    log.restrict(Subject("internal-2", {"crm": 2}), reason="legal_claims")
    log.lift(Subject("internal-1"), told=True)
    assert watch.at(upkeep.records_head()).restricted == {"crm"}
    log.lift(Subject("internal-2"), told=True)
    assert watch.at(upkeep.records_head()).restricted == frozenset()


def test_an_erasure_is_the_only_gap_among_epochs(world):
    world.book.given(Subject("internal-1", {"crm": 1}), "marketing")
    open_restrictions(world).restrict(Subject("internal-1"), reason="legal_claims")
    with world.records.connect() as connection:
        assert not has_gap(connection, 0, 2)
    world.book.forget("internal-1")
    with world.records.connect() as connection:
        assert has_gap(connection, 0, 3)
        assert not has_gap(connection, 3, 3)


def test_the_projection_holds_restriction_and_forgets_it_with_the_person(world):
    open_restrictions(world).restrict(Subject("internal-1", {"crm": 1}), reason="legal_claims")
    world.open_upkeep().bring_up_to_date(world.projection)
    assert world.rows() == [(1, "*", "*", "given", "restricted")]
    world.book.forget("internal-1")
    world.open_upkeep().bring_up_to_date(world.projection)
    assert world.rows() == []
    with world.records.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM gov_consent_subject")) == 0
