"""What the models read in a field of free text: so many of its texts, the same ones whatever chunks they came in.

Of all distinct wordy texts those with the smallest hashes are read. Two parts of a field merge to what the whole would
have given: each part read its own smallest, and the smallest of both are among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from governance.scan.text.models.agreement import STANDS, read
from governance.scan.text.models.base import TextModel

MOST = 100
"""So many texts of a field are read: what none of them holds is in at most 3 % of all, at 95 %. A model takes a hundred
times as long as a screen of the same text, and its word is one more beside that of the rules."""
LONGEST = 20_000
"""Only so many first characters of a text are read."""
_NO_LIMIT = 2**64 - 1
_WORDY = re.compile("(?:\\S+\\s+){4}\\S|(?:[^\u3400-\u9fff]*[\u3400-\u9fff]){10}")


@dataclass(frozen=True, slots=True)
class Readings:
    """What stands in the texts that were read; holds no text."""

    entities: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """The hash of each text, ascending, with the entities that the models found in it."""

    def merge(self, other: Readings) -> Readings:
        """The readings of both parts of a field; order has no effect."""
        return Readings(tuple(sorted({**dict(self.entities), **dict(other.entities)}.items())[:MOST]))

    @property
    def limit(self) -> int:
        """The greatest hash of a text that could still be among those that are read."""
        return self.entities[-1][0] if len(self.entities) >= MOST else _NO_LIMIT

    def count(self, entity: str) -> int:
        """How many of the texts hold an entity."""
        return sum(entity in found for _, found in self.entities)

    def share(self, entity: str) -> float:
        """The share of the texts that hold an entity; 0 when none was read."""
        return self.count(entity) / len(self.entities) if self.entities else 0.0

    def to_json(self) -> list[list[Any]]:
        """As plain data."""
        return [[number, list(found)] for number, found in self.entities]

    @classmethod
    def from_json(cls, data: list[list[Any]]) -> Readings:
        """From plain data."""
        return cls(tuple((number, tuple(found)) for number, found in data))


UNREAD = Readings()
"""What is known where no model was used."""


def read_field(texts: Sequence[str], hashes: Sequence[int], models: Sequence[TextModel]) -> Readings:
    """The readings of one part of a field, from its distinct texts and their hashes."""
    wordy = {number: text for number, text in zip(hashes, texts, strict=True) if _WORDY.search(text)} if models else {}
    chosen = sorted(wordy)[:MOST]
    found = read(models, [wordy[number][:LONGEST] for number in chosen])
    kinds = [tuple(sorted({span.entity for span in spans if span.score >= STANDS})) for spans in found]
    return Readings(tuple(zip(chosen, kinds, strict=True)))
