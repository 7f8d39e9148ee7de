"""Five weeks of recorded life: people agree and change their minds, staff read for their purposes, some are refused.

Everything passes through the library as it would in an application; only time and ids are the demo's own.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from sqlalchemy import text

from connectors.base import FULL
from governance.app import Governance
from governance.consent.events import Circumstances, Subject
from governance.demo.clock import DemoClock
from governance.demo.habits import HABITS, TEMPTATIONS, Habit
from governance.flows.scan.reviewing import write_proposals
from governance.writing import replace_file
from policies.errors import AccessRefusedError

FIRST_DAY = dt.datetime(2026, 9, 28, 1, 0, tzinfo=dt.UTC)
"""When it begins: a Monday, at nine in the morning in Taipei."""
WEEKS = 5
"""How long it lasts."""
SCAN_FILE = "reports/scan.json"
"""Where the result of the scan is kept, in the form `governance.scan/1`."""
PURPOSE = "marketing.email"
"""The purpose that people agree to."""
CHANNEL = "email"
"""And the channel."""
AGREED_SHARE, WEAK_SHARE, WITHDRAWN_SHARE = 0.5, 0.1, 0.08
"""Shares: of the people asked who agreed apart from other terms, who agreed in the general terms only, and of those who
agreed, who took it back."""
MOST_ASKED = 400
"""At most so many people were asked for consent."""


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """Something that happens at a moment."""

    moment: dt.datetime
    """When, in UTC."""
    number: int
    """Its place among acts of one moment."""
    do: Callable[[], None]
    """What happens."""


def live(gov: Governance, clock: DemoClock, *, store: str, customers: int, seed: int) -> None:
    """Let the weeks pass, then plan and run retention. The same seed gives the same events, keys and hashes aside.

    Side effects: writes ledger and consent records, the scan's result, and deletes what is due of marketing contacts.
    """
    days = Life(gov, store, customers, Random(f"{seed}:life"))
    for act in sorted([*days.consents(), *days.readings()], key=lambda act: (act.moment, act.number)):
        clock.move_to(act.moment)
        act.do()
    clock.move_to(_moment(WEEKS - 1, 5, 2, 0))
    _scan(gov)
    clock.move_to(_moment(WEEKS - 1, 5, 6, 0))
    for plan in gov.plan_retention(["marketing-two-years"]):
        gov.run_retention(plan.to_text())


class Life:
    """Draws what happens; each act is done later, in the order of time."""

    def __init__(self, gov: Governance, store: str, customers: int, rng: Random) -> None:
        self._gov = gov
        self._store = store
        self._customers = customers
        self._rng = rng
        self._number = 0

    def consents(self) -> Iterator[Act]:
        """People who agree, mostly in the first weeks, and some who take it back later."""
        asked = self._rng.sample(range(1, self._customers + 1), min(MOST_ASKED, self._customers // 2))
        for person in asked:
            chance = self._rng.random()
            if chance > AGREED_SHARE + WEAK_SHARE:
                continue
            week = self._rng.choice((0, 0, 1, 2))
            form = "separate" if chance < AGREED_SHARE else "given"
            yield self._act(week, self._given(person, form))
            if self._rng.random() < WITHDRAWN_SHARE:
                yield self._act(week + 1 + self._rng.randrange(WEEKS - 1 - week), self._withdrawn(person))

    def readings(self) -> Iterator[Act]:
        """What staff do on working days, and what they try and may not."""
        for week in range(WEEKS):
            for habit in HABITS:
                for _ in range(habit.times_a_week):
                    yield self._act(week, self._reading(habit))
        for habit in TEMPTATIONS:
            yield self._act(self._rng.randrange(WEEKS), self._reading(habit))

    def _act(self, week: int, do: Callable[[], None]) -> Act:
        self._number += 1
        moment = _moment(week, self._rng.randrange(5), int(self._rng.triangular(0, 9, 3)), self._rng.randrange(60))
        return Act(moment + dt.timedelta(seconds=self._rng.randrange(60)), self._number, do)

    def _given(self, person: int, form: str) -> Callable[[], None]:
        how = Circumstances(method="web_form" if form == "separate" else "general_terms", notice_version="2026-09")

        def do() -> None:
            self._gov.consent.given(self._subject(person), PURPOSE, CHANNEL, form=form, how=how)

        return do

    def _withdrawn(self, person: int) -> Callable[[], None]:
        def do() -> None:
            how = Circumstances(method="phone", collected_by=self._gov.ledger.refer("principal", "chen"))
            self._gov.consent.withdrawn(self._subject(person), PURPOSE, CHANNEL, how=how)

        return do

    def _reading(self, habit: Habit) -> Callable[[], None]:
        number = self._rng.randrange(1, self._customers + 1)

        def do() -> None:
            try:
                with self._gov.session(self._store, principal=habit.who, purpose=habit.purpose) as db:
                    db.execute(text(habit.statement), {"number": number} if ":number" in habit.statement else {}).all()
            except AccessRefusedError:
                return  # it is recorded; whoever tried sees why
            self._gov.ledger.settle()

        return do

    def _subject(self, person: int) -> Subject:
        return Subject(f"customer-{person}", {self._store: person})


def _scan(gov: Governance) -> None:
    found = gov.scan(sample=FULL)
    write_proposals(gov, found)
    path = gov.project.folder / SCAN_FILE
    path.parent.mkdir(exist_ok=True)
    replace_file(path, json.dumps(found.to_json(), ensure_ascii=False, indent=1))


def _moment(week: int, day: int, hour: int, minute: int) -> dt.datetime:
    """A moment, counted from the first morning."""
    return FIRST_DAY + dt.timedelta(weeks=week, days=day, hours=hour, minutes=minute)
