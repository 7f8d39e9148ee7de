"""Words near a number: which entries they speak for, and how near they stand.

Latin words are looked up as one to four words in a row; words in other scripts inside the text, as they are written
without spaces between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

BEFORE, BEHIND = 40, 30
"""So many characters before and behind a number are looked at."""
_BEHIND_LATER = 16
"""A word behind a number counts as standing so much further off."""
_LINE = 15
"""So much further when a line or a sentence ends between."""
_LONGEST = 5
_WORD = re.compile(r"[0-9A-Za-zÀ-ž]+(?:['’.][0-9A-Za-zÀ-ž]+)*")
_LATIN = re.compile(r"[0-9A-Za-zÀ-ž' .&-]+")
_SPLIT = re.compile(r"[^0-9A-Za-zÀ-ž]+")
_BETWEEN = r"[ -/:-@\[-`{-~\n]{0,2}"
"""What may stand between two words of a phrase; a class of more signs would be too much for an automaton."""
_SPELLED = r"(?:^|[^0-9A-Za-z])[0-9A-Za-z](?:['’.][0-9A-Za-z])+(?:[^0-9A-Za-z]|$)"
"""`S.S.N.` counts as `SSN`."""
_ENDS = re.compile(r"[\n。；!?！？]|\. ")


class ContextWords:
    """Phrases, each with the entries that it speaks for."""

    def __init__(self, phrases: Mapping[str, Iterable[int]]) -> None:
        self._latin: dict[str, tuple[int, ...]] = {}
        self._other: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
        self._heads: set[str] = set()
        self.prefilter = _prefilter(phrase for phrase, entries in phrases.items() if any(each >= 0 for each in entries))
        """An RE2 expression that matches every text with a phrase that speaks for an entry."""
        self.loose = f"{_prefilter(phrases, _BETWEEN)}|{_SPELLED}"
        """An RE2 expression that matches all surroundings in which `near` finds a phrase, and others."""
        for phrase, entries in phrases.items():
            if _is_latin(phrase):
                key = _joined(phrase)
                self._latin[key] = tuple(sorted({*self._latin.get(key, ()), *entries}))
                self._heads.update(key[:size] for size in range(1, len(key) + 1))
            else:
                self._other.setdefault(phrase[0], []).append((phrase, tuple(sorted(entries))))

    def near(self, text: str, start: int, end: int) -> dict[int, float]:
        """How many characters off the nearest word of each entry stands, for the entries with one in reach."""
        found: dict[int, float] = {}
        low = max(0, start - BEFORE)
        before, behind = text[low:start].lower(), text[end : end + BEHIND].lower()
        for first, last, entries in self._places(before, cut_left=low > 0):
            off = len(before) - last + (_LINE if _ENDS.search(before, last) else 0)
            self._note(found, entries, off - (last - first) / 100)
        for first, last, entries in self._places(behind, cut_right=end + BEHIND < len(text)):
            off = first + _BEHIND_LATER + (_LINE if _ENDS.search(behind, 0, first) else 0)
            self._note(found, entries, off - (last - first) / 100)
        return found

    def spoken(self, words: Iterable[str]) -> frozenset[int]:
        """The entries that single words of a name speak for; Chinese runs are searched inside."""
        found: set[int] = set()
        for word in words:
            found.update(self._latin.get(word, ()))
            for _, _, entries in self._inside(word):
                found.update(entries)
        return frozenset(found)

    @staticmethod
    def _note(found: dict[int, float], entries: Sequence[int], off: float) -> None:
        for entry in entries:
            if off < found.get(entry, 1_000):
                found[entry] = off

    def _places(
        self, text: str, *, cut_left: bool = False, cut_right: bool = False
    ) -> Iterable[tuple[int, int, tuple[int, ...]]]:
        words = _WORD.findall(text)
        first = 1 if cut_left and words and _WORD.match(text) else 0
        count = len(words) - (1 if cut_right and words[first:] and text.endswith(words[-1]) else 0)
        heads = self._heads
        begun = [low for low in range(first, count) if words[low] in heads or not words[low].isalnum()]
        if begun and (phrases := [each for low in begun for each in self._phrases(words[low:count], low)]):
            bounds = [match.span() for match in _WORD.finditer(text)]
            for low, high, entries in phrases:
                yield bounds[low][0], bounds[high][1], entries
        if not text.isascii():
            yield from self._inside(text)

    def _phrases(self, words: Sequence[str], place: int) -> list[tuple[int, int, tuple[int, ...]]]:
        """The phrases that begin with the first of some words: the places of first and last word, and the entries."""
        found, key = [], ""
        for high, word in enumerate(words[:_LONGEST], place):
            key += word if word.isalnum() else _SPLIT.sub("", word)
            if key not in self._heads:
                break
            if entries := self._latin.get(key):
                found.append((place, high, entries))
        return found

    def _inside(self, text: str) -> Iterable[tuple[int, int, tuple[int, ...]]]:
        for place, sign in enumerate(text):
            for phrase, entries in self._other.get(sign, ()):
                if text.startswith(phrase, place):
                    yield place, place + len(phrase), entries


def _joined(phrase: str) -> str:
    return _SPLIT.sub("", phrase.lower())


def _prefilter(phrases: Iterable[str], between: str = "[ .'-]?") -> str:
    """Small on purpose: an expression that RE2 cannot hold as an automaton costs fifty times as much."""
    every = sorted(set(phrases))
    latin = [between.join(re.escape(word) for word in _SPLIT.split(each) if word) for each in every if _is_latin(each)]
    other = [re.escape(each) for each in every if not _is_latin(each)]
    spoken = rf"(?i)(?:^|[^0-9A-Za-z])(?:{'|'.join(latin)})(?:[^0-9A-Za-z]|$)"
    return "|".join([spoken, *other])


def _is_latin(phrase: str) -> bool:
    return _LATIN.fullmatch(phrase) is not None
