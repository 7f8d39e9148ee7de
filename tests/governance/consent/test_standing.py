"""What events say of a purpose and channel: a table of cases, and properties."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.consent.events import ConsentEvent
from governance.consent.standing import standing, targets, tree_digest
from policies.purposes import PurposesFile

PURPOSES = PurposesFile.model_validate(
    {
        "purposes": {
            "support": {"basis": {"gdpr": "contract"}},
            "m": {"basis": {"gdpr": "consent"}},
            "m.e": {"parent": "m", "channels": ("email",)},
            "m.c": {"parent": "m", "channels": ("phone", "sms")},
        }
    }
)
AT = "2026-02-01T00:00:00.000000Z"


def event(moment: int, place: str, kind: str = "given", form: str = "given", *, recorded: int | None = None):
    purpose, _, channel = place.partition(":")
    return ConsentEvent(
        epoch=(recorded if recorded is not None else moment) + 1,
        id=f"e{moment}{place}{kind}",
        subject_ref="0" * 64,
        purpose=purpose,
        channel=channel or "*",
        kind=kind,
        form=form,
        jurisdiction="",
        notice_version="",
        language="",
        method="",
        proof_ref="",
        collected_by="system",
        valid_time=f"2026-01-01T00:00:{moment:02}.000000Z",
        recorded_time=f"2026-01-01T00:00:{recorded if recorded is not None else moment:02}.000000Z",
    )


def state(events, place):
    purpose, _, channel = place.partition(":")
    return standing(PURPOSES, events, purpose, channel or "*", at=AT).state


CASES = {
    "nothing said": ("", "m.e:email", "unknown"),
    "given": ("+m.e:email", "m.e:email", "given"),
    "withdrawn": ("+m.e:email -m.e:email", "m.e:email", "withdrawn"),
    "given again": ("+m.e:email -m.e:email +m.e:email", "m.e:email", "given"),
    "parent covers child": ("+m", "m.e:email", "given"),
    "child does not cover parent": ("+m.e:email", "m", "unknown"),
    "every channel covers one": ("+m.c", "m.c:sms", "given"),
    "one channel does not cover another": ("+m.c:phone", "m.c:sms", "unknown"),
    "one channel does not cover every": ("+m.c:phone", "m.c:*", "unknown"),
    "withdrawn above ends what was given below": ("+m.e:email -m", "m.e:email", "withdrawn"),
    "withdrawn below holds against what was given above": ("+m -m.e:email", "m.e:email", "withdrawn"),
    "withdrawn below holds against what is given above later": ("-m.e:email +m", "m.e:email", "withdrawn"),
    "withdrawn below leaves siblings": ("+m -m.e:email", "m.c:sms", "given"),
    "given below after withdrawn above": ("-m +m.e:email", "m.e:email", "given"),
    "given above does not revive what ended below": ("+m.e:email -m +m", "m.e:email", "given"),
    "given again below lifts": ("+m -m.e:email +m.e:email", "m.e:email", "given"),
    "given below the withdrawn channel lifts": ("+m -m.c:* +m.c:sms", "m.c:sms", "given"),
    "and only there": ("+m -m.c:* +m.c:sms", "m.c:phone", "withdrawn"),
    "a withdrawal on one channel stops a use of none": ("+m -m:email", "m", "withdrawn"),
    "a purpose that no longer exists says nothing": ("+gone", "m", "unknown"),
    "a kind of a later release stops": ("+m ?m", "m", "withdrawn"),
    "expired": ("+m xm", "m", "expired"),
    "given again after it expired": ("+m xm +m", "m", "given"),
    "renewed": ("+m rm", "m", "renewed"),
    "renewed after it expired": ("+m xm rm", "m", "renewed"),
    "a renewal of nothing": ("rm", "m", "unknown"),
    "a renewal revives nothing that was taken back": ("+m -m rm", "m", "withdrawn"),
    "nor what was taken back above": ("+m.e:email -m rm.e:email", "m.e:email", "withdrawn"),
    "nor what was found invalid": ("+m im rm", "m", "invalidated"),
    "given after it was found invalid": ("+m im +m", "m", "given"),
    "an expiry below ends what was given above before it": ("+m xm.e:email", "m.e:email", "expired"),
    "and nothing that is given above after it": ("+m xm.e:email +m", "m.e:email", "given"),
    "an expiry does not lift a withdrawal": ("-m.e:email xm.e:email +m", "m.e:email", "withdrawn"),
    "a lift that expired lifts no more": ("+m -m.e:email +m.e:email xm.e:email", "m.e:email", "withdrawn"),
    "refused": ("qm nm", "m", "refused"),
    "requested": ("qm", "m", "requested"),
    "a request changes nothing that stands": ("+m qm", "m", "given"),
    "nor what was taken back": ("-m qm", "m", "withdrawn"),
    "an objection stands above a later refusal": ("!m nm", "m", "objected"),
    "an objection below holds against what is given above": ("!m.e:email +m", "m.e:email", "objected"),
    "given after an objection": ("!m +m", "m", "given"),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    told, place, expected = CASES[name]
    kinds = {
        "+": "given",
        "-": "withdrawn",
        "?": "suspended",
        "x": "expired",
        "!": "objected",
        "n": "refused",
        "r": "renewed",
        "q": "requested",
        "i": "invalidated",
    }
    events = [event(at, each[1:], kinds[each[0]]) for at, each in enumerate(told.split())]
    assert state(events, place) == expected


def test_a_written_consent_that_ended_lends_its_form_to_nothing_later():
    events = [event(0, "m.e:email", form="written"), event(1, "m", "withdrawn"), event(2, "m")]
    assert standing(PURPOSES, events, "m.e", "email", at=AT).form == "given"


def test_the_strongest_form_that_stands_counts():
    events = [event(0, "m.e:email", form="explicit"), event(1, "m", form="written")]
    assert standing(PURPOSES, events, "m.e", "email", at=AT).form == "written"


def test_a_late_arrival_sorts_by_when_it_was_said():
    withdrawn = event(5, "m", "withdrawn", recorded=5)
    late = event(3, "m", recorded=9)
    assert state([withdrawn, late], "m") == "withdrawn"


def test_of_two_events_of_one_moment_the_one_recorded_later_holds():
    assert state([event(3, "m", recorded=4), event(3, "m", "withdrawn", recorded=5)], "m") == "withdrawn"
    assert state([event(3, "m", recorded=6), event(3, "m", "withdrawn", recorded=5)], "m") == "given"


def test_only_purposes_that_need_consent_are_targets():
    assert targets(PURPOSES) == (("m", "*"), ("m.c", "phone"), ("m.c", "sms"), ("m.e", "email"))


def test_the_digest_changes_with_the_tree_and_not_with_texts():
    same = PurposesFile.model_validate({"purposes": {**dump(), "m": {**dump()["m"], "text": "other words"}}})
    moved = PurposesFile.model_validate({"purposes": {**dump(), "m.e": {**dump()["m.e"], "parent": None}}})
    assert tree_digest(same) == tree_digest(PURPOSES) != tree_digest(moved)


def dump():
    return PURPOSES.model_dump()["purposes"]


PLACES = ("m:*", "m:email", "m:sms", "m.e:*", "m.e:email", "m.c:*", "m.c:sms", "m.c:phone")
EVENTS = st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(("given", "withdrawn"))), max_size=9)


def replayed(told, purpose, channel):
    """The same rules told in another way: what stands is kept as a set while events pass by."""

    def under(place, other):
        (purpose_1, channel_1), (purpose_2, channel_2) = place, other
        return purpose_2 in PURPOSES.ancestry(purpose_1) and channel_2 in (channel_1, "*")

    given_places, stops = set(), set()
    for place, kind in told:
        here = tuple(place.split(":"))
        if kind == "withdrawn":
            given_places = {each for each in given_places if not under(each, here)}
            stops.add(here)
        else:
            given_places.add(here)
            stops = {each for each in stops if each != here}
    covers = [each for each in given_places if under((purpose, channel), each)]
    return any(all(under(each, stop) or not _speaks(stop, purpose, channel) for stop in stops) for each in covers)


def _speaks(stop, purpose, channel):
    return stop[0] in PURPOSES.ancestry(purpose) and (stop[1] in (channel, "*") or channel == "*")


@given(EVENTS, st.sampled_from([("m", "*"), ("m.e", "email"), ("m.c", "sms"), ("m.c", "phone")]))
def test_a_replay_of_the_events_comes_to_the_same_answer(told, target):
    events = [event(at, place, kind) for at, (place, kind) in enumerate(told)]
    assert (standing(PURPOSES, events, *target, at=AT).state == "given") == replayed(told, *target)


@given(EVENTS, st.integers())
def test_the_order_of_arrival_has_no_effect(told, seed):
    events = [event(at, place, kind) for at, (place, kind) in enumerate(told)]
    mixed = random.Random(seed).sample(events, len(events))
    assert [state(events, each) for each in PLACES] == [state(mixed, each) for each in PLACES]


@given(EVENTS, st.sampled_from(PLACES))
def test_a_last_withdrawal_ends_everything_at_its_place_and_below(told, place):
    events = [event(at, each, kind) for at, (each, kind) in enumerate([*told, (place, "withdrawn")])]
    purpose, channel = place.split(":")
    for below, channel_below in targets(PURPOSES):
        if purpose in PURPOSES.ancestry(below) and channel in (channel_below, "*"):
            assert standing(PURPOSES, events, below, channel_below, at=AT).state == "withdrawn"
