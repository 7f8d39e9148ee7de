"""The pack `dpv`: which term of the W3C Data Privacy Vocabulary stands for what we hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.taxonomy import Taxonomy
from policies.yaml_files import check_model


class LawTerms(BaseModel):
    """How the vocabulary names a law."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jurisdiction: str
    """Where it holds, a term of the LOC extension."""
    law: str | None = None
    """The law itself; None where the vocabulary has none."""
    countries: tuple[str, ...] = ()
    """Codes of places that it holds for, as ISO 3166 writes them."""


class DpvTerms(BaseModel):
    """The body of the pack."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: str
    """Address of the profile of ISO/IEC TS 27560."""
    context: dict[str, str]
    """Prefix to namespace; stands in every record, so that no reader asks the network."""
    kinds: dict[str, str]
    """Kind of consent event to state of consent."""
    forms: dict[str, str]
    """Form of consent to type of consent."""
    laws: dict[str, LawTerms]
    """Law to its terms."""
    roles: dict[str, str]
    """Role of a recipient to its term."""
    purposes: dict[str, str]
    """Purpose, as projects are likely to name it, to its term."""
    categories: dict[str, str]
    """Data category to a term of the PD extension."""
    kantara_categories: dict[str, str]
    """Word of a Kantara receipt, in small letters, to data category."""
    methods: dict[str, str]
    """How consent was collected, in small letters, to our code."""

    def purpose(self, line: Sequence[str]) -> str:
        """The term of a purpose, given with those above it; `dpv:Purpose` when none of them has one."""
        return next((self.purposes[each] for each in line if each in self.purposes), "dpv:Purpose")

    def category(self, key: str) -> str:
        """The term of a data category, or of the nearest above it; `dpv:PersonalData` when none has one."""
        line = Taxonomy.ancestry(key)
        return next((self.categories[each] for each in line if each in self.categories), "dpv:PersonalData")

    def category_of(self, term: str) -> str | None:
        """The data category of a term; None when none or several have it."""
        return _only(self.categories, term)

    def kind_of(self, term: str) -> str | None:
        """The kind of event that a state of consent stands for; a refusal is `refused`."""
        return next((kind for kind, each in self.kinds.items() if each == term), None)

    def law_of(self, place: str) -> str | None:
        """The law of a law's own name, of a country's code, or of a term; None for an unknown one."""
        if place in self.laws:
            return place
        return next((law for law, each in self.laws.items() if place in (each.jurisdiction, *each.countries)), None)


def dpv_terms(on: dt.date) -> DpvTerms:
    """The terms in force on a day. Raises PackError."""
    return _terms(on)


@cache
def _terms(on: dt.date) -> DpvTerms:
    body = load_pack("dpv", on).body
    body["schema_"] = body.pop("schema")
    return check_model(DpvTerms, body, "pack dpv", error=PackError)


def _only(terms: Mapping[str, str], term: str) -> str | None:
    found = [key for key, each in terms.items() if each == term]
    return found[0] if len(found) == 1 else None
