"""`Screen`: which texts may hold something that identifies by itself, told without reading them whole.

A text is shown to the detectors of such entities alone, and to most of them only where it holds a word that they insist
on: without one, what a foreign recognizer finds in a text is never strong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import STRONG, Detector, FieldContext
from governance.scan.detectors.identifiers.detector import IdentifierDetector
from governance.scan.detectors.presidio_patterns import RecognizerDetector
from governance.scan.makeup import Makeup, Numbers, Truth, some
from governance.scan.mentions import Mentions
from governance.scan.needs import Need
from governance.scan.prefiltering import passing
from governance.scan.sentences import SAMPLED

_NOBODY: Numbers = np.empty(0, np.int64)


class Screen:
    """The detectors of what identifies by itself. Holds no text."""

    def __init__(self, detectors: Sequence[Detector], needs: Sequence[Need]) -> None:
        chosen = [number for number, each in enumerate(detectors) if _identifies(each)]
        self._detectors = {number: detectors[number] for number in chosen}
        self._needs = {number: needs[number] for number in chosen}
        self._mentions = Mentions(
            {number: each.words for number, each in self._detectors.items() if isinstance(each, RecognizerDetector)}
        )

    @property
    def entities(self) -> frozenset[str]:
        """What is screened for."""
        return frozenset(each.entity for each in self._detectors.values())

    def strong(
        self, values: pa.Array, makeup: Makeup, wanted: Mapping[str, Truth], context: FieldContext
    ) -> dict[str, Numbers]:
        """By entity, the values in which one of its detectors sees a strong hit; `wanted` are those to be looked at."""
        found: dict[str, list[Numbers]] = {}
        for number, rows, shown in self._shown(values, makeup, wanted, context):
            hits = self._detectors[number].find(shown, context)
            strong = hits.index[hits.score >= STRONG]
            if len(strong):
                found.setdefault(self._detectors[number].entity, []).append(rows[strong])
        return {entity: np.unique(np.concatenate(parts)) for entity, parts in found.items()}

    def _shown(
        self, values: pa.Array, makeup: Makeup, wanted: Mapping[str, Truth], context: FieldContext
    ) -> Iterator[tuple[int, Numbers, pa.Array]]:
        """Each detector with the values that it has to be shown; the family of identifiers is shown one column."""
        extent = makeup.extent()
        able = {
            number: each
            for number, each in self._detectors.items()
            if context.type in each.types and self._needs[number].may_be_met(extent) and wanted[each.entity].any()
        }
        spoken = [
            number for number, each in able.items() if isinstance(each, RecognizerDetector) and not each.hinted(context)
        ]
        mentioned = self._mentions.rows(values, spoken)
        family = [each.entity for each in able.values() if isinstance(each, IdentifierDetector)]
        shared = np.flatnonzero(np.logical_or.reduce([wanted[entity] for entity in family])) if family else _NOBODY
        shared_values = some(values, shared)
        told = passing(
            values, {number: _expression(each, context) for number, each in able.items() if number not in mentioned}
        )
        for number, each in able.items():
            if number in mentioned:
                rows = mentioned[number][wanted[each.entity][mentioned[number]]]
            elif isinstance(each, IdentifierDetector):
                if len(shared):
                    yield number, shared, shared_values
                continue
            else:
                met = wanted[each.entity] & self._needs[number].met(makeup)
                rows = np.flatnonzero(met & told[number] if number in told else met)
            if len(rows):
                yield number, rows, some(values, rows)


def _expression(detector: Detector, context: FieldContext) -> str:
    """Matches every value with a strong hit; empty where none is known."""
    alone = "" if detector.entity in context.hints else getattr(detector, "alone", "")
    return str(alone or getattr(detector, "prefilter", ""))


def _identifies(detector: Detector) -> bool:
    return detector.entity not in SAMPLED or bool(getattr(detector, "particular", False))
