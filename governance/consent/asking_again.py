"""Whether a person who said no may be asked again, under a law; a pure function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from governance.consent.events import ConsentEvent, end_of
from governance.consent.judgement import NO_RULES, Question, Reason
from governance.consent.standing import objections
from policies.consent_laws import NEVER, ConsentLaws
from policies.purposes import PurposesFile


@dataclass(frozen=True, slots=True)
class MayAsk:
    """Whether a person may be asked for consent."""

    allowed: bool
    """Whether they may be asked now."""
    reasons: tuple[Reason, ...]
    """The rule that forbids it, with the latest no; empty where nothing does."""
    until: str
    """Until when they may not, in the form of an event's `valid_time`; empty when allowed, or without an end."""


def judge_asking(
    rules: ConsentLaws, purposes: PurposesFile, question: Question, events: Iterable[ConsentEvent]
) -> MayAsk:
    """Whether a person may be asked again at the moment of the question; their latest no counts.

    A law that the pack does not have forbids it.
    """
    law = rules.laws.get(question.law)
    if law is None:
        return MayAsk(False, (Reason(NO_RULES, "", rules.pack),), "")
    stops = objections(purposes, events, question.purpose, question.channel, at=question.at)
    if law.ask_again is None or not stops:
        return MayAsk(True, (), "")
    last = stops[-1]
    until = "" if law.ask_again == NEVER else end_of(last.valid_time, law.ask_again)
    if until and until <= question.at:
        return MayAsk(True, (), "")
    rule = Reason(f"consent:{question.law}:ask_again", law.rules["ask_again"].article, rules.pack, (last.id,))
    return MayAsk(False, (rule,), until)


def moment(text: str) -> dt.datetime | None:
    """The moment in the form of an event's `valid_time`; None for the empty text."""
    return dt.datetime.fromisoformat(text) if text else None
