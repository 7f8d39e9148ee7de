"""Any sequence of moves over requests of five laws agrees with a small model written from the text of the rules."""

from __future__ import annotations

import datetime as dt
import os
import runpy
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from governance.requests.request import moment_of
from policies.errors import BadInputError

PARTS = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
KINDS = st.sampled_from(
    [("gdpr", "access"), ("uk-gdpr", "erasure"), ("ccpa", "erasure"), ("ccpa", "opt_out"), ("pipl", "access"),
     ("tw-pdpa", "access"), ("uk-gdpr", "complaint"), ("gdpr", "complaint")]
)  # fmt: skip
PAUSES = {"gdpr": {"identity"}, "uk-gdpr": {"identity", "clarification"}}
WAIT = {"received", "identity_pending", "verified", "in_work", "investigated", "resolved"}
EXTENDS = {"gdpr", "uk-gdpr", "ccpa", "tw-pdpa"}


class Requests(RuleBasedStateMachine):
    """The model holds of each request its state, level, open tasks, extension, since when paused, and days paused."""

    ids = Bundle("ids")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = PARTS["make_world"](f"sqlite:///{Path(self.folder.name) / 'gov.db'}")
        self.register = self.world.register
        self.model: dict[str, dict] = {}
        self.moves = 0

    def teardown(self):
        self.world.records.dispose()
        self.folder.cleanup()

    @rule(target=ids, kind=KINDS)
    def open(self, kind):
        law, asked = kind
        made = self.register.open(PARTS["make_intake"](law=law, type=asked))
        self.model[made.id] = {
            "law": law, "type": asked, "state": "received", "level": 0, "tasks": [], "extended": False,
            "paused": None, "cause": None, "first": made.due, "came": self.world.clock.now, "stood": 0,
        }  # fmt: skip
        self.moves += 1
        return made.id

    @rule(hours=st.sampled_from([1, 30, 24 * 8, 24 * 29]))
    def time_passes(self, hours):
        self.world.clock.go(hours=hours)

    def _try(self, allowed, act):
        try:
            act()
        except BadInputError:
            assert not allowed
            return False
        assert allowed
        self.moves += 1
        return True

    @rule(name=ids)
    def ask(self, name):
        each = self.model[name]
        allowed = each["type"] not in ("opt_out", "complaint") and each["state"] in ("received", "in_work")
        if self._try(allowed, lambda: self.register.ask(name)):
            each["state"], each["level"] = "identity_pending", max(each["level"], 1) if each["level"] < 1 else 1

    @rule(name=ids, level=st.sampled_from([2, 3]))
    def verify(self, name, level):
        each = self.model[name]
        open_states = ("received", "identity_pending", "verified", "in_work")
        allowed = (
            each["type"] not in ("opt_out", "complaint") and each["state"] in open_states and each["level"] < level
        )
        word = {2: "reasonable", 3: "reasonably_high"}[level]
        if self._try(allowed, lambda: self.register.verify(name, word)):
            each["level"] = level
            each["state"] = "in_work" if each["state"] == "in_work" else "verified"
            if each["cause"] == "identity":
                self._run_again(each)

    @rule(name=ids, cause=st.sampled_from(["identity", "clarification"]))
    def pause(self, name, cause):
        each = self.model[name]
        allowed = each["state"] in WAIT and each["type"] != "complaint" and cause in PAUSES.get(each["law"], ())
        allowed = allowed and each["paused"] is None and not self._is_over(name)
        allowed = allowed and (cause != "identity" or each["state"] == "identity_pending")
        if self._try(allowed, lambda: self.register.pause(name, cause)):
            each["paused"], each["cause"] = self.world.clock.now, cause

    @rule(name=ids)
    def resume(self, name):
        each = self.model[name]
        if self._try(each["state"] in WAIT and each["paused"] is not None, lambda: self.register.resume(name)):
            self._run_again(each)

    def _run_again(self, each):
        zone = self.world.desk.timing.zone
        since, until = (one.astimezone(zone).date() for one in (each["paused"], self.world.clock.now))
        each["stood"] += (until - since).days
        each["paused"] = each["cause"] = None

    @rule(name=ids)
    def extend(self, name):
        each = self.model[name]
        allowed = each["state"] in WAIT and each["type"] not in ("complaint", "opt_out") and each["law"] in EXTENDS
        allowed = allowed and not each["extended"] and (each["paused"] is not None or not self._is_over(name))
        if self._try(allowed, lambda: self.register.extend(name, "complex")):
            each["extended"] = True

    @rule(name=ids)
    def give_task(self, name):
        each = self.model[name]
        states = ("received", "investigated") if each["type"] == "complaint" else ("received", "verified", "in_work")
        made = []
        act = lambda: made.append(self.register.task(name, "crm", "system").id)  # noqa: E731
        if self._try(each["state"] in states and self._sure(each), act):
            each["tasks"] += made
            if each["type"] != "complaint":
                each["state"] = "in_work"

    @rule(name=ids)
    def end_task(self, name):
        each = self.model[name]
        if each["tasks"] and self._try(each["state"] in WAIT, lambda: self.register.done(name, each["tasks"][0])):
            each["tasks"].pop(0)

    @rule(name=ids, move=st.sampled_from(["investigate", "resolve"]))
    def step(self, name, move):
        each = self.model[name]
        before = {"investigate": "received", "resolve": "investigated"}[move]
        allowed = each["type"] == "complaint" and each["state"] == before
        allowed = allowed and not (move == "resolve" and each["tasks"])
        if self._try(allowed, lambda: getattr(self.register, move)(name)):
            each["state"] = {"investigate": "investigated", "resolve": "resolved"}[move]

    def _sure(self, each):
        return not (each["law"] == "ccpa" and each["type"] == "erasure") or each["level"] >= 2

    @rule(name=ids, partly=st.booleans())
    def answer(self, name, partly):
        each = self.model[name]
        states = ("resolved",) if each["type"] == "complaint" else ("received", "verified", "in_work")
        allowed = each["state"] in states and not each["tasks"] and each["paused"] is None and self._sure(each)
        allowed = allowed and not (partly and each["type"] == "complaint")
        act = lambda: self.register.answer(name)  # noqa: E731
        if partly:
            act = lambda: self.register.answer_partly(name, "exempt", ("authority", "court"))  # noqa: E731
        if self._try(allowed, act):
            each["state"], each["paused"] = "partly" if partly else "answered", None

    @rule(name=ids, told=st.booleans())
    def refuse(self, name, told):
        each = self.model[name]
        resolved = each["type"] == "complaint" and each["state"] == "resolved"
        allowed = each["state"] in WAIT and not resolved and (told or each["law"] in ("ccpa", "tw-pdpa"))
        routes = ("authority", "court") if told else ()
        if self._try(allowed, lambda: self.register.refuse(name, "exempt", routes)):
            each["state"], each["paused"] = "refused", None

    @rule(name=ids)
    def close(self, name):
        each = self.model[name]
        if self._try(each["state"] in ("answered", "partly", "refused"), lambda: self.register.close(name)):
            each["state"] = "closed"

    def _is_over(self, name):
        return moment_of(self.register.get(name).due) <= self.world.clock.now

    @invariant()
    def the_register_stands_as_the_model_says(self):
        found = {each.id: each for each in self.register.all()}
        assert set(found) == set(self.model)
        for name, each in self.model.items():
            request = found[name]
            assert request.state == each["state"]
            assert (request.paused is not None) == (each["paused"] is not None)
            assert (request.extended is not None) == each["extended"]
            moved = moment_of(request.due) - moment_of(each["first"])
            assert moved >= dt.timedelta(0)
            if not each["extended"]:  # 4 days may be added by Easter, an hour by the change of clocks
                assert dt.timedelta(days=each["stood"] - 4) <= moved <= dt.timedelta(days=each["stood"] + 5)
            elif each["law"] == "ccpa":
                assert request.due_day == (each["came"].date() + dt.timedelta(days=90)).isoformat()

    @invariant()
    def every_move_is_in_history_and_ledger_once(self):
        versions = sum(each.version for each in self.register.all())
        assert versions == self.moves
        assert sum(each.kind.startswith("request.") for each in self.world.ledger.events()) == self.moves


EXAMPLES = int(os.environ.get("GOVERNANCE_REQUEST_EXAMPLES", "12"))
Requests.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)
TestRequests = Requests.TestCase
