"""Numbers of requests: shares on time, differences between tiers, the CCPA's metrics, and what is old."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger.events import stamp
from governance.requests.calendars import WorkCalendar
from governance.requests.document import requests_document
from governance.requests.figures import (
    OnTime,
    ccpa_metrics,
    days_to_answer,
    newcombe,
    on_time_of,
    shares,
    tier_differences,
)
from governance.requests.request import Request, Task
from governance.requests.timing import Timing
from policies.clocks import load_clocks

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
TIMING = Timing(load_clocks(NOW.date()), ZoneInfo("UTC"), lambda _: WorkCalendar())


def make(number, *, received=NOW - dt.timedelta(days=40), due=30, answered=None, outcome=None, **changes):
    end = received + dt.timedelta(days=due)
    base = Request(
        id=f"r{number}", type="access", law="gdpr", clock="gdpr.request", ack_clock=None, received=stamp(received),
        channel="email", requester="self", subject_ref="ab" * 32, contact=None, cause="", tier="",
        state="received" if answered is None else "closed", identity="none",
        due_day=(end - dt.timedelta(microseconds=1)).date().isoformat(), due=stamp(end), ack_day=None, ack_due=None,
        acknowledged=None, extended=None, paused=None, pause_cause=None,
        answered=None if answered is None else stamp(received + dt.timedelta(days=answered)),
        outcome=outcome or (None if answered is None else "answered"), reason=None,
        closed=None if answered is None else stamp(received + dt.timedelta(days=answered)), version=1,
    )  # fmt: skip
    return replace(base, **changes)


def test_open_and_late_counts_as_not_in_time_and_open_in_time_says_nothing() -> None:
    lot = [
        make(1, answered=10),
        make(2, answered=31),
        make(3),
        make(4, due=60),
        make(5, due=10, paused=stamp(NOW)),
        make(6, state="closed", outcome="withdrawn"),
    ]
    assert on_time_of(lot, stamp(NOW)) == OnTime(settled=3, on_time=1)


def test_shares_stand_by_each_dimension_and_a_request_counts_in_each_of_its_stores() -> None:
    lot = [make(1, answered=10, cause="billing", tier="gold"), make(2, answered=31, law="ccpa", tier="basic")]
    found = shares(lot, {"r1": ["crm", "shop"], "r2": ["crm"]}, stamp(NOW))
    told = {(each["by"], each["key"]): (each["on_time"], each["settled"]) for each in found}
    assert told == {
        ("type", "access"): (1, 2),
        ("law", "ccpa"): (0, 1),
        ("law", "gdpr"): (1, 1),
        ("store", "crm"): (1, 2),
        ("store", "shop"): (1, 1),
        ("cause", "billing"): (1, 1),
        ("tier", "basic"): (0, 1),
        ("tier", "gold"): (1, 1),
    }


def test_a_tier_that_is_served_worse_is_a_finding_with_sizes_and_interval() -> None:
    gold = [make(n, answered=10, tier="gold") for n in range(60)]
    basic = [make(100 + n, answered=10 if n % 2 else 40, tier="basic") for n in range(60)]
    found = {each["tier"]: each for each in tier_differences([*gold, *basic, make(999, answered=40)], stamp(NOW))}
    assert found["basic"]["unequal"]
    assert (found["basic"]["settled"], found["basic"]["others_settled"]) == (60, 60)
    assert found["basic"]["high"] < 0 < found["gold"]["low"]
    assert found["basic"]["difference"] == pytest.approx(-0.5)


@pytest.mark.parametrize("count", [1, 3, 9, 100])
def test_few_requests_are_no_finding(count: int) -> None:
    lot = [make(n, answered=10, tier="gold") for n in range(count)]
    lot += [make(100 + n, answered=40, tier="basic") for n in range(1)]
    assert [each["unequal"] for each in tier_differences(lot, stamp(NOW))] == [False, False]
    assert tier_differences(lot[:count], stamp(NOW)) == []


def test_newcombe_gives_the_interval_of_the_published_example() -> None:
    """Newcombe 1998, Statistics in Medicine 17, table II (a): 56 of 70 against 48 of 80, method 10."""
    low, high = newcombe(OnTime(70, 56), OnTime(80, 48))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_an_interval_holds_its_difference_and_turns_with_its_sides(one, other, data) -> None:
    mine = OnTime(one, data.draw(st.integers(0, one)))
    rest = OnTime(other, data.draw(st.integers(0, other)))
    low, high = newcombe(mine, rest)
    assert -1 <= low <= mine.share - rest.share + 1e-9
    assert mine.share - rest.share - 1e-9 <= high <= 1
    assert newcombe(rest, mine) == pytest.approx((-high, -low))


def test_ccpa_metrics_count_a_calendar_year_in_the_zone_of_the_controller() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    edge = dt.datetime(2026, 1, 1, 5, tzinfo=dt.UTC)  # 31 December in California
    lot = [
        make(1, law="ccpa", type="erasure", received=edge, answered=10),
        make(2, law="ccpa", type="erasure", received=edge, answered=20, outcome="partly"),
        make(3, law="ccpa", type="erasure", received=edge, answered=60, outcome="refused"),
        make(4, law="ccpa", type="erasure", received=edge),
        make(5, law="ccpa", type="erasure", received=edge + dt.timedelta(hours=4), answered=1),
        make(6, law="gdpr", type="erasure", received=edge, answered=1),
    ]
    found = {each["type"]: each for each in ccpa_metrics(lot, 2025, zone)}
    assert found["erasure"] == {
        "type": "erasure", "received": 4, "complied": 1, "partly": 1, "denied": 1, "median_days": 20, "mean_days": 30.0,
    }  # fmt: skip
    assert found["access"]["median_days"] is None
    assert [each["received"] for each in ccpa_metrics(lot, 2026, zone)] == [1, 0, 0, 0, 0]


def test_days_are_those_of_the_calendar_in_the_zone() -> None:
    request = make(1, received=dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC), answered=1)
    assert days_to_answer(request, ZoneInfo("Europe/Berlin")) == 1
    assert days_to_answer(make(2), ZoneInfo("UTC")) is None


def test_the_document_names_owner_week_and_what_is_old() -> None:
    old = NOW - dt.timedelta(days=1000)
    lot = [
        make(1),
        make(2, due=44),
        make(3, due=60),
        make(4, law="ccpa", received=old, answered=10),
        make(5, law="gdpr", received=old, answered=10),
        make(6, type="complaint", state="investigated", due=60),
        make(7, due=60, ack_due=stamp(NOW - dt.timedelta(days=1)), ack_day="2026-11-20"),
    ]
    task = Task(id="t", request="r2", place="crm.customers", owner="p:1", state="open", opened="", ended=None)
    found = requests_document(lot, [task], {"p:1": "alice"}, now=NOW, timing=TIMING)
    counts = {"requests": 7, "open": 5, "overdue": 1, "unacknowledged": 1, "due_soon": 1, "paused": 0, "extended": 0}
    assert found["counts"] == counts
    assert [each["id"] for each in found["open"]] == ["r1", "r2", "r3", "r6", "r7"]
    assert found["open"][0]["late_days"] == 10
    assert (found["open"][1]["owners"], found["open"][1]["places"]) == (["alice"], ["crm.customers"])
    assert found["complaints"]["investigated"] == 1
    assert [each["id"] for each in found["expired"]] == ["r4"]
    assert found["ccpa"]["year"] == 2025
