"""Ids of the real world: UUIDs of version 7."""

import datetime as dt
import uuid

from governance.clock import new_id, now


def test_an_id_is_a_uuid_of_version_7_that_begins_with_the_time():
    before = now()
    made = new_id()
    after = now()
    found = uuid.UUID(made)
    assert (made, found.version, found.variant) == (found.hex, 7, uuid.RFC_4122)
    moment = dt.datetime.fromtimestamp((found.int >> 80) / 1000, dt.UTC)
    assert before - dt.timedelta(milliseconds=1) <= moment <= after


def test_ids_never_meet_and_ids_of_later_milliseconds_stand_behind():
    made = [new_id() for _ in range(20_000)]
    assert len(set(made)) == len(made)
    times = [each[:12] for each in made]
    assert times == sorted(times)


def test_every_bit_that_is_not_time_version_or_variant_is_drawn():
    made = [uuid.UUID(new_id()).int for _ in range(400)]
    ones, zeros = 0, 0
    for each in made:
        ones |= each
        zeros |= ~each
    drawn = (1 << 76) - 1 & ~(3 << 62)
    assert ones & drawn == zeros & drawn == drawn
