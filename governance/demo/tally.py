"""What the builder planted, counted while it writes: hidden kinds, faults and the one needle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of what was planted; the builder's only mutable state beside the random source."""

    hidden: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Cells that hide an entity, by dataset, field and entity; one cell counts once per entity."""
    faults: Counter[str] = field(default_factory=Counter)
    """Wrong cells or rows by kind of fault."""
    needle: tuple[str, str, int] = ("", "", 0)
    """Dataset, field and row id of the one resident id among all notes; set by the builder of tickets."""

    def hide(self, dataset: str, column: str, entities: Iterable[str]) -> None:
        """Count one cell that hides these entities."""
        for entity in entities:
            self.hidden[dataset, column, entity] += 1

    def fault(self, kind: str) -> None:
        """Count one fault."""
        self.faults[kind] += 1
