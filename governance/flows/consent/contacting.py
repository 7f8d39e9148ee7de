"""Ask whether people may be contacted, or asked again for consent, under the laws in force; each answer is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.asking_again import MayAsk, judge_asking, moment
from governance.consent.drafting import check_target
from governance.consent.events import EVERY, ConsentEvent
from governance.consent.judgement import Judgement, Question, Reason
from governance.consent.judging import Judge, strictest
from governance.consent.upkeep import records_failed
from governance.ledger.events import EventDraft, stamp
from governance.records.transactions import reading
from policies.consent_laws import load_consent_laws

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a person and the use beside their consent; what is not known counts as the strictest."""

    law: str = ""
    """The law that holds for the person; empty means each law in force must allow it."""
    age: int | None = None
    """Age in years; None leaves the rules about children unchecked, and the answer says so."""
    country: str = field(default="", repr=False)
    """ISO 3166 alpha-2 country, for ages that differ by country."""
    categories: tuple[str, ...] = ()
    """The data categories in use; empty means what the purpose needs."""


UNKNOWN_FACTS = Facts()
"""Nothing known of a person."""


@dataclass(frozen=True, slots=True)
class MayContact:
    """Whether a person may be contacted, and why."""

    allowed: bool
    """Whether they may be."""
    state: str
    """The state of their consent."""
    reasons: tuple[Reason, ...]
    """Rules with their articles and deciding events: those that forbid it, or those by which it is allowed."""
    duties: tuple[Reason, ...]
    """What must be done with an allowed contact."""
    not_checked: tuple[str, ...]
    """Rules that were not checked because a fact is missing."""
    until: dt.datetime | None
    """When it ends by itself, aware, in UTC; None where no end is known."""
    decision: str
    """The id of its event in the ledger."""


def may_contact(
    gov: Governance, subject: str, purpose: str, channel: str = EVERY, known: Facts = UNKNOWN_FACTS
) -> MayContact:
    """Whether one person, by internal subject key, may be contacted now.

    Side effect: an event `consent.judged` in the ledger, before the answer. Raises ConfigError for an unknown purpose
    or channel, RecordsError or LedgerError when one of them fails: nobody is contacted without a record.
    """
    desk = Desk(gov, purpose, channel)
    ref = desk.reference(subject)
    found = desk.judge(known, desk.events((ref,))[ref])
    rules = tuple(dict.fromkeys(each.rule for each in found.reasons))
    event = desk.record(rules, {"subject": ref}, {"asked": 1, "allowed": int(found.allowed)}, allowed=found.allowed)
    return MayContact(
        found.allowed, found.state, found.reasons, found.duties, found.not_checked, moment(found.until), event
    )


def may_ask(gov: Governance, subject: str, purpose: str, channel: str = EVERY, known: Facts = UNKNOWN_FACTS) -> MayAsk:
    """Whether one person may be asked for consent now: some laws forbid it for a time after a no.

    Raises and records as `may_contact`. For a person of unknown law each law in force must allow it.
    """
    desk = Desk(gov, purpose, channel)
    ref = desk.reference(subject)
    events = desk.events((ref,))[ref]
    answers = [
        judge_asking(desk.rules, desk.purposes, desk.question(known, law), events) for law in desk.laws(known.law)
    ]
    refused = [each for each in answers if not each.allowed]
    reasons = tuple(reason for each in refused for reason in each.reasons)
    ends = [each.until for each in refused]
    rules = tuple(each.rule for each in reasons)
    desk.record(rules, {"subject": ref}, {"asked": 1}, allowed=not refused, action="ask")
    return MayAsk(not refused, reasons, max(ends) if ends and all(ends) else "")


def judge_each(gov: Governance, subject: str, purpose: str, channel: str, known: Facts) -> tuple[Judgement, ...]:
    """What each law in force, or the one that is known, says of a use of one person now; for display, not recorded.

    Raises as `may_contact`.
    """
    desk = Desk(gov, purpose, channel)
    ref = desk.reference(subject)
    events = desk.events((ref,))[ref]
    return tuple(desk.judge(replace(known, law=law), events) for law in desk.laws(known.law))


class Desk:
    """The rules, purposes and moment of one question."""

    def __init__(self, gov: Governance, purpose: str, channel: str) -> None:
        self._gov = gov
        policy, now = gov.policy_files.policy, gov.clock()
        check_target(policy.purposes, purpose, channel)
        self.purposes = policy.purposes
        self.rules = load_consent_laws(now.date())
        self._judge = Judge(self.rules, self.purposes, policy.taxonomy)
        self.reference = gov.consent.subject_ref
        """Gives the keyed reference of a person."""
        self._purpose, self._channel, self._at = purpose, channel, stamp(now)

    def laws(self, law: str) -> tuple[str, ...]:
        """The law that is known, or all that are in force."""
        return (law,) if law else tuple(self._gov.project.config.laws)

    def question(self, known: Facts, law: str) -> Question:
        """What is asked, under one law."""
        return Question(
            purpose=self._purpose,
            channel=self._channel,
            law=law,
            at=self._at,
            categories=known.categories,
            age=known.age,
            country=known.country,
        )

    def events(self, refs: Sequence[str]) -> dict[str, list[ConsentEvent]]:
        """The events of some people, at most a page of them."""
        try:
            with reading(self._gov.records) as connection:
                return event_log.events_of(connection, refs)
        except SQLAlchemyError as cause:
            raise records_failed(cause) from None

    def judge(self, known: Facts, events: list[ConsentEvent]) -> Judgement:
        """The answer for one person."""
        question, laws = self.question(known, known.law), self.laws(known.law)
        if len(laws) == 1:
            return self._judge.judge(self.question(known, laws[0]), events)
        return strictest(self._judge, question, events, laws)

    def record(
        self,
        rules: tuple[str, ...],
        refs: dict[str, str],
        counts: dict[str, int],
        *,
        allowed: bool,
        action: str = "contact",
    ) -> str:
        """Append the answer to the ledger; gives the event's id."""
        event = self._gov.ledger.append(
            EventDraft(
                kind="consent.judged",
                actor=self._gov.actor_ref,
                purpose=self._purpose,
                action=action,
                outcome="allowed" if allowed else "refused",
                rules=rules,
                refs=refs,
                counts=counts,
                versions=self._gov.versions() | {"consent": self.rules.pack.replace("@", ":")},
            )
        )
        return event.id
