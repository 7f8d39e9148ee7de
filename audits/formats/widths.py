"""How wide text is on a screen of fixed cells: Chinese characters take two."""

from __future__ import annotations

import unicodedata

WIDE = frozenset("WF")
"""East Asian width classes that take two cells."""


def width(text: str) -> int:
    """Cells that a text takes; marks that sit on the letter before take none."""
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in WIDE else 1


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """The text filled with blanks to so many cells; `right` puts it at the right end."""
    blanks = " " * max(0, cells - width(text))
    return blanks + text if right else text + blanks


def cut(text: str, cells: int) -> str:
    """The text, shortened with `…` where it is wider."""
    if width(text) <= cells:
        return text
    kept, used = "", 0
    for letter in text:
        if used + _cells(letter) > cells - 1:
            break
        kept, used = kept + letter, used + _cells(letter)
    return f"{kept}…"


def printable(text: str) -> str:
    """The text with control characters and line ends as blanks, so that no name can move the cursor or forge a line."""
    return "".join(
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} or letter in _BIDI else letter for letter in text
    )


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
