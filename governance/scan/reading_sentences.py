"""Read the long texts of one part of a column: a few whole, the others as far as a screen asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from governance.scan.detection import panel_of
from governance.scan.detectors.base import STRONG as STRONG_SCORE
from governance.scan.detectors.base import SURE as SURE_SCORE
from governance.scan.detectors.base import Detector, FieldContext
from governance.scan.makeup import Makeup, Numbers, Truth
from governance.scan.sentences import (
    COUNTED,
    MOST,
    REFUSED,
    SAMPLED,
    STRONG,
    SURE,
    WEAK,
    Seen,
    Sentences,
    code_of,
    kept,
    quality_of,
)
from governance.scan.sketch import Hashes
from governance.scan.tallying import Looked, marks
from governance.scan.text.models.readings import UNREAD, Readings

_LEAST_BYTES = 40
_SPACES, _HAN = 4, 10
_NO_LIMIT = 2**64 - 1


def are_sentences(makeup: Makeup) -> Truth:
    """Which values are long texts; a look at one value tells."""
    return (makeup.size >= _LEAST_BYTES) & ((makeup.spaces >= _SPACES) | (makeup.han >= _HAN))


@dataclass(slots=True)
class Horizon:
    """How far the parts of one reading of a column have been looked into: hashes beyond which nothing can be kept.

    A later part leaves out what lies beyond; merged, the parts give the same.
    """

    read: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    """The smallest hashes of texts that were read whole."""
    counted: dict[str, Hashes] = field(default_factory=dict)
    """By entity: the smallest hashes of texts that hold it."""
    modelled: Readings = UNREAD
    """What models read."""

    def nearest(self, hashes: Hashes, most: int) -> Numbers:
        """The texts of the next part that are among the `most` smallest of all parts so far, by hash."""
        self.read = np.unique(np.concatenate([self.read, hashes]))[:most]
        rows = np.flatnonzero(hashes <= self.read[-1]) if len(self.read) else np.empty(0, np.int64)
        return rows[np.argsort(hashes[rows], kind="stable")]

    def limit(self, entity: str) -> np.uint64:
        """No text with a greater hash counts for an entity."""
        known = self.counted.get(entity)
        return np.uint64(_NO_LIMIT) if known is None or len(known) < COUNTED else known[-1]

    def count(self, entity: str, hashes: Hashes) -> None:
        """Note texts that hold an entity."""
        known = self.counted.get(entity, np.empty(0, np.uint64))
        self.counted[entity] = np.unique(np.concatenate([known, hashes]))[:COUNTED]


class Reading:
    """One part of one column."""

    def __init__(
        self, looked: Looked, detectors: Sequence[Detector], context: FieldContext, unshown: frozenset[str]
    ) -> None:
        self._looked, self._context, self._unshown = looked, context, unshown
        self._detectors = tuple(detectors)
        self._panel = panel_of(self._detectors)
        self._codes: dict[int, dict[str, int]] = {}
        self._shapes: dict[str, list[tuple[int, str]]] = {}
        self._entities = self._panel.screen.entities
        self._suspected: dict[str, set[int]] = {}

    def sentences(self, horizon: Horizon) -> Sentences:
        """What is kept of it; `horizon` is moved."""
        hashes, counts = self._looked.hashes, self._looked.counts
        sample = horizon.nearest(hashes, MOST)
        self._read(sample)
        self._note(horizon, sample.tolist())
        suspects = self._suspects(horizon)
        self._suspected = {each: set(rows.tolist()) for each, rows in suspects.items()}
        self._note(horizon, list(self._codes))
        while len(rows := self._next(suspects, horizon)):
            self._read(rows)
            self._note(horizon, rows.tolist())
        counted: dict[str, list[Seen]] = {}
        for row, codes in self._codes.items():
            for entity in self._counts(row):
                counted.setdefault(entity, []).append((int(hashes[row]), int(counts[row]), codes[entity]))
        texts = [
            (int(hashes[row]), int(counts[row]), tuple(sorted(self._codes[row].items()))) for row in sample.tolist()
        ]
        return kept(int(counts.sum()), texts, counted, self._shapes)

    def _counts(self, row: int) -> list[str]:
        """The entities for which a text that was read counts; for one that is sampled, only a user's own finds do."""
        return [
            each
            for each, code in self._codes[row].items()
            if quality_of(code) >= STRONG
            and each in self._entities
            and (each not in SAMPLED or row in self._suspected.get(each, ()))
        ]

    def _suspects(self, horizon: Horizon) -> dict[str, Numbers]:
        """By entity, the texts not read yet in which its detectors see a strong hit, smallest hashes first."""
        looked, unread = self._looked, np.ones(len(self._looked.counts), np.bool_)
        unread[list(self._codes)] = False
        wanted = {
            each: (unread | (each in SAMPLED)) & (looked.hashes <= horizon.limit(each))
            for each in sorted(self._entities)
        }
        if not any(each.any() for each in wanted.values()):
            return {}
        found = self._panel.screen.strong(looked.values, looked.makeup, wanted, self._context)
        return {each: rows[np.argsort(looked.hashes[rows], kind="stable")] for each, rows in found.items()}

    def _next(self, suspects: dict[str, Numbers], horizon: Horizon) -> Numbers:
        """The suspects to be read next: of each entity as many as are still asked for."""
        chosen = [np.empty(0, np.int64)]
        for entity, rows in suspects.items():
            left = [row for row in rows.tolist() if row not in self._codes]
            near = [row for row in left if self._looked.hashes[row] <= horizon.limit(entity)]
            chosen.append(np.array(near[:COUNTED], np.int64))
            suspects[entity] = np.array(near, np.int64)
        return np.unique(np.concatenate(chosen))

    def _read(self, rows: Numbers) -> None:
        """Read some texts whole."""
        if not len(rows):
            return
        part = self._looked.take(rows)
        places = self._panel.looked(part.values, part.makeup, self._context)
        self._codes.update({row: {} for row in rows.tolist()})
        for mark in marks(places, part, self._detectors, self._unshown):
            quality = np.select(
                [mark.best == 0, mark.best < STRONG_SCORE, mark.best < SURE_SCORE], [REFUSED, WEAK, STRONG], SURE
            )
            told = zip(rows[mark.rows].tolist(), quality.tolist(), mark.whole.tolist(), strict=True)
            for row, best, whole in told:
                self._codes[row][mark.entity] = code_of(best, whole=whole, chance=mark.chance)
            self._shapes.setdefault(mark.entity, []).extend(mark.shapes(part))

    def _note(self, horizon: Horizon, rows: Iterable[int]) -> None:
        found: dict[str, list[int]] = {}
        for row in rows:
            for entity in self._counts(row):
                found.setdefault(entity, []).append(row)
        for entity, some in found.items():
            horizon.count(entity, self._looked.hashes[np.array(some, np.int64)])
