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
    faulty: dict[str, list[int]] = field(default_factory=dict)
    """By kind of fault, the ids of the rows that have it."""
    people: dict[str, list[int]] = field(default_factory=dict)
    """By dataset, for each of its rows in order the number of the person that it is really about."""
    needle: tuple[str, str, int] = ("", "", 0)
    """Dataset, field and row id of the one resident id among all notes; set by the builder of tickets."""

    def hide(self, dataset: str, column: str, entities: Iterable[str]) -> None:
        """Count one cell that hides these entities."""
        for entity in entities:
            self.hidden[dataset, column, entity] += 1

    def fault(self, kind: str, row: int) -> None:
        """Note one row that is wrong."""
        self.faulty.setdefault(kind, []).append(row)

    def about(self, dataset: str, person: int) -> None:
        """Note whom the next row of a dataset is about."""
        self.people.setdefault(dataset, []).append(person)
