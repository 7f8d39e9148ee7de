"""Text as detectors see it: other forms of ASCII signs as ASCII, invisible characters and NULs taken out.

Full-width and mathematical letters and digits, circled digits, digits of other scripts, odd spaces and dashes; and
inside a token of Latin letters or digits also the Cyrillic and Greek letters that look Latin. A Cyrillic or Greek word
stays as it is. Each code point becomes one or none, so that every place can be told in the text as given.

Only values that hold such a character are touched; the test for that is one RE2 pass over the whole column.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufe0e\ufe0f\ufeff\u0000"
)
_LOOKS_LATIN = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
        "\u03bf\u03b1\u03bd\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0131\u0261",
        "aeopcyxijsdABEKMHOPCTXIJSoavABEZHIKMNOPTYXig",
        strict=True,
    )
)
"""Cyrillic and Greek letters, each with the Latin one that it looks like."""


def _digits() -> dict[int, str]:
    """Decimal digits of every script but ASCII, and numbers in circles, each as its ASCII digit."""
    digits = {code: str(unicodedata.decimal(chr(code))) for code in range(0x80, 0x1FBFA) if chr(code).isdecimal()}
    for first in (0x2460, 0x2776, 0x2780, 0x278A, 0x24F5):
        digits.update({first + place: str(place + 1) for place in range(9)})
    digits.update(dict.fromkeys((0x24EA, 0x24FF, 0x1F10B, 0x1F10C), "0"))
    return digits


def _letters() -> dict[int, str]:
    """Mathematical and circled letters as plain ones."""
    letters: dict[int, str] = {}
    for code in (*range(0x1D400, 0x1D6A4), *range(0x24B6, 0x24EA), *range(0x1F130, 0x1F14A)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain.isascii() and plain.isalpha():
            letters[code] = plain
    return letters


_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_DASHES = (*range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63)
_FOLD: dict[int, str] = {**_digits(), **_letters(), **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
_FOLD.update(dict.fromkeys(_SPACES, " "))
_FOLD.update(dict.fromkeys(_DASHES, "-"))
_FOLD.update({0xFE6B: "@", 0xFE52: ".", 0xFE55: ":", 0xFE59: "(", 0xFE5A: ")", 0xFF61: "."})


def _ranges(codes: set[int]) -> str:
    """A character class of RE2 for the codes."""
    ordered = sorted(codes)
    starts = [code for code in ordered if code - 1 not in codes]
    ends = [code for code in ordered if code + 1 not in codes]
    return "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in zip(starts, ends, strict=True))


_DROP = re.compile(f"[{_INVISIBLE}]")
_DROPPED = {code for code in range(0x10000) if _DROP.match(chr(code))}
_LOOKS = "".join(_LOOKS_LATIN)
_TOUCHED = f"[{_ranges(set(_FOLD) | _DROPPED)}]|[A-Za-z0-9@._%+-][{_LOOKS}]|[{_LOOKS}][A-Za-z0-9@._%+-]"
_SURROGATES = re.compile("[\ud800-\udfff]")
_WORD = r"A-Za-z0-9\u0370-\u03ff\u0400-\u052f\u0131\u0261"
_MIXED = re.compile(rf"[{_WORD}._%+-]{{0,64}}+@[{_WORD}.-]*|[{_WORD}]+")
"""An e-mail address or a word."""
_TO_LATIN = str.maketrans(_LOOKS_LATIN)
_ASCII = re.compile("[A-Za-z0-9]")
_LOOKING = re.compile(f"[{_LOOKS}]")


def fold(text: str) -> str:
    """A text with all such letters and digits as ASCII, odd spaces and dashes as plain ones, invisible signs gone."""
    return _DROP.sub("", _one_to_one(text))


def fold_all(values: pa.Array) -> pa.Array:
    """Every value of a string column folded; nulls stay nulls."""
    touched = pc.match_substring_regex(values, _TOUCHED)
    if not pc.any(touched).as_py():
        return values
    folded = pa.array([fold(text) for text in values.filter(touched).to_pylist()], pa.string())
    return pc.replace_with_mask(values, pc.fill_null(touched, False), folded)


@dataclass(frozen=True, slots=True, repr=False)
class Folded:
    """A folded text and where each of its code points stood."""

    text: str
    """As `fold` gives it; lone surrogates as U+FFFD."""
    origins: tuple[int, ...] | None
    """The place in the text as given of each code point; None when nothing moved."""

    def __repr__(self) -> str:
        return "Folded()"

    def place(self, start: int, end: int) -> tuple[int, int]:
        """A place of the folded text as a place of the text as given."""
        if self.origins is None or start >= end:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1


def fold_with_places(text: str) -> Folded:
    """A folded text that can tell where everything stood; a text in plain ASCII is returned as it is."""
    if text.isascii() and "\x00" not in text:
        return Folded(text, None)
    translated = _one_to_one(_SURROGATES.sub("\ufffd", text))
    if _DROP.search(translated) is None:
        return Folded(translated, None)
    kept = [(place, sign) for place, sign in enumerate(translated) if not _DROP.match(sign)]
    return Folded("".join(sign for _, sign in kept), tuple(place for place, _ in kept))


def _one_to_one(text: str) -> str:
    """Every folding that keeps the number of code points."""
    folded = text.translate(_FOLD)
    return _MIXED.sub(_latin, folded) if _LOOKING.search(folded) else folded


def _latin(token: re.Match[str]) -> str:
    """A token with its look-alikes as Latin letters, if everything else in it is ASCII and some of it is."""
    if token[0].isascii() or not _ASCII.search(token[0]):
        return token[0]
    latin = token[0].translate(_TO_LATIN)
    return latin if latin.isascii() else token[0]
