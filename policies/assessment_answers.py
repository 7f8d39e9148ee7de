"""What people answer in an assessment: a YAML file that `governance audit dpia open` begins and people finish."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from policies.errors import BadInputError
from policies.yaml_files import FileModel, check_model, parse_yaml

Said = Annotated[str, Field(min_length=10, max_length=4000)]
Level = Annotated[int, Field(ge=1, le=4)]
TEXTS = ("necessity", "proportionality", "consulted", "advice")
"""Answers in words that stand once; they and the words of each risk are kept where they can be erased."""


class RiskEntry(FileModel):
    """One risk to people. Levels go from 1, negligible, to 4, maximum."""

    threat: Said
    """What could happen, and from where."""
    impact: Said
    """What it would mean for people."""
    measures: Said
    """What is done against it."""
    likelihood: Level
    """How likely it is without the measures."""
    severity: Level
    """How grave it is without the measures."""
    residual_likelihood: Level
    """How likely it stays."""
    residual_severity: Level
    """How grave it stays."""


class AnswersFile(FileModel):
    """The whole of the file."""

    version: Literal[1] = 1
    """The form of the file."""
    assessment: str
    """The id of the assessment."""
    necessity: Said
    """Why the purpose needs the data."""
    proportionality: Said
    """Why nothing milder does."""
    consulted: Said
    """Who was heard: the people concerned or those who speak for them; or why nobody was."""
    advice: Said
    """What the data protection officer advised."""
    risks: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")], RiskEntry] = Field(min_length=1)
    """By a short name that holds no personal data."""
    authority_consulted: dt.date | None = None
    """The day on which the authority was consulted before, where a high risk stays."""
    review_by: dt.date
    """The day by which it is looked at again."""


def parse_answers(text: str, place: str) -> AnswersFile:
    """The answers in a text. Raises BadInputError with the place of what is missing; it repeats no answer."""
    return check_model(AnswersFile, parse_yaml(text, place, error=BadInputError), place, error=BadInputError)
