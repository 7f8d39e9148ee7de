"""Find identifiers of all entries at once: one pass over a column tells which texts hold a number worth a look.

A text is cut into stretches around digits, a stretch into atoms, and the layout of a few atoms in a row is looked up in
one table: most numbers in a text fit no entry and cost no more than that. In a text without a word of any entry only
those entries are asked that may speak without one. Only then come an entry's own pattern, its check and the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import STRONG, FieldContext, Numbers, Truth, mask
from governance.scan.detectors.identifiers.atoms import Atoms, around, atoms_of
from governance.scan.detectors.identifiers.base import Entry
from governance.scan.detectors.identifiers.context import BEFORE, BEHIND, ContextWords
from governance.scan.detectors.identifiers.layouts import layouts_of
from governance.scan.detectors.identifiers.pack import OTHER
from governance.scan.detectors.identifiers.stretches import Table, candidates, is_bare, is_signed, layout_of

GATE = r"[0-9](?:[^0-9]{0,6}[0-9]){3}|[0-9A-Z]{9}|[13][0-9A-Za-z]{25}"
"""Every identifier holds four digits that stand near each other, or nine capitals and digits, or is base 58."""
_NUMBERS = frozenset({"integer", "decimal"})
_BARE = 45
"""Digits without a word or a sign never stand by themselves, whatever check they pass."""
_FARTHEST = 12
"""A word at the end of its reach takes so much off."""
_BY_FAMILY = 12
"""A field that is known to hold such numbers, and not which, takes so much off."""
_FAMILIES = {
    "bank": "BANK_ACCOUNT",
    "driver": "DRIVER_LICENSE",
    "health": "MEDICAL_RECORD_ID",
    "national": "NATIONAL_ID",
    "tax": "NATIONAL_ID",
}
"""The entity of a field's name that speaks for a whole family."""


class Place(NamedTuple):
    """One match."""

    row: int
    """Which value."""
    start: int
    """First code point."""
    end: int
    """One behind the last."""
    score: int
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the field's name says."""

    entries: frozenset[int]
    """Entries that it speaks for."""
    families: frozenset[str]
    """Families that it speaks for."""

    def __bool__(self) -> bool:
        return bool(self.entries or self.families)


_Hit = tuple[int, Entry, int, int, int]
"""Which text, what, first code point, one behind the last, score."""
_NOTHING = Said(frozenset(), frozenset())


class Finder:
    """All entries over one column. Holds no text."""

    def __init__(self, entries: Sequence[Entry], words: ContextWords) -> None:
        self._entries = tuple(entries)
        self._words = words
        layouts = [(layout, entry) for entry in self._entries for layout in sorted(layouts_of(entry.form))]
        self._every = Table(layouts)
        self._alone = Table((layout, entry) for layout, entry in layouts if _alone(entry, layout))
        self._strong = Table((layout, entry) for layout, entry in layouts if _alone(entry, layout) >= STRONG)
        self._known = self._every.known()
        self._strong_layouts = self._strong.known().single

    def find(self, values: pa.Array, context: FieldContext) -> dict[str, list[Place]]:
        """The places of each entity, in order of value and start. A field of numbers is looked at when it is named."""
        said = self.said(context)
        if context.type in _NUMBERS and not said:
            return {}
        found: dict[str, dict[tuple[int, int, int], int]] = {}
        index = np.flatnonzero(mask(values, GATE))
        rest = values.take(pa.array(index))
        worded = mask(rest, self._words.prefilter) | bool(said)
        atoms = None if said else self._atoms(rest)
        read = np.arange(len(rest)) if atoms is None else np.flatnonzero(atoms.tied)
        hits = self._read(rest, read, worded, said)
        for place, entry, start, end, score in hits if atoms is None else chain(hits, self._told(rest, atoms, worded)):
            places = found.setdefault(entry.entity, {})
            key = (int(index[place]), start, end)
            places[key] = max(score, places.get(key, 0))
        return {
            entity: [Place(*key, score) for key, score in sorted(places.items())] for entity, places in found.items()
        }

    def _read(self, values: pa.Array, rows: Numbers, worded: Truth, said: Said) -> Iterator[_Hit]:
        """The hits of some texts, read one by one."""
        texts = values.take(pa.array(rows)).to_pylist() if len(rows) else []
        for place, text in zip(rows.tolist(), texts, strict=True):
            for hit in self._spoken(text, said) if worded[place] else self._silent(text):
                yield place, *hit

    def _atoms(self, values: pa.Array) -> Atoms:
        """The numbers that stand by themselves; a text that is hardly more than its number is left to be read."""
        atoms = atoms_of(values, self._known)
        lengths = np.asarray(pc.utf8_length(values)).astype(np.int64)
        atoms.tied[atoms.row[2 * (atoms.end - atoms.start) >= lengths[atoms.row]]] = True
        return atoms.take(np.flatnonzero(~atoms.tied[atoms.row]))

    def _told(self, values: pa.Array, atoms: Atoms, worded: Truth) -> Iterator[_Hit]:
        """The hits among numbers that stand by themselves: without a word near them only strong entries are asked."""
        spoken, strong = worded[atoms.row], self._strong_layouts[atoms.layout]
        atoms, spoken = atoms.take(chosen := np.flatnonzero(spoken | strong)), spoken[chosen]
        if not len(atoms.row):
            return
        rows, texts_of = np.unique(atoms.row, return_inverse=True)
        texts = values.take(pa.array(rows)).to_pylist()
        places = list(zip(texts_of.tolist(), atoms.start.tolist(), atoms.end.tolist(), strict=True))
        pieces, piece_of = around(values, atoms, BEFORE, BEHIND)
        near = spoken & mask(pieces, self._words.loose)[piece_of]
        asked = np.flatnonzero(near | self._strong_layouts[atoms.layout])
        for each in asked.tolist():
            number, low, high = places[each]
            layout = layout_of(int(atoms.layout[each]))
            words = self._words.near(texts[number], low, high) if near[each] else {}
            for entry in self._asked(layout, words, _NOTHING, whole=False):
                match = entry.pattern.match(texts[number], low)
                if match is None or match.end() != high:
                    continue
                score = _score(entry, match[0], words, _NOTHING, whole=False)
                if score:
                    yield int(rows[number]), entry, low, high, score if entry.passes(match[0]) else 0

    def said(self, context: FieldContext) -> Said:
        """What the field's name says of the entries."""
        spoken = self._words.spoken(context.words)
        hinted = {entry.number for entry in self._entries if entry.entity in context.hints}
        families = {family for family, hint in _FAMILIES.items() if hint in context.hints}
        return Said((spoken | hinted) - {OTHER}, frozenset(families))

    def _silent(self, text: str) -> Iterator[tuple[Entry, int, int, int]]:
        """The hits of a text that no word speaks in."""
        bare = text.strip()
        whole = text.find(bare), text.find(bare) + len(bare)
        for low, high, layout in candidates(text, self._alone):
            for entry in (self._alone if (low, high) == whole else self._strong).get(layout):
                match = entry.pattern.match(text, low)
                if match is not None and match.end() == high:
                    yield entry, low, high, _alone_score(entry, match[0]) if entry.passes(match[0]) else 0

    def _spoken(self, text: str, said: Said) -> Iterator[tuple[Entry, int, int, int]]:
        """The hits of a text, or of a field, with a word that may speak for them."""
        whole = len(text.strip())
        for low, high, layout in candidates(text, self._every):
            near = self._words.near(text, low, high)
            for entry in self._asked(layout, near, said, whole=high - low == whole):
                match = entry.pattern.match(text, low)
                if match is None or match.end() != high:
                    continue
                score = _score(entry, match[0], near, said, whole=high - low == whole)
                if score:
                    yield entry, low, high, score if entry.passes(match[0]) else 0

    def _asked(self, layout: str, near: dict[int, float], said: Said, *, whole: bool) -> Sequence[Entry]:
        """The entries of a layout that can have a score: spoken for, strong by themselves, or the whole of a text."""
        some = self._every.get(layout)
        if whole or said.families:
            return some
        spoken = near.keys() | said.entries
        if not spoken:
            return self._strong.get(layout)
        strong = self._strong.get(layout)
        return [each for each in some if each.number in spoken or each in strong]


def _score(entry: Entry, match: str, near: dict[int, float], said: Said, *, whole: bool) -> int:
    """The score of a match once it has passed its check; 0 when it is not worth a check."""
    off = near.get(entry.number)
    if entry.number in said.entries:
        return entry.strength.near
    if off is not None and off <= near.get(OTHER, off):
        return max(STRONG, entry.strength.near - min(_FARTHEST, int(off) // 4))
    if entry.family in said.families:
        return max(entry.strength.alone, entry.strength.near - _BY_FAMILY)
    alone = _alone_score(entry, match)
    return alone if whole or alone >= STRONG else 0


def _alone_score(entry: Entry, match: str) -> int:
    if match.isdigit():
        return min(entry.strength.alone, _BARE)
    return entry.strength.written if is_signed(match) else entry.strength.alone


def _alone(entry: Entry, layout: str) -> int:
    """As `_alone_score`, for a layout."""
    if is_bare(layout):
        return min(entry.strength.alone, _BARE)
    return entry.strength.written if is_signed(layout) else entry.strength.alone
