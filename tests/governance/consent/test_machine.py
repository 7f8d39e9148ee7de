"""Any sequence of events, ends, late arrivals, replays, forgetting and reading agrees with a small model."""

from __future__ import annotations

import datetime as dt
import runpy
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from governance.consent.events import Circumstances, Subject
from policies.nouns import DatasetRef

PARTS = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
CUSTOMERS = DatasetRef("crm", "customers")
PEOPLE = st.integers(1, 3)
PLACES = st.sampled_from(
    [("marketing", "*"), ("marketing.email", "email"), ("marketing.calls", "sms"), ("marketing.calls", "*")]
)

KINDS = ("requested", "given", "given", "refused", "withdrawn", "expired", "renewed", "invalidated", "objected")


class Consent(RuleBasedStateMachine):
    """The model: per person, all events as (moment, count, place, kind, end); its answer is a replay in that order."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        base = Path(self.folder.name)
        self.world = PARTS["make_world"](f"sqlite:///{base / 'gov.db'}", f"sqlite:///{base / 'crm.db'}")
        self.told: dict[int, list] = {1: [], 2: [], 3: []}
        self.forgotten: set[int] = set()
        self.last = None
        self.count = 0

    def teardown(self):
        self.world.records.dispose()
        self.world.store.dispose()
        self.folder.cleanup()

    @rule(
        number=PEOPLE,
        place=PLACES,
        kind=st.sampled_from(KINDS),
        days_late=st.sampled_from([None, 1, 30]),
        lasts=st.sampled_from([0, 0, 40]),
    )
    def tell(self, number, place, kind, days_late, lasts):
        if number in self.forgotten:
            return
        moment = self.world.clock.now - dt.timedelta(days=days_late) if days_late else None
        self.count += 1
        how = Circumstances(valid_time=moment, duration=f"P{lasts}D" if lasts else "")
        subject = Subject(f"internal-{number}", {"crm": number})
        event = self.world.book.record(kind, subject, *place, how=how, event_id=f"id{self.count}")
        self.told[number].append((event.valid_time, event.recorded_time, self.count, place, kind, lasts))
        self.last = lambda: self.world.book.record(kind, subject, *place, how=how, event_id=event.id)

    @rule(days=st.sampled_from([5, 25]))
    def time_passes(self, days):
        self.world.clock.now += dt.timedelta(days=days)

    @precondition(lambda self: self.last is not None and not self.forgotten)
    @rule()
    def tell_again(self):
        before = self.world.open_upkeep().records_head()
        self.last()
        assert self.world.open_upkeep().records_head() == before

    @rule(number=PEOPLE)
    def forget(self, number):
        self.world.book.forget(f"internal-{number}")
        self.forgotten.add(number)

    @rule()
    def rebuild(self):
        self.world.open_upkeep().rebuild(self.world.projection)

    @invariant()
    def the_next_statement_sees_what_the_model_says(self):
        for purpose in ("marketing.email", "marketing.calls"):
            self.world.conditions.prepare("crm", purpose)
            ref = self.world.conditions.conditions(CUSTOMERS, purpose)
            with self.world.store.connect() as connection:
                found = {row.id for row in connection.exec_driver_sql(PARTS["sql_of"](ref))}
            channels = {"marketing.email": ["email"], "marketing.calls": ["phone", "sms"]}[purpose]
            expected = {
                number
                for number in self.told
                if number not in self.forgotten and all(self.stands(number, purpose, each) for each in channels)
            }
            assert found == expected

    def stands(self, number, purpose, channel):
        """Replays the events; what is given and what is stopped are kept as places, each with what it began with."""

        def under(place, other):
            return other[0] in (place[0], "marketing") and other[1] in (place[1], "*")

        target, now = (purpose, channel), self.world.clock.now
        given, stops = {}, []
        for at, (valid_time, *_, place, kind, lasts) in enumerate(sorted(self.told[number])):
            if not under(target, place):
                continue
            ends = dt.datetime.fromisoformat(valid_time) + dt.timedelta(days=lasts) if lasts else None
            lives = ends is None or ends > now
            if kind == "given":
                given[place] = [at, lives, True]
            elif kind == "renewed" and place in given:
                given[place][1] = lives
            elif kind == "expired":
                for each in given.values():
                    each[1] = False
            elif kind == "invalidated":
                for each in given.values():
                    each[2] = False
            elif kind in ("withdrawn", "refused", "objected"):
                stops.append((at, place))
        living = {place: at for place, (at, lives, sound) in given.items() if lives and sound}

        def blocks(stop, place):
            at, where = stop
            if under(place, where):
                return at > living[place]
            return not (where in living and living[where] > at)

        return any(not any(blocks(stop, place) for stop in stops) for place in living)


TestConsentMachine = Consent.TestCase
TestConsentMachine.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
