"""What the words of another system mean here: by the caller's file of names first, then by the pack."""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.consent.intake.entry import refuse
from policies.consent_map import ConsentMapFile
from policies.dpv import DpvTerms
from policies.organisation import OrganisationFile
from policies.periods import parse_period
from policies.purposes import PurposesFile

_CODE = re.compile(r"[A-Za-z0-9._:/+-]{1,120}")
_ADDRESS = re.compile(r"https?://\S{1,500}")


@dataclass(frozen=True)
class Names:
    """Words to purposes, categories and codes. Every method raises ConfigError for a word that has no meaning here."""

    purposes: PurposesFile
    """The purposes of the project."""
    organisation: OrganisationFile
    """It says which term of the vocabulary a purpose has."""
    terms: DpvTerms
    """The vocabulary."""
    told: ConsentMapFile
    """The caller's own names."""

    def purpose(self, word: str) -> str:
        """The purpose that a word names: ours, one of the caller's file, or the only one with this term of DPV."""
        if word in self.purposes.purposes:
            return word
        if word in self.told.purposes:
            return self.told.purposes[word]
        having = [name for name, each in self.organisation.processing.items() if each.dpv == word]
        if len(having) == 1:
            return having[0]
        return refuse(
            "purpose", "a word that names no purpose here", "a purpose of purposes.yaml, or of the file of --map"
        )

    def channel(self, word: str) -> str:
        """The channel that a purpose of the other system is about; `*` when nothing is told."""
        return self.told.channels.get(word, "*")

    def category(self, word: str) -> str:
        """The data category that a word names."""
        if word in self.told.categories:
            return self.told.categories[word]
        found = self.terms.category_of(word) or self.terms.kantara_categories.get(word.lower())
        return found or refuse("categories", "a word that names no data category", "one that the file of --map has")

    def method(self, word: str) -> str:
        """The code of how consent was collected; empty for a word that nobody told us, which may hold anything."""
        return self.told.methods.get(word) or self.terms.methods.get(word.lower(), "")

    def law(self, place: str) -> str:
        """The law of a country's code or a term; empty for an unknown place, whose people have the strictest law."""
        return self.terms.law_of(place) or ""

    def duration(self, word: str) -> str:
        """The period after which consent ends by such words; empty for none. What cannot be told is refused."""
        if word in self.told.terminations:
            return "" if self.told.terminations[word] == "none" else self.told.terminations[word]
        try:
            return parse_period(word).text if word and not _ADDRESS.fullmatch(word) else ""
        except ValueError:
            refuse("termination", "words that are no period", "a period such as P1Y, or words that --map explains")

    @staticmethod
    def code(word: str) -> str:
        """A word that may stand in the records as it is; empty for any other."""
        return word if _CODE.fullmatch(word) else ""
