"""`policies/purposes.yaml`: why data is used, on what ground, and whose consent it takes.

Purposes form a tree: what a rule says of a parent covers its children, never the reverse.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from policies.errors import ConfigError
from policies.nouns import Scalar
from policies.taxonomy import Taxonomy
from policies.yaml_files import FileModel, read_model

BASES = (
    "consent",
    "contract",
    "legal_obligation",
    "legitimate_interests",
    "public_interest",
    "vital_interests",
)
"""Lawful bases, in the words of GDPR Art. 6(1); a pack says which of them a law admits."""
FORMS = ("given", "explicit", "separate", "written")
"""Forms of consent, from weakest to strongest; a stronger one satisfies a rule that asks for a weaker."""
Act = Literal["cross_border", "publication", "sharing"]
"""What a purpose can involve: providing data abroad, publishing it, providing it to another controller."""
_FIRM_BASES = frozenset({"contract", "legal_obligation", "vital_interests"})


class BreakGlassRule(FileModel):
    """How a purpose for emergencies is opened; without an opening nobody may use it."""

    may_open: tuple[str, ...] = Field(min_length=1)
    """Users and roles that may open it for themselves."""
    may_approve: tuple[str, ...] = ()
    """Users and roles of whom one must approve; empty where nobody needs to."""
    most_minutes: int = Field(default=60, ge=1, le=1440)
    """The longest time of one opening, in minutes."""


class PurposeEntry(FileModel):
    """One purpose."""

    parent: str | None = None
    """The purpose above it."""
    text: str | None = None
    """What it means, for people."""
    basis: dict[str, str] = Field(default_factory=dict)
    """Law to lawful basis."""
    channels: tuple[str, ...] = ()
    """Where it reaches people: `email`, `sms`, `phone`, `post`, `app`, `social`; consent is asked for each."""
    consent: dict[str, str] = Field(default_factory=dict)
    """Law to the form of consent that it asks for."""
    special: dict[str, dict[str, Scalar]] = Field(default_factory=dict)
    """Special category to law and condition; a category that is not here is denied for this purpose."""
    categories: tuple[str, ...] = ()
    """Data categories that it needs; consent to fewer is not consent to it."""
    direct_marketing: bool = False
    """Whether it addresses people to sell; then an objection is absolute, for the purposes below it too."""
    involves: tuple[Act, ...] = ()
    """What it does besides using data here; some laws ask for a separate consent to it. Holds for those below it."""
    break_glass: BreakGlassRule | None = None
    """Makes it a purpose for emergencies, closed until somebody opens it; see docs/break-glass.md."""
    under_restriction: bool = False
    """Whether it, and what lies below it, goes on for people whose use of data is restricted: storage, legal claims."""
    since: dt.date | None = None
    """The day from which it has its present meaning, for the purposes below it too; a consent of an earlier day that
    stands in a CRM was given to something else."""

    @model_serializer(mode="wrap")
    def _without_new_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A key that came later is left out where nothing is said: the digest of older files stays as it was."""
        written: dict[str, Any] = write(self)
        return {name: each for name, each in written.items() if name != "since" or each is not None}


class PurposesFile(FileModel):
    """The whole of `purposes.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    purposes: dict[str, PurposeEntry] = Field(default_factory=dict)
    """By id."""

    def ancestry(self, purpose: str) -> tuple[str, ...]:
        """A purpose and its parents, itself first; empty for one that is not in the file."""
        line: list[str] = []
        step: str | None = purpose
        while step is not None and step in self.purposes:
            line.append(step)
            step = self.purposes[step].parent
        return tuple(line)

    def needs_consent(self, purpose: str) -> bool:
        """Whether a law, for this purpose or one above it, rests on consent. The strictest law decides."""
        return any("consent" in self.purposes[step].basis.values() for step in self.ancestry(purpose))

    def consent_form(self, purpose: str) -> str:
        """The strongest form of consent that any law asks for, for this purpose or one above it."""
        asked = [form for step in self.ancestry(purpose) for form in self.purposes[step].consent.values()]
        return max(asked, key=FORMS.index, default=FORMS[0])

    def channels(self, purpose: str) -> tuple[str, ...]:
        """The channels of the purpose, or of the nearest above it that states any."""
        return next(
            (self.purposes[step].channels for step in self.ancestry(purpose) if self.purposes[step].channels), ()
        )

    def categories(self, purpose: str) -> tuple[str, ...]:
        """The data categories of the purpose, or of the nearest above it that states any."""
        line = (self.purposes[step].categories for step in self.ancestry(purpose))
        return next((each for each in line if each), ())

    def is_direct_marketing(self, purpose: str) -> bool:
        """Whether the purpose, or one above it, is direct marketing."""
        return any(self.purposes[step].direct_marketing for step in self.ancestry(purpose))

    def since(self, purpose: str) -> dt.date | None:
        """The latest day on which the purpose, or one above it, got its present meaning; None where none is stated."""
        stated = (self.purposes[step].since for step in self.ancestry(purpose))
        return max((each for each in stated if each is not None), default=None)

    def involved(self, purpose: str) -> tuple[str, ...]:
        """What the purpose, or one above it, involves; sorted."""
        return tuple(sorted({act for step in self.ancestry(purpose) for act in self.purposes[step].involves}))

    def basis(self, purpose: str, law: str) -> str | None:
        """The basis under a law, of the purpose or of the nearest above it that states one; None where none does."""
        stated = (self.purposes[step].basis.get(law) for step in self.ancestry(purpose))
        return next((each for each in stated if each is not None), None)

    def may_be_objected(self, purpose: str) -> bool:
        """Whether a no can stop the purpose: not one that is no marketing and whose every basis stands anyway."""
        stated = {basis for step in self.ancestry(purpose) for basis in self.purposes[step].basis.values()}
        return self.is_direct_marketing(purpose) or not stated or not stated <= _FIRM_BASES

    def break_glass(self, purpose: str) -> BreakGlassRule | None:
        """How the purpose, or the nearest above it that is for emergencies, is opened; None when none of them is."""
        line = (self.purposes[step].break_glass for step in self.ancestry(purpose))
        return next((rule for rule in line if rule is not None), None)

    def admits_special(self, purpose: str, category: str) -> bool:
        """Whether the purpose, or one above it, lists a special category or a parent of it."""
        listed = {key for step in self.ancestry(purpose) for key in self.purposes[step].special}
        return any(key in listed for key in Taxonomy.ancestry(category))


def read_purposes(path: Path) -> PurposesFile:
    """The purposes in a file; none where there is no file. Raises ConfigError for a wrong parent, basis or form."""
    if not path.exists():
        return PurposesFile()
    purposes = read_model(PurposesFile, path, error=ConfigError)
    for name, entry in purposes.purposes.items():
        _check(f"{path}, purpose `{name}`", name, entry, purposes)
    return purposes


def _check(place: str, name: str, entry: PurposeEntry, file: PurposesFile) -> None:
    if entry.parent is not None and entry.parent not in file.purposes:
        raise _wrong(place, f"parent `{entry.parent}` that is no purpose", "a purpose of this file")
    if _has_cycle(name, file):
        raise _wrong(place, "a purpose that is its own ancestor", "a tree")
    for law, basis in entry.basis.items():
        if basis not in BASES:
            raise _wrong(f"{place}, basis of {law}", "a word that is no lawful basis", " or ".join(BASES))
    for law, form in entry.consent.items():
        if form not in FORMS:
            raise _wrong(f"{place}, consent of {law}", "a word that is no form of consent", " or ".join(FORMS))


def _has_cycle(name: str, file: PurposesFile) -> bool:
    seen: set[str] = set()
    step: str | None = name
    while step is not None and step in file.purposes:
        if step in seen:
            return True
        seen.add(step)
        step = file.purposes[step].parent
    return False


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="mend purposes.yaml")
