"""`PatternEngine`: what Presidio's `AnalyzerEngine` finds by patterns, without running each pattern on each text.

A pattern that may match is run as Presidio runs it: by `regex` with the recognizer's flags, each match shown to the
recognizer's own `validate_result` and `invalidate_result`, duplicates removed first within the recognizer, then over
all. Where a validator of Presidio raises, on digits that Python does not know for example, its engine gives no answer
for the text; here that match is refused and the rest is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from governance.scan.presidio.prefilter import Prefilter

Hit = tuple[int, int, str, float]
"""First code point, one behind the last, entity, score from 0 to 1."""

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One pattern of a recognizer."""

    owner: int
    """Which recognizer."""
    search: Any
    """The compiled expression's `finditer`."""
    score: float
    """What a match is worth before it is validated."""


class PatternEngine:
    """Finds in texts what these pattern recognizers find, with the same scores; may be used from several threads.

    Context words do not count here, as in Presidio without a language model. Raises ValueError for a recognizer whose
    `analyze` is its own.
    """

    def __init__(self, recognizers: Sequence[Any]) -> None:
        self._recognizers = tuple(recognizers)
        self._patterns = [each for owner, one in enumerate(self._recognizers) for each in _patterns(owner, one)]
        self._prefilter = Prefilter([each.regex for one in self._recognizers for each in one.patterns])

    def analyze(self, texts: Iterable[str]) -> list[list[Hit]]:
        """The hits of each text in order, by entity and place; scores are over 0."""
        return [self._text(text) for text in texts]

    def _text(self, text: str) -> list[Hit]:
        chosen = self._prefilter.patterns(text)
        if not chosen:
            return []
        found: list[Hit] = []
        for owner, patterns in groupby((self._patterns[number] for number in chosen), key=lambda each: each.owner):
            hits = [hit for pattern in patterns for hit in self._matches(pattern, self._recognizers[owner], text)]
            found += settled(hits) if len(hits) > 1 else hits
        return settled(found) if len(found) > 1 else found

    def _matches(self, pattern: _Pattern, recognizer: Any, text: str) -> Iterator[Hit]:
        entity = recognizer.supported_entities[0]
        try:
            for match in pattern.search(text, timeout=_SECONDS):
                start, end = match.span()
                if start == end:
                    continue
                score = _score(recognizer, text[start:end], pattern.score)
                if score > 0:
                    yield start, end, entity, score
        except TimeoutError:
            return


def _patterns(owner: int, recognizer: Any) -> Iterator[_Pattern]:
    import regex  # type: ignore[import-untyped]  # publishes no types
    from presidio_analyzer import PatternRecognizer

    if type(recognizer).analyze is not PatternRecognizer.analyze:
        raise ValueError(f"{type(recognizer).__name__} does more than run patterns")
    for pattern in recognizer.patterns:
        compiled = regex.compile(pattern.regex, flags=recognizer.global_regex_flags)
        yield _Pattern(owner, compiled.finditer, pattern.score)


def _score(recognizer: Any, match: str, score: float) -> float:
    try:
        verdict = recognizer.validate_result(match)
        if verdict is not None:
            score = 1.0 if verdict else 0.0
        return 0.0 if recognizer.invalidate_result(match) else score
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return 0.0


def settled(hits: Iterable[Hit]) -> list[Hit]:
    """The hits without equal ones and without those that lie inside one of their entity that is no less sure.

    Best scores first, then by place, as Presidio gives them.
    """
    kept: list[Hit] = []
    active: list[Hit] = []
    for hit in sorted(set(hits), key=lambda each: (each[2], each[0], each[0] - each[1], -each[3])):
        start, end, entity, score = hit
        active = [each for each in active if each[2] == entity and each[1] >= start]
        if not any(end <= high and score <= best for _, high, _, best in active):
            kept.append(hit)
            active.append(hit)
    return sorted(kept, key=lambda each: (-each[3], each[0], each[0] - each[1]))
