"""Deadlines as the laws set them: tests/policies/clock_cases.yaml, one row a case, with its article."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from governance.requests.calendars import WorkCalendar
from policies.clocks import Clock, load_clocks
from policies.deadlines import Pause, again_from, deadline
from policies.errors import BadInputError, ConfigError
from policies.yaml_files import load_yaml

CASES = Path(__file__).parents[3] / "policies" / "clock_cases.yaml"
TODAY = dt.date(2026, 11, 22)
CLOCKS = load_clocks(TODAY)
BERLIN = ZoneInfo("Europe/Berlin")


def _rows():
    for each in load_yaml(CASES):
        for case in each["cases"]:
            row = dict(each["group"]) | dict(case)
            yield pytest.param(row, id=f"{row['clock']}: {row['why']}")


ROWS = list(_rows())


@pytest.mark.parametrize("row", ROWS)
def test_a_term_ends_on_the_day_of_its_article(row) -> None:
    assert row["article"]
    found = deadline(
        CLOCKS.clocks[row["clock"]],
        dt.datetime.fromisoformat(row["received"]),
        zone=ZoneInfo(row["zone"]),
        days=WorkCalendar(row["calendar"], tuple(row.get("closed", ()))),
        extended=row.get("extended", False),
        pauses=[Pause(*map(dt.datetime.fromisoformat, each)) for each in row.get("pauses", ())],
    )
    assert found is not None
    assert found.day == row["last"]
    if "late_from" in row:
        assert found.late_from == dt.datetime.fromisoformat(row["late_from"])


def test_there_is_a_case_for_every_clock_of_the_pack() -> None:
    assert len(ROWS) >= 60
    assert {each.values[0]["clock"] for each in ROWS} == set(CLOCKS.clocks)


@pytest.mark.parametrize(
    ("law", "kind", "day", "clock"),
    [
        ("uk-gdpr", "access", dt.date(2026, 2, 4), "uk.request-2018"),
        ("uk-gdpr", "access", dt.date(2026, 2, 5), "uk.request"),
        ("ccpa", "opt_out", TODAY, "ccpa.opt-out"),
        ("pipl", "account_cancel", TODAY, "cn.account-cancel"),
        ("tw-pdpa", "access", TODAY, "tw.access"),
        ("tw-pdpa", "erasure", TODAY, "tw.change"),
    ],
)
def test_the_day_of_receipt_says_which_clock_runs(law: str, kind: str, day: dt.date, clock: str) -> None:
    assert CLOCKS.answer_clock(law, kind, day)[0] == clock


@pytest.mark.parametrize("law", ["gdpr", "uk-gdpr", "ccpa", "pipl", "tw-pdpa"])
@pytest.mark.parametrize(
    "kind", ["access", "rectification", "erasure", "withdraw", "opt_out", "objection", "complaint"]
)
def test_every_law_of_a_project_has_a_clock_for_what_people_ask_for(law: str, kind: str) -> None:
    assert CLOCKS.answer_clock(law, kind, TODAY)[1].limit is not None
    assert CLOCKS.identity(law, kind, TODAY) is not None
    assert CLOCKS.refusals(law, kind, TODAY) is not None
    assert CLOCKS.keeping(law, TODAY) is not None


def test_a_complaint_of_before_the_act_needs_no_acknowledgement() -> None:
    assert CLOCKS.clock("uk-gdpr", "acknowledge", "complaint", dt.date(2026, 6, 18)) is None
    assert CLOCKS.clock("uk-gdpr", "acknowledge", "complaint", dt.date(2026, 6, 19)) is not None


@pytest.mark.parametrize(("law", "kind", "day"), [("lex", "access", TODAY), ("in-dpdp", "complaint", TODAY)])
def test_no_clock_is_refused_and_not_guessed(law: str, kind: str, day: dt.date) -> None:
    with pytest.raises(BadInputError, match="no clock is known"):
        CLOCKS.answer_clock(law, kind, day)


@pytest.mark.parametrize("name", ["XX", "DE-ZZ"])
def test_an_unknown_calendar_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="does not know"):
        WorkCalendar(name)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInputError, match="without a zone"):
        deadline(CLOCKS.clocks["gdpr.request"], dt.datetime(2026, 1, 1), zone=BERLIN, days=WorkCalendar())  # noqa: DTZ001


def test_a_term_that_nobody_has_set_has_no_end() -> None:
    base = {"law": "x", "step": "answer", "article": "a", "effective_from": TODAY, "confidence": "text"}
    clock = Clock.model_validate(base)
    assert deadline(clock, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), zone=BERLIN, days=WorkCalendar()) is None
    with pytest.raises(ValidationError, match="unit of the limit"):
        Clock.model_validate(base | {"limit": {"months": 1}, "extension": {"days": 30}})
    with pytest.raises(ValidationError, match="one of hours"):
        Clock.model_validate(base | {"limit": {"months": 1, "days": 30}})


def test_asking_again_after_an_opt_out_waits_for_the_day_after_twelve_months() -> None:
    term = CLOCKS.clocks["ccpa.ask-again"].limit
    assert term is not None
    assert again_from(term, dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), ZoneInfo("UTC")) == dt.date(2027, 3, 2)


MOMENTS = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
NAMES = st.sampled_from(sorted(CLOCKS.clocks))
CALENDAR = WorkCalendar("DE-BY")


@given(moment=MOMENTS, name=NAMES, wait=st.integers(0, 60), extended=st.booleans())
def test_later_receipt_a_pause_or_an_extension_never_brings_a_deadline_forward(moment, name, wait, extended) -> None:
    clock = CLOCKS.clocks[name]

    def end(at, **changes):
        found = deadline(clock, at, zone=BERLIN, days=CALENDAR, **changes)
        assert found is not None
        assert found.late_from > at
        assert clock.limit is not None
        assert not clock.rolls or CALENDAR.is_working(found.day)
        return found.late_from

    first = end(moment)
    assert end(moment + dt.timedelta(days=1)) >= first
    assert end(moment, extended=extended) >= first
    paused = [Pause(moment, moment + dt.timedelta(days=wait))]
    assert end(moment, pauses=paused) >= first
