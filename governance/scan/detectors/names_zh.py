"""Names of people inside Chinese texts, without a model: characters, segments, and what stands beside.

Texts are looked at in simplified characters, place for place; every candidate gets the sum of its evidence as log odds.
Scores are those odds on the scale of all detectors; a name once found is found again in its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import TEXT, FieldContext, Hits, mask
from governance.scan.detectors.chinese import familiar, foreign, native
from governance.scan.detectors.chinese.gate import Opened, gate
from governance.scan.detectors.chinese.segments import Segments, simplified
from governance.scan.lexicon_zh import NamesZh, names_zh

Scored = tuple[int, int, int]
"""Start, end, score."""

_PIECE = 4_096
"""So many characters are looked at together, so that memory stays flat."""
_LONGEST = 1_048_576
_TWO = r"[\x{4e00}-\x{9fff}]{2}"
_WEAK = 35
_DOTTED = 86
_LONG, _DENSEST, _DENSEST_RUNS = 256, 1.5, 0.9
"""A long text with more candidates or more of foreign names to a character is no language."""


@dataclass(frozen=True, slots=True)
class ChineseNames:
    """Finds names in texts of five characters and more; shorter ones are whole values, which `person` knows."""

    name: str = "person_chinese"
    """As `Detector.name`."""
    entity: str = "PERSON"
    """As `Detector.entity`."""
    chance: float = 0.0
    """As `Detector.chance`."""
    types: frozenset[str] = TEXT
    """As `Detector.types`."""
    digits: int = 0
    """As `Detector.digits`."""
    foreign: bool = True
    """A value that another detector explains as a whole is no text with names in it."""
    prefilter: str = rf"(?s){_TWO}.{{3}}|.{_TWO}.{{2}}|.{{2}}{_TWO}.|.{{3}}{_TWO}"
    """Two Chinese characters in a row, among five signs."""

    def find(self, values: pa.Array, _context: FieldContext) -> Hits:
        """As `Detector.find`."""
        chosen = np.flatnonzero(mask(values, self.prefilter))
        if not len(chosen):
            return Hits.of(self.entity, ())
        texts = values.take(pa.array(chosen)).to_pylist()
        return Hits.of(self.entity, ((int(chosen[number]), *each) for number, each in _names(texts)))


def names_in(text: str) -> list[Scored]:
    """The names in one text, in order, none across another."""
    return [each for _, each in _names([text])]


def _names(texts: Sequence[str]) -> Iterator[tuple[int, Scored]]:
    """The number of a text and a name in it, in order."""
    tables = names_zh()
    pieces = [
        (number, low, text[low : low + _PIECE])
        for number, text in enumerate(texts)
        for low in range(0, min(len(text), _LONGEST), _PIECE)
    ]
    for opened in gate().open([piece for _, _, piece in pieces]):
        number, low, piece = pieces[opened.number]
        for start, end, score in _apart(_in_piece(simplified(piece), opened, tables)):
            yield number, (low + start, low + end, score)


def _in_piece(text: str, opened: Opened, tables: NamesZh) -> list[Scored]:
    shapes = native.candidates(text, opened.candidates, opened.doubled, tables)
    runs = foreign.runs(text) if opened.others else []
    if len(text) >= _LONG:
        shapes = shapes if len(shapes) <= _DENSEST * len(text) else []
        runs = runs if sum(end - start for start, end in runs) <= _DENSEST_RUNS * len(text) else []
    segments = Segments(text)
    found = [*_native(segments, shapes, runs, tables), *_foreign(segments, runs, tables)]
    if opened.others:
        found.extend(familiar.familiar(segments, tables))
        found.extend((start, end, _DOTTED) for start, end in foreign.dotted(segments, tables))
    return [*found, *_again(text, found)]


def _native(
    segments: Segments, shapes: Iterable[native.Candidate], runs: Iterable[tuple[int, int]], tables: NamesZh
) -> Iterator[Scored]:
    of_place = {place: run for run in runs for place in range(*run)}
    for shape in shapes:
        run = of_place.get(shape.start) or of_place.get(shape.end - 1)
        score = _score(native.weigh(segments, shape, tables, run))
        if score:
            yield shape.start, shape.end, score


def _foreign(segments: Segments, runs: Iterable[tuple[int, int]], tables: NamesZh) -> Iterator[Scored]:
    for run in runs:
        for start, end in foreign.in_runs(run):
            score = _score(foreign.weigh(segments, start, end, run, tables))
            if score:
                yield start, end, score


def _score(weight: int) -> int:
    """Log odds times 100 as a score: even odds are 50; 0 under one in three."""
    score = 50 + round(weight * 12 / 100)
    return min(score, 88) if score >= _WEAK else 0


def _again(text: str, found: Iterable[Scored]) -> Iterator[Scored]:
    """Further places of the names that are surest, a little weaker."""
    for name, score in {
        text[start:end]: score for start, end, score in found if score >= 62 and end - start > 2
    }.items():
        place = text.find(name)
        while place >= 0:
            yield place, place + len(name), score - 5
            place = text.find(name, place + len(name))


def _apart(found: Iterable[Scored]) -> list[Scored]:
    """The best ones of those that lie across one another."""
    taken: list[Scored] = []
    covered: set[int] = set()
    for start, end, score in sorted(found, key=lambda each: (-each[2], each[0] - each[1], each[0])):
        if covered.isdisjoint(range(start, end)):
            covered.update(range(start, end))
            taken.append((start, end, score))
    return sorted(taken)


PERSON_CHINESE = ChineseNames()
