"""The family: one detector for each entity of the pack."""

from __future__ import annotations

from functools import cache

from governance.scan.detectors.identifiers.detector import IdentifierDetector, SharedFinder
from governance.scan.detectors.identifiers.finder import Finder
from governance.scan.detectors.identifiers.pack import context_words, entries


@cache
def make_identifiers() -> tuple[IdentifierDetector, ...]:
    """A detector for each entity of the pack, sorted by entity. Raises PackError when the pack is wrong."""
    shared = SharedFinder(Finder(entries(), context_words()))
    chances: dict[str, float] = {}
    for entry in entries():
        chances[entry.entity] = max(entry.chance, chances.get(entry.entity, 0.0))
    return tuple(
        IdentifierDetector(f"identifiers.{entity.lower()}", entity, chance, shared)
        for entity, chance in sorted(chances.items())
    )
