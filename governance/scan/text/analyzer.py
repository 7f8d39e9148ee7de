"""Find personal data in texts: the detectors of the scan, models where they are installed, one list of places a text.

from governance.scan.text.analyzer import TextAnalyzer

TextAnalyzer().spans(["call Anna Smith on +44 20 7946 0958"])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from governance.scan.detection import detect
from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.chinese.segments import forget
from governance.scan.detectors.registry import default_registry
from governance.scan.normalise import Folded, fold_with_places
from governance.scan.options import PHONE_REGIONS
from governance.scan.text.models.agreement import agree, read
from governance.scan.text.models.loader import load_models
from governance.scan.text.spans import Span, settle

ON_REQUEST = frozenset({"GENDER", "HEALTH"})
"""Entities that are words about a person and identify nobody; they are looked for only when they are named."""

_BATCH = 2_048


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How texts are looked at."""

    regions: tuple[str, ...] = PHONE_REGIONS
    """ISO 3166 regions of phone numbers without a country code."""
    entities: frozenset[str] = frozenset()
    """Only these entities; all but those of `ON_REQUEST` when empty."""
    threshold: float = 0.5
    """Places under this score are left out."""
    recognizers: Path | None = None
    """The user's own `recognizers.yaml`."""
    models: str = "auto"
    """`auto` uses the models of the extra `nlp` where they are installed, `on` insists on them, `off` leaves them."""


class TextAnalyzer:
    """Finds places in texts; may be used from several threads. It keeps no text.

    Raises ConfigError for a wrong `recognizers.yaml`, or for `models="on"` without the extra `nlp`.
    """

    def __init__(self, options: TextOptions | None = None) -> None:
        self._options = options or TextOptions()
        self._detectors = tuple(
            each for each in default_registry(self._options.recognizers) if self._wanted(each.entity)
        )
        self._context = FieldContext("string", self._options.regions)
        self._models = load_models(self._options.models)

    def spans(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The places of each text in order, settled; offsets are code points of the text as given."""
        found: list[tuple[Span, ...]] = []
        try:
            for low in range(0, len(texts), _BATCH):
                found.extend(self._batch(texts[low : low + _BATCH]))
        finally:
            forget()
        return found

    def _batch(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        folded = [fold_with_places(text) for text in texts]
        places = detect(pa.array([each.text for each in folded], pa.string()), self._detectors, self._context)
        ruled: list[list[Span]] = [[] for _ in texts]
        rows = (places.index, places.start, places.end, places.score, places.found_by)
        for index, start, end, score, number in zip(*(each.tolist() for each in rows), strict=True):
            ruled[index].append(Span(start, end, self._detectors[number].entity, score / 100))
        modelled = read(self._models, [each.text for each in folded])
        return [
            settle(self._kept(text, agree(own, theirs) if theirs else own))
            for text, own, theirs in zip(folded, ruled, modelled, strict=True)
        ]

    def _kept(self, text: Folded, spans: Iterable[Span]) -> Iterator[Span]:
        """The spans that are asked for and sure enough, as places of the text as given."""
        for span in spans:
            if span.score >= self._options.threshold and self._wanted(span.entity):
                yield Span(*text.place(span.start, span.end), span.entity, span.score)

    def _wanted(self, entity: str) -> bool:
        return entity in self._options.entities if self._options.entities else entity not in ON_REQUEST
