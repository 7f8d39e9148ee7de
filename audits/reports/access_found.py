"""What the report on access is made from: numbers with their evidence, and the uses that it lists."""

from __future__ import annotations

from dataclasses import dataclass

from audits.reports.access_glass import Glass
from audits.reports.access_sums import Sums
from audits.reports.access_uses import Use


@dataclass(frozen=True, slots=True)
class Listed:
    """The newest uses of a kind, oldest of them first."""

    uses: tuple[Use, ...]
    """The uses with their ends."""
    of: int
    """How many there are of the kind."""

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.of - len(self.uses)


@dataclass(frozen=True, slots=True)
class Found:
    """The uses that a ledger tells of. Equal events in equal order make equal reports, however they were read."""

    events: int
    """Events that were read, of every kind."""
    sums: Sums
    """Every number."""
    openings: tuple[Glass, ...]
    """Openings of purposes for emergencies, oldest first."""
    people: frozenset[str]
    """References of everybody in the events."""
    newest: Listed
    """Uses and refused attempts."""
    refused: Listed
    """Refused attempts."""
    open: Listed
    """Uses without an outcome."""

    @property
    def listed(self) -> tuple[Use, ...]:
        """Every use that is listed anywhere, each once, in the order of the ledger."""
        every = (*self.newest.uses, *self.refused.uses, *self.open.uses)
        once = {each.decision["id"]: each for each in every}
        return tuple(sorted(once.values(), key=lambda use: (use.decision["period"], use.decision["seq"])))
