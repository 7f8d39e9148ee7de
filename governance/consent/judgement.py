"""A question about one use of one person's data, and the answer with the rules and events that decide it."""

from __future__ import annotations

from dataclasses import dataclass

from governance.consent.events import EVERY

NO_RULES = "consent:unknown:no_rules"
"""The rule by which a use is forbidden under a law that the pack does not have; its name is not repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One use, of which somebody asks whether it may be."""

    purpose: str
    """The purpose, as in purposes.yaml."""
    channel: str = EVERY
    """The channel on which the person would be reached; `*` for none."""
    law: str
    """The law that holds for the person."""
    at: str
    """The moment, in the form of an event's `valid_time`."""
    categories: tuple[str, ...] = ()
    """The data categories in use; empty means what the purpose needs."""
    age: int | None = None
    """The person's age in years; None when it is not known, and rules about children are not checked then."""
    country: str = ""
    """The person's country, ISO 3166 alpha-2, for ages that differ by country; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that decided."""

    rule: str
    """Its id, `consent:LAW:RULE`."""
    article: str
    """Where the law says so; empty for a rule of ours."""
    pack: str
    """The pack and edition that state it."""
    event_ids: tuple[str, ...] = ()
    """The events that met or broke it, latest first."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a use may be, under one law."""

    law: str
    """The law."""
    allowed: bool
    """Whether it may be."""
    state: str
    """The state of consent, as `Standing.state`."""
    reasons: tuple[Reason, ...]
    """What decided: the rules that forbid it, or those by which it is allowed."""
    duties: tuple[Reason, ...] = ()
    """What must be done with an allowed use, such as to offer a free way to refuse."""
    not_checked: tuple[str, ...] = ()
    """Ids of rules that could not be checked because a fact is missing."""
    until: str = ""
    """When it ends by itself, in the form of `valid_time`; empty where no end is known."""
