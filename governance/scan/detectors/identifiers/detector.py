"""`IdentifierDetector`: one entity of the pack as a detector; all of them share one look at each column."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pyarrow as pa

from governance.scan.detectors.base import NUMERIC, FieldContext, Hits
from governance.scan.detectors.identifiers.finder import Finder, Place


class SharedFinder(threading.local):
    """A finder that remembers what it found in the last column, one memory for each thread.

    The detectors of the family are asked one after the other about the same column.
    """

    def __init__(self, finder: Finder) -> None:
        super().__init__()
        self._finder = finder
        self._asked: tuple[pa.Array, FieldContext] | None = None
        self._found: dict[str, list[Place]] = {}

    def find(self, entity: str, values: pa.Array, context: FieldContext) -> list[Place]:
        """The places of one entity."""
        known = self._asked
        if known is None or known[1] != context or not (known[0] is values or known[0].equals(values)):
            self._found = self._finder.find(values, context)
            self._asked = (values, context)
        return self._found.get(entity, [])


@dataclass(frozen=True, slots=True)
class IdentifierDetector:
    """One entity of the pack."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    chance: float
    """As `Detector.chance`: that of the entry that lets most pass."""
    finder: SharedFinder = field(repr=False)
    """Shared with the other entities of the pack."""
    types: frozenset[str] = NUMERIC
    """As `Detector.types`."""
    digits: int = 0
    """As `Detector.digits`: the shared look has a gate of its own."""
    foreign: bool = False
    """As `Detector.foreign`."""

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """As `Detector.find`."""
        return Hits.of(self.entity, self.finder.find(self.entity, values, context))
