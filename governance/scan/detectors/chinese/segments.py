"""A Chinese text cut into words by the dictionary of jieba (in Rust, MIT), with the places of the cuts.

The dictionary alone is asked, without guessing of unknown words: a name that no dictionary holds then lies in single
characters, which is evidence, and nothing around it is swallowed. Words never reach across a sign, so a clause is cut
when somebody asks for a word of it, and the last few thousand clauses are remembered for the next who asks, until the
work is done and `forget` is called.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache, lru_cache

import rjieba

from governance.scan.lexicon_zh import names_zh

LONGEST = 1_048_576
"""How much of a text is read for Chinese."""
TWO_HAN = r"[\x{4e00}-\x{9fff}]{2}"
"""An RE2 expression of two Chinese characters in a row."""
_SIGNS = re.compile("[,;:!?。、，；：！？()“”《》]")
"""Signs that stand in no word; each is one itself."""
_LONG = 128
"""Clauses of more characters are not remembered."""
_CLAUSES = 4_096


class Segments:
    """A text in simplified characters and its words by where they begin and end."""

    __slots__ = ("_at", "_before", "_ends", "_filled", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends = [match.end() for match in _SIGNS.finditer(text)]
        self._filled: set[int] = set()
        self._at: dict[int, str] = {}
        self._before: dict[int, str] = {}

    def __repr__(self) -> str:
        return f"Segments({len(self.text)} characters)"

    def at(self, place: int) -> str | None:
        """The word that begins at a place; None inside a word and behind the text."""
        word = self._at.get(place)
        return self._at.get(place) if word is None and self._fill(place) else word

    def before(self, place: int) -> str | None:
        """The word that ends at a place; None inside a word and before the text."""
        word = self._before.get(place)
        return self._before.get(place) if word is None and self._fill(place - 1) else word

    def _fill(self, place: int) -> bool:
        """Cut the clause that a place lies in; False when that was done before."""
        number = bisect_right(self._ends, place)
        if number in self._filled:
            return False
        self._filled.add(number)
        start = self._ends[number - 1] if number else 0
        clause = self.text[start : self._ends[number] if number < len(self._ends) else len(self.text)]
        for word in _words(clause) if len(clause) <= _LONG else rjieba.cut(clause, False):
            self._at[start] = word
            start += len(word)
            self._before[start] = word
        return True


@lru_cache(_CLAUSES)
def _words(clause: str) -> tuple[str, ...]:
    return tuple(rjieba.cut(clause, False))


def forget() -> None:
    """Drop every clause and word that is remembered; whoever looks at texts calls it when done."""
    _words.cache_clear()
    part_of_speech.cache_clear()


def simplified(text: str) -> str:
    """A text in simplified characters, place for place."""
    return text.translate(names_zh().simplified) if _traditional().search(text) else text


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(sorted(map(chr, names_zh().simplified)))}]")


@lru_cache(maxsize=16_384)
def part_of_speech(word: str) -> str:
    """The dictionary's tag of a word, `nr` for names of people, `ns` for places; empty when it knows none."""
    if len(word) > 16:
        return ""
    tags = rjieba.tag(word, False)
    return str(tags[0][1]) if len(tags) == 1 else ""


def is_han(sign: str) -> bool:
    """Whether a sign is a Chinese character."""
    return "\u4e00" <= sign <= "\u9fff"
