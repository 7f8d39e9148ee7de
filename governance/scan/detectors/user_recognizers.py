r"""A user's own `recognizers.yaml`, in Presidio's no-code format.

recognizers:
  - name: member number
    supported_entity: MEMBER_NUMBER
    patterns: [{name: m, regex: 'M-\d{6}', score: 0.7}]
    context: [member]

No expression of a user can stop a scan. RE2 runs each one that it can run with the same matches; another that runs away
on a text made to provoke it is refused with its line; the rest has half a second for a value and five for all values
that take so long, after which it is put aside and its line is listed in `not_seen`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from governance.scan.detectors.base import NUMERIC, Detector, FieldContext, Hits, mask
from governance.scan.detectors.linear import FLAGS, linear
from governance.scan.detectors.prefilters import digits_needed, either, superset
from governance.scan.detectors.provoking import runs_away
from policies.errors import ConfigError
from policies.yaml_files import FileModel, check_model, line_of, load_yaml

_VALUE_SECONDS = 0.5
_LATE_VALUES = 10
_BOOST = 35
_BOOSTED_BELOW = 0.65


class _Pattern(FileModel):
    name: str = "pattern"
    regex: str
    score: float = Field(ge=0, le=1)

    @field_validator("regex")
    @classmethod
    def _compiles(cls, text: str) -> str:
        import regex  # type: ignore[import-untyped]  # publishes no types

        try:
            regex.compile(text)
        except regex.error:
            raise ValueError("a regular expression that compiles") from None
        return text


class _Recognizer(FileModel):
    name: str
    supported_entity: str | None = None
    supported_entities: tuple[str, ...] = ()
    supported_language: str | None = None
    supported_languages: tuple[Any, ...] = ()
    patterns: tuple[_Pattern, ...] = ()
    deny_list: tuple[str, ...] = ()
    deny_list_score: float = Field(default=1.0, ge=0, le=1)
    context: tuple[str, ...] = ()
    type: Literal["custom", "predefined"] = "custom"
    enabled: bool = True
    version: str = "0.0.1"
    country_code: str | None = None
    class_name: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> _Recognizer:
        if self.type == "custom" and not (self.supported_entity or self.supported_entities):
            raise ValueError("`supported_entity`: what the recognizer finds")
        if self.type == "custom" and not (self.patterns or self.deny_list):
            raise ValueError("`patterns` or a `deny_list`")
        return self


class _File(FileModel):
    recognizers: tuple[_Recognizer, ...]
    supported_languages: tuple[str, ...] = ()
    global_regex_flags: int = FLAGS


class _Backtracking:
    """An expression that RE2 cannot run, with half a second for each value."""

    def __init__(self, text: str, flags: int) -> None:
        import regex  # publishes no types

        self.compiled = regex.compile(text, flags)

    def finditer(self, value: str) -> Iterator[Any]:
        """Its matches. Raises TimeoutError."""
        return iter(list(self.compiled.finditer(value, timeout=_VALUE_SECONDS)))


class UserPattern:
    """One expression of a recognizer. It counts the values that take too long, and is put aside after the tenth."""

    def __init__(self, text: str, score: float, flags: int, place: str) -> None:
        self.text, self.score, self.place = text, score, place
        self._engine = linear(text, flags) or _Backtracking(text, flags)
        self._late = self._told = 0
        if isinstance(self._engine, _Backtracking) and runs_away(self._engine.compiled, text):
            raise ConfigError(
                place,
                found="a regular expression that runs for ever on some texts, and that RE2 cannot run",
                expected="one without look-around, back reference and \\b, or with one way to read each text",
                next_step="leave them out, as ends of words are looked after, or repeat no choice: `a+`, not `(a|aa)+`",
            )

    def spans(self, value: str) -> list[tuple[int, int]]:
        """Where it matches; nowhere once it is put aside, or where that takes too long."""
        if self._late >= _LATE_VALUES:
            return []
        try:
            return [match.span() for match in self._engine.finditer(value)]
        except TimeoutError:
            self._late += 1
            return []

    def was_late(self) -> bool:
        """Whether a value took too long since this was last asked, or all others were passed over."""
        found = self._late > self._told or self._late >= _LATE_VALUES
        self._told = self._late
        return found

    def begin(self) -> None:
        """Give it all its time again."""
        self._late = self._told = 0


@dataclass(frozen=True, slots=True)
class UserDetector:
    """One recognizer of the file as a columnar detector; its scores stand as they are."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    patterns: tuple[UserPattern, ...]
    """Its expressions, the deny list as the last of them."""
    context_words: frozenset[str]
    """Lower-case words that raise a weak score where the field's name or comment has one."""
    prefilter: str
    """An RE2 expression that matches every value with a hit."""
    digits: int
    """As `Detector.digits`."""
    chance: float = 0.0
    """As `Detector.chance`."""
    foreign: bool = False
    """As `Detector.foreign`."""
    particular: bool = True
    """It may tell values apart that look alike to all others."""
    types: frozenset[str] = NUMERIC
    """As `Detector.types`."""

    def find(self, values: pa.Array, context: FieldContext) -> Hits:
        """As `Detector.find`."""
        index = np.flatnonzero(mask(values, self.prefilter))
        texts = values.take(pa.array(index)).to_pylist() if len(index) else []
        near = self.entity in context.hints or bool(self.context_words & context.words)
        places: dict[tuple[int, int, int], int] = {}
        for pattern in self.patterns:
            score = round(100 * pattern.score) + (_BOOST if near and pattern.score < _BOOSTED_BELOW else 0)
            for place, text in zip(index.tolist(), texts, strict=True):
                for start, end in pattern.spans(text):
                    if start < end and _bounded(text, start, end):
                        places[place, start, end] = max(score, places.get((place, start, end), 0))
        return Hits.of(self.entity, sorted((*key, score) for key, score in places.items()))


def put_aside(detectors: Iterable[Detector]) -> frozenset[str]:
    """The lines of the expressions that took too long for values since this was last asked: `recognizers.yaml:7`."""
    return frozenset(Path(pattern.place).name for pattern in _patterns(detectors) if pattern.was_late())


def begin(detectors: Iterable[Detector]) -> None:
    """Give all expressions their time again, at the start of a scan."""
    for pattern in _patterns(detectors):
        pattern.begin()


def _patterns(detectors: Iterable[Detector]) -> Iterator[UserPattern]:
    return (pattern for each in detectors if isinstance(each, UserDetector) for pattern in each.patterns)


def read_recognizers(path: Path) -> tuple[UserDetector, ...]:
    """The custom recognizers of a file as detectors; predefined ones take part anyway.

    Raises ConfigError that names the line of the first fault.
    """
    document = load_yaml(path, error=ConfigError)
    file = check_model(_File, document, str(path), error=ConfigError)
    wanted = [(number, each) for number, each in enumerate(file.recognizers) if each.type == "custom" and each.enabled]
    names = [each.name for _, each in wanted]
    if len(set(names)) < len(names):
        raise ConfigError(
            str(path),
            found="two recognizers of one name",
            expected="each name once",
            next_step="give one of them another name",
        )
    return tuple(_detector(each, file, _Lines(path, document, number)) for number, each in wanted)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where the parts of one recognizer stand."""

    path: Path
    document: Any
    number: int

    def of(self, *steps: str | int) -> str:
        """A part as `path:line`."""
        return f"{self.path}:{line_of(self.document, ('recognizers', self.number, *steps))}"


def _detector(entry: _Recognizer, file: _File, lines: _Lines) -> UserDetector:
    flags = file.global_regex_flags
    patterns = [
        UserPattern(each.regex, each.score, flags, lines.of("patterns", number, "regex"))
        for number, each in enumerate(entry.patterns)
    ]
    if entry.deny_list:
        words = "|".join(re.escape(word) for word in sorted(entry.deny_list, key=len, reverse=True))
        patterns.append(UserPattern(words, entry.deny_list_score, flags, lines.of("deny_list")))
    return UserDetector(
        name=f"user.{entry.name}",
        entity=entry.supported_entity or entry.supported_entities[0],
        patterns=tuple(patterns),
        context_words=frozenset(word.lower() for word in entry.context),
        prefilter=either([superset(each.text) for each in patterns]),
        digits=min(digits_needed(each.text) for each in patterns),
    )


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether the place is no part of a longer word or number; a Chinese character ends both."""
    left = start > 0 and _joins(text[start - 1]) and _joins(text[start])
    right = end < len(text) and _joins(text[end]) and _joins(text[end - 1])
    return not left and not right


def _joins(character: str) -> bool:
    return character < "\u2e80" and character.isalnum()
