"""A register with a real ledger and records, on SQLite and on PostgreSQL, and a clock that tests move."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records
from governance.requests.calendars import WorkCalendar
from governance.requests.desk import Desk
from governance.requests.intake import Intake
from governance.requests.register import Register
from governance.requests.timing import Timing
from policies.clocks import load_clocks

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
REF = "ab" * 32


class Clock:
    """The present, as the test says."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now

    def go(self, **span):
        self.now += dt.timedelta(**span)
        return self.now


def make_world(url, *, create=True):
    from governance.records.database import open_records

    records = create_records(url) if create else open_records(url)
    clock = Clock()
    ledger = Ledger(
        records,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=HmacKeyedHash(b"k" * 32),
        clock=clock,
        new_id=lambda: uuid.uuid4().hex,
    )
    calendar = WorkCalendar("DE-BY")
    desk = Desk(
        records=records,
        ledger=ledger,
        clock=clock,
        new_id=lambda: uuid.uuid4().hex,
        timing=Timing(load_clocks(START.date()), ZoneInfo("Europe/Berlin"), lambda _: calendar),
        actor=ledger.refer("principal", "officer"),
    )
    return SimpleNamespace(records=records, clock=clock, ledger=ledger, desk=desk, register=Register(desk))


def make_intake(**changes):
    return replace(Intake(type="access", law="gdpr", subject_ref=REF, channel="email"), **changes)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path):
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'gov.db'}"
    world = make_world(url)
    world.intake = make_intake
    yield world
    world.records.dispose()


@pytest.fixture
def light(tmp_path):
    world = make_world(f"sqlite:///{tmp_path / 'gov.db'}")
    world.intake = make_intake
    yield world
    world.records.dispose()
