"""What laws say of consent, from the pack `consent`: model, forms, ages, and the article of each rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from pydantic import Field, field_validator, model_validator

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.periods import parse_period
from policies.purposes import FORMS
from policies.yaml_files import FileModel, check_model

RULES = (
    "ask_again",
    "basis",
    "change",
    "children",
    "consent",
    "cross_border",
    "expiry",
    "first_contact",
    "marketing_objection",
    "objection",
    "publication",
    "sharing",
    "special",
    "withdrawal",
)
"""Every rule that an answer can name, as `consent:LAW:RULE`."""
ALWAYS = ("basis", "consent", "expiry", "marketing_objection", "objection", "withdrawal")
"""The rules that each law must state."""
NEVER = "never"
"""The period of a law that forbids asking again without an end."""


class LawRule(FileModel):
    """One rule of one law."""

    article: str
    """Where it stands."""
    says: str
    """What it says, in our words."""
    as_of: dt.date
    """The day from which that text holds."""
    confidence: Literal["text", "secondary", "memory"]
    """How it was read."""


class ChildRule(FileModel):
    """Who agrees for a child."""

    guardian_below: int = Field(ge=1, le=21)
    """Below this age, in years, a guardian agrees."""
    guardian_below_in: dict[str, int] = Field(default_factory=dict)
    """The same by country, ISO 3166 alpha-2; another country takes `guardian_below`."""
    opt_in_below: int | None = Field(default=None, ge=1, le=21)
    """Below this age the law asks for consent whatever the basis, or first under a law of opt-out."""
    form: str = FORMS[0]
    """The form of that consent."""

    def guardian_age(self, country: str) -> int:
        """The age below which a guardian agrees, in a country."""
        return self.guardian_below_in.get(country, self.guardian_below)


class ConsentLaw(FileModel):
    """What one law says of consent."""

    model: Literal["opt_in", "opt_out"]
    """Whether a use waits for consent, or goes on until the person says no."""
    bases: tuple[str, ...]
    """The bases that the law admits; none for a law that asks for none."""
    objection_bases: tuple[str, ...]
    """The bases whose uses an objection stops, direct marketing or not."""
    consent_conditions: tuple[str, ...] = ()
    """Conditions for special categories in `purposes.yaml` that mean consent."""
    special_form: str = FORMS[0]
    """The form of consent that special categories need."""
    acts: dict[str, str] = Field(default_factory=dict)
    """What a purpose involves, to the form of consent that it needs; each is a rule too."""
    dies_on_change: bool = False
    """Whether consent dies when text, channels or categories of its purpose change."""
    children: ChildRule | None = None
    """Who agrees for a child; None where the law does not say."""
    ask_again: str | None = None
    """How long nobody may ask after a no: an ISO 8601 period or `never`; None where the law does not say."""
    rules: dict[str, LawRule]
    """By name."""

    @field_validator("ask_again")
    @classmethod
    def _is_period(cls, text: str | None) -> str | None:
        if text is not None and text != NEVER:
            parse_period(text)
        return text

    @model_validator(mode="after")
    def _rules_are_stated(self) -> ConsentLaw:
        stated = {"children": self.children, "ask_again": self.ask_again, "change": self.dies_on_change}
        needed = {*ALWAYS, *self.acts, *(name for name, value in stated.items() if value)}
        if self.consent_conditions:
            needed.add("special")
        if missing := sorted(needed - set(self.rules)):
            raise ValueError("a rule with its article for " + ", ".join(missing))
        if unknown := sorted(set(self.rules) - set(RULES)):
            raise ValueError("only known rules, not " + ", ".join(unknown))
        if {self.special_form, *self.acts.values(), *([self.children.form] if self.children else [])} - set(FORMS):
            raise ValueError("forms among " + ", ".join(FORMS))
        return self


class _Body(FileModel):
    laws: dict[str, ConsentLaw]


@dataclass(frozen=True, slots=True)
class ConsentLaws:
    """The consent rules of all laws in the pack."""

    pack: str
    """Name and edition, as `consent@2026.11`."""
    laws: Mapping[str, ConsentLaw]
    """By law."""

    def dying_on_change(self, laws: Iterable[str]) -> frozenset[str]:
        """Those of some laws under which consent dies when its purpose changes."""
        return frozenset(each for each in laws if each in self.laws and self.laws[each].dies_on_change)

    def withdrawal_articles(self, laws: Iterable[str]) -> dict[str, str]:
        """Law to the article by which consent is taken back as easily as it was given; empty under a law of opt-out."""
        known = {law: self.laws.get(law) for law in laws}
        opt_in = {law: each for law, each in known.items() if each is not None and each.model == "opt_in"}
        return {law: opt_in[law].rules["withdrawal"].article if law in opt_in else "" for law in known}


@cache
def load_consent_laws(on: dt.date) -> ConsentLaws:
    """The consent rules in force on a day. Raises PackError when the pack is wrong."""
    pack = load_pack("consent", on)
    body = check_model(_Body, pack.body, "pack consent", error=PackError)
    return ConsentLaws(f"{pack.pack}@{pack.version}", MappingProxyType(dict(body.laws)))
