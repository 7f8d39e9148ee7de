"""Who wins when several rules speak of one record."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.verdicts import ACTIONS, WAITS, Claim, Standing, decide, standing

DAY = dt.date(2020, 1, 1)


def claim(rule, kind="limit", stands=Standing.OVER, cutoff=DAY, action="delete"):
    return Claim(rule, kind, action, cutoff, stands)


def test_a_limit_that_is_over_is_due():
    verdict = decide([claim("a")])
    assert (verdict.outcome, verdict.action, verdict.won, verdict.lost) == ("due", "delete", ("a",), ())


def test_a_duty_that_stands_beats_a_limit_and_both_are_named():
    verdict = decide([claim("limit"), claim("tax", "duty", Standing.RUNNING)])
    assert (verdict.outcome, verdict.why, verdict.won, verdict.lost) == ("kept", "duty", ("tax",), ("limit",))


def test_the_longest_duty_is_named_first():
    short = claim("short", "duty", Standing.RUNNING, dt.date(2024, 1, 1))
    long = claim("long", "duty", Standing.RUNNING, dt.date(2016, 1, 1))
    assert decide([short, claim("limit"), long]).won == ("long", "short")


def test_a_duty_that_is_over_keeps_nothing():
    assert decide([claim("limit"), claim("tax", "duty", Standing.OVER)]).outcome == "due"


def test_a_duty_without_a_start_keeps_in_doubt():
    assert decide([claim("limit"), claim("tax", "duty", Standing.UNDATED)]).why == "duty"


def test_a_hold_beats_all():
    verdict = decide([claim("limit"), claim("tax", "duty", Standing.RUNNING)], held=True)
    assert (verdict.why, verdict.won, verdict.lost) == ("hold", (), ("limit",))


def test_a_hold_on_what_is_not_due_changes_nothing():
    assert decide([claim("limit", stands=Standing.RUNNING)], held=True).why == "period"


def test_the_action_that_takes_most_away_wins_over_the_shorter_period():
    mask = claim("mask", cutoff=dt.date(2024, 1, 1), action="anonymise")
    verdict = decide([mask, claim("delete", cutoff=dt.date(2020, 1, 1))])
    assert (verdict.action, verdict.won, verdict.lost) == ("delete", ("delete",), ("mask",))


def test_of_equal_actions_the_shortest_limit_wins():
    verdict = decide([claim("six", cutoff=dt.date(2018, 1, 1)), claim("three", cutoff=dt.date(2021, 1, 1))])
    assert (verdict.won, verdict.lost) == (("three",), ("six",))


def test_what_waits_for_consent_gives_way_to_a_limit_that_does_not_wait():
    verdict = decide([claim("waits", stands=Standing.CONSENT), claim("masks", action="anonymise")])
    assert (verdict.won, verdict.lost) == (("masks",), ("waits",))


def test_what_is_done_is_not_due_again():
    assert decide([claim("masks", stands=Standing.DONE, action="anonymise")]).why == "done"


def test_no_limit_means_unruled_whatever_duties_say():
    assert decide([claim("tax", "duty", Standing.RUNNING)]).why == "unruled"


@pytest.mark.parametrize(("waits", "expected"), [(("contract", "request"), "request"), (("contract",), "contract")])
def test_the_first_thing_waited_for_is_named(waits, expected):
    stands = standing(dt.date(2019, 1, 1), DAY, waits=waits)
    assert decide([claim("limit", stands=stands)]).why == expected


CLAIMS = st.lists(
    st.builds(
        Claim,
        rule=st.sampled_from("abcdef"),
        kind=st.sampled_from(["limit", "duty"]),
        action=st.sampled_from(ACTIONS),
        cutoff=st.dates(dt.date(2010, 1, 1), dt.date(2026, 1, 1)),
        standing=st.sampled_from(Standing),
    ),
    max_size=6,
    unique_by=lambda each: each.rule,
)


@given(CLAIMS, st.booleans(), st.randoms())
def test_the_order_of_rules_has_no_effect(claims, held, random):
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert decide(shuffled, held=held) == decide(claims, held=held)


@given(CLAIMS, st.booleans())
def test_nothing_is_due_while_a_duty_or_hold_stands(claims, held):
    stands = any(each.kind == "duty" and each.standing in {Standing.RUNNING, Standing.UNDATED} for each in claims)
    if held or stands:
        assert decide(claims, held=held).outcome != "due"


@given(CLAIMS, st.sampled_from([Standing.RUNNING, Standing.UNDATED]))
def test_one_more_duty_never_makes_a_record_due(claims, stands):
    more = [*claims, Claim("z", "duty", "delete", DAY, stands)]
    assert decide(more).outcome in {"kept", "not_due"}


@given(CLAIMS)
def test_every_limit_that_is_over_won_or_lost(claims):
    over = {Standing.OVER, Standing.REQUEST, Standing.CONSENT, Standing.CONTRACT}
    named = {each.rule for each in claims if each.kind == "limit" and each.standing in over}
    verdict = decide(claims)
    limits = {each.rule for each in claims if each.kind == "limit"}
    if verdict.outcome != "not_due":
        assert {*verdict.won, *verdict.lost} & limits == named


@given(st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)), st.sets(st.sampled_from(WAITS)))
def test_a_record_is_over_only_before_its_cutoff(start, waits):
    over = standing(start, DAY, waits=waits) not in {Standing.RUNNING, Standing.UNDATED}
    assert over == (start < DAY)
