"""Clocks of incidents: hours are hours, days are days of a place, and what has no number gets no invented end."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.config import LAWS
from policies.errors import PackError
from policies.incident_clocks import IncidentClock, incident_clocks

TODAY = dt.date(2026, 11, 27)
CLOCKS = incident_clocks(TODAY)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "start", "zone", "end"),
    [
        ("gdpr-authority", "2026-11-27T16:00:00+01:00", "Europe/Berlin", "2026-11-30T15:00:00+00:00"),
        # the clocks go back in the night: 72 hours end an hour earlier by the wall
        ("gdpr-authority", "2026-10-24T12:00:00+02:00", "Europe/Berlin", "2026-10-27T11:00:00+01:00"),
        ("cn-grave-incident", "2026-12-31T22:00:00+08:00", "Asia/Shanghai", "2027-01-01T02:00:00+08:00"),
        ("sg-authority", "2026-02-26T23:59:00+08:00", "Asia/Singapore", "2026-03-02T00:00:00+08:00"),
        ("sg-authority", "2026-02-26T16:01:00+00:00", "Asia/Singapore", "2026-03-03T00:00:00+08:00"),
        ("jp-authority-final", "2028-01-31T09:00:00+09:00", "Asia/Tokyo", "2028-03-02T00:00:00+09:00"),
    ],
)
def test_clock_ends(name: str, start: str, zone: str, end: str) -> None:
    assert CLOCKS[name].ends(at(start), zone) == at(end)


@pytest.mark.parametrize("name", ["gdpr-persons", "pipl-authority", "tw-authority"])
def test_what_has_no_number_has_no_end(name: str) -> None:
    assert CLOCKS[name].ends(at("2026-11-27T08:00:00+00:00")) is None


class Weekdays:
    def after(self, day: dt.date, count: int) -> dt.date:
        while count:
            day += dt.timedelta(days=1)
            count -= day.weekday() < 5
        return day


def test_working_days_need_their_calendar() -> None:
    friday = at("2026-11-27T12:00:00-03:00")
    assert CLOCKS["br-authority"].ends(friday, "America/Sao_Paulo") is None
    assert CLOCKS["br-authority"].ends(friday, "America/Sao_Paulo", Weekdays()) == at("2026-12-03T00:00:00-03:00")


@given(st.datetimes(timezones=st.just(dt.UTC)), st.sampled_from(["UTC", "Asia/Taipei"]))
def test_days_never_end_before_as_many_times_24_hours(start: dt.datetime, zone: str) -> None:
    aware = start.replace(year=2000 + start.year % 100, day=min(start.day, 28))
    end = CLOCKS["sg-authority"].ends(aware, zone)
    assert end is not None
    assert dt.timedelta(days=3) < end - aware <= dt.timedelta(days=4)


def test_every_law_of_a_project_with_a_duty_is_there_and_the_rest_is_said_with_source() -> None:
    assert {each.law for each in incident_clocks(TODAY, LAWS).values()} == set(LAWS) - {"ccpa"}
    assert all(each.article and each.as_of <= TODAY for each in CLOCKS.values())


def test_wrong_clock_or_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        CLOCKS["gdpr-authority"].ends(dt.datetime(2026, 11, 27))  # noqa: DTZ001 a naive one is the case
    plain = CLOCKS["gdpr-authority"].model_dump()
    for change in ({"limit": None}, {"unit": "at_once"}, {"limit": 0}, {"unit": "weeks"}, {"confidence": "sure"}):
        with pytest.raises(ValueError, match="IncidentClock"):
            IncidentClock.model_validate(plain | change)
    with pytest.raises(PackError):
        incident_clocks(dt.date(2020, 1, 1))
