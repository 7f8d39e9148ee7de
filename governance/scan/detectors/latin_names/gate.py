"""Which texts of a column may hold a name: all their words are looked up at once, as sums of random numbers.

A word becomes a 64-bit sum of one random number for each letter and place, so that no string is made for it. Two words
may share a sum; then a text is read that need not be, and nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.scan.lexicon_latin import GIVEN, NAME, NEVER, SURNAME, WORD, LatinLexicon

Truth = npt.NDArray[np.bool_]
Sums = npt.NDArray[np.uint64]

_LONGEST = 32
_SIGNS = 27
_OTHER = 27
_ACCENTS = (0xC3, 0xCA)
_VIETNAMESE = 0xE1
_BITS = 22


@dataclass(frozen=True, slots=True)
class Gate:
    """Sums of the words that matter; holds no text."""

    names: Truth
    """By the first bits of a sum: whether it may be a name that needs nothing before it."""
    doubtful: Truth
    """Whether it may be a surname that is another word too."""
    listed: Truth
    """Whether it may be any word of the lists."""
    small: Truth
    """Whether it may be a given name that is no other word."""
    before: Truth
    """Whether it may be a word that announces a name."""

    def open(self, values: pa.Array) -> tuple[Truth, Truth]:
        """Texts that may hold a name with a capital, and texts that may hold one in small letters."""
        values = values.cast(pa.large_string())
        offsets = np.frombuffer(values.buffers()[1], np.int64)[values.offset : values.offset + len(values) + 1]
        signs = np.frombuffer(values.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
        bounds = offsets - offsets[0]
        if not len(signs):
            return np.zeros(len(values), np.bool_), np.zeros(len(values), np.bool_)
        codes = _CODES[signs]
        starts, sums, lengths = _words(codes, bounds)
        slots = (sums >> np.uint64(64 - _BITS)).astype(np.int64)
        large = (signs[starts] >= ord("A")) & (signs[starts] <= ord("Z"))
        led = _behind(self.before[slots] | (large & (lengths == 1)))
        told = _behind((sums == _IS) & _behind(sums == _NAME))
        telling = large & (self.names[slots] | ((~self.listed[slots] | self.doubtful[slots]) & led))
        accents = ((signs >= _ACCENTS[0]) & (signs < _ACCENTS[1])) | (signs == _VIETNAMESE)
        places = np.concatenate([starts[telling], np.flatnonzero(accents)])
        named = starts[self.small[slots] | told]
        return _texts(places, bounds), _texts(np.concatenate([named, np.flatnonzero(accents)]), bounds)


def make_gate(words: LatinLexicon) -> Gate:
    """The gate of a lexicon."""
    flags = words.flags
    return Gate(
        names=_table(key for key, known in flags.items() if known & NAME and not known & NEVER and not _doubted(known)),
        doubtful=_table(key for key, known in flags.items() if _doubted(known)),
        listed=_table(flags),
        small=_table(
            key for key, known in flags.items() if known & GIVEN and not known & (WORD | NEVER) and len(key) > 3
        ),
        before=_table(word.strip(".:") for word in words.before_last),
    )


def _doubted(known: int) -> bool:
    return bool(known & SURNAME and known & WORD and not known & GIVEN)


def _behind(truth: Truth) -> Truth:
    """Whether it holds for the word before."""
    return np.concatenate([np.zeros(min(len(truth), 1), np.bool_), truth[:-1]])


def _words(
    codes: npt.NDArray[np.uint8], bounds: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Sums, npt.NDArray[np.int64]]:
    """Where each word begins, its sum and its length."""
    letter = codes > 0
    begins = letter.copy()
    begins[1:] &= ~letter[:-1]
    edges = bounds[:-1][bounds[:-1] < len(codes)]
    begins[edges] = letter[edges]
    starts = np.flatnonzero(begins)
    if not len(starts):
        return starts, np.zeros(0, np.uint64), starts
    order = np.cumsum(letter)
    first = order[starts] - 1
    kept = codes[letter]
    lengths = np.diff(np.append(first, len(kept)))
    place = np.arange(len(kept)) - np.repeat(first, lengths)
    return starts, np.add.reduceat(_RANDOM[np.minimum(place, _LONGEST - 1), kept], first), lengths


def _texts(places: npt.NDArray[np.int64], bounds: npt.NDArray[np.int64]) -> Truth:
    """Which texts the places of some bytes lie in."""
    found = np.zeros(len(bounds) - 1, np.bool_)
    found[np.searchsorted(bounds, places, side="right") - 1] = True
    return found


def _table(words: Any) -> Truth:
    table = np.zeros(1 << _BITS, np.bool_)
    text = "\n".join(words).encode()
    codes = _CODES[np.frombuffer(text, np.uint8)]
    _, sums, _ = _words(codes, np.array([0, len(codes)]))
    table[(sums >> np.uint64(64 - _BITS)).astype(np.int64)] = True
    return table


def _code_table() -> npt.NDArray[np.uint8]:
    """0 for what stands between words, 1 to 26 for letters of either case, one code for all parts of other letters."""
    table = np.zeros(256, np.uint8)
    for code in range(26):
        table[ord("a") + code] = table[ord("A") + code] = code + 1
    table[_ACCENTS[0] : _ACCENTS[1]] = _OTHER
    return table


_CODES = _code_table()
_RANDOM: Sums = np.random.default_rng(20_261_122).integers(0, 1 << 64, (_LONGEST, _SIGNS + 1), dtype=np.uint64)
_NAME, _IS = _words(_CODES[np.frombuffer(b"name is", np.uint8)], np.array([0, 7]))[1]
