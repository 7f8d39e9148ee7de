"""Find personal data in texts: the detectors of the scan, models where they are installed, one list of places a text.

from governance.scan.text.analyzer import TextAnalyzer

TextAnalyzer().spans(["call Anna Smith on +44 20 7946 0958"])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from governance.scan.detection import detect
from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.registry import default_registry
from governance.scan.normalise import fold_with_places
from governance.scan.options import PHONE_REGIONS
from governance.scan.text.spans import Span, settle

_BATCH = 2_048


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How texts are looked at."""

    regions: tuple[str, ...] = PHONE_REGIONS
    """ISO 3166 regions of phone numbers without a country code."""
    entities: frozenset[str] = frozenset()
    """Only these entities; all when empty."""
    threshold: float = 0.5
    """Places under this score are left out."""
    recognizers: Path | None = None
    """The user's own `recognizers.yaml`."""
    models: str = "auto"
    """`auto` uses the models of the extra `nlp` where they are installed, `on` insists on them, `off` leaves them."""


class TextAnalyzer:
    """Finds places in texts. Holds no text; may be used from several threads.

    Raises ConfigError for a wrong `recognizers.yaml`, or for `models="on"` without the extra `nlp`.
    """

    def __init__(self, options: TextOptions | None = None) -> None:
        self._options = options or TextOptions()
        self._detectors = tuple(default_registry(self._options.recognizers))
        self._context = FieldContext("string", self._options.regions)

    def spans(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The places of each text in order, settled; offsets are code points of the text as given."""
        found: list[tuple[Span, ...]] = []
        for low in range(0, len(texts), _BATCH):
            found.extend(self._batch(texts[low : low + _BATCH]))
        return found

    def _batch(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        folded = [fold_with_places(text) for text in texts]
        places = detect(pa.array([each.text for each in folded], pa.string()), self._detectors, self._context)
        spans: list[list[Span]] = [[] for _ in texts]
        rows = (places.index, places.start, places.end, places.score, places.found_by)
        for index, start, end, score, number in zip(*(each.tolist() for each in rows), strict=True):
            entity = self._detectors[number].entity
            if score >= 100 * self._options.threshold and self._wanted(entity):
                low, high = folded[index].place(start, end)
                spans[index].append(Span(low, high, entity, score / 100))
        return [settle(each) for each in spans]

    def _wanted(self, entity: str) -> bool:
        return not self._options.entities or entity in self._options.entities
