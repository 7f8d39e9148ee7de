"""Presidio's own pattern recognizers as columnar detectors.

Presidio is imported when the first scan starts, never with `governance`. Each recognizer keeps its patterns, checksum
and context words. A pattern that says little by itself (score under 0.4, no checksum) is only run where the field's
name, its comment or the text itself holds one of those context words. One of them within five words before a match adds
what Presidio's context enhancer adds. `governance.scan.presidio` runs the same recognizers exactly as Presidio does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import NUMERIC, FieldContext, Hits, mask
from governance.scan.detectors.prefilters import digits_needed, either, superset
from governance.scan.presidio.recognizers import pattern_recognizers

_TIME_BOX_SECONDS = 0.5
_BOOST = 35
_NEAR, _WORDS_BEFORE = 60, 5
_NUMBER = re.compile(r"\\d\{\d+\}(?:\[-\]\?|-)?\\d\{\d+\}")
"""Patterns of two groups of digits that say nothing of what stands around; such a match is refused later."""
_GENERIC = frozenset(
    [
        "id",
        "number",
        "no",
        "code",
        "account",
        "name",
        "date",
        "card",
        "type",
        "bank",
        "check",
        "save",
        "debit",
        "us",
        "in",
        "au",
        "uk",
        "sg",
        "state",
        "key",
    ]
)


@dataclass(frozen=True, slots=True)
class RecognizerDetector:
    """One pattern recognizer of Presidio as a columnar detector."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    recognizer: Any
    """The `PatternRecognizer`."""
    prefilter: str
    """An RE2 expression that matches every value with a hit."""
    context_words: frozenset[str]
    """Lower-case words that make a weak match believable."""
    needs_context: bool
    """Whether it is run only where a context word stands."""
    checks: bool
    """Whether it has a checksum."""
    digits: int = 0
    """As `Detector.digits`."""
    types: frozenset[str] = NUMERIC
    """As `Detector.types`."""
    foreign: bool = True
    """As `Detector.foreign`."""

    @property
    def chance(self) -> float:
        """As `Detector.chance`: a check digit lets one in ten pass."""
        return 0.12 if self.checks else 0.0

    def hinted(self, context: FieldContext) -> bool:
        """Whether the field's name or comment speaks of this entity."""
        return self.entity in context.hints or bool((self.context_words - _GENERIC) & context.words)

    def insists(self, context: FieldContext) -> bool:
        """Whether only values that hold one of its words are of use to it."""
        return self.needs_context and not self.hinted(context)

    def looks_at(self, context: FieldContext) -> bool:
        """Whether it looks at a field: at a numeric one only when its name speaks of the entity."""
        return context.type not in ("integer", "decimal") or self.hinted(context)

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """As `Detector.find`."""
        if not self.looks_at(context):
            return Hits.of(self.entity, ())
        hinted = self.hinted(context)
        index = np.flatnonzero(mask(values, self.prefilter))
        if len(index) and self.insists(context):
            index = index[mask(values.take(pa.array(index)), self.words)]
        texts = values.take(pa.array(index)).to_pylist() if len(index) else []
        return Hits.of(self.entity, self._places(index.tolist(), texts, hinted=hinted))

    @property
    def words(self) -> str:
        """An RE2 expression of its context words; matches nothing when it has none."""
        words = "|".join(re.escape(word) for word in sorted(self.context_words - _GENERIC)) or r"\z\A."
        return rf"(?i)(?:^|[^A-Za-z])(?:{words})(?:$|[^A-Za-z])"

    def _places(self, index: Sequence[int], texts: Sequence[str], *, hinted: bool) -> list[tuple[int, int, int, int]]:
        said = re.compile(self.words.replace(r"\z\A.", r"(?!)"))
        places: dict[tuple[int, int, int], int] = {}
        for pattern in self.recognizer.patterns:
            compiled = _compiled(pattern.regex, self.recognizer.global_regex_flags)
            late = 0
            for place, text in zip(index, texts, strict=True):
                if late >= 3:
                    break
                try:
                    matches = [match.span() for match in compiled.finditer(text, timeout=_TIME_BOX_SECONDS)]
                except TimeoutError:
                    late += 1
                    continue
                for start, end in matches:
                    if start == end or not _bounded(text, start, end):
                        continue
                    near = hinted or said.search(_before(text, start)) is not None
                    score = self._score(text[start:end], pattern.score, near=near, hinted=hinted)
                    places[place, start, end] = max(score, places.get((place, start, end), 0))
        return sorted((*key, score) for key, score in places.items())

    def _score(self, match: str, base: float, *, near: bool, hinted: bool) -> int:
        verdict = self.recognizer.validate_result(match)
        if verdict is False or self.recognizer.invalidate_result(match):
            return 0
        if verdict:
            return 78 if near else 45
        score = round(100 * base)
        return min(95, max(score + _BOOST, 50 if hinted else 40)) if near else min(score, 45)


def make_presidio() -> tuple[RecognizerDetector, ...]:
    """Every pattern recognizer of the installed Presidio that did not give way to ours, sorted by name."""
    return tuple(as_detector(f"presidio.{type(each).__name__}", each) for each in pattern_recognizers())


def as_detector(name: str, recognizer: Any) -> RecognizerDetector:
    """A recognizer as a detector."""
    from presidio_analyzer import PatternRecognizer

    checks = type(recognizer).validate_result is not PatternRecognizer.validate_result
    best = max(pattern.score for pattern in recognizer.patterns)
    return RecognizerDetector(
        name=name,
        entity=recognizer.supported_entities[0],
        recognizer=recognizer,
        prefilter=either([_prefilter(pattern.regex) for pattern in recognizer.patterns]),
        digits=min(digits_needed(pattern.regex) for pattern in recognizer.patterns),
        context_words=frozenset(word.lower() for word in recognizer.context or ()),
        needs_context=best < 0.4 or not checks,
        checks=checks,
    )


def _prefilter(pattern: str) -> str:
    """An RE2 expression for a pattern; one that is digits at both ends is only sought where a number is not longer."""
    widened = superset(pattern, ascii_only=True)
    if not _NUMBER.fullmatch(pattern):
        return widened
    return rf"(?:^|[^0-9A-Za-z]){widened}(?:[^0-9A-Za-z]|$)"


@cache
def _compiled(pattern: str, flags: int) -> Any:
    r"""A pattern; with ASCII classes a Chinese character beside a digit is a boundary, which Presidio's `\b` misses."""
    import regex  # type: ignore[import-untyped]  # publishes no types

    return regex.compile(pattern, flags | regex.ASCII)


def _before(text: str, start: int) -> str:
    """The five words before a place; a run of Chinese has no words and counts by its length."""
    return " ".join(text[max(0, start - _NEAR) : start].split()[-_WORDS_BEFORE:]) + " "


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether the place is no part of a longer run of ASCII letters or digits."""
    left = start > 0 and text[start - 1].isascii() and text[start - 1].isalnum() and text[start].isalnum()
    right = end < len(text) and text[end].isascii() and text[end].isalnum() and text[end - 1].isalnum()
    return not left and not right
