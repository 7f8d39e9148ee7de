"""`TextModel`: what a model of the extra `nlp` gives, and how long texts are cut for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from governance.scan.text.spans import Span

LONGEST = 262_144
"""Models look at so many first characters of a text; the detectors look at all of it."""


@runtime_checkable
class TextModel(Protocol):
    """Finds names of people, places and organizations. Loaded when it is made; may be used from several threads."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def wants(self, text: str) -> bool:
        """Whether the text holds a script it reads."""
        ...

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The places in each text, by start, with what the model thinks of each; offsets are code points."""
        ...


def pieces(text: str, longest: int, ends: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """The text in parts of at most `longest` characters with where each begins; cut behind the last of `ends`.

    Joined, the parts are the first `LONGEST` characters of the text.
    """
    start, stop = 0, min(len(text), LONGEST)
    while start < stop:
        end = min(start + longest, stop)
        if end < stop:
            cuts = [match.end() for match in ends.finditer(text, start, end)]
            end = cuts[-1] if cuts else end
        yield start, text[start:end]
        start = end
