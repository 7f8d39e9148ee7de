"""Presidio's own pattern recognizers as columnar detectors.

Presidio is imported when the first scan starts, never with `governance`. Each recognizer keeps its patterns, checksum
and context words. A pattern that says little by itself (score under 0.4, no checksum) is only run where the field's
name, its comment or the text itself holds one of those context words, as Presidio's context enhancer would ask for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import NUMERIC, FieldContext, Hits, mask
from governance.scan.detectors.prefilters import digits_needed, either, superset

REPLACED: Mapping[str, str] = {
    "CREDIT_CARD": "card.py also finds cards beside Chinese text and tells issuers apart",
    "DATE_TIME": "a date is personal only as a date of birth: birth_date.py",
    "EMAIL_ADDRESS": "email.py works beside Chinese text and asks no public suffix list",
    "IBAN_CODE": "iban.py checks the length of each country",
    "IP_ADDRESS": "ip.py refuses version numbers",
    "MAC_ADDRESS": "mac.py works beside Chinese text",
    "URL": "url.py finds only addresses with a personal part",
    "US_SSN": "national_ids.py works beside Chinese text and refuses advertised numbers",
    "UUID": "a random identifier says nothing of a person by itself",
}
"""Entities whose detector is ours, and why."""

_TIME_BOX_SECONDS = 0.5
_BOOST = 35
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
    """One pattern recognizer, Presidio's or a user's, as a columnar detector."""

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
    trusted: bool = False
    """Whether its scores stand as they are: a user's own recognizers."""
    types: frozenset[str] = NUMERIC
    """As `Detector.types`."""

    @property
    def chance(self) -> float:
        """As `Detector.chance`: a check digit lets one in ten pass."""
        return 0.12 if self.checks else 0.0

    def hinted(self, context: FieldContext) -> bool:
        """Whether the field's name or comment speaks of this entity."""
        return self.entity in context.hints or bool((self.context_words - _GENERIC) & context.words)

    @property
    def foreign(self) -> bool:
        """As `Detector.foreign`."""
        return not self.trusted

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """As `Detector.find`. A numeric column is looked at only when its name speaks of the entity."""
        hinted = self.hinted(context)
        if not hinted and (context.type in ("integer", "decimal") and not self.trusted):
            return Hits.of(self.entity, ())
        passed = mask(values, self.prefilter)
        if self.needs_context and not hinted and not self.trusted:
            passed &= mask(values, self._said)
        index = np.flatnonzero(passed)
        texts = values.take(pa.array(index)).to_pylist() if len(index) else []
        return Hits.of(self.entity, self._places(index.tolist(), texts, hinted=hinted))

    @property
    def _said(self) -> str:
        words = "|".join(re.escape(word) for word in sorted(self.context_words - _GENERIC)) or r"\z\A."
        return rf"(?i)(?:^|[^A-Za-z])(?:{words})(?:$|[^A-Za-z])"

    def _places(self, index: Sequence[int], texts: Sequence[str], *, hinted: bool) -> list[tuple[int, int, int, int]]:
        said = re.compile(self._said.replace(r"\z\A.", r"(?!)"))
        places: dict[tuple[int, int, int], int] = {}
        for pattern in self.recognizer.patterns:
            compiled = _compiled(pattern.regex, self.recognizer.global_regex_flags, ascii_only=not self.trusted)
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
                    score = self._score(text[start:end], pattern.score, said, text, hinted=hinted)
                    places[place, start, end] = max(score, places.get((place, start, end), 0))
        return sorted((*key, score) for key, score in places.items())

    def _score(self, match: str, base: float, said: re.Pattern[str], text: str, *, hinted: bool) -> int:
        verdict = self.recognizer.validate_result(match)
        if verdict is False or self.recognizer.invalidate_result(match):
            return 0
        near = hinted or (self.checks and said.search(text) is not None)
        if self.trusted:
            return round(100 * (1.0 if verdict else base)) + (_BOOST if near and base < 0.65 else 0)
        if verdict:
            return 78 if near else 45
        score = round(100 * base)
        return min(95, max(score + _BOOST, 50)) if near else min(score, 45)


def make_presidio() -> tuple[RecognizerDetector, ...]:
    """Every pattern recognizer of the installed Presidio whose entity is not one of `REPLACED`, sorted by name."""
    from presidio_analyzer import PatternRecognizer, predefined_recognizers

    made = []
    for name in sorted(dir(predefined_recognizers)):
        kind = getattr(predefined_recognizers, name)
        if not (isinstance(kind, type) and issubclass(kind, PatternRecognizer)) or kind is PatternRecognizer:
            continue
        recognizer = cast("Any", kind)()  # each of the predefined ones has defaults for all arguments
        if recognizer.supported_entities[0] not in REPLACED:
            made.append(as_detector(f"presidio.{name}", recognizer))
    return tuple(made)


def as_detector(name: str, recognizer: Any, *, trusted: bool = False) -> RecognizerDetector:
    """A recognizer as a detector."""
    from presidio_analyzer import PatternRecognizer

    checks = type(recognizer).validate_result is not PatternRecognizer.validate_result
    best = max(pattern.score for pattern in recognizer.patterns)
    return RecognizerDetector(
        name=name,
        entity=recognizer.supported_entities[0],
        recognizer=recognizer,
        prefilter=either([superset(pattern.regex, ascii_only=not trusted) for pattern in recognizer.patterns]),
        digits=min(digits_needed(pattern.regex) for pattern in recognizer.patterns),
        context_words=frozenset(word.lower() for word in recognizer.context or ()),
        needs_context=not trusted and (best < 0.4 or not checks),
        checks=checks,
        trusted=trusted,
    )


@cache
def _compiled(pattern: str, flags: int, *, ascii_only: bool) -> Any:
    r"""A pattern; with ASCII classes a Chinese character beside a digit is a boundary, which Presidio's `\b` misses."""
    import regex  # type: ignore[import-untyped]  # publishes no types

    return regex.compile(pattern, flags | (regex.ASCII if ascii_only else 0))


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether the place is no part of a longer run of ASCII letters or digits."""
    left = start > 0 and text[start - 1].isascii() and text[start - 1].isalnum() and text[start].isalnum()
    right = end < len(text) and text[end].isascii() and text[end].isalnum() and text[end - 1].isalnum()
    return not left and not right
