"""Cut a text into sequences of words that may be one name each: `Emily Božić`, `J. R. Smith`, `Donald van der Voet`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from governance.scan.lexicon_latin import (
    COMMON,
    COMMON_SURNAME,
    GIVEN,
    NEVER,
    ORDINARY,
    SURNAME,
    WORD,
    LatinLexicon,
    bare,
)

_CODES = (*range(0x41, 0x5B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00))
_UPPER = "".join(chr(code) for code in _CODES if chr(code).isupper())
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ\u0300-\u036f"
_TAIL = rf"[{_LETTER}]*(?:['’`](?!s(?![{_LETTER}]))[{_LETTER}]+|-[{_LETTER}]+)*"
_BEFORE = rf"(?<![{_LETTER}0-9_@#/\\&])"
_MOST = 7
_LONGEST = 24
_FLAGS = 256
_SHORT = 3

_WORDS = re.compile(rf"{_BEFORE}[{_LETTER}]{_TAIL}")
_GAPS = (" ", "  ", ". ", ".", " '")


class Part(NamedTuple):
    """One word."""

    start: int
    """First code point."""
    end: int
    """One behind the last."""
    kind: str
    """A letter of the pack's `forms`, `p` for a particle, empty for what is no part of a name."""
    key: str
    """The word, bare."""


class Sequence(NamedTuple):
    """Words beside each other that may be one name."""

    start: int
    """First code point."""
    end: int
    """One behind the last."""
    first: str
    """The kind of the first part."""
    last: str
    """The kind of the last part; empty when there is one part."""
    keys: tuple[str, ...]
    """Its parts, bare, without particles."""


def _kind_of(flags: int) -> str:
    """The letter of a word with these flags that stands alone or first."""
    if flags & NEVER:
        return ""
    if flags & COMMON:
        return "g" if flags & ORDINARY else "G" if flags & WORD else "C"
    if flags & GIVEN:
        return "g" if flags & WORD else "G"
    if flags & SURNAME:
        return "s" if flags & WORD else "S"
    return ""


_KINDS = tuple(_kind_of(flags) for flags in range(_FLAGS))


class Sequencer:
    """Finds sequences; holds the word lists and no text."""

    def __init__(self, words: LatinLexicon) -> None:
        self._words = words
        self._flags = words.flags
        self._particles = words.particles
        particles = "|".join(sorted((re.escape(each) for each in words.particles), key=len, reverse=True))
        gap = rf"(?:\.? {{1,2}}(?:(?:{particles}) ){{0,3}}(?:(?:al|el|ul)-|d['’])?|\.)"
        capital = rf"[{_UPPER}]{_TAIL}"
        self._runs = re.compile(rf"{_BEFORE}{capital}((?:{gap}{capital}){{1,{_MOST}}})?")
        self._ends = tuple(words.surname_ends)

    def written_large(self, text: str) -> tuple[list[Sequence], bool]:
        """Sequences of words that begin with a capital; and whether such words only open sentences."""
        found: list[Sequence] = []
        openings = True
        known_of = self._flags.get
        for run in self._runs.finditer(text):
            start, end = run.span()
            if openings and end - start > 1 and not _opens(text, start):
                openings = False
            if run[1] is not None:
                found.extend(self._cut(text, self._parts(_split(text, start, end))))
                continue
            word = run[0].lower()
            known = known_of(word)
            kind = self._kind(word) if known is None else _KINDS[known]
            if kind and kind != "I" and not _joined(text, end):
                found.append(Sequence(start, end, kind, "", (word if known else bare(word),)))
        return found, openings

    def written_small(self, text: str) -> list[Sequence]:
        """Sequences in a text whose letters are all small or all large, or that has capitals at its openings only.

        They begin with a given name that is no word of the language.
        """
        every = list(_WORDS.finditer(text))
        found: list[Sequence] = []
        place, known_of = 0, self._flags.get
        while place < len(every):
            known = known_of(every[place][0].lower(), 0)
            told = not known & NEVER and _told_by_name(every, place) and bool(self._kind(every[place][0]))
            if not told and (not known & GIVEN or known & (WORD | NEVER) or not _alone(text, every[place])):
                place += 1
                continue
            chosen = [every[place], *self._followers(text, every, place)]
            found.extend(self._made(text, self._parts((each[0], *each.span()) for each in chosen)))
            place += len(chosen)
        return found

    def _followers(self, text: str, every: list[re.Match[str]], place: int) -> list[re.Match[str]]:
        """Words behind a given name that may belong to it: particles and at most two others."""
        chosen: list[re.Match[str]] = []
        others, end = 0, every[place].end()
        for match in every[place + 1 : place + 6]:
            if text[end : match.start()] not in _GAPS:
                break
            particle = match[0].lower() in self._particles
            if not particle and (others == 2 or not self._follows(match[0])):
                break
            others += not particle
            end = match.end()
            chosen.append(match)
        return chosen

    def _follows(self, word: str) -> bool:
        """Whether a word may be the second part of a name in a text that does not use capitals."""
        known = self._flags.get(bare(word))
        if known is None:
            return bool(self._kind(word))
        return bool(_KINDS[known]) and (not known & ORDINARY or bool(known & COMMON_SURNAME))

    def _parts(self, words: Iterable[tuple[str, int, int]]) -> list[Part]:
        parts: list[Part] = []
        for word, start, end in words:
            if parts and word in self._particles:
                parts.append(Part(start, end, "p", word))
                continue
            key = bare(word)
            kind = self._kind(word, key)
            if not kind and parts and parts[-1].kind == "p" and word[0].isupper():
                kind = "U"
            parts.append(Part(start, end, kind, key))
        return parts

    def _cut(self, text: str, parts: list[Part]) -> Iterator[Sequence]:
        """Sequences without the words in between that are no part of a name."""
        current: list[Part] = []
        for part in parts:
            if current and (not part.kind or _parted(text, current[-1], part)):
                yield from self._made(text, current)
                current = []
            if part.kind and (current or part.kind != "p"):
                current.append(part)
        yield from self._made(text, current)

    def _made(self, text: str, parts: list[Part]) -> Iterator[Sequence]:
        """The sequence of some parts, without what cannot begin or end a name."""
        while parts and (parts[-1].kind == "p" or (parts[-1].kind == "I" and text[parts[-1].end :][:1] != ".")):
            parts = parts[:-1]
        if len(parts) > 1 and parts[0].kind == "U" and parts[1].kind in "CG" and _opens(text, parts[0].start):
            parts = parts[1:]
        if not parts or all(part.kind == "I" for part in parts) or _joined(text, parts[-1].end):
            return
        keys = tuple(part.key for part in parts if part.kind != "p")
        last = self._as_last(parts[-1]) if len(keys) > 1 else ""
        yield Sequence(parts[0].start, parts[-1].end, parts[0].kind, last, keys)

    def _as_last(self, part: Part) -> str:
        known = self._flags.get(part.key, 0)
        if not known & SURNAME:
            return part.kind
        return "s" if known & ORDINARY else "S"

    def _kind(self, word: str, key: str = "") -> str:
        """The letter of a word alone; empty when it is no part of a name."""
        if len(word) == 1:
            return "I"
        key = key or bare(word)
        known = self._flags.get(key)
        if known is not None:
            return _KINDS[known]
        if "-" in key:
            kinds = [self._kind(each) for each in key.split("-", 1) if each]
            return kinds[0] if kinds and all(kinds) else ""
        if not _SHORT <= len(key) <= _LONGEST:
            return ""
        return "S" if len(key) > 5 and key.endswith(self._ends) else "U"


def _split(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The words of a run."""
    run = text[start:end]
    if "." in run or "'" in run or "  " in run:
        yield from ((match[0], *match.span()) for match in _WORDS.finditer(text, start, end))
        return
    for word in run.split(" "):
        yield word, start, start + len(word)
        start += len(word) + 1


def _opens(text: str, start: int) -> bool:
    """Whether a word stands at the beginning of a sentence or a line."""
    before = text[max(0, start - 4) : start].rstrip(" \"'“‘(*>-")
    return not before or before[-1] in ".!?:;\n…"


def _alone(text: str, match: re.Match[str]) -> bool:
    """Whether a word is long enough to be a name in small letters, and no part of an address."""
    return match.end() - match.start() > _SHORT and not _joined(text, match.end())


def _told_by_name(every: list[re.Match[str]], place: int) -> bool:
    """Whether the words before are `name is`."""
    return place > 1 and every[place - 1][0].lower() == "is" and every[place - 2][0].lower() == "name"


def _joined(text: str, end: int) -> bool:
    """Whether a word goes on as an address or an identifier."""
    behind = text[end : end + 2]
    return behind[:1] in ("@", "_") or (behind[:1] == "." and behind[1:].islower())


def _parted(text: str, before: Part, part: Part) -> bool:
    """Whether a full stop parts two words."""
    return before.kind != "I" and "." in text[before.end : part.start]
