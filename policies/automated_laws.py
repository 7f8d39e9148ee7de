"""What the laws ask of decisions that machines make about people, from the pack. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.periods import parse_period
from policies.yaml_files import FileModel, check_model

Effect = Literal["none", "legal", "significant"]
EFFECTS: tuple[Effect, ...] = ("none", "legal", "significant")
"""What a decision does to a person: nothing of the kind, a legal effect, or one that is similarly significant."""
Ask = Literal["ground", "special", "review", "notice", "opt_out", "assessment"]
GROUNDS = ("contract", "law", "explicit_consent", "separate_consent", "consent", "other")
"""On what a decision can rest; the pack says what a law admits."""


def _period(text: str) -> str:
    parse_period(text)
    return text


class Asked(FileModel):
    """One thing that a law asks."""

    article: str
    """Where it asks."""
    effects: tuple[Effect, ...] = Field(min_length=1)
    """Of decisions with which effects."""
    confidence: Literal["text", "secondary", "memory"]
    """`text` (read in the act itself), `secondary` or `memory`."""


class AutomatedLaw(FileModel):
    """What one law asks."""

    since: dt.date = Field(alias="from")
    """The day from which it asks."""
    review_within: Annotated[str, AfterValidator(_period)]
    """By when somebody is answered who asks for a human review, as an ISO 8601 duration from the day of receipt."""
    grounds: tuple[str, ...]
    """What such a decision may rest on."""
    special_grounds: tuple[str, ...]
    """What it may rest on where it uses special categories."""
    asks: dict[Ask, Asked]
    """By name."""


class _Laws(FileModel):
    laws: dict[str, AutomatedLaw]
    """By name."""


@dataclass(frozen=True, slots=True)
class AutomatedLaws:
    """One edition of the pack, for some laws."""

    version: str
    """The edition."""
    laws: Mapping[str, AutomatedLaw]
    """By name, sorted."""

    def due(self, received: dt.date, law: str | None) -> dt.date:
        """The last day on which a request for review is answered in time: of a law, or the first of all of them.

        Without any law that has a number, a month. Raises KeyError for a law that is not among them.
        """
        periods = [self.laws[law]] if law is not None else list(self.laws.values())
        ends = [parse_period(each.review_within).after(received) for each in periods]
        return min(ends, default=parse_period("P1M").after(received))


def automated_laws(on: dt.date, laws: Iterable[str]) -> AutomatedLaws:
    """What some laws ask, as the edition in force on a day says it. Raises PackError."""
    pack = load_pack("automated", on)
    found = check_model(_Laws, pack.body, "pack automated", error=PackError).laws
    wanted = set(laws)
    return AutomatedLaws(pack.version, {name: each for name, each in sorted(found.items()) if name in wanted})
