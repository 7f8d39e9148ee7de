"""Names of people inside texts in Latin letters, without a model: word lists, grammar, weighed surroundings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import STRONG, TEXT, FieldContext, Hits, mask
from governance.scan.detectors.latin_names.gate import Gate, make_gate
from governance.scan.detectors.latin_names.sequences import Sequence, Sequencer
from governance.scan.detectors.latin_names.weighing import Weigher
from governance.scan.lexicon_latin import latin_lexicon

_LONGEST = 65_536
_BEST = 78
_TURNED = 70
_PREFILTER = r"[A-Za-z]{2}.*[^A-Za-z].*[A-Za-z]|[A-Za-z].*[^A-Za-z].*[A-Za-z]{2}|\n"
_WHOLE = r"^\s*(?:[0-9][\w/-]* |[A-Z][A-Za-z.'-]*,? )?(?:[A-Z][A-Za-z.'-]*,? ){0,3}[A-Z][A-Za-z.'-]*\s*$"
_NO_SENTENCE = r"^\s*(?:(?:(?:Flat|Unit|Apt|Room|Suite|No)[. ]*)?[0-9][^.!?:\n]{0,80}|Mozilla/.*)$"
_GREETED = r"^\s*(?:Hi|Hey|Hello|Dear|Thanks|Mr|Mrs|Ms|Dr|Prof|Contact|Attn|Regards|Sincerely|Call|Ask|Herr|Frau)[. ,]"


@dataclass(frozen=True)
class LatinNames:
    """The detector. A value that is a name as a whole is left to `person`."""

    name: str = "person_in_text"
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
    prefilter: str = _PREFILTER
    """As `PatternDetector.prefilter`."""

    @cached_property
    def _sequencer(self) -> Sequencer:
        return Sequencer(latin_lexicon())

    @cached_property
    def _weigher(self) -> Weigher:
        return Weigher(latin_lexicon())

    @cached_property
    def _suffix(self) -> re.Pattern[str]:
        words = sorted((re.escape(each) for each in latin_lexicon().suffixes), key=len, reverse=True)
        return re.compile(rf",? (?:{'|'.join(words)})(?![A-Za-z])")

    @cached_property
    def _gate(self) -> Gate:
        return make_gate(latin_lexicon())

    def find(self, values: pa.Array, context: FieldContext) -> Hits:  # noqa: ARG002  names stand in every region
        """As `Detector.find`."""
        chosen = np.flatnonzero(
            mask(values, _PREFILTER) & ~mask(values, _NO_SENTENCE) & ~(mask(values, _WHOLE) & ~mask(values, _GREETED))
        )
        if not len(chosen):
            return Hits.of(self.entity, ())
        rest = values.take(pa.array(chosen))
        large, small = self._gate.open(rest)
        kept = np.flatnonzero(large | small)
        texts = rest.take(pa.array(kept)).to_pylist()
        places = [
            (index, start, end, score)
            for index, text, quiet in zip(chosen[kept].tolist(), texts, small[kept].tolist(), strict=True)
            for start, end, score in self.places(text[:_LONGEST], small=quiet)
            if start or end < len(text)
        ]
        return Hits.of(self.entity, places)

    def places(self, text: str, *, small: bool = True) -> list[tuple[int, int, int]]:
        """Start, end and score of the names in one text, in order; `small` looks for names without capitals too."""
        even = text.islower() or text.isupper()
        found, openings = ([], True) if even else self._sequencer.written_large(text)
        if openings and small:
            found = _merged(found, self._sequencer.written_small(text))
        if not found:
            return []
        scores = self._weigher.scores(text, found, small=even)
        return self._chosen(text, found, scores)

    def _chosen(self, text: str, found: list[Sequence], scores: list[int]) -> list[tuple[int, int, int]]:
        places: list[tuple[int, int, int]] = []
        skip = False
        for place, (each, score) in enumerate(zip(found, scores, strict=True)):
            following = found[place + 1] if place + 1 < len(found) else None
            if skip:
                skip = False
            elif following is not None and self._weigher.turned(text, each, following):
                places.append((each.start, following.end, _TURNED))
                skip = True
            elif score >= STRONG:
                places.append((each.start, self._end(text, each), min(score, _BEST)))
        return places

    def _end(self, text: str, each: Sequence) -> int:
        """Where a name ends, its `Jr.` or `MD` taken in, and the dot of an initial."""
        suffix = self._suffix.match(text, each.end) if each.last else None
        if suffix is not None:
            return suffix.end()
        return each.end + (each.last == "I" and text[each.end : each.end + 1] == ".")


def _merged(large: list[Sequence], small: list[Sequence]) -> list[Sequence]:
    """Both, by place, without the small ones that a large one covers in part."""
    taken = {place for each in large for place in range(each.start, each.end)}
    return sorted([*large, *(each for each in small if each.start not in taken)], key=lambda each: each.start)


PERSON_LATIN = LatinNames()
