"""What a record states besides the events: the organisation, the purposes and the words of the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from policies.dpv import DpvTerms
from policies.errors import ConfigError
from policies.organisation import OrganisationFile, PartyEntry, ProcessingEntry
from policies.purposes import PurposesFile
from policies.taxonomy import Taxonomy


@dataclass(frozen=True)
class RecordBasis:
    """Where the fields of a record come from that no event holds."""

    organisation: OrganisationFile
    """Controller, recipients, storage, withdrawal."""
    purposes: PurposesFile
    """Texts and categories of purposes."""
    terms: DpvTerms
    """IRIs."""
    taxonomy: Taxonomy
    """Which categories are special."""
    key_check: str
    """Under which key the references of people were made."""

    @property
    def controller(self) -> PartyEntry:
        """Who decides. Raises ConfigError when organisation.yaml does not say."""
        return self.organisation.controller or lacking("PII controllers", "controller", "organisation.yaml")

    @property
    def withdrawal(self) -> str:
        """Where consent is withdrawn. Raises ConfigError as above."""
        return self.organisation.withdrawal or lacking("withdrawal method", "withdrawal", "organisation.yaml")

    def processing(self, purpose: str) -> ProcessingEntry:
        """What is told of a purpose. Raises ConfigError as above."""
        found = self.organisation.processing_of(self.purposes.ancestry(purpose))
        return found or lacking("retention period", f"processing.{purpose}", "organisation.yaml")

    def storage(self, purpose: str) -> tuple[str, ...]:
        """Where its data is stored. Raises ConfigError as above."""
        found = self.processing(purpose).storage or self.organisation.storage
        return found or lacking("storage locations", "storage", "organisation.yaml")

    def categories(self, purpose: str, told: tuple[str, ...]) -> tuple[str, ...]:
        """The data that consent is about: what was told, or all that the purpose needs. Raises ConfigError as above."""
        found = told or tuple(sorted(set(self.purposes.categories(purpose))))
        return found or lacking("PII information", f"categories of {purpose}", "purposes.yaml")

    def text(self, purpose: str) -> str:
        """What a purpose means, for people. Raises ConfigError as above."""
        line = self.purposes.ancestry(purpose)
        found = next((text for step in line if (text := self.purposes.purposes[step].text)), None)
        return found or lacking("purpose", f"text of {purpose}", "purposes.yaml")


def lacking(item: str, what: str, file: str) -> NoReturn:
    """Refuse a record that lacks an item which ISO/IEC TS 27560 asks for; nothing is invented in its place."""
    raise ConfigError(
        f"consent record, item `{item}`",
        found=f"no {what}",
        expected=f"`{what}`, which ISO/IEC TS 27560:2023 asks for",
        next_step=f"state it in {file}",
    )
