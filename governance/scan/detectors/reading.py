"""A detector made of prefilters and a function that reads one text; made on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import TEXT, FieldContext, Hits, mask

Place = tuple[int, int, int]
"""Start, end and score."""
Reader = Callable[[str], Iterable[Place]]
"""From a text to its places, in order."""


@dataclass(frozen=True, slots=True)
class ReadingDetector:
    """Reads the texts that pass one of the RE2 expressions, each up to its first `longest` characters."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    rules: Callable[[], tuple[tuple[str, ...], Reader]]
    """Gives RE2 expressions, one of which matches a text with a hit, and the reader; kept by the function itself.

    Several small expressions are quicker than one large one.
    """
    chance: float = 0.0
    """As `Detector.chance`."""
    types: frozenset[str] = TEXT
    """As `Detector.types`."""
    digits: int = 0
    """As `Detector.digits`."""
    foreign: bool = False
    """As `Detector.foreign`."""
    longest: int = 65_536
    """How much of a text is read."""
    prefilter: str = ""
    """As `Detector` says; empty where only the expressions of `rules` tell."""

    def find(self, values: pa.Array, context: FieldContext) -> Hits:  # noqa: ARG002  readers know no fields
        """As `Detector.find`."""
        prefilters, read = self.rules()
        chosen = np.flatnonzero(np.logical_or.reduce([mask(values, each) for each in prefilters]))
        if not len(chosen):
            return Hits.of(self.entity, ())
        texts = values.take(pa.array(chosen)).to_pylist()
        return Hits.of(
            self.entity,
            [
                (index, *place)
                for index, text in zip(chosen.tolist(), texts, strict=True)
                for place in read(text[: self.longest])
            ],
        )
