"""What laws say of answering people: how long, what stops the clock, whose identity, which refusals; from a dated pack.

`policies.deadlines` computes with it.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar, get_args

from pydantic import Field, model_validator

from policies.errors import BadInputError, PackError
from policies.lifecycle import PeriodText
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model

Step = Literal["acknowledge", "answer", "notice", "wait"]
"""What a clock runs for: telling that a request came, answering it, telling people unasked, waiting before asking."""
PauseCause = Literal["identity", "clarification"]
"""Why a clock stands still: the person has been asked who they are, or what they mean."""
Level = Literal["reasonable", "reasonably_high"]
"""How sure one is of a person: 11 CCR 7060 to 7063; `reasonable` is also what ends a doubt under GDPR 12(6)."""
RequestType = Literal[
    "access",
    "portability",
    "rectification",
    "erasure",
    "restriction",
    "objection",
    "opt_out",
    "limit",
    "withdraw",
    "decision_review",
    "account_cancel",
    "complaint",
]
"""What people can ask for; `limit` is the use of sensitive data (Cal. Civ. Code 1798.121)."""
TYPES: tuple[str, ...] = get_args(RequestType)
"""The same as values."""


class Unit(enum.StrEnum):
    """In what a term is counted."""

    HOURS = "hours"
    """Elapsed hours."""
    DAYS = "days"
    """Days of the calendar."""
    BUSINESS_DAYS = "business_days"
    """Days that are neither a weekend nor a public holiday."""
    MONTHS = "months"
    """Months, to the day of the same number or the last of a shorter month."""


class Term(FileModel):
    """A length of time in one unit."""

    hours: int | None = Field(default=None, ge=1)
    """Elapsed hours."""
    days: int | None = Field(default=None, ge=1)
    """Days of the calendar."""
    business_days: int | None = Field(default=None, ge=1)
    """Working days."""
    months: int | None = Field(default=None, ge=1)
    """Months."""

    @model_validator(mode="after")
    def _one(self) -> Term:
        if sum(getattr(self, unit) is not None for unit in Unit) != 1:
            raise ValueError(f"one of {', '.join(Unit)}")
        return self

    @property
    def unit(self) -> Unit:
        """In what it is counted."""
        return next(unit for unit in Unit if getattr(self, unit) is not None)

    @property
    def amount(self) -> int:
        """How many of them."""
        found: int = getattr(self, self.unit)
        return found


class _Dated(FileModel):
    """A rule of one law, from a day on."""

    law: str
    """The law."""
    types: tuple[RequestType, ...] = ()
    """What must be asked for; anything when empty."""
    article: str
    """Where it stands, or that it is ours."""
    effective_from: dt.date
    """The first day on which a request can arrive under it."""
    effective_to: dt.date | None = None
    """The last such day; None while no end is known."""
    confidence: Literal["text", "secondary", "memory", "reviewed"]
    """How sure it is, as in every pack."""

    def holds(self, law: str, kind: str | None, day: dt.date) -> bool:
        """Whether it speaks of a law, a type of request and a day of receipt."""
        named = self.law == law and (kind is None or not self.types or kind in self.types)
        return named and self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


class Clock(_Dated):
    """How long something may take."""

    step: Step
    """What it runs for."""
    limit: Term | None = None
    """How long; None where the law leaves it to an order that nobody has given."""
    extension: Term | None = None
    """By how much it can be made longer, in the unit of the limit; None where it cannot."""
    pauses: tuple[PauseCause, ...] = ()
    """What stops it."""
    rolls: bool = False
    """Whether a last day that is no working day moves to the next one."""

    @model_validator(mode="after")
    def _same_unit(self) -> Clock:
        if self.extension is not None and (self.limit is None or self.extension.unit is not self.limit.unit):
            raise ValueError("an extension in the unit of the limit")
        return self


class Identity(_Dated):
    """Whether people must show who they are."""

    need: Literal["required", "on_doubt", "forbidden"]
    """`on_doubt`: only where there is a reasonable doubt."""
    level: Level = "reasonable"
    """How sure one must be."""


class Refusals(_Dated):
    """On which grounds a request may be refused, and what the person must be told then."""

    reasons: tuple[str, ...]
    """The grounds."""
    routes: tuple[Literal["authority", "court"], ...] = ()
    """Where the person can go, which the refusal must say."""


class Keeping(_Dated):
    """How long the records of a request are kept after its end."""

    period: PeriodText
    """How long."""


class _Body(FileModel):
    clocks: dict[str, Clock]
    """By id."""
    identity: tuple[Identity, ...]
    """Who must show who they are."""
    refusals: tuple[Refusals, ...]
    """What may be refused."""
    keeping: tuple[Keeping, ...]
    """How long records are kept."""


Rule = TypeVar("Rule", bound=_Dated)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The pack of clocks."""

    version: str
    """Its edition."""
    clocks: Mapping[str, Clock]
    """By id."""
    identities: tuple[Identity, ...]
    """Who must show who they are."""
    all_refusals: tuple[Refusals, ...]
    """What may be refused."""
    all_keeping: tuple[Keeping, ...]
    """How long records are kept."""

    def clock(self, law: str, step: Step, kind: str | None, day: dt.date) -> tuple[str, Clock] | None:
        """The clock, with its id, that runs for a request received on a day; None where there is none."""
        fitting = [
            (name, each) for name, each in self.clocks.items() if each.step == step and each.holds(law, kind, day)
        ]
        return max(fitting, key=lambda each: each[1].effective_from, default=None)

    def answer_clock(self, law: str, kind: str, day: dt.date) -> tuple[str, Clock]:
        """The clock for the answer. Raises BadInputError for a law, type and day that no clock speaks of."""
        found = self.clock(law, "answer", kind, day)
        if found is None:
            known = sorted({each.law for each in self.clocks.values() if each.step == "answer"})
            raise BadInputError(
                "request",
                found="a law and type of request for which no clock is known on that day",
                expected=f"one of the laws {', '.join(known)}, and a type that it gives people",
                next_step="see docs/requests.md for the table of clocks",
            )
        return found

    def identity(self, law: str, kind: str, day: dt.date) -> Identity | None:
        """Whether somebody must show who they are; None where nothing is said."""
        return _newest(self.identities, law, kind, day)

    def refusals(self, law: str, kind: str, day: dt.date) -> Refusals | None:
        """The grounds on which it may be refused; None where nothing is said."""
        return _newest(self.all_refusals, law, kind, day)

    def keeping(self, law: str, day: dt.date) -> Keeping | None:
        """How long records of an ended request are kept; None where nothing is said."""
        return _newest(self.all_keeping, law, None, day)


def _newest(rules: Iterable[Rule], law: str, kind: str | None, day: dt.date) -> Rule | None:
    return max(
        (each for each in rules if each.holds(law, kind, day)), key=lambda each: each.effective_from, default=None
    )


@cache
def load_clocks(on: dt.date) -> Clocks:
    """The edition of the pack that is in force on a day; its rows hold by the day of receipt. Raises PackError."""
    pack = load_pack("clocks", on)
    body = check_model(_Body, pack.body, "pack clocks", error=PackError)
    return Clocks(pack.version, body.clocks, body.identity, body.refusals, body.keeping)
