"""When an assessment of the impact on people is asked for, from the pack `assessments`. Pure."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Literal, get_args

from pydantic import Field, model_validator

from policies.errors import PackError
from policies.lifecycle import PeriodText
from policies.organisation import DeclaredFact
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model

DECLARED = frozenset(get_args(DeclaredFact))
"""Tests that no register decides: somebody declares them of a purpose in organisation.yaml."""
Seen = Literal[
    "abroad",
    "given_away",
    "large_scale",
    "sensitive",
    "sensitive_or_highly_personal",
    "sold",
    "special_at_scale",
    "vulnerable",
]
"""Tests that the registers decide."""


class TriggerGroup(FileModel):
    """Triggers of which some, together, ask for an assessment."""

    laws: tuple[str, ...] = Field(min_length=1)
    """The laws that ask for it."""
    article: str
    """Where."""
    at_least: int = Field(ge=1)
    """How many of its triggers must be met."""
    keep: PeriodText | None = None
    """How long an assessment is kept at least; None where no period is named."""
    review: PeriodText | None = None
    """After how long it is done again at the latest; None where no period is named."""
    as_of: dt.date
    """The day from which that text holds."""
    confidence: Literal["text", "secondary", "memory"]
    """How it was read."""


class Trigger(FileModel):
    """One trigger."""

    group: str
    """Its group."""
    article: str
    """Where it stands."""
    test: DeclaredFact | Seen
    """What decides it."""


class LargeScale(FileModel):
    """From when on a processing is called large."""

    people: int = Field(ge=1)
    """So many people."""
    confidence: Literal["text", "secondary", "memory"]
    """How it was read."""


class AssessmentRules(FileModel):
    """All that the pack says."""

    laws_without: tuple[str, ...]
    """Laws that ask for no assessment."""
    large_scale: LargeScale
    """The threshold of large scale."""
    high_risk_from: int = Field(ge=1, le=16)
    """Likelihood times severity, each 1 to 4, from which a risk is high."""
    highly_personal: tuple[str, ...]
    """Categories that are highly personal without being special."""
    vulnerable: tuple[str, ...]
    """Kinds of people who cannot easily refuse."""
    groups: dict[str, TriggerGroup]
    """By name."""
    triggers: dict[str, Trigger]
    """By name, in the order of the acts."""

    @model_validator(mode="after")
    def _groups_are_there(self) -> AssessmentRules:
        if unknown := sorted({each.group for each in self.triggers.values()} - self.groups.keys()):
            raise ValueError("triggers of groups that are there, not of " + ", ".join(unknown))
        return self


@cache
def load_assessment_rules(on: dt.date) -> tuple[str, AssessmentRules]:
    """The edition and what it says, as in force on a day. Raises PackError."""
    pack = load_pack("assessments", on)
    return pack.version, check_model(AssessmentRules, pack.body, "pack assessments", error=PackError)
