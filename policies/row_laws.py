"""Which form of consent a purpose asks for under the law of a row.

A law about which `purposes.yaml` says nothing for a purpose counts as unknown: the strictest of the others holds then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.purposes import FORMS, PurposesFile


@dataclass(frozen=True, slots=True)
class Level:
    """One form of consent, and the rows that need less."""

    form: str
    """The weakest form that is enough."""
    spared: tuple[str, ...]
    """The values of the field of jurisdiction whose law asks for a weaker form, or for no consent; sorted."""


def form_under(purposes: PurposesFile, purpose: str, law: str) -> str | None:
    """The form of consent that a purpose needs under a law; None where that law rests it on something else."""
    line = [purposes.purposes[step] for step in purposes.ancestry(purpose)]
    if not any(law in entry.basis for entry in line):
        return purposes.consent_form(purpose) if purposes.needs_consent(purpose) else None
    if not any(entry.basis.get(law) == "consent" for entry in line):
        return None
    return max((entry.consent[law] for entry in line if law in entry.consent), key=FORMS.index, default=FORMS[0])


def levels(purposes: PurposesFile, purpose: str, laws: Mapping[str, str]) -> tuple[Level, ...]:
    """What a purpose that needs consent asks of rows, from the weakest form to the strictest.

    `laws` maps the values of the field of jurisdiction to laws. A row that no level spares meets the strictest.
    """
    needed = {value: form_under(purposes, purpose, law) for value, law in laws.items()}
    forms = {form for form in needed.values() if form is not None} | {purposes.consent_form(purpose)}
    found = []
    for form in sorted(forms, key=FORMS.index):
        weaker = (value for value, own in needed.items() if own is None or FORMS.index(own) < FORMS.index(form))
        found.append(Level(form, tuple(sorted(weaker))))
    return tuple(found)


def goes_on_under_restriction(purposes: PurposesFile, purpose: str) -> bool:
    """Whether a purpose, or one above it, may use the data of people whose use is restricted."""
    return any(purposes.purposes[step].under_restriction for step in purposes.ancestry(purpose))
