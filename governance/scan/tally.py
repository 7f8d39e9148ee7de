"""`Tally`: what the detectors of one entity said of the rows of a column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from governance.scan import sketch

HIT_SKETCH = 256
"""Hashes kept of the values in which an entity was found."""
SHAPES = 3
"""Shapes kept of them."""


@dataclass(frozen=True, slots=True, repr=False)
class Tally:
    """What one entity's detectors said of the rows of a column; each row counts once, by its best place."""

    refused: int = 0
    """Rows that looked like it and failed the check."""
    weak: int = 0
    """Rows with a weak hit and no strong one."""
    strong: int = 0
    """Rows with a strong hit."""
    whole_weak: int = 0
    """Rows among `weak` where the hits are the whole value."""
    whole_strong: int = 0
    """Rows among `strong` where the hits are the whole value."""
    chance_permille: int = 0
    """How many unrelated values in a thousand of this form pass the check."""
    sure: int = 0
    """Rows with a hit that is beyond chance by its form or its surroundings."""
    values: tuple[int, ...] = ()
    """Sketch of the values with a hit."""
    shapes: tuple[tuple[int, str], ...] = ()
    """Hash and shape of the hits with the smallest hashes."""
    judged: int = 0
    """How many texts the counts are estimated from; 0 where every row was counted. Profiles that are kept hold 0."""

    def __repr__(self) -> str:
        return f"Tally({self.strong} strong, {self.weak} weak, {self.refused} refused)"

    def merge(self, other: Tally) -> Tally:
        """Both parts together."""
        return Tally(
            self.refused + other.refused,
            self.weak + other.weak,
            self.strong + other.strong,
            self.whole_weak + other.whole_weak,
            self.whole_strong + other.whole_strong,
            max(self.chance_permille, other.chance_permille),
            self.sure + other.sure,
            sketch.merge(self.values, other.values, HIT_SKETCH),
            tuple(sorted({*self.shapes, *other.shapes})[:SHAPES]),
            max(self.judged, other.judged),
        )

    def to_json(self) -> list[Any]:
        """As plain data, without `judged`."""
        counts = (
            self.refused,
            self.weak,
            self.strong,
            self.whole_weak,
            self.whole_strong,
            self.chance_permille,
            self.sure,
        )
        return [*counts, list(self.values), [list(pair) for pair in self.shapes]]

    @classmethod
    def from_json(cls, data: list[Any]) -> Tally:
        """From plain data."""
        *counts, values, shapes = data
        pairs = tuple((key, text) for key, text in shapes)
        return replace(cls(*counts), values=tuple(values), shapes=pairs)
