"""Cut a text into stretches around digits, and look the layouts of their atoms up in a table of entries."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from itertools import accumulate

import numpy as np

from governance.scan.detectors.identifiers.atoms import LONGEST, Known
from governance.scan.detectors.identifiers.base import Entry
from governance.scan.detectors.identifiers.layouts import atom

_LONGEST = 1_048_576
"""Only so many first characters of a text are looked at."""
_PIECES = 17
"""Atoms and signs of the longest layout."""
_STRETCH = re.compile(
    r"[0-9][0-9A-Za-z]*(?:(?:[ ./:+-]| ?\(|\) ?)(?:[A-Za-z]{0,6}[0-9][0-9A-Za-z]*|[A-Z]{1,4}(?![0-9A-Za-z]))){0,255}\)?"
)
_PIECE = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]")
_SIGN = re.compile(r"[0-9A-Za-z]")
_SIGNS = string.digits + string.ascii_letters
_BARE = re.compile(r"d[0-9]+")
_HEAD_LONGEST = 24
_GROUP = 4
"""Letters of a group that stands before a number."""


class Table:
    """Entries by layout."""

    def __init__(self, layouts: Iterable[tuple[str, Entry]]) -> None:
        self._entries: dict[str, tuple[Entry, ...]] = {}
        for layout, entry in layouts:
            self._entries[layout] = (*self._entries.get(layout, ()), entry)
        parts = (re.findall(r"[dm][0-9]+|[^0-9]", layout) for layout in self._entries)
        self._heads = frozenset(head for each in parts for head in accumulate(each))

    def begins(self, layout: str) -> bool:
        """Whether some layout begins like this."""
        return layout in self._heads

    def known(self) -> Known:
        """The same for a column of atoms."""
        single = np.zeros(2 * LONGEST, np.bool_)
        for size in range(LONGEST - 1):
            single[size], single[LONGEST + size] = bool(self.get(f"d{size}")), bool(self.get(f"m{size}"))
        return Known(single, lambda one, sign, other: self.begins(layout_of(one) + sign + layout_of(other)))

    def get(self, layout: str) -> tuple[Entry, ...]:
        """The entries of a layout."""
        return self._entries.get(layout, ())


def layout_of(number: int) -> str:
    """The layout of one atom, from its number in `Atoms.layout`."""
    return f"m{number - LONGEST}" if number >= LONGEST else f"d{number}"


def candidates(text: str, table: Table) -> Iterator[tuple[int, int, str]]:
    """Places whose layout is in the table, with their layouts, in order of start and end."""
    for start, end in _stretches(text):
        if text[start:end].isalnum():
            if table.get(layout := atom(text[start:end])):
                yield start, end, layout
            continue
        pieces = [(match.start(), match.end(), _part(match[0])) for match in _PIECE.finditer(text, start, end)]
        for first, (low, _, leading) in enumerate(pieces):
            if len(leading) == 1:
                continue
            layout = ""
            for _, high, part in pieces[first : first + _PIECES]:
                layout += part
                if not table.begins(layout):
                    break
                if table.get(layout):
                    yield low, high, layout


def is_bare(layout: str) -> bool:
    """Whether a layout is one run of digits."""
    return _BARE.fullmatch(layout) is not None


def is_signed(text: str) -> bool:
    """Whether a number, or a layout, is written with dots, dashes or other signs than spaces."""
    return any(not sign.isalnum() and sign != " " for sign in text)


def _part(piece: str) -> str:
    return atom(piece) if piece.isalnum() else piece


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Pieces of a text around digits; a letter group right before the first digits belongs to it."""
    position, limit = 0, min(len(text), _LONGEST)
    while (match := _STRETCH.search(text, position, limit)) is not None:
        start, position = match.span()
        yield _head(text, start), position


def _head(text: str, start: int) -> int:
    """Where the letters before the first digit begin: those of its own atom, and up to two groups of capitals."""
    lowest = max(0, start - _HEAD_LONGEST)
    before = text[lowest:start]
    start -= len(before) - len(before.rstrip(_SIGNS))
    for _ in range(2):
        group = start - 1
        if group <= lowest or text[group] not in " ./-":
            break
        while group > lowest and "A" <= text[group - 1] <= "Z" and start - group <= _GROUP:
            group -= 1
        if group == start - 1 or (group > 0 and _SIGN.match(text, group - 1)):
            break
        start = group
    return start
